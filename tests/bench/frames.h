/* The file of oriel-server --trace: one JSON object per frame. All times are
 * CLOCK_MONOTONIC in microseconds; 0: has not happened. */
#ifndef BENCH_FRAMES_H
#define BENCH_FRAMES_H

#include <base/err.h>
#include <stddef.h>
#include <stdint.h>

struct frame_times {
	uint64_t damage_us, pull_us, analysed_us, encoded_us, written_us, acked_us;
	uint64_t tiles, bytes; /* of all codecs */
};

/* All frames whose damage is in from_us..until_us. *frames: returned owned (free).
 * Returns how many, ERR_IO, ERR_MEMORY, or ERR_FORMAT (a line is not as above). */
MUST_USE int frames_read(const char *path, uint64_t from_us, uint64_t until_us, struct frame_times **frames);

#endif
