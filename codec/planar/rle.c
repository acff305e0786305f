/* Interleaved RLE: the picture, last row first, as orders that describe runs of
 * pixels relative to the row decoded before. [MS-RDPBCGR] 2.2.9.1.1.3.1.2.4.
 *
 * Greedy, one row at a time: the order that saves most at a pixel is taken;
 * background runs and colour images wait and grow, also into the next row, until
 * another order follows. What keeps every decoder exact:
 * - no order but a colour image goes from the first row into the second, because
 *   decoders look at the row number where an order starts;
 * - two background runs never follow each other inside the first row or after it,
 *   since decoders would put a foreground pixel between them;
 * - at 15 bpp the initial foreground is not used: white is 0x7fff in the
 *   specification and 0xffff in rdesktop and FreeRDP. */
#include <base/writer.h>
#include <codec/color.h>
#include <codec/rle.h>
#include <string.h>

enum {
	RUN_MAX_PX = 65535,
	NO_COLOUR = 1 << 24, /* no pixel has this value */
	SPAN_GAP_PX = 24,    /* a gap in a foreground/background image that is better a run */
};

/* The forms of an order: a short one whose low bits hold the length (0: in the next
 * byte) and a long one with 16 bits of length. */
struct order {
	uint8_t code, max, long_code;
};

static const struct order order_bg = { 0x00, 31, 0xf0 };
static const struct order order_fg = { 0x20, 31, 0xf1 };
static const struct order order_set_fg = { 0xc0, 15, 0xf6 };
static const struct order order_colour = { 0x60, 31, 0xf3 };
static const struct order order_copy = { 0x80, 31, 0xf4 };
static const struct order order_mask = { 0x40, 31, 0xf2 };
static const struct order order_set_mask = { 0xd0, 15, 0xf7 };

struct rle_out {
	struct writer w;
	int px_bytes;
	uint32_t fg;
	int bg_px;         /* waiting background run, or */
	int copy_px;       /* waiting colour image, whose pixels are already written */
	uint8_t *copy_gap; /* behind this gap of 3 bytes for its header */
};

static void put_pixel(struct rle_out *o, uint32_t px)
{
	uint8_t *p = writer_take(&o->w, (size_t)o->px_bytes);

	for (int i = 0; p && i < o->px_bytes; i++)
		p[i] = (uint8_t)(px >> 8 * i);
}

static int make_header(uint8_t header[3], const struct order *order, int len)
{
	header[0] = order->code;
	if (len <= order->max) {
		header[0] |= (uint8_t)len;
		return 1;
	}
	if (len <= order->max + 256) {
		header[1] = (uint8_t)(len - order->max - 1);
		return 2;
	}
	header[0] = order->long_code;
	store_u16(header + 1, (uint16_t)len);
	return 3;
}

static void put_order(struct rle_out *o, const struct order *order, int len)
{
	uint8_t header[3];

	writer_copy(&o->w, header, (size_t)make_header(header, order, len));
}

/* Masks count in eighths in the short form, and from 1 in the middle one. */
static void put_mask_order(struct rle_out *o, const struct order *order, int len)
{
	if (len % 8 == 0 && len / 8 <= order->max) {
		writer_u8(&o->w, (uint8_t)(order->code | len / 8));
	} else if (len <= 256) {
		writer_u8(&o->w, order->code);
		writer_u8(&o->w, (uint8_t)(len - 1));
	} else {
		writer_u8(&o->w, order->long_code);
		writer_u16(&o->w, (uint16_t)len);
	}
}

static void flush_copy(struct rle_out *o)
{
	uint8_t header[3];
	int header_len = make_header(header, &order_copy, o->copy_px);
	size_t len = (size_t)(o->copy_px * o->px_bytes);

	if (o->w.failed)
		return;
	memcpy(o->copy_gap, header, (size_t)header_len);
	memmove(o->copy_gap + header_len, o->copy_gap + 3, len);
	o->w.at = o->copy_gap + header_len + len;
	o->copy_px = 0;
}

static void flush(struct rle_out *o)
{
	if (o->bg_px)
		put_order(o, &order_bg, o->bg_px);
	o->bg_px = 0;
	if (o->copy_px)
		flush_copy(o);
}

static void add_copies(struct rle_out *o, const uint32_t *px, int n)
{
	uint8_t *p;

	if (o->bg_px || o->copy_px + n > RUN_MAX_PX)
		flush(o);
	if (!o->copy_px)
		o->copy_gap = writer_take(&o->w, 3);
	o->copy_px += n;
	p = writer_take(&o->w, (size_t)(n * o->px_bytes));
	for (int i = 0; p && i < n; i++, p += o->px_bytes) {
		store_u16(p, (uint16_t)px[i]);
		if (o->px_bytes == 3)
			p[2] = (uint8_t)(px[i] >> 16);
	}
}

static void add_background(struct rle_out *o, int len)
{
	if (o->copy_px)
		flush(o);
	o->bg_px += len;
}

/* Runs of one kind of pixel inside the row */
static int count_equal(const uint32_t *px, int n, uint32_t value)
{
	int i = 0;

	while (i < n && px[i] == value)
		i++;
	return i;
}

/* How long a mask over { 0, fg } would be from here, and how many runs it would
 * replace. */
static int measure_span(const uint32_t *diff, int n, uint32_t fg, int *runs)
{
	int len = 0;

	*runs = 0;
	for (int i = 0; i < n && (diff[i] == fg || diff[i] == 0) && i - len < SPAN_GAP_PX; i++) {
		*runs += i == 0 || diff[i] != diff[i - 1];
		if (diff[i])
			len = i + 1;
	}
	return len;
}

static void put_mask(struct rle_out *o, const uint32_t *diff, int len, uint32_t fg)
{
	flush(o);
	put_mask_order(o, fg == o->fg ? &order_mask : &order_set_mask, len);
	if (fg != o->fg)
		put_pixel(o, fg);
	o->fg = fg;
	for (int i = 0; i < len; i += 8) {
		unsigned bits = 0;

		for (int k = 0; k < 8 && i + k < len; k++)
			bits |= (unsigned)(diff[i + k] != 0) << k;
		writer_u8(&o->w, (uint8_t)bits);
	}
}

/* A mask from here, if it beats the runs it replaces. Returns pixels written. */
static int try_mask(struct rle_out *o, const uint32_t *diff, int n)
{
	int runs, len;

	if (diff[0] == 0)
		return 0;
	len = measure_span(diff, n, diff[0], &runs);
	if (len < 4 || 2 + len / 8 + (o->copy_px ? 1 : 0) >= runs)
		return 0;
	put_mask(o, diff, len, diff[0]);
	return len;
}

/* A run of pixels that are the row below's XOR fg, or of one colour. */
static int try_run(struct rle_out *o, const uint32_t *px, const uint32_t *diff, int n)
{
	int fg_len = count_equal(diff, n, o->fg);
	int set_len, colour_len;

	if (fg_len > (o->copy_px && o->px_bytes == 2)) {
		flush(o);
		put_order(o, &order_fg, fg_len);
		return fg_len;
	}
	colour_len = count_equal(px, n, px[0]);
	set_len = count_equal(diff, n, diff[0]);
	if (colour_len < 3 && set_len < 3)
		return 0;
	flush(o);
	if (set_len > colour_len) {
		put_order(o, &order_set_fg, set_len);
		put_pixel(o, o->fg = diff[0]);
		return set_len;
	}
	put_order(o, &order_colour, colour_len);
	put_pixel(o, px[0]);
	return colour_len;
}

/* Pixels from here on at which neither a run nor a mask can begin: most of a picture */
static int count_plain(const uint32_t *px, const uint32_t *diff, int n, uint32_t fg)
{
	int i = 0;

	while (i + 1 < n && diff[i] && diff[i] != fg && diff[i + 1] && diff[i + 1] != diff[i] &&
			px[i + 1] != px[i])
		i++;
	return i;
}

static void encode_row(struct rle_out *o, const uint32_t *px, const uint32_t *diff, int n)
{
	for (int x = 0; x < n;) {
		int len = count_plain(px + x, diff + x, n - x, o->fg);

		if (len) {
			add_copies(o, px + x, len);
			x += len;
			continue;
		}
		len = count_equal(diff + x, n - x, 0);
		if (len > RUN_MAX_PX - o->bg_px)
			len = RUN_MAX_PX - o->bg_px;
		if (len > (o->copy_px && o->px_bytes == 2)) {
			add_background(o, len);
			x += len;
			continue;
		}
		len = try_mask(o, diff + x, n - x);
		if (!len)
			len = try_run(o, px + x, diff + x, n - x);
		if (!len) {
			add_copies(o, px + x, 1);
			len = 1;
		}
		x += len;
	}
}

int rle_encode(const uint8_t *src, ptrdiff_t stride_bytes, int w_px, int h_px, int bpp, uint8_t *dst,
		size_t cap)
{
	struct rle_out o = { .w = writer_init(dst, cap), .px_bytes = bpp == 24 ? 3 : 2 };
	uint32_t px[RLE_SIDE_MAX_PX], diff[RLE_SIDE_MAX_PX];

	if (w_px < 1 || h_px < 1 || w_px > RLE_SIDE_MAX_PX || h_px > RLE_SIDE_MAX_PX)
		return ERR_ARGUMENT;
	if (bpp != 15 && bpp != 16 && bpp != 24)
		return ERR_ARGUMENT;
	if (cap < rle_bound(w_px, h_px, bpp))
		return ERR_SPACE;
	o.fg = bpp == 15 ? NO_COLOUR : bpp == 16 ? 0xffff : 0xffffff;
	memset(px, 0, (size_t)w_px * sizeof *px); /* "above" the first row all is black */
	for (int y = h_px - 1; y >= 0 && !o.w.failed; y--) {
		memcpy(diff, px, (size_t)w_px * sizeof *px);
		color_reduce_row(px, src + y * stride_bytes, w_px, bpp);
		for (int x = 0; x < w_px; x++)
			diff[x] ^= px[x];
		encode_row(&o, px, diff, w_px);
		if (y == h_px - 1 && o.bg_px)
			flush(&o);
	}
	flush(&o);
	return writer_len(&o.w);
}
