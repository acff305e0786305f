/* CPU time of the calling thread, and its instructions where the machine counts them. */
#ifndef BENCH_CODEC_CLOCK_H
#define BENCH_CODEC_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct codec_clock {
	int counter_fd; /* < 0: no counter */
};

struct codec_time {
	int64_t cpu_ns, instructions;
};

void codec_clock_open(struct codec_clock *clock);
void codec_clock_close(struct codec_clock *clock);
bool codec_clock_counts(const struct codec_clock *clock);
/* Says so when the machine does not, with the reason, on standard error. */
void codec_clock_tell(void);

struct codec_time codec_clock_read(const struct codec_clock *clock);
struct codec_time codec_clock_since(const struct codec_clock *clock, const struct codec_time *begin);

#endif
