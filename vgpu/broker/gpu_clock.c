#include "gpu_clock.h"
#include <stdbool.h>

struct span {
	uint64_t begin_us, end_us;
};

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

static bool peek(const struct gpu_clock_member *member, uint64_t now_us, struct span *span)
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
static struct gpu_clock_member *next(
		struct gpu_clock_member *const *members, size_t count, uint64_t now_us, struct span *span)
{
	struct gpu_clock_member *first = NULL;
	struct span other;

	for (size_t i = 0; i < count; i++) {
		if (!peek(members[i], now_us, &other) || (first && other.end_us >= span->end_us))
			continue;
		first = members[i];
		*span = other;
	}
	return first;
}

void gpu_clock_read(struct gpu_clock *clock, struct gpu_clock_member *const *members, size_t count,
		uint64_t now_us)
{
	struct gpu_clock_member *member;
	struct span span;

	for (size_t i = 0; i < count; i++)
		look(members[i]);
	while ((member = next(members, count, now_us, &span))) {
		uint64_t from_us = span.begin_us > clock->ended_us ? span.begin_us : clock->ended_us;

		member->seen++;
		if (span.end_us > from_us)
			member->used_us += span.end_us - from_us;
		if (span.end_us > clock->ended_us)
			clock->ended_us = span.end_us;
	}
}
