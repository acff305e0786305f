/* GPU time of those who share a hardware GPU, from when their work began and ended
 * (struct broker_span). A GPU does one thing after the other: what ends had it since
 * whatever ended before, or since it was asked for if that is later. What a worker says
 * of itself can only be a lie about itself. Pure arithmetic. */
#ifndef BROKER_GPU_CLOCK_H
#define BROKER_GPU_CLOCK_H

#include <proto/broker.h>

struct gpu_clock {
	uint64_t ended_us; /* when the last work ended, whosever it was; CLOCK_MONOTONIC */
};

struct gpu_clock_member {
	const struct broker_page *page; /* borrowed */
	uint64_t used_us;               /* since gpu_clock_join */
	uint32_t seen, known;           /* spans: looked at, and there are */
};

/* What the worker did before does not count. */
void gpu_clock_join(struct gpu_clock_member *member, const struct broker_page *page);

/* Adds what members did since the last time. All of one GPU at once; members without a
 * page have none. */
void gpu_clock_read(struct gpu_clock *clock, struct gpu_clock_member *const *members, size_t count,
		uint64_t now_us);

#endif
