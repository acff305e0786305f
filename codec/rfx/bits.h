/* Bit writer, most significant bit first. Once full it stays failed. */
#ifndef RFX_BITS_H
#define RFX_BITS_H

#include <base/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bit_writer {
	uint64_t bits; /* the low pending bits, not yet stored */
	int pending;   /* 0..7 between calls */
	uint8_t *start, *at, *end;
	bool failed;
};

static inline struct bit_writer bit_writer_init(uint8_t *dst, size_t cap)
{
	return (struct bit_writer){ .start = dst, .at = dst, .end = dst + cap };
}

/* The low count (0..32) bits of value; higher ones must be zero. */
static inline void bit_writer_put(struct bit_writer *w, uint32_t value, int count)
{
	w->bits = w->bits << count | value;
	w->pending += count;
	while (w->pending >= 8) {
		if (w->at == w->end) {
			w->failed = true;
			w->pending &= 7;
			return;
		}
		w->pending -= 8;
		*w->at++ = (uint8_t)(w->bits >> w->pending);
	}
}

/* Zeros up to a whole byte. Returns the bytes written or ERR_SPACE. */
static inline int bit_writer_finish(struct bit_writer *w)
{
	if (w->pending)
		bit_writer_put(w, 0, 8 - w->pending);
	return w->failed ? ERR_SPACE : (int)(w->at - w->start);
}

#endif
