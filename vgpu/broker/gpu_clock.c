#include "gpu_clock.h"
#include <string.h>

void gpu_clock_join(struct gpu_clock_member *member, const struct broker_page *page)
{
	*member = (struct gpu_clock_member){ .page = page };
	if (page)
		member->seen = member->known = atomic_load(&page->span_count);
}

/* More than the page holds are lost. */
static void look(struct gpu_clock_member *member)
{
	if (!member->page)
		return;
	member->known = atomic_load(&member->page->span_count);
	if (member->known - member->seen > BROKER_SPANS)
		member->seen = member->known - BROKER_SPANS;
}

static bool peek(const struct gpu_clock_member *member, uint64_t now_us, struct gpu_clock_time *span)
{
	const struct broker_span *from;

	if (!member->page || member->seen == member->known)
		return false;
	from = &member->page->spans[member->seen % BROKER_SPANS];
	span->begin_us = atomic_load(&from->begin_us);
	span->end_us = atomic_load(&from->end_us);
	if (span->end_us > now_us)
		span->end_us = now_us;
	return true;
}

/* Who has the work that ended first of all that nobody has looked at; NULL: there is none. */
static struct gpu_clock_member *next(struct gpu_clock_member *const *members, size_t count, uint64_t now_us,
		struct gpu_clock_time *span)
{
	struct gpu_clock_member *first = NULL;
	struct gpu_clock_time other;

	for (size_t i = 0; i < count; i++) {
		if (!peek(members[i], now_us, &other) || (first && other.end_us >= span->end_us))
			continue;
		first = members[i];
		*span = other;
	}
	return first;
}

static uint64_t min_us(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t max_us(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* They meet, if only in a point. */
static uint64_t overlap_us(const struct gpu_clock_time *a, const struct gpu_clock_time *b)
{
	return min_us(a->end_us, b->end_us) - max_us(a->begin_us, b->begin_us);
}

/* How much is lost when it is forgotten. */
static double worth(const struct gpu_clock_time *taken, uint64_t now_us)
{
	uint64_t age_us = now_us - taken->end_us;

	return age_us > GPU_CLOCK_KEPT_US ? 0
					  : (double)(taken->end_us - taken->begin_us) / ((double)age_us + 1);
}

static void forget_one(struct gpu_clock *clock, uint64_t now_us)
{
	size_t least = 0;

	for (size_t i = 1; i < clock->count; i++) {
		if (worth(&clock->taken[i], now_us) < worth(&clock->taken[least], now_us))
			least = i;
	}
	clock->count--;
	memmove(&clock->taken[least], &clock->taken[least + 1],
			(clock->count - least) * sizeof *clock->taken);
}

/* Takes it, and whatever of it was taken before. Returns what was not. */
static uint64_t take(struct gpu_clock *clock, struct gpu_clock_time span)
{
	uint64_t left_us = span.end_us - span.begin_us;
	size_t from = 0, to;

	while (from < clock->count && clock->taken[from].end_us < span.begin_us)
		from++;
	for (to = from; to < clock->count && clock->taken[to].begin_us <= span.end_us; to++)
		left_us -= overlap_us(&clock->taken[to], &span);
	if (from < to) {
		span.begin_us = min_us(span.begin_us, clock->taken[from].begin_us);
		span.end_us = max_us(span.end_us, clock->taken[to - 1].end_us);
	}
	memmove(&clock->taken[from + 1], &clock->taken[to], (clock->count - to) * sizeof *clock->taken);
	clock->taken[from] = span;
	clock->count = clock->count - (to - from) + 1;
	return left_us;
}

static uint64_t find_free(const struct gpu_clock *clock, struct gpu_clock_time span)
{
	struct gpu_clock copy = *clock;

	return take(&copy, span);
}

void gpu_clock_read(struct gpu_clock *clock, struct gpu_clock_member *const *members, size_t count,
		uint64_t now_us)
{
	struct gpu_clock_member *member;
	struct gpu_clock_time span = { 0, 0 };

	for (size_t i = 0; i < count; i++)
		look(members[i]);
	while ((member = next(members, count, now_us, &span))) {
		member->seen++;
		if (span.begin_us >= span.end_us)
			continue;
		if (clock->count == GPU_CLOCK_TAKEN_MAX)
			forget_one(clock, now_us);
		member->used_us += member->doubted ? find_free(clock, span) : take(clock, span);
	}
}
