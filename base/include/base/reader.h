/* Little-endian reader over borrowed bytes. Once a read runs past the end the
 * reader stays failed and every later read gives 0, so a parser checks once, at
 * its end, with reader_ok or reader_done. Not thread-safe; no allocation. */
#ifndef BASE_READER_H
#define BASE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct reader {
	const uint8_t *at, *end;
	bool failed;
};

static inline struct reader reader_init(const void *data, size_t len)
{
	/* Never NULL, so that NULL from reader_take always means failure. */
	const uint8_t *at = len ? data : (const uint8_t *)"";

	return (struct reader){ .at = at, .end = at + len };
}

static inline size_t reader_left(const struct reader *r)
{
	return r->failed ? 0 : (size_t)(r->end - r->at);
}

/* n bytes inside the borrowed block, or NULL. n may be 0. */
static inline const uint8_t *reader_take(struct reader *r, size_t n)
{
	if (r->failed || n > (size_t)(r->end - r->at)) {
		r->failed = true;
		return NULL;
	}
	r->at += n;
	return r->at - n;
}

static inline uint8_t reader_u8(struct reader *r)
{
	const uint8_t *p = reader_take(r, 1);
	return p ? p[0] : 0;
}

static inline uint16_t reader_u16(struct reader *r)
{
	const uint8_t *p = reader_take(r, 2);
	return p ? (uint16_t)(p[0] | p[1] << 8) : 0;
}

static inline uint32_t reader_u32(struct reader *r)
{
	const uint8_t *p = reader_take(r, 4);
	return p ? p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24 : 0;
}

static inline uint64_t reader_u64(struct reader *r)
{
	uint64_t low = reader_u32(r);
	return low | (uint64_t)reader_u32(r) << 32;
}

static inline int16_t reader_s16(struct reader *r)
{
	return (int16_t)reader_u16(r);
}

static inline int32_t reader_s32(struct reader *r)
{
	return (int32_t)reader_u32(r);
}

/* Copies n bytes to dst, or n zero bytes when they are not there. */
static inline void reader_copy(struct reader *r, void *dst, size_t n)
{
	const uint8_t *p = reader_take(r, n);

	if (p && n)
		memcpy(dst, p, n);
	else if (n)
		memset(dst, 0, n);
}

/* A reader over the next n bytes, which this one skips. Failed when short. */
static inline struct reader reader_sub(struct reader *r, size_t n)
{
	const uint8_t *p = reader_take(r, n);
	struct reader sub = reader_init(p, p ? n : 0);

	sub.failed = !p;
	return sub;
}

/* Marks the data as malformed from here on. */
static inline void reader_fail(struct reader *r)
{
	r->failed = true;
}

static inline bool reader_ok(const struct reader *r)
{
	return !r->failed;
}

/* All read, and nothing left. */
static inline bool reader_done(const struct reader *r)
{
	return !r->failed && r->at == r->end;
}

#endif
