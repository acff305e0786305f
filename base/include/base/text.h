/* Texts in fixed buffers. Thread-safe; no allocation. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stddef.h>

/* Copies src, cut to what fits into cap bytes with the final NUL. */
static inline void text_copy(char *dst, size_t cap, const char *src)
{
	size_t len = 0;

	for (; len + 1 < cap && src[len]; len++)
		dst[len] = src[len];
	dst[len] = 0;
}

#endif
