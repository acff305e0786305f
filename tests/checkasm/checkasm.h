/* Each SIMD function against its C version, bytes around the result included. */
#ifndef TESTS_CHECKASM_H
#define TESTS_CHECKASM_H

#include <codec/cpu.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes behind each result that must stay as they were. */
#define GUARD 64

/* The levels to check on this machine: flags of each, C (0) not among them. */
size_t checkasm_levels(unsigned flags[], size_t max);

/* A test of its own: skipped where some level cannot run. */
void checkasm_every_level_is_here(void **state);

uint32_t checkasm_random(void);

/* count values within -limit..limit - 1; kind picks the pattern: noise, only
 * extremes, sparse, flat, ... (CHECKASM_KINDS of them). */
#define CHECKASM_KINDS 10
void checkasm_fill_s16(int16_t *values, size_t count, int limit, int kind);

/* Fails the test and says where. */
void checkasm_same(const void *want, const void *got, size_t len, const char *what, unsigned flags, int kind);

#endif
