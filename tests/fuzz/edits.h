/* For fuzz targets of decoders: half of the inputs are edits of what our own encoder
 * writes, so that the fuzzer starts from valid streams without a corpus. */
#ifndef TESTS_FUZZ_EDITS_H
#define TESTS_FUZZ_EDITS_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Takes n bytes of the input, zeros when it is used up. */
static inline const uint8_t *fuzz_take(const uint8_t **data, size_t *len, size_t n, uint8_t *room)
{
	size_t have = *len < n ? *len : n;

	memset(room, 0, n);
	if (have)
		memcpy(room, *data, have);
	*data += have;
	*len -= have;
	return room;
}

/* A copy of src in a block of exactly its size (valgrind and ASan see one byte too
 * far), with the edits (position 2 bytes, value 1 byte) applied. */
static inline uint8_t *fuzz_copy_edited(
		const uint8_t *src, size_t len, const uint8_t *edits, size_t edits_len)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (len)
		memcpy(copy, src, len);
	for (; len && edits_len >= 3; edits += 3, edits_len -= 3)
		copy[(edits[0] | (size_t)edits[1] << 8) % len] ^= edits[2];
	return copy;
}

/* A picture of our own encoder's making. Few kinds of them, each made once, since that
 * takes longer than what is done with it. */
struct fuzz_own {
	uint8_t *bytes; /* NULL: not yet made */
	size_t len;
	int w, h;
};

/* Any sides of 1..64 for kind number i */
static inline void fuzz_own_size(struct fuzz_own *own, int i)
{
	own->w = 1 + i * 37 % 64;
	own->h = 1 + i * 11 % 64;
}

static inline void fuzz_own_keep(struct fuzz_own *own, const uint8_t *bytes, int len)
{
	if (len <= 0)
		abort();
	own->bytes = malloc((size_t)len);
	memcpy(own->bytes, bytes, (size_t)len);
	own->len = (size_t)len;
}

#endif
