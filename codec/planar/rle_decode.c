/* Interleaved RLE decoder, [MS-RDPBCGR] 3.1.9. Pixels are kept in the stream's own
 * format in the destination until all is there, since orders refer to the row
 * decoded before; then they become XRGB8888 in place. */
#include <base/reader.h>
#include <codec/color.h>
#include <codec/rle.h>
#include <string.h>

enum order_kind { ORDER_BG, ORDER_FG, ORDER_MASK, ORDER_COLOUR, ORDER_COPY, ORDER_DITHER, ORDER_PIXEL };

struct order {
	enum order_kind kind;
	bool set_fg;
	int len;         /* pixels, pairs for ORDER_DITHER */
	int mask;        /* of the special mask orders, or -1 */
	uint32_t colour; /* of ORDER_PIXEL */
};

struct rle_in {
	struct reader r;
	uint8_t *row; /* in the picture, now bottom-up */
	ptrdiff_t stride_bytes;
	int w_px, h_px, x, y; /* y counts from the bottom */
	int px_bytes;
	uint32_t fg;
	bool first_row; /* the order began there; above it all is black, also where it goes on */
	bool after_bg;
};

static uint32_t read_pixel(struct rle_in *in)
{
	uint32_t low = reader_u16(&in->r);

	return in->px_bytes == 3 ? low | (uint32_t)reader_u8(&in->r) << 16 : low;
}

/* Pixels next to each other in one row */
struct span {
	uint8_t *px;
	const uint8_t *above; /* the row decoded before; NULL for black */
	int n;
};

/* The next `most` pixels (> 0) or as many as are left of the row, which is the next one
 * if this is full. false, and the stream is wrong, if there is none. */
static bool take_span(struct rle_in *in, int most, struct span *span)
{
	if (in->x == in->w_px) {
		if (in->y == in->h_px - 1)
			reader_fail(&in->r);
		if (!reader_ok(&in->r))
			return false;
		in->x = 0;
		in->y++;
		in->row += in->stride_bytes;
	}
	span->px = in->row + 4 * in->x;
	span->above = in->first_row ? NULL : span->px - in->stride_bytes;
	span->n = most < in->w_px - in->x ? most : in->w_px - in->x;
	in->x += span->n;
	return true;
}

/* Two pixels in turns */
static void fill(uint8_t *dst, int n, uint32_t first, uint32_t second)
{
	uint64_t two = (uint64_t)second << 32 | first;

	for (; n >= 4; n -= 4, dst += 16) {
		memcpy(dst, &two, sizeof two);
		memcpy(dst + 8, &two, sizeof two);
	}
	if (n >= 2) {
		memcpy(dst, &two, sizeof two);
		dst += 8;
	}
	if (n & 1)
		memcpy(dst, &first, sizeof first);
}

static void xor_row(uint8_t *dst, const uint8_t *above, int n, uint32_t fg)
{
	for (int i = 0; i < n; i++) {
		uint32_t px;

		memcpy(&px, above + 4 * i, sizeof px);
		px ^= fg;
		memcpy(dst + 4 * i, &px, sizeof px);
	}
}

/* n pixels that are the row before's XOR fg */
static void put_xored(struct rle_in *in, int n, uint32_t fg)
{
	struct span span;

	for (; n > 0 && take_span(in, n, &span); n -= span.n) {
		if (!span.above)
			fill(span.px, span.n, fg, fg);
		else if (!fg)
			memcpy(span.px, span.above, 4 * (size_t)span.n);
		else
			xor_row(span.px, span.above, span.n, fg);
	}
}

static void put_colour(struct rle_in *in, int n, uint32_t first, uint32_t second)
{
	struct span span;

	for (; n > 0 && take_span(in, n, &span); n -= span.n) {
		fill(span.px, span.n, first, second);
		if (span.n & 1) {
			uint32_t next = second;

			second = first;
			first = next;
		}
	}
}

static void copy_row(uint8_t *dst, const uint8_t *src, int n, int px_bytes)
{
	for (int i = 0; i < n; i++, src += px_bytes) {
		uint32_t px = (uint32_t)(src[0] | src[1] << 8);

		if (px_bytes == 3)
			px |= (uint32_t)src[2] << 16;
		memcpy(dst + 4 * i, &px, sizeof px);
	}
}

static void put_copies(struct rle_in *in, int n)
{
	struct span span;

	for (; n > 0 && take_span(in, n, &span); n -= span.n) {
		const uint8_t *src = reader_take(&in->r, (size_t)(span.n * in->px_bytes));

		if (!src)
			return;
		copy_row(span.px, src, span.n, in->px_bytes);
	}
}

/* mask: -1, or the bits instead of the stream's */
static void put_mask(struct rle_in *in, int n, int mask)
{
	const uint8_t *bits = mask < 0 ? reader_take(&in->r, (size_t)(n + 7) / 8) : NULL;
	struct span span;

	for (int at = 0; at < n && reader_ok(&in->r) && take_span(in, n - at, &span);) {
		for (int i = 0; i < span.n; i++, at++) {
			int byte = bits ? bits[at / 8] : mask;
			uint32_t px = 0;

			if (span.above)
				memcpy(&px, span.above + 4 * i, sizeof px);
			px ^= byte >> at % 8 & 1 ? in->fg : 0;
			memcpy(span.px + 4 * i, &px, sizeof px);
		}
	}
}

static int read_len(struct rle_in *in, int low_bits, int max, bool eighths)
{
	if (low_bits)
		return eighths ? 8 * low_bits : low_bits;
	return reader_u8(&in->r) + (eighths ? 1 : max + 1);
}

static bool read_long_order(struct rle_in *in, int code, struct order *order)
{
	static const enum order_kind kinds[] = { ORDER_BG, ORDER_FG, ORDER_MASK, ORDER_COLOUR, ORDER_COPY,
		ORDER_BG, ORDER_FG, ORDER_MASK, ORDER_DITHER };

	switch (code) {
	case 0xf5: return false;
	case 0xf9:
	case 0xfa:
		*order = (struct order){ ORDER_MASK, .len = 8, .mask = code == 0xf9 ? 0x03 : 0x05 };
		return true;
	case 0xfd:
	case 0xfe:
		*order = (struct order){ ORDER_PIXEL, .len = 1, .colour = code == 0xfd ? 0xffffff : 0 };
		if (in->px_bytes == 2)
			order->colour &= 0xffff;
		return true;
	}
	if (code > 0xf8)
		return false;
	order->kind = kinds[code - 0xf0];
	order->set_fg = code == 0xf6 || code == 0xf7;
	order->len = reader_u16(&in->r);
	return true;
}

static bool read_order(struct rle_in *in, struct order *order)
{
	static const enum order_kind kinds[] = { ORDER_BG, ORDER_FG, ORDER_MASK, ORDER_COLOUR, ORDER_COPY };
	static const enum order_kind lite_kinds[] = { ORDER_FG, ORDER_MASK, ORDER_DITHER };
	int code = reader_u8(&in->r);

	*order = (struct order){ .mask = -1 };
	if (code >= 0xf0)
		return read_long_order(in, code, order);
	if (code >= 0xc0) {
		order->kind = lite_kinds[(code >> 4) - 0xc];
		order->set_fg = order->kind != ORDER_DITHER;
		order->len = read_len(in, code & 15, 15, order->kind == ORDER_MASK);
		return true;
	}
	if (code >= 0xa0)
		return false;
	order->kind = kinds[code >> 5];
	order->len = read_len(in, code & 31, 31, order->kind == ORDER_MASK);
	return true;
}

static void put_background(struct rle_in *in, int n)
{
	if (in->after_bg && n > 0) {
		put_xored(in, 1, in->fg);
		n--;
	}
	put_xored(in, n, 0);
}

static void do_order(struct rle_in *in, const struct order *order)
{
	uint32_t colour = order->colour;

	if (in->first_row && (in->y > 0 || in->x == in->w_px))
		in->first_row = in->after_bg = false; /* its runs do not count behind it */
	if (order->set_fg)
		in->fg = read_pixel(in);
	if (order->kind == ORDER_COLOUR || order->kind == ORDER_DITHER)
		colour = read_pixel(in);
	switch (order->kind) {
	case ORDER_BG: put_background(in, order->len); break;
	case ORDER_FG: put_xored(in, order->len, in->fg); break;
	case ORDER_MASK: put_mask(in, order->len, order->mask); break;
	case ORDER_COPY: put_copies(in, order->len); break;
	case ORDER_DITHER: put_colour(in, 2 * order->len, colour, read_pixel(in)); break;
	case ORDER_COLOUR:
	case ORDER_PIXEL: put_colour(in, order->len, colour, colour); break;
	}
	in->after_bg = order->kind == ORDER_BG;
}

int rle_decode(const uint8_t *src, size_t len, int w_px, int h_px, int bpp, uint8_t *dst,
		ptrdiff_t stride_bytes)
{
	struct rle_in in = { .r = reader_init(src, len),
		.row = dst + (h_px - 1) * stride_bytes,
		.stride_bytes = -stride_bytes,
		.w_px = w_px,
		.h_px = h_px,
		.px_bytes = bpp == 24 ? 3 : 2,
		.fg = bpp == 24 ? 0xffffff : 0xffff,
		.first_row = true };
	struct order order;

	if (w_px < 1 || h_px < 1 || w_px > RLE_SIDE_MAX_PX || h_px > RLE_SIDE_MAX_PX)
		return ERR_ARGUMENT;
	if (bpp != 15 && bpp != 16 && bpp != 24)
		return ERR_ARGUMENT;
	while (reader_left(&in.r)) {
		if (!read_order(&in, &order))
			return ERR_FORMAT;
		do_order(&in, &order);
	}
	if (!reader_ok(&in.r) || in.y != h_px - 1 || in.x != w_px)
		return ERR_FORMAT;
	for (int y = 0; y < h_px; y++)
		color_expand_row(dst + y * stride_bytes, w_px, bpp);
	return 0;
}
