/* Greedy matching with hash tables of 24, 8 and 3 bytes, each holding only the latest
 * place: about the way of LZ4's fast mode, which suits a stream that is mostly
 * repeats of what was on the screen a moment ago. The first finds a line of text again
 * where the others find its first letter in the line above, and is asked only where a
 * match has just ended. The distance of the last match is
 * asked first: what has moved goes on at the same distance after a few changed bytes
 * (a coordinate, a length). Steps grow where nothing matches. */
#include "compress.h"
#include "tokens.h"
#include <codec/zgfx.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
	ROOM_MAX_BYTES = 1 << 20,
	HASHED_BYTES = 8, /* that many must be readable where a hash is made */
	LINE_BYTES = 24,
	UNENCODED_MIN_BYTES = 40, /* shorter runs of literals are not worth the 32 bits */
	SKIP_SHIFT = 6,           /* one byte more a step after each 64 without a match */
	LONG_ENOUGH_BYTES = 32,   /* no other candidate is asked */
	REMEMBER_BYTES = 16,      /* steps at which places inside a match are remembered */
	REMEMBER_LINE_BYTES = 16,
	START = 1, /* the window's first place, so that 0 can mean none */
};

struct match {
	size_t at, from, len;
};

struct bit_writer {
	uint64_t acc; /* its lower `have` bits are not yet written */
	int have;     /* below 32 between calls */
	uint8_t *at, *limit;
	bool full;
};

static void make_literals(struct zgfx_code *literals)
{
	for (unsigned v = 0; v < 256; v++)
		literals[v] = (struct zgfx_code){ (uint16_t)v, 9 };
	for (int i = 0; i < ZGFX_SHORT_LITERALS; i++) {
		const struct zgfx_short_literal *l = &zgfx_short_literals[i];

		literals[l->value] = (struct zgfx_code){ l->code, l->bits };
	}
}

int zgfx_window_init(struct zgfx_window *win, size_t history_bytes)
{
	size_t room = history_bytes < ROOM_MAX_BYTES ? history_bytes : ROOM_MAX_BYTES;

	if (room < ZGFX_SEGMENT_MAX_BYTES)
		room = ZGFX_SEGMENT_MAX_BYTES;
	win->history_bytes = history_bytes;
	win->cap_bytes = START + history_bytes + room;
	win->hash_bits = history_bytes > ZGFX_HISTORY_SMALL_BYTES ? 15 : 14;
	win->len = START;
	win->bytes = malloc(win->cap_bytes);
	win->short_at = calloc((size_t)1 << win->hash_bits, sizeof *win->short_at);
	win->long_at = calloc((size_t)1 << win->hash_bits, sizeof *win->long_at);
	win->line_at = calloc((size_t)1 << win->hash_bits, sizeof *win->line_at);
	if (!win->bytes || !win->short_at || !win->long_at || !win->line_at) {
		zgfx_window_finish(win);
		return ERR_MEMORY;
	}
	make_literals(win->literals);
	return 0;
}

void zgfx_window_finish(struct zgfx_window *win)
{
	free(win->bytes);
	free(win->short_at);
	free(win->long_at);
	free(win->line_at);
}

static void move_places(uint32_t *places, int hash_bits, uint32_t by)
{
	for (size_t i = 0; i < (size_t)1 << hash_bits; i++)
		places[i] = places[i] > by ? places[i] - by : 0;
}

/* Room for len bytes at the end of the window */
static void make_room(struct zgfx_window *win, size_t len)
{
	size_t gone;

	if (win->cap_bytes - win->len >= len)
		return;
	gone = win->len - START - win->history_bytes;
	memmove(win->bytes + START, win->bytes + START + gone, win->history_bytes);
	win->len -= gone;
	move_places(win->short_at, win->hash_bits, (uint32_t)gone);
	move_places(win->long_at, win->hash_bits, (uint32_t)gone);
	move_places(win->line_at, win->hash_bits, (uint32_t)gone);
}

/* bits 1..32 */
static void put_bits(struct bit_writer *w, uint32_t value, int bits)
{
	w->acc = w->acc << bits | value;
	w->have += bits;
	if (w->have < 32)
		return;
	if (w->limit - w->at < 4) {
		w->full = true;
	} else {
		uint32_t word = __builtin_bswap32((uint32_t)(w->acc >> (w->have - 32)));

		memcpy(w->at, &word, sizeof word);
		w->at += 4;
	}
	w->have -= 32;
}

/* Writes what is left of the last byte with zeros. Returns the number of those. */
static int pad_to_byte(struct bit_writer *w)
{
	int pad = -w->have & 7;

	if (pad)
		put_bits(w, 0, pad);
	for (; w->have; w->have -= 8) {
		if (w->at == w->limit)
			w->full = true;
		else
			*w->at++ = (uint8_t)(w->acc >> (w->have - 8));
	}
	return pad;
}

static void put_unencoded(struct bit_writer *w, const uint8_t *src, size_t len)
{
	while (len && !w->full) {
		size_t part = len < ZGFX_UNENCODED_MAX_BYTES ? len : ZGFX_UNENCODED_MAX_BYTES;

		put_bits(w, 0x11 << 5, 10);
		put_bits(w, (uint32_t)part, 15);
		pad_to_byte(w);
		if ((size_t)(w->limit - w->at) < part) {
			w->full = true;
			return;
		}
		memcpy(w->at, src, part);
		w->at += part;
		src += part;
		len -= part;
	}
}

static size_t literal_bits(const struct zgfx_window *win, const uint8_t *src, size_t len)
{
	size_t bits = 0;

	for (size_t i = 0; i < len; i++)
		bits += win->literals[src[i]].bits;
	return bits;
}

static void put_literals(const struct zgfx_window *win, struct bit_writer *w, const uint8_t *src, size_t len)
{
	if (len >= UNENCODED_MIN_BYTES && literal_bits(win, src, len) > 8 * len + 32) {
		put_unencoded(w, src, len);
		return;
	}
	for (size_t i = 0; i < len; i++)
		put_bits(w, win->literals[src[i]].code, win->literals[src[i]].bits);
}

static int log2_floor(size_t v)
{
	return 31 - __builtin_clz((unsigned)v);
}

static const struct zgfx_distance *find_distance(size_t distance)
{
	/* the last row whose base is not above 2^i */
	static const uint8_t first[] = { 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 4, 5, 5, 6, 7, 7, 7, 8, 8, 9 };
	const struct zgfx_distance *d = &zgfx_distances[first[log2_floor(distance)]];

	while (d + 1 < zgfx_distances + ZGFX_DISTANCES && distance >= d[1].base)
		d++;
	return d;
}

static void put_match(struct bit_writer *w, size_t distance, size_t len)
{
	const struct zgfx_distance *d = find_distance(distance);
	int ones;

	put_bits(w, (uint32_t)d->prefix << d->value_bits | (uint32_t)(distance - d->base),
			d->prefix_bits + d->value_bits);
	if (len == ZGFX_MATCH_MIN_BYTES) {
		put_bits(w, 0, 1);
		return;
	}
	ones = log2_floor(len) - 1;
	put_bits(w, (2u << ones) - 2, ones + 1);
	put_bits(w, (uint32_t)len - (2u << ones), ones + 1);
}

static uint64_t load_u64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof v);
	return v;
}

static size_t hash_long(uint64_t v, int bits)
{
	return v * 0x9e3779b97f4a7c15 >> (64 - bits);
}

static size_t hash_line(const uint8_t *p, int bits)
{
	uint64_t v = load_u64(p) * 0x9e3779b97f4a7c15;

	v = (v ^ v >> 29 ^ load_u64(p + 8)) * 0xbf58476d1ce4e5b9;
	return ((v ^ v >> 31 ^ load_u64(p + 16)) * 0x94d049bb133111eb) >> (64 - bits);
}

/* of 3 bytes */
static size_t hash_short(uint64_t v, int bits)
{
	return (v << 40) * 0x9e3779b97f4a7c15 >> (64 - bits);
}

/* Equal bytes from a and b on, at most up to end. b > a. */
static size_t count_equal(const uint8_t *a, const uint8_t *b, const uint8_t *end)
{
	const uint8_t *start = b;

	for (; end - b >= 8; a += 8, b += 8) {
		uint64_t diff = load_u64(a) ^ load_u64(b);

		if (diff)
			return (size_t)(b - start) + (size_t)__builtin_ctzll(diff) / 8;
	}
	while (b < end && *a == *b) {
		a++;
		b++;
	}
	return (size_t)(b - start);
}

static void remember(struct zgfx_window *win, size_t at, uint64_t bytes)
{
	win->long_at[hash_long(bytes, win->hash_bits)] = (uint32_t)at;
	win->short_at[hash_short(bytes, win->hash_bits)] = (uint32_t)at;
}

/* Is a short match from afar worth its bits? */
static bool pays(const struct zgfx_window *win, const struct match *m)
{
	const struct zgfx_distance *d;

	if (m->len >= 8)
		return true;
	d = find_distance(m->at - m->from);
	return literal_bits(win, win->bytes + m->at, m->len) >
			d->prefix_bits + d->value_bits + (m->len == ZGFX_MATCH_MIN_BYTES ? 1u : 4u);
}

/* Takes the match at `from` if it is the longest so far. */
static void try_match(const struct zgfx_window *win, size_t from, size_t end, struct match *m)
{
	size_t len = count_equal(win->bytes + from, win->bytes + m->at, win->bytes + end);

	if (len > m->len) {
		m->from = from;
		m->len = len;
	}
}

/* The match at this place, if any. lowest: the oldest place that the client still has;
 * last_distance: of the match before, or 0; line_at: another candidate, or 0. */
static bool find_match(struct zgfx_window *win, size_t at, size_t lowest, size_t end, size_t last_distance,
		size_t line_at, struct match *m)
{
	uint64_t here = load_u64(win->bytes + at);
	size_t long_at = win->long_at[hash_long(here, win->hash_bits)];
	size_t short_at = win->short_at[hash_short(here, win->hash_bits)];

	remember(win, at, here);
	*m = (struct match){ .at = at };
	if (last_distance && at - last_distance >= lowest &&
			!((load_u64(win->bytes + at - last_distance) ^ here) & 0xffffffff))
		try_match(win, at - last_distance, end, m);
	if (line_at >= lowest)
		try_match(win, line_at, end, m);
	if (m->len >= LONG_ENOUGH_BYTES)
		return true;
	if (long_at >= lowest && load_u64(win->bytes + long_at) == here)
		try_match(win, long_at, end, m);
	if (m->len < ZGFX_MATCH_MIN_BYTES && short_at >= lowest &&
			!((load_u64(win->bytes + short_at) ^ here) & 0xffffff))
		try_match(win, short_at, end, m);
	return m->len >= ZGFX_MATCH_MIN_BYTES && pays(win, m);
}

static void extend_back(const struct zgfx_window *win, struct match *m, size_t not_before, size_t lowest)
{
	while (m->at > not_before && m->from > lowest && win->bytes[m->at - 1] == win->bytes[m->from - 1]) {
		m->at--;
		m->from--;
		m->len++;
	}
}

static void remember_match(struct zgfx_window *win, const struct match *m, size_t end)
{
	size_t done = m->at + m->len;

	for (size_t at = m->at + 1; at < done && at + HASHED_BYTES <= end; at += REMEMBER_BYTES)
		remember(win, at, load_u64(win->bytes + at));
	if (done - 2 + HASHED_BYTES <= end)
		remember(win, done - 2, load_u64(win->bytes + done - 2));
	for (size_t at = m->at; at < done && at + LINE_BYTES <= end; at += REMEMBER_LINE_BYTES)
		win->line_at[hash_line(win->bytes + at, win->hash_bits)] = (uint32_t)at;
}

/* The latest place where the next 24 bytes may be; they go there themselves. */
static size_t find_line(struct zgfx_window *win, size_t at, size_t end)
{
	uint32_t *place;
	size_t found;

	if (at + LINE_BYTES > end)
		return 0;
	place = &win->line_at[hash_line(win->bytes + at, win->hash_bits)];
	found = *place;
	*place = (uint32_t)at;
	return found;
}

static void put_tokens(struct zgfx_window *win, struct bit_writer *w, size_t at, size_t end)
{
	size_t done = at; /* before this all is written */
	size_t last_distance = 0;
	struct match m;

	while (at + HASHED_BYTES <= end && !w->full) {
		size_t lowest = at > win->history_bytes + START ? at - win->history_bytes : START;
		size_t line_at = at == done ? find_line(win, at, end) : 0;

		if (!find_match(win, at, lowest, end, last_distance, line_at, &m)) {
			at += 1 + ((at - done) >> SKIP_SHIFT);
			continue;
		}
		extend_back(win, &m, done, lowest);
		put_literals(win, w, win->bytes + done, m.at - done);
		last_distance = m.at - m.from;
		put_match(w, last_distance, m.len);
		remember_match(win, &m, end);
		at = done = m.at + m.len;
	}
	put_literals(win, w, win->bytes + done, end - done);
}

size_t zgfx_compress(struct zgfx_window *win, const uint8_t *src, size_t len, uint8_t *dst)
{
	struct bit_writer w = { .at = dst, .limit = dst + len - 1 };
	int unused;

	make_room(win, len);
	memcpy(win->bytes + win->len, src, len);
	win->len += len;
	put_tokens(win, &w, win->len - len, win->len);
	unused = pad_to_byte(&w);
	if (w.full)
		return 0;
	*w.at++ = (uint8_t)unused;
	return (size_t)(w.at - dst);
}
