#include "share.h"

static double virtual_of(const struct share_member *member, double real_us)
{
	return real_us * SHARE_WEIGHT_UNIT / member->weight;
}

/* Where the GPU's virtual time stands: that of the last one that goes on working; when
 * there is none, of the foremost. */
static double find_now(struct share_member *const *members, size_t count)
{
	double last = 0, first = 0;
	bool work = false;

	for (size_t i = 0; i < count; i++) {
		const struct share_member *m = members[i];

		bool counts = m->has_work && m->had_work;

		if (counts && (!work || m->virtual_us < last))
			last = m->virtual_us;
		if (m->virtual_us > first)
			first = m->virtual_us;
		work = work || counts;
	}
	return work ? last : first;
}

/* Those without work are kept from saving up. */
static void forget_claims(struct share_member *const *members, size_t count, double now)
{
	for (size_t i = 0; i < count; i++) {
		struct share_member *m = members[i];
		double least = now - virtual_of(m, SHARE_CREDIT_US);

		if (!m->has_work && m->virtual_us < least)
			m->virtual_us = least;
	}
}

void share_update(struct share_member *const *members, size_t count)
{
	double now;

	for (size_t i = 0; i < count; i++) {
		struct share_member *m = members[i];

		m->virtual_us += virtual_of(m, (double)(m->used_us - m->last_us));
		m->last_us = m->used_us;
	}
	now = find_now(members, count);
	forget_claims(members, count, now);
	for (size_t i = 0; i < count; i++) {
		struct share_member *m = members[i];

		m->held = m->has_work && m->virtual_us - now > virtual_of(m, SHARE_AHEAD_US);
		m->had_work = m->has_work;
	}
}
