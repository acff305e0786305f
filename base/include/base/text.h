/* Texts in fixed buffers. Thread-safe; no allocation. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stddef.h>
#include <string.h>

/* Copies src, cut to what fits into cap bytes with the final NUL. */
static inline void text_copy(char *dst, size_t cap, const char *src)
{
	size_t len = strnlen(src, cap - 1);

	memcpy(dst, src, len);
	dst[len] = 0;
}

#endif
