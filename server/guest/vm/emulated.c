#include "emulated.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#define CLOCKS "/sys/devices/system/clocksource/clocksource0/available_clocksource"

enum {
	TRIES = 16,
	INTERVAL_NS = 10 * 1000 * 1000, /* an error of 1 us, which would be much, is 100 ppm of it */
};

struct sample {
	uint64_t ticks, ns;
};

static uint64_t read_ticks(void)
{
#if defined(__x86_64__)
	return __rdtsc();
#else
	return 0;
#endif
}

static uint64_t read_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t); /* the other may be slewed, by up to 8 % */
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Both clocks at one moment: of some tries the one that took the least time. */
static struct sample take_sample(void)
{
	struct sample best = { 0 };
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < TRIES; i++) {
		uint64_t before = read_ticks(), ns = read_ns(), took = read_ticks() - before;

		if (took >= least)
			continue;
		least = took;
		best = (struct sample){ before + took / 2, ns };
	}
	return best;
}

/* The kernel takes a counter off this list that stops or differs between processors. */
static bool ticks_are_steady(void)
{
	char line[256] = "", *rest = line, *clock;
	FILE *in = fopen(CLOCKS, "re");
	bool steady = false;

	if (in && fgets(line, sizeof line, in)) {
		while ((clock = strsep(&rest, " \n")))
			steady |= strcmp(clock, "tsc") == 0;
	}
	if (in)
		fclose(in);
	return steady;
}

/* 0: not known. */
static uint64_t ticks_per_ms(void)
{
	struct sample from, to;

	if (!ticks_are_steady())
		return 0;
	from = take_sample();
	nanosleep(&(struct timespec){ .tv_nsec = INTERVAL_NS }, NULL);
	to = take_sample();
	return to.ns > from.ns ? (to.ticks - from.ticks) * 1000000 / (to.ns - from.ns) : 0;
}

/* - no_timer_check: a kernel looks for its timer with a loop that counts time stamps. On a
 *   loaded host the emulated timer comes too late for it, and the kernel stops: "IO-APIC +
 *   timer doesn't work".
 * - mitigations=off: they guard against what a processor guesses, and what they are made of
 *   does not reach the host's processor, but is emulated like all the rest.
 * - tsc: the emulated counter is the host's, which the kernel neither knows nor measures
 *   right on a loaded host; without it each look at the clock is a look at a device. */
void emulated_kernel_words(char dst[EMULATED_WORDS_CAP])
{
	unsigned long long khz = ticks_per_ms();
	int n = snprintf(dst, EMULATED_WORDS_CAP, " no_timer_check mitigations=off");

	if (khz)
		snprintf(dst + n, EMULATED_WORDS_CAP - (size_t)n, " tsc=reliable tsc_early_khz=%llu", khz);
}
