/* Which SIMD levels this processor offers. Thread-safe, no allocation. */
#ifndef CODEC_CPU_H
#define CODEC_CPU_H

enum {
	CPU_AVX2 = 1 << 0,   /* AVX2 together with BMI1, BMI2 and LZCNT */
	CPU_AVX512 = 1 << 1, /* AVX-512 F, BW, DQ, VL, VBMI and VBMI2; implies CPU_AVX2 */
};

/* The levels of this machine. Pass it, or fewer (0: plain C), to the functions
 * that take cpu_flags. */
unsigned cpu_flags_detect(void);

#endif
