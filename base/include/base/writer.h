/* Little-endian writer into memory of the caller. Once a write would run past
 * the end the writer stays failed and writes nothing more, so a caller checks
 * once, with writer_len. Not thread-safe; no allocation. */
#ifndef BASE_WRITER_H
#define BASE_WRITER_H

#include <base/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct writer {
	uint8_t *start, *at, *end;
	bool failed;
};

static inline struct writer writer_init(void *dst, size_t cap)
{
	uint8_t *start = dst;

	return (struct writer){ .start = start, .at = start, .end = cap ? start + cap : start };
}

/* Room for n bytes to be filled by the caller, or NULL. */
static inline uint8_t *writer_take(struct writer *w, size_t n)
{
	if (w->failed || n > (size_t)(w->end - w->at)) {
		w->failed = true;
		return NULL;
	}
	w->at += n;
	return w->at - n;
}

static inline void writer_u8(struct writer *w, uint8_t v)
{
	uint8_t *p = writer_take(w, 1);

	if (p)
		p[0] = v;
}

/* Stores into memory that is already taken, e.g. a length known only later. */
static inline void store_u16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static inline void store_u32(uint8_t *p, uint32_t v)
{
	store_u16(p, (uint16_t)v);
	store_u16(p + 2, (uint16_t)(v >> 16));
}

static inline void writer_u16(struct writer *w, uint16_t v)
{
	uint8_t *p = writer_take(w, 2);

	if (p)
		store_u16(p, v);
}

static inline void writer_u32(struct writer *w, uint32_t v)
{
	uint8_t *p = writer_take(w, 4);

	if (p)
		store_u32(p, v);
}

static inline void writer_u64(struct writer *w, uint64_t v)
{
	writer_u32(w, (uint32_t)v);
	writer_u32(w, (uint32_t)(v >> 32));
}

static inline void writer_copy(struct writer *w, const void *src, size_t n)
{
	uint8_t *p = writer_take(w, n);

	if (p && n)
		memcpy(p, src, n);
}

static inline void writer_zero(struct writer *w, size_t n)
{
	uint8_t *p = writer_take(w, n);

	if (p && n)
		memset(p, 0, n);
}

/* Bytes written, or ERR_SPACE. */
MUST_USE static inline int writer_len(const struct writer *w)
{
	return w->failed ? ERR_SPACE : (int)(w->at - w->start);
}

#endif
