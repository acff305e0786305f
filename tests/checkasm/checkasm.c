#include "checkasm.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

size_t checkasm_levels(unsigned flags[], size_t max)
{
	static const unsigned levels[] = { CPU_AVX2, CPU_AVX2 | CPU_AVX512 };
	unsigned have = cpu_flags_detect();
	size_t count = 0;

	for (size_t i = 0; i < sizeof levels / sizeof *levels && count < max; i++)
		if ((levels[i] & have) == levels[i])
			flags[count++] = levels[i];
	return count;
}

void checkasm_every_level_is_here(void **state)
{
	if (!(cpu_flags_detect() & CPU_AVX512))
		skip();
}

uint32_t checkasm_random(void)
{
	static uint32_t state = 0x2545f491;

	state ^= state << 13;
	state ^= state >> 17;
	return state ^= state << 5;
}

static int value_of(uint32_t random, int limit, int kind)
{
	int value = (int)(random % (2 * (uint32_t)limit)) - limit;

	switch (kind) {
	case 1: return random & 1 ? limit - 1 : -limit;   /* extremes */
	case 2: return random >> 16 & 7 ? 0 : value / 64; /* sparse and small */
	case 3: return random >> 16 & 127 ? 0 : value;    /* rare and large */
	case 4: return value % 4;                         /* around zero */
	case 5: return 0;
	case 6: return random >> 16 & 3 ? 0 : value >> (random >> 20) % 14; /* of all sizes */
	default: return value;
	}
}

void checkasm_fill_s16(int16_t *values, size_t count, int limit, int kind)
{
	int16_t same = (int16_t)value_of(checkasm_random(), limit, 0);

	for (size_t i = 0; i < count; i++) {
		if (kind == 7) /* a checkerboard of extremes, 64 wide */
			values[i] = (int16_t)((i ^ i >> 6) & 1 ? limit - 1 : -limit);
		else
			values[i] = kind < 7 ? (int16_t)value_of(checkasm_random(), limit, kind) : same;
	}
	if (kind == 9) /* all the same but one */
		values[checkasm_random() % count] = (int16_t)value_of(checkasm_random(), limit, 0);
}

void checkasm_same(const void *want, const void *got, size_t len, const char *what, unsigned flags, int kind)
{
	const uint8_t *a = want, *b = got;

	for (size_t i = 0; i < len; i++)
		if (a[i] != b[i])
			fail_msg("%s, level %u, kind %d: byte %zu is %d, not %d", what, flags, kind, i, b[i],
					a[i]);
}
