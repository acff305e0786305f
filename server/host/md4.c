#include "md4.h"
#include <base/writer.h>
#include <string.h>

enum {
	BLOCK_LEN = 64,
};

static uint32_t rotate_left(uint32_t v, unsigned bits)
{
	return v << bits | v >> (32 - bits);
}

static uint32_t mix(int round, uint32_t x, uint32_t y, uint32_t z)
{
	switch (round) {
	case 0: return (x & y) | (~x & z);
	case 1: return (x & y) | (x & z) | (y & z);
	default: return x ^ y ^ z;
	}
}

/* RFC 1320 section 3.4. The three rounds differ in the function, the constant, the
 * shifts and the order of the words. */
static void add_block(uint32_t state[4], const uint8_t *block)
{
	static const uint32_t constants[3] = { 0, 0x5a827999, 0x6ed9eba1 };
	static const uint8_t shifts[3][4] = { { 3, 7, 11, 19 }, { 3, 5, 9, 13 }, { 3, 9, 11, 15 } };
	static const uint8_t order[3][16] = { { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
		{ 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15 },
		{ 0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15 } };
	uint32_t words[16], s[4];

	for (int i = 0; i < 16; i++)
		words[i] = block[4 * i] | (uint32_t)block[4 * i + 1] << 8 | (uint32_t)block[4 * i + 2] << 16 |
				(uint32_t)block[4 * i + 3] << 24;
	memcpy(s, state, sizeof s);
	for (int i = 0; i < 48; i++) {
		int round = i / 16;
		uint32_t sum = s[0] + mix(round, s[1], s[2], s[3]) + words[order[round][i % 16]] +
				constants[round];

		s[0] = s[3];
		s[3] = s[2];
		s[2] = s[1];
		s[1] = rotate_left(sum, shifts[round][i % 4]);
	}
	for (int i = 0; i < 4; i++)
		state[i] += s[i];
	explicit_bzero(words, sizeof words);
	explicit_bzero(s, sizeof s);
}

void md4(const void *data, size_t len, uint8_t digest[MD4_LEN])
{
	uint32_t state[4] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 };
	const uint8_t *at = data;
	uint8_t tail[2 * BLOCK_LEN] = { 0 };
	size_t rest = len % BLOCK_LEN, tail_len = rest < BLOCK_LEN - 8 ? BLOCK_LEN : 2 * BLOCK_LEN;

	for (size_t i = 0; i + BLOCK_LEN <= len; i += BLOCK_LEN)
		add_block(state, at + i);
	if (rest)
		memcpy(tail, at + len - rest, rest);
	tail[rest] = 0x80;
	store_u32(tail + tail_len - 8, (uint32_t)(len << 3));
	store_u32(tail + tail_len - 4, (uint32_t)((uint64_t)len >> 29));
	for (size_t i = 0; i < tail_len; i += BLOCK_LEN)
		add_block(state, tail + i);
	for (size_t i = 0; i < 4; i++)
		store_u32(digest + 4 * i, state[i]);
	explicit_bzero(tail, sizeof tail);
	explicit_bzero(state, sizeof state);
}
