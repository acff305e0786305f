/* Greedy matching with hash tables of 3, 6 and 24 bytes, each holding only the latest
 * place: about the way of LZ4's fast mode, which suits a stream that is mostly
 * repeats of what was on the screen a moment ago. 3 bytes find the short matches nearby
 * that have to make up for the fixed codes of literals; 24 bytes, asked only where a
 * longer match has just ended, a line of text where the others find its first letter in
 * the line above. What saves most bits is taken, not what is longest.
 *
 * On pictures nearly every decision is a toss of a coin, so that most of the time goes
 * where the CPU guesses wrong. Hence the two candidates of a place are weighed without
 * a branch, literals are written at once (and taken back where a run of them had better
 * stay unencoded), and a match is one put. Steps grow where nothing matches. */
#include "compress.h"
#include "bits.h"
#include "places.h"
#include <stdbool.h>

enum {
	UNENCODED_MIN_BYTES = 40, /* shorter runs of literals are not worth the 32 bits */
	SKIP_SHIFT = 6,           /* one byte more a step after each 64 without a match */
	SKIP_MAX_BYTES = 16,
	GAIN_MIN_BITS = 2, /* for less than that, the next place may have something better */
	MEDIUM_BYTES = 8,
	LONG_BYTES = 16,
	REMEMBER_MEDIUM_BYTES = 2, /* steps at which places inside a match are remembered */
	REMEMBER_LONG_BYTES = 16,
	SCORE_SHIFT = 22, /* a score: bits gained above the distance */
	LINE_GAIN_BITS = 100,
};

struct segment {
	struct zgfx_window *win;
	struct bit_writer w;
	uint8_t *first;      /* that was written */
	uint8_t *limit;      /* where writing is given up */
	const uint8_t *done; /* all before is settled: literals can be taken back up to here */
	const uint8_t *end;
	bool after_match; /* of MEDIUM_BYTES or more */
};

static inline void put_literal(struct segment *s, uint8_t value)
{
	const struct zgfx_code *l = &s->win->literals[value];

	put_bits(&s->w, l->code, l->bits);
}

static void put_unencoded(struct segment *s, const uint8_t *src, size_t len)
{
	while (len && s->w.at < s->limit) {
		size_t part = len < ZGFX_UNENCODED_MAX_BYTES ? len : ZGFX_UNENCODED_MAX_BYTES;

		put_bits(&s->w, 0x11 << 20 | part, 25);
		pad_to_byte(&s->w);
		if (s->limit - s->w.at < (ptrdiff_t)part) {
			s->w.at = s->limit;
			return;
		}
		memcpy(s->w.at, src, part);
		s->w.at += part;
		src += part;
		len -= part;
	}
}

/* The literals before `at` stay, or become an unencoded run if that is shorter. */
static inline void settle_literals(struct segment *s, const uint8_t *at)
{
	size_t len = (size_t)(at - s->done), bits = 0;

	if (len < UNENCODED_MIN_BYTES)
		return;
	for (size_t i = 0; i < len; i++)
		bits += s->win->literals[s->done[i]].bits;
	if (bits <= 8 * len + 32)
		return;
	take_back_bits(&s->w, s->first, bits);
	put_unencoded(s, s->done, len);
}

static inline void put_match(struct segment *s, uint32_t distance, uint32_t len)
{
	const struct zgfx_distance *d = zgfx_find_distance(distance);
	uint64_t code = (uint32_t)d->prefix << d->value_bits | (distance - d->base);
	unsigned bits = d->prefix_bits + d->value_bits;
	struct zgfx_code l;

	if (len < ZGFX_SHORT_MATCH_BYTES) {
		l = s->win->lengths[len];
		put_bits(&s->w, code << l.bits | l.code, bits + l.bits);
		return;
	}
	l = zgfx_length_code(len);
	put_bits(&s->w, code, bits);
	put_bits(&s->w, l.code, l.bits);
}

/* Equal bytes from a and b on, at most up to end. b > a. */
static inline size_t count_equal(const uint8_t *a, const uint8_t *b, const uint8_t *end)
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

/* 0x80 where a byte is 0, else 0 */
static inline uint64_t zero_bytes(uint64_t v)
{
	const uint64_t low = 0x7f7f7f7f7f7f7f7f;

	return ~(((v & low) + low) | v | low);
}

/* Byte n, n 3..7: bits of the first n bytes as literals, less those of a match's length;
 * 0 below. Literals are taken for 5 bits below 4, 7 below 16, else 9, which is wrong for
 * few. */
static inline uint64_t price_literals(uint64_t bytes)
{
	uint64_t below_16 = zero_bytes(bytes & 0xf0f0f0f0f0f0f0f0);
	uint64_t below_4 = zero_bytes(bytes & 0xfcfcfcfcfcfcfcfc);
	uint64_t bits = 0x0909090909090909 - (below_16 >> 6) - (below_4 >> 6);

	return (bits * 0x0101010101010101 << 8 & 0xffffffffff000000) - 0x0404040401000000;
}

/* The score of a match at this distance, of which it sees seven bytes; far below 0 if
 * that is more than the most. */
static inline int32_t weigh(
		const uint8_t *at, uint32_t distance, uint32_t most, uint64_t here, uint64_t prices)
{
	/* bits of a distance of 2^(i - 1) or little more; first: of none */
	static const uint8_t cost[] = { 255, 10, 10, 10, 10, 10, 12, 12, 14, 14, 15, 15, 17, 17, 20, 20, 21,
		25, 25, 25, 27, 28, 28 };
	uint64_t equal_bits;
	uint32_t gain;

	distance &= -(uint32_t)(distance <= most);
	equal_bits = (uint64_t)__builtin_ctzll((load_u64(at - distance) ^ here) | 1ull << 63);
	gain = (uint32_t)(prices >> (equal_bits & 56) & 255) - cost[zgfx_log2(2 * distance | 1)];
	return (int32_t)(gain << SCORE_SHIFT | distance);
}

/* Scores */
struct candidates {
	int32_t best, other;
};

/* For this place, which is then remembered */
static inline struct candidates find_match(struct zgfx_window *win, const uint8_t *at)
{
	uint64_t here = load_u64(at), prices = price_literals(here);
	uint32_t place = zgfx_window_place(win, at), most = (uint32_t)win->history_bytes;
	int32_t a = weigh(at, replace_place_of_3(win->places, here, place), most, here, prices);
	int32_t b = weigh(at, replace_place_of_6(win->places, here, place), most, here, prices);

	return (struct candidates){ a > b ? a : b, a > b ? b : a };
}

/* The score of the same LINE_BYTES bytes, or 0 */
static int32_t find_line(struct zgfx_window *win, const uint8_t *at)
{
	uint32_t distance = replace_place_of_line(win->places, at, zgfx_window_place(win, at));

	if (distance > win->history_bytes || memcmp(at - distance, at, LINE_BYTES) != 0)
		return 0;
	return (int32_t)(LINE_GAIN_BITS << SCORE_SHIFT | distance);
}

static inline void remember(struct zgfx_window *win, const uint8_t *at)
{
	uint64_t here = load_u64(at);
	uint32_t place = zgfx_window_place(win, at);

	replace_place_of_3(win->places, here, place);
	replace_place_of_6(win->places, here, place);
}

/* Both ends of a match whose first place find_match has remembered, and some between */
static inline void remember_match(struct zgfx_window *win, const uint8_t *at, size_t len)
{
	const uint8_t *end = at + len;
	size_t step = len < LONG_BYTES ? REMEMBER_MEDIUM_BYTES : REMEMBER_LONG_BYTES;

	remember(win, at + 1);
	remember(win, at + 2);
	remember(win, end - 1);
	if (len < MEDIUM_BYTES)
		return;
	remember(win, end - 2);
	for (const uint8_t *p = at + 4; p < end - 2; p += step)
		remember(win, p);
	for (const uint8_t *p = at; len >= LONG_BYTES && p < end; p += REMEMBER_LONG_BYTES)
		replace_place_of_line(win->places, p, zgfx_window_place(win, p));
}

static inline uint32_t distance_of(int32_t score)
{
	return (uint32_t)score & ((1 << SCORE_SHIFT) - 1);
}

static inline const uint8_t *put_literals(struct segment *s, const uint8_t *at)
{
	size_t step = 1 + ((size_t)(at - s->done) >> SKIP_SHIFT);

	step = step < SKIP_MAX_BYTES ? step : SKIP_MAX_BYTES;
	step = step < (size_t)(s->end - at) ? step : (size_t)(s->end - at);
	do
		put_literal(s, *at++);
	while (--step);
	return at;
}

/* One match at `at`, or literals. Returns the end of them. */
static inline const uint8_t *put_next(struct segment *s, const uint8_t *at)
{
	struct candidates found = find_match(s->win, at);
	uint32_t distance;
	size_t len;

	if (s->after_match) {
		int32_t line = find_line(s->win, at);

		found.best = line ? line : found.best;
		s->after_match = false;
	}
	if (found.best < GAIN_MIN_BITS << SCORE_SHIFT)
		return put_literals(s, at);
	distance = distance_of(found.best);
	len = count_equal(at - distance, at, s->end);
	if (len < ZGFX_MATCH_MIN_BYTES) /* just before the end */
		return put_literals(s, at);
	if (len >= MEDIUM_BYTES && found.other > 0) { /* more than could be seen */
		size_t other_len = count_equal(at - distance_of(found.other), at, s->end);

		distance = other_len > len ? distance_of(found.other) : distance;
		len = other_len > len ? other_len : len;
	}
	settle_literals(s, at);
	put_match(s, distance, (uint32_t)len);
	remember_match(s->win, at, len);
	s->after_match = len >= MEDIUM_BYTES;
	return s->done = at + len;
}

size_t zgfx_compress(struct zgfx_window *win, const uint8_t *src, size_t len, uint8_t *dst)
{
	const uint8_t *at = zgfx_window_add(win, src, len);
	struct segment s = { .win = win,
		.w = { .at = dst },
		.first = dst,
		.limit = dst + len,
		.done = at,
		.end = at + len,
		.after_match = true };
	unsigned unused;

	while (at < s.end && s.w.at < s.limit)
		at = put_next(&s, at);
	if (at == s.end)
		settle_literals(&s, at);
	unused = pad_to_byte(&s.w);
	if (s.w.at + 1 >= s.limit)
		return 0;
	*s.w.at++ = (uint8_t)unused;
	return (size_t)(s.w.at - dst);
}
