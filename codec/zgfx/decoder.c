/* ZGFX decompressor, [MS-RDPEGFX] 3.1.9.1. Segments are decoded at the end of a
 * window that holds the history, which moves down when the room behind it is used
 * up; so a match is one plain copy. */
#include "tokens.h"
#include <base/reader.h>
#include <codec/zgfx.h>
#include <stdlib.h>

enum {
	PEEK_BITS = 9, /* enough for every token without its value bits */
	WINDOW_MIN_BYTES = 128 * 1024,
	WINDOW_MAX_BYTES = ZGFX_HISTORY_MAX_BYTES + (1 << 20),
};

enum token_kind { TOKEN_NONE, TOKEN_LITERAL, TOKEN_MATCH };

struct token {
	uint8_t kind, bits; /* bits: of the code */
	uint8_t value;      /* literal, or index of the distance */
};

struct zgfx_decoder {
	struct token tokens[1 << PEEK_BITS];
	uint8_t *window;
	size_t len, cap; /* of what the window holds, and of its room, which grows */
};

/* MSB first. `left` counts the stream's bits not yet taken; what is peeked past the
 * end is zero, and taking it makes `left` negative. */
struct bits {
	const uint8_t *start, *at, *end;
	uint64_t acc; /* left-aligned */
	int have;
	int64_t total, left;
};

/* Where a segment goes; nothing before `start` of the window exists. */
struct output {
	uint8_t *start, *at, *end;
};

static void fill_tokens(struct token *tokens, unsigned code, int bits, struct token token)
{
	unsigned first = code << (PEEK_BITS - bits);

	token.bits = (uint8_t)bits;
	for (unsigned i = 0; i < 1u << (PEEK_BITS - bits); i++)
		tokens[first + i] = token;
}

static void make_tokens(struct token *tokens)
{
	for (unsigned v = 0; v < 256; v++)
		fill_tokens(tokens, v, 9, (struct token){ .kind = TOKEN_LITERAL, .value = (uint8_t)v });
	for (int i = 0; i < ZGFX_SHORT_LITERALS; i++) {
		const struct zgfx_short_literal *l = &zgfx_short_literals[i];

		tokens[l->value] = (struct token){ 0 }; /* the nine-bit form is reserved */
		fill_tokens(tokens, l->code, l->bits,
				(struct token){ .kind = TOKEN_LITERAL, .value = l->value });
	}
	for (int i = 0; i < ZGFX_DISTANCES; i++)
		fill_tokens(tokens, zgfx_distances[i].prefix, zgfx_distances[i].prefix_bits,
				(struct token){ .kind = TOKEN_MATCH, .value = (uint8_t)i });
}

struct zgfx_decoder *zgfx_decoder_create(void)
{
	struct zgfx_decoder *dec = calloc(1, sizeof *dec);

	if (dec)
		make_tokens(dec->tokens);
	return dec;
}

void zgfx_decoder_destroy(struct zgfx_decoder *dec)
{
	if (!dec)
		return;
	free(dec->window);
	free(dec);
}

static void bits_fill(struct bits *b)
{
	while (b->have <= 56) {
		uint64_t byte = b->at < b->end ? *b->at++ : 0;

		b->acc |= byte << (56 - b->have);
		b->have += 8;
	}
}

/* n 1..32 */
static unsigned bits_peek(struct bits *b, int n)
{
	if (b->have < n)
		bits_fill(b);
	return (unsigned)(b->acc >> (64 - n));
}

static void bits_skip(struct bits *b, int n)
{
	b->acc <<= n;
	b->have -= n;
	b->left -= n;
}

static unsigned bits_take(struct bits *b, int n)
{
	unsigned v = bits_peek(b, n);

	bits_skip(b, n);
	return v;
}

static int put_bytes(struct output *out, const uint8_t *src, size_t len)
{
	if (len > (size_t)(out->end - out->at))
		return ERR_FORMAT;
	if (len)
		memcpy(out->at, src, len);
	out->at += len;
	return 0;
}

/* A match may overlap what it makes: it then repeats. */
static int put_match(struct output *out, size_t distance, size_t len)
{
	const uint8_t *from = out->at - distance;

	if (len > (size_t)(out->end - out->at) || distance > (size_t)(out->at - out->start))
		return ERR_FORMAT;
	if (distance >= len) {
		memcpy(out->at, from, len);
	} else {
		for (size_t i = 0; i < len; i++)
			out->at[i] = from[i];
	}
	out->at += len;
	return 0;
}

static int put_unencoded(struct bits *b, struct output *out)
{
	int64_t len = bits_take(b, 15);
	int64_t byte = (b->total - b->left + 7) / 8;

	b->left = b->total - 8 * (byte + len);
	if (b->left < 0)
		return ERR_FORMAT;
	b->at = b->start + byte + len;
	b->acc = 0;
	b->have = 0;
	return put_bytes(out, b->start + byte, (size_t)len);
}

static int read_len(struct bits *b, size_t *len)
{
	int ones = 0;

	while (bits_take(b, 1)) {
		if (++ones > 14)
			return ERR_FORMAT;
	}
	*len = ones ? (1u << (ones + 1)) + bits_take(b, ones + 1) : ZGFX_MATCH_MIN_BYTES;
	return b->left < 0 ? ERR_FORMAT : 0;
}

static int put_far(struct bits *b, struct output *out, const struct zgfx_distance *d)
{
	size_t distance = d->base + bits_take(b, d->value_bits), len;
	int err;

	if (b->left < 0 || distance > ZGFX_HISTORY_MAX_BYTES)
		return ERR_FORMAT;
	if (!distance)
		return put_unencoded(b, out);
	err = read_len(b, &len);
	return err ? err : put_match(out, distance, len);
}

/* The last byte of a compressed segment says how many bits of the one before are
 * unused. */
static int decode_bits(const struct zgfx_decoder *dec, const uint8_t *src, size_t len, struct output *out)
{
	struct bits b = { .start = src, .at = src, .end = src + len };

	if (!len || (src[len - 1] & 7) > 8 * (len - 1))
		return ERR_FORMAT;
	b.end--;
	b.total = b.left = 8 * (int64_t)(len - 1) - (src[len - 1] & 7);
	while (b.left > 0) {
		const struct token *token = &dec->tokens[bits_peek(&b, PEEK_BITS)];
		int err;

		bits_skip(&b, token->bits);
		if (token->kind == TOKEN_NONE || b.left < 0)
			return ERR_FORMAT;
		err = token->kind == TOKEN_LITERAL ? put_bytes(out, &token->value, 1)
						   : put_far(&b, out, &zgfx_distances[token->value]);
		if (err)
			return err;
	}
	return 0;
}

static int grow(struct zgfx_decoder *dec)
{
	size_t cap = dec->cap ? 2 * dec->cap : WINDOW_MIN_BYTES;
	uint8_t *window;

	cap = cap < WINDOW_MAX_BYTES ? cap : WINDOW_MAX_BYTES;
	window = realloc(dec->window, cap);
	if (!window)
		return ERR_MEMORY;
	dec->window = window;
	dec->cap = cap;
	return 0;
}

/* For one segment. In the end, what is older than any match can reach goes. */
static int make_room(struct zgfx_decoder *dec)
{
	size_t old = dec->len - ZGFX_HISTORY_MAX_BYTES;

	if (dec->cap - dec->len >= ZGFX_SEGMENT_MAX_BYTES)
		return 0;
	if (dec->cap < WINDOW_MAX_BYTES)
		return grow(dec);
	memmove(dec->window, dec->window + old, ZGFX_HISTORY_MAX_BYTES);
	dec->len = ZGFX_HISTORY_MAX_BYTES;
	return 0;
}

/* RDP8_BULK_ENCODED_DATA to dst..end. Returns the bytes written or an error. */
static int decode_segment(struct zgfx_decoder *dec, struct reader r, uint8_t *dst, const uint8_t *end)
{
	uint8_t header = reader_u8(&r);
	struct output out;
	size_t room = (size_t)(end - dst), len;
	int err;

	if (!reader_ok(&r) || (header & 0x0f) != ZGFX_HEADER_RDP8)
		return ERR_FORMAT;
	err = make_room(dec);
	if (err)
		return err;
	out.start = dec->window;
	out.at = dec->window + dec->len;
	out.end = out.at + (room < ZGFX_SEGMENT_MAX_BYTES ? room : ZGFX_SEGMENT_MAX_BYTES);
	if (header & ZGFX_HEADER_COMPRESSED)
		err = decode_bits(dec, r.at, reader_left(&r), &out);
	else
		err = put_bytes(&out, r.at, reader_left(&r));
	if (err)
		return err;
	len = (size_t)(out.at - dec->window) - dec->len;
	memcpy(dst, dec->window + dec->len, len);
	dec->len += len;
	return (int)len;
}

int zgfx_decoded_max(const uint8_t *src, size_t len)
{
	struct reader r = reader_init(src, len);
	uint8_t descriptor = reader_u8(&r);
	uint32_t segments, bytes;

	if (descriptor == ZGFX_DESCRIPTOR_SINGLE)
		return ZGFX_SEGMENT_MAX_BYTES;
	segments = reader_u16(&r);
	bytes = reader_u32(&r);
	if (descriptor != ZGFX_DESCRIPTOR_MULTIPART || !reader_ok(&r))
		return ERR_FORMAT;
	if (bytes > ZGFX_INPUT_MAX_BYTES || bytes > (uint64_t)segments * ZGFX_SEGMENT_MAX_BYTES ||
			reader_left(&r) / 5 < segments)
		return ERR_FORMAT;
	return (int)bytes;
}

static int decode_multipart(struct zgfx_decoder *dec, struct reader *r, uint8_t *dst, const uint8_t *end)
{
	uint32_t segments = reader_u16(r);
	uint8_t *at = dst;

	reader_u32(r);
	for (uint32_t i = 0; i < segments; i++) {
		struct reader segment = reader_sub(r, reader_u32(r));
		int len = reader_ok(r) ? decode_segment(dec, segment, at, end) : ERR_FORMAT;

		if (len < 0)
			return len;
		at += len;
	}
	return at == end ? (int)(at - dst) : ERR_FORMAT;
}

int zgfx_decode(struct zgfx_decoder *dec, const uint8_t *src, size_t len, uint8_t *dst, size_t cap)
{
	struct reader r = reader_init(src, len);
	int max = zgfx_decoded_max(src, len);

	if (max < 0)
		return max;
	if (cap < (size_t)max)
		return ERR_SPACE;
	if (reader_u8(&r) == ZGFX_DESCRIPTOR_SINGLE)
		return decode_segment(dec, r, dst, dst + max);
	return decode_multipart(dec, &r, dst, dst + max);
}
