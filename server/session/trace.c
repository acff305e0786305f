#include "trace.h"
#include <base/log.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	WAITING_MAX = 64, /* frames in flight; older ones are written without acknowledge */
};

struct trace {
	int fd;
	const char *session;
	bool failed;
	unsigned first, count;
	struct frame_times waiting[WAITING_MAX];
};

static void put(struct trace *trace, const struct frame_times *t)
{
	char line[640];
	int len = snprintf(line, sizeof line,
			"{\"session\":\"%s\",\"frame\":%" PRIu32 ",\"damage_us\":%" PRIu64
			",\"captured_us\":%" PRIu64 ",\"pull_us\":%" PRIu64 ",\"analysed_us\":%" PRIu64
			",\"encoded_us\":%" PRIu64 ",\"written_us\":%" PRIu64 ",\"acked_us\":%" PRIu64
			",\"codecs\":{\"%s\":{\"tiles\":%" PRIu32 ",\"bytes\":%zu}}}\n",
			trace->session, t->frame_id, t->damage_us, t->captured_us, t->pull_us, t->analysed_us,
			t->encoded_us, t->written_us, t->acked_us, t->codec, t->tiles, t->bytes);

	if (trace->failed || write(trace->fd, line, (size_t)len) == len)
		return;
	trace->failed = true; /* said once; the session goes on */
	log_warn("cannot write the trace: %s", strerror(errno));
}

struct trace *trace_create(int fd, const char *session)
{
	struct trace *trace = calloc(1, sizeof *trace);

	if (trace) {
		trace->fd = fd;
		trace->session = session;
	}
	return trace;
}

static void put_first(struct trace *trace, uint64_t acked_us)
{
	struct frame_times *t = &trace->waiting[trace->first];

	t->acked_us = acked_us;
	put(trace, t);
	trace->first = (trace->first + 1) % WAITING_MAX;
	trace->count--;
}

void trace_destroy(struct trace *trace)
{
	if (!trace)
		return;
	while (trace->count)
		put_first(trace, 0);
	free(trace);
}

void trace_written(struct trace *trace, const struct frame_times *times, bool ack_expected)
{
	if (!trace)
		return;
	if (!ack_expected) {
		put(trace, times);
		return;
	}
	if (trace->count == WAITING_MAX)
		put_first(trace, 0);
	trace->waiting[(trace->first + trace->count++) % WAITING_MAX] = *times;
}

void trace_acked(struct trace *trace, uint32_t frame_id, uint64_t acked_us)
{
	while (trace && trace->count && (int32_t)(frame_id - trace->waiting[trace->first].frame_id) >= 0)
		put_first(trace, acked_us);
}
