/* What the ZGFX encoder remembers, and the codes it writes. */
#ifndef ZGFX_WINDOW_H
#define ZGFX_WINDOW_H

#include "tokens.h"
#include <base/err.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes sent, for matches to point into: a buffer that holds the history and some
 * room behind it, and is moved down when the room is used up. */
struct zgfx_window {
	size_t history_bytes; /* 0: not in use */
	size_t cap_bytes;
	size_t len;
	struct zgfx_places *places; /* and, in the same block, */
	uint8_t *bytes;             /* LINE_BYTES more than cap_bytes can be read */
	struct zgfx_code literals[256];
	struct zgfx_code lengths[ZGFX_SHORT_MATCH_BYTES];
};

MUST_USE int zgfx_window_init(struct zgfx_window *win, size_t history_bytes);
void zgfx_window_finish(struct zgfx_window *win);

/* Adds src, of 1..65535 bytes, and returns where in the window it is. */
const uint8_t *zgfx_window_add(struct zgfx_window *win, const uint8_t *src, size_t len);

/* How places.h counts a byte of the window */
static inline uint32_t zgfx_window_place(const struct zgfx_window *win, const uint8_t *at)
{
	return (uint32_t)win->history_bytes + 1 + (uint32_t)(at - win->bytes);
}

#endif
