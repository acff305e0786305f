/* The way of each frame in time, as JSON lines: what --trace writes. All times are
 * CLOCK_MONOTONIC in microseconds, so those of a guest on this host compare. One
 * thread. */
#ifndef SESSION_TRACE_H
#define SESSION_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct frame_times {
	uint32_t frame_id;
	uint64_t damage_us;   /* oldest damage in the frame */
	uint64_t captured_us; /* pixels were in the memfd */
	uint64_t pull_us;     /* the frame reached the session */
	uint64_t analysed_us; /* changed tiles are known and copied */
	uint64_t encoded_us;  /* the last tile is encoded */
	uint64_t written_us;  /* the last byte is with the kernel */
	uint64_t acked_us;    /* 0: this client does not acknowledge */
	const char *codec;    /* static */
	uint32_t tiles;
	size_t bytes; /* of encoded tiles */
};

struct trace;

/* fd is borrowed. session: for the lines, borrowed. NULL on failure. */
struct trace *trace_create(int fd, const char *session);

/* NULL is fine, here and below. Writes what still waits for an acknowledge. */
void trace_destroy(struct trace *trace);

/* A frame is written. Its line comes with the acknowledge, or now if none will. */
void trace_written(struct trace *trace, const struct frame_times *times, bool ack_expected);

/* Frames up to this one are on the client's screen. */
void trace_acked(struct trace *trace, uint32_t frame_id, uint64_t acked_us);

#endif
