/* The matcher of the ZGFX encoder: bytes in, the bits of one segment out. */
#ifndef ZGFX_COMPRESS_H
#define ZGFX_COMPRESS_H

#include <base/err.h>
#include <stddef.h>
#include <stdint.h>

struct zgfx_code {
	uint16_t code;
	uint8_t bits;
};

/* What has been sent, for matches to point into: a buffer that holds the history and
 * some room behind it, and is moved down when the room is used up. */
struct zgfx_window {
	size_t history_bytes; /* 0: not in use */
	size_t cap_bytes;
	uint8_t *bytes;
	size_t len;
	int hash_bits;
	uint32_t *short_at; /* where the latest 3 bytes with this hash are, 0 for none */
	uint32_t *long_at;  /* the same for 8 bytes */
	uint32_t *line_at;  /* and for 24 */
	struct zgfx_code literals[256];
};

MUST_USE int zgfx_window_init(struct zgfx_window *win, size_t history_bytes);
void zgfx_window_finish(struct zgfx_window *win);

/* Adds src (1..65535 bytes) to the window and writes its bits and their trailer to
 * dst, which has room for len bytes. Returns the bytes written, or 0 if that would
 * not be less than len. */
size_t zgfx_compress(struct zgfx_window *win, const uint8_t *src, size_t len, uint8_t *dst);

#endif
