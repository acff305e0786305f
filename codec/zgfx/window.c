/* What the encoder remembers: the bytes sent, and where they are. */
#include "window.h"
#include "places.h"
#include "tokens.h"
#include <codec/zgfx.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { ROOM_MAX_BYTES = 1 << 20, HUGE_PAGE_BYTES = 2 << 20 };

static void make_codes(struct zgfx_window *win)
{
	for (unsigned v = 0; v < 256; v++)
		win->literals[v] = (struct zgfx_code){ (uint16_t)v, 9 };
	for (int i = 0; i < ZGFX_SHORT_LITERALS; i++) {
		const struct zgfx_short_literal *l = &zgfx_short_literals[i];

		win->literals[l->value] = (struct zgfx_code){ l->code, l->bits };
	}
	for (unsigned len = ZGFX_MATCH_MIN_BYTES; len < ZGFX_SHORT_MATCH_BYTES; len++)
		win->lengths[len] = zgfx_length_code(len);
}

/* Matches are all over the history: with small pages a tenth of the time goes into
 * looking up where those are. */
static void *allocate(size_t bytes)
{
	void *block;

	if (bytes < HUGE_PAGE_BYTES)
		return malloc(bytes);
	bytes = (bytes + HUGE_PAGE_BYTES - 1) & ~(size_t)(HUGE_PAGE_BYTES - 1);
	block = aligned_alloc(HUGE_PAGE_BYTES, bytes);
	if (block)
		madvise(block, bytes, MADV_HUGEPAGE); /* a wish: the system may have none */
	return block;
}

int zgfx_window_init(struct zgfx_window *win, size_t history_bytes)
{
	size_t room = history_bytes < ROOM_MAX_BYTES ? history_bytes : ROOM_MAX_BYTES, bytes;

	if (room < ZGFX_SEGMENT_MAX_BYTES)
		room = ZGFX_SEGMENT_MAX_BYTES;
	win->history_bytes = history_bytes;
	win->cap_bytes = history_bytes + room;
	win->len = 0;
	bytes = sizeof *win->places + win->cap_bytes + LINE_BYTES;
	win->places = allocate(bytes);
	if (!win->places)
		return ERR_MEMORY;
	win->bytes = (uint8_t *)(win->places + 1);
	memset(win->places, 0, bytes); /* all of it: no page faults while a frame waits */
	make_codes(win);
	return 0;
}

void zgfx_window_finish(struct zgfx_window *win)
{
	free(win->places);
}

/* Places are `by` lower; those that no match could reach any more may be gone. */
static void move_places(uint32_t *entries, int table_bits, uint32_t by)
{
	for (size_t i = 0; i < (size_t)1 << table_bits; i++) {
		uint32_t place = entries[i] & ((1u << PLACE_BITS) - 1);

		entries[i] = place > by ? entries[i] - by : 0;
	}
}

/* Room for len bytes at the end of the window */
static void make_room(struct zgfx_window *win, size_t len)
{
	uint32_t gone;

	if (win->cap_bytes - win->len >= len)
		return;
	gone = (uint32_t)(win->len - win->history_bytes);
	memmove(win->bytes, win->bytes + gone, win->history_bytes);
	win->len = win->history_bytes;
	move_places(win->places->of_3, PLACES_OF_3_BITS, gone);
	move_places(win->places->of_6, PLACES_OF_6_BITS, gone);
	move_places(win->places->of_line, PLACES_OF_LINE_BITS, gone);
}

const uint8_t *zgfx_window_add(struct zgfx_window *win, const uint8_t *src, size_t len)
{
	uint8_t *at;

	make_room(win, len);
	at = win->bytes + win->len;
	memcpy(at, src, len);
	win->len += len;
	return at;
}
