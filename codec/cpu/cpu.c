#include <codec/cpu.h>

#if defined(__x86_64__)
/* LZCNT and POPCNT came with BMI2 or before it, in every processor there is. The
 * builtins look at XCR0 too: a kernel that does not save the wide registers
 * hides the feature. */
unsigned cpu_flags_detect(void)
{
	unsigned flags = 0;

	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2"))
		flags |= CPU_AVX2;
	if (flags && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
			__builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi") &&
			__builtin_cpu_supports("avx512vbmi2"))
		flags |= CPU_AVX512;
	return flags;
}
#else
unsigned cpu_flags_detect(void)
{
	return 0;
}
#endif
