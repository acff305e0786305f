#include "share.h"

/* At the broker's tick of 4 ms: an end is noticed after some 70 ms. */
static const double duty_step = 0.04;

static bool sets_pace(const struct share_member *member)
{
	return member->duty >= 0.5 && member->unused_us < SHARE_UNUSED_US;
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
	member->unused_us = 0;
}

static bool is_served(const struct share_member *member)
{
	return member->has_work && !member->held;
}

static bool is_waited_for(const struct share_member *member)
{
	return is_served(member) && sets_pace(member);
}

/* What each of those that are waited for pays at least. */
static uint64_t least_us(struct share_member *const *members, size_t count, uint64_t passed_us)
{
	size_t waited_for = 0, held = 0;

	for (size_t i = 0; i < count; i++) {
		waited_for += is_waited_for(members[i]);
		held += members[i]->held;
	}
	return held && waited_for ? passed_us / SHARE_LEAST_PARTS / waited_for : 0;
}

/* What it used, or the least if that is more; what it paid ahead it does not pay again. */
static uint64_t charge_us(struct share_member *member, uint64_t least_us)
{
	uint64_t used_us = member->used_us - member->last_us, old_us;

	if (used_us < least_us) {
		member->prepaid_us += least_us - used_us;
		if (member->prepaid_us > SHARE_PREPAID_MAX_US)
			member->prepaid_us = SHARE_PREPAID_MAX_US;
		return least_us;
	}
	old_us = used_us - least_us < member->prepaid_us ? used_us - least_us : member->prepaid_us;
	member->prepaid_us -= old_us;
	return used_us - old_us;
}

/* At least SHARE_USE_US in each SHARE_UNUSED_US. */
static bool uses_what_it_wants(const struct share_member *member)
{
	uint64_t used_us = member->used_us - member->unused_at_us;
	uint64_t time_us = member->unused_us > SHARE_UNUSED_US ? member->unused_us : SHARE_UNUSED_US;

	return used_us >= time_us / (SHARE_UNUSED_US / SHARE_USE_US);
}

static void count_unused(struct share_member *member, uint64_t passed_us)
{
	if (uses_what_it_wants(member)) {
		member->unused_at_us = member->used_us;
		member->unused_us = 0;
	} else if (is_served(member)) {
		member->unused_us += passed_us;
		if (member->unused_us >= SHARE_UNUSED_US + SHARE_AGAIN_US) {
			member->unused_us = SHARE_UNUSED_US - SHARE_MOMENT_US;
			member->unused_at_us = member->used_us;
		}
	} else if (!member->has_work) {
		member->unused_us -= passed_us < member->unused_us ? passed_us : member->unused_us;
	}
}

void share_update(struct share_member *const *members, size_t count, uint64_t passed_us)
{
	uint64_t least = least_us(members, count, passed_us);
	double now;

	for (size_t i = 0; i < count; i++) {
		struct share_member *m = members[i];

		m->virtual_us += virtual_of(m, (double)charge_us(m, is_waited_for(m) ? least : 0));
		count_unused(m, passed_us);
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
