/* GPU time of those who share a hardware GPU, from when their work began and ended
 * (struct broker_span). A GPU does one thing after the other: what ends had it since it
 * was asked for, but for the time that what ended before had it. No time is charged
 * twice, and time that nobody was charged is free for whoever ends next.
 *
 * A worker may lie about its spans. What it makes others pay less it pays itself, and once
 * it has been held for long for what it paid, it makes nobody pay less: so with two workers
 * somebody gets no more for one than what the other gives up. Others pay more only as far
 * as it has paid for so many pieces of time that theirs are forgotten. Pure arithmetic. */
#ifndef BROKER_GPU_CLOCK_H
#define BROKER_GPU_CLOCK_H

#include <proto/broker.h>
#include <stdbool.h>

enum {
	GPU_CLOCK_TAKEN_MAX = 128,
	GPU_CLOCK_KEPT_US = 10 * 1000 * 1000, /* no batch is under way for longer */
};

struct gpu_clock_time {
	uint64_t begin_us, end_us; /* CLOCK_MONOTONIC */
};

struct gpu_clock {
	/* Charged to somebody, in order, with gaps between them. When there are too many,
	 * the short ones of long ago are forgotten. */
	struct gpu_clock_time taken[GPU_CLOCK_TAKEN_MAX];
	size_t count;
};

struct gpu_clock_member {
	const struct broker_page *page; /* borrowed */
	uint64_t used_us;               /* since gpu_clock_join */
	uint32_t seen, known;           /* spans: looked at, and there are */
	/* Set by the caller: held for so long that nothing it began can be under way. What it
	 * says is charged to it, and to nobody less. */
	bool doubted;
};

/* What the worker did before does not count. */
void gpu_clock_join(struct gpu_clock_member *member, const struct broker_page *page);

/* Adds what members did since the last time. All of one GPU at once; members without a
 * page have none. */
void gpu_clock_read(struct gpu_clock *clock, struct gpu_clock_member *const *members, size_t count,
		uint64_t now_us);

#endif
