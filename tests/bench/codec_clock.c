#include "codec_clock.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

void codec_clock_open(struct codec_clock *clock)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_HARDWARE,
		.size = sizeof attr,
		.config = PERF_COUNT_HW_INSTRUCTIONS,
		.exclude_kernel = 1 };

	clock->counter_fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

void codec_clock_tell(void)
{
	struct codec_clock clock;

	errno = 0;
	codec_clock_open(&clock);
	if (!codec_clock_counts(&clock))
		fprintf(stderr,
				"oriel-bench: no instructions_per_px: this machine does not count them "
				"(perf_event_open: %s)\n",
				strerror(errno));
	codec_clock_close(&clock);
}

void codec_clock_close(struct codec_clock *clock)
{
	if (clock->counter_fd >= 0)
		close(clock->counter_fd);
}

bool codec_clock_counts(const struct codec_clock *clock)
{
	return clock->counter_fd >= 0;
}

struct codec_time codec_clock_read(const struct codec_clock *clock)
{
	struct codec_time now = { 0 };
	struct timespec t;

	if (clock->counter_fd >= 0 &&
			read(clock->counter_fd, &now.instructions, sizeof now.instructions) !=
					sizeof now.instructions)
		now.instructions = 0;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	now.cpu_ns = (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
	return now;
}

struct codec_time codec_clock_since(const struct codec_clock *clock, const struct codec_time *begin)
{
	struct codec_time now = codec_clock_read(clock);

	now.cpu_ns -= begin->cpu_ns;
	now.instructions -= begin->instructions;
	return now;
}
