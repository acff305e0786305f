#include "share.h"

/* At the broker's tick of 4 ms: an end is noticed after some 70 ms. */
static const double duty_step = 0.04;

static bool sets_pace(const struct share_member *member)
{
	return member->duty >= 0.5;
}

static double virtual_of(const struct share_member *member, double real_us)
{
	return real_us * SHARE_WEIGHT_UNIT / member->weight;
}

/* Where the GPU's virtual time stands: that of the last one that sets the pace; when
 * there is none, of the foremost. */
static double find_now(struct share_member *const *members, size_t count)
{
	double last = 0, first = 0;
	bool paced = false;

	for (size_t i = 0; i < count; i++) {
		const struct share_member *m = members[i];

		if (sets_pace(m) && (!paced || m->virtual_us < last)) {
			last = m->virtual_us;
			paced = true;
		}
		if (m->virtual_us > first)
			first = m->virtual_us;
	}
	return paced ? last : first;
}

/* Those that do not set the pace are kept from saving up. */
static void forget_claims(struct share_member *const *members, size_t count, double now)
{
	for (size_t i = 0; i < count; i++) {
		struct share_member *m = members[i];
		double least = now - virtual_of(m, SHARE_CREDIT_US);

		if (!sets_pace(m) && m->virtual_us < least)
			m->virtual_us = least;
	}
}

void share_leave(struct share_member *member)
{
	member->has_work = member->held = false;
	member->duty = 0;
}

void share_update(struct share_member *const *members, size_t count)
{
	double now;

	for (size_t i = 0; i < count; i++) {
		struct share_member *m = members[i];

		m->virtual_us += virtual_of(m, (double)(m->used_us - m->last_us));
		m->last_us = m->used_us;
		m->duty += duty_step * ((m->has_work ? 1 : 0) - m->duty);
	}
	now = find_now(members, count);
	forget_claims(members, count, now);
	for (size_t i = 0; i < count; i++) {
		struct share_member *m = members[i];

		m->held = m->has_work && m->virtual_us - now > virtual_of(m, SHARE_AHEAD_US);
	}
}
