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
	bool after_bg;
};

static uint32_t read_pixel(struct rle_in *in)
{
	uint32_t low = reader_u16(&in->r);

	return in->px_bytes == 3 ? low | (uint32_t)reader_u8(&in->r) << 16 : low;
}

static void put_pixel(struct rle_in *in, uint32_t px)
{
	if (in->x == in->w_px) {
		if (in->y == in->h_px - 1) {
			reader_fail(&in->r);
			return;
		}
		in->x = 0;
		in->y++;
		in->row += in->stride_bytes;
	}
	memcpy(in->row + 4 * in->x++, &px, sizeof px);
}

/* The pixel one row earlier; black where the order began in the first row. */
static uint32_t above(const struct rle_in *in, bool first_row)
{
	const uint8_t *row = in->row;
	int x = in->x;
	uint32_t px;

	if (first_row)
		return 0;
	if (x == in->w_px)
		x = 0; /* the first of the next row: above it is this row */
	else
		row -= in->stride_bytes;
	memcpy(&px, row + 4 * x, sizeof px);
	return px;
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

static void do_mask(struct rle_in *in, const struct order *order, bool first_row)
{
	int bits = order->mask;

	for (int i = 0; i < order->len && reader_ok(&in->r); i++) {
		if (i % 8 == 0 && order->mask < 0)
			bits = reader_u8(&in->r);
		put_pixel(in, above(in, first_row) ^ (bits >> i % 8 & 1 ? in->fg : 0));
	}
}

static void do_run(struct rle_in *in, const struct order *order, bool first_row)
{
	uint32_t colour = order->kind == ORDER_COLOUR ? read_pixel(in) : order->colour;
	uint32_t fg = order->kind == ORDER_FG ? in->fg : 0;
	bool xor = order->kind == ORDER_FG || order->kind == ORDER_BG;

	for (int i = 0; i < order->len && reader_ok(&in->r); i++) {
		if (!xor)
			put_pixel(in, order->kind == ORDER_COPY ? read_pixel(in) : colour);
		else if (i == 0 && order->kind == ORDER_BG && in->after_bg)
			put_pixel(in, above(in, first_row) ^ in->fg);
		else
			put_pixel(in, above(in, first_row) ^ fg);
	}
}

static void do_dither(struct rle_in *in, const struct order *order)
{
	uint32_t a = read_pixel(in), b = read_pixel(in);

	for (int i = 0; i < order->len && reader_ok(&in->r); i++) {
		put_pixel(in, a);
		put_pixel(in, b);
	}
}

static void do_order(struct rle_in *in, const struct order *order)
{
	bool first_row = in->y == 0 && in->x < in->w_px;

	if (in->y == 0 && in->x == in->w_px)
		in->after_bg = false; /* a run of the first row does not count in the second */
	if (order->set_fg)
		in->fg = read_pixel(in);
	if (order->kind == ORDER_MASK)
		do_mask(in, order, first_row);
	else if (order->kind == ORDER_DITHER)
		do_dither(in, order);
	else
		do_run(in, order, first_row);
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
		.fg = bpp == 24 ? 0xffffff : 0xffff };
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
