/* What a kernel on emulated processors is told, on hosts with and without a steady counter. */
#include <emulated.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#include <cmocka.h>

FILE *__wrap_fopen(const char *path, const char *mode);

static const char *clocks; /* NULL: the file is not there */

FILE *__wrap_fopen(const char *path, const char *mode)
{
	static char text[64];

	if (!clocks)
		return NULL;
	snprintf(text, sizeof text, "%s", clocks);
	return fmemopen(text, strlen(text), "r");
}

static const char *words_with(const char *list)
{
	static char words[EMULATED_WORDS_CAP];

	clocks = list;
	emulated_kernel_words(words);
	return words;
}

static void without_a_steady_counter_none_is_named(void **state)
{
	assert_string_equal(words_with(NULL), " no_timer_check mitigations=off");
	assert_string_equal(words_with("kvm-clock acpi_pm \n"), " no_timer_check mitigations=off");
	assert_string_equal(words_with("hpet tsc-early"), " no_timer_check mitigations=off");
}

#if defined(__x86_64__)
/* What it said is right when it lies between the least and the most that can have passed. */
static void the_counters_speed_is_measured(void **state)
{
	static const char name[] = " tsc_early_khz=";
	struct timespec from, to;
	uint64_t ticks = __rdtsc();
	const char *found;
	double khz, ms;

	clock_gettime(CLOCK_MONOTONIC, &from);
	found = strstr(words_with("tsc kvm-clock acpi_pm \n"), name);
	assert_non_null(found);
	clock_gettime(CLOCK_MONOTONIC, &to);
	ticks = __rdtsc() - ticks;
	ms = (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6;
	khz = atof(found + sizeof name - 1);
	/* The counter is read just outside of the time; a pause there may be long. */
	assert_true(khz > 100000);
	assert_true(khz * ms < (double)ticks * 1.01);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_steady_counter_none_is_named),
#if defined(__x86_64__)
		cmocka_unit_test(the_counters_speed_is_measured),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
