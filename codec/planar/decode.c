/* RDP 6.0 planar decoder: all forms a server may send, also those our encoder does
 * not write (alpha, YCoCg with colour loss, chroma subsampling). The planes are
 * decoded into the bytes of the destination pixels, so nothing is allocated:
 * luma/red in byte 2, orange/green in 1, green/blue in 0, alpha in 3. */
#include <base/reader.h>
#include <codec/planar.h>
#include <string.h>

enum {
	HEADER_CLL = 0x07,
	HEADER_CS = 0x08,
	HEADER_RLE = 0x10,
	HEADER_NO_ALPHA = 0x20,
};

struct target {
	uint8_t *first; /* of the stream's first row */
	ptrdiff_t stride_bytes;
	int w_px, h_px;
};

static uint8_t undo_zigzag(uint8_t v)
{
	return (uint8_t)(v >> 1 ^ -(v & 1));
}

/* One segment of the first row: `raw` bytes of the stream, then `run` times the last. */
static uint8_t put_values(uint8_t *dst, const uint8_t *raw, int raw_len, int run, uint8_t last)
{
	for (int i = 0; i < raw_len; i++, dst += 4)
		*dst = raw[i];
	if (raw_len)
		last = raw[raw_len - 1];
	for (int i = 0; i < run; i++)
		dst[4 * i] = last;
	return last;
}

/* And of other rows, whose values are differences from the one above. */
static uint8_t put_deltas(
		uint8_t *dst, const uint8_t *above, const uint8_t *raw, int raw_len, int run, uint8_t last)
{
	for (int i = 0; i < raw_len; i++, dst += 4, above += 4) {
		last = undo_zigzag(raw[i]);
		*dst = (uint8_t)(*above + last);
	}
	for (int i = 0; i < run; i++)
		dst[4 * i] = (uint8_t)(above[4 * i] + last);
	return last;
}

static void read_rle_row(struct reader *r, uint8_t *dst, const uint8_t *above, int w_px)
{
	uint8_t last = 0;

	for (int x = 0; x < w_px && reader_ok(r);) {
		int control = reader_u8(r);
		int run = control & 15, raw_len = control >> 4;
		const uint8_t *raw;

		if (run == 1 || run == 2) {
			run = 16 * run + raw_len;
			raw_len = 0;
		}
		raw = reader_take(r, (size_t)raw_len);
		if (!raw || !control || raw_len + run > w_px - x) {
			reader_fail(r);
			return;
		}
		last = above ? put_deltas(dst + 4 * x, above + 4 * x, raw, raw_len, run, last)
			     : put_values(dst + 4 * x, raw, raw_len, run, last);
		x += raw_len + run;
	}
}

static void read_plane(struct reader *r, const struct target *t, int byte, bool rle, bool half)
{
	int w_px = half ? (t->w_px + 1) / 2 : t->w_px;
	int h_px = half ? (t->h_px + 1) / 2 : t->h_px;
	uint8_t *dst = t->first + byte, *above = NULL;

	for (int y = 0; y < h_px && reader_ok(r); y++, above = dst, dst += t->stride_bytes) {
		const uint8_t *raw;

		if (rle) {
			read_rle_row(r, dst, above, w_px);
			continue;
		}
		raw = reader_take(r, (size_t)w_px);
		if (raw)
			put_values(dst, raw, w_px, 0, 0);
	}
}

/* Spreads a quarter-size chroma plane over the picture, from the far end, so that
 * what is still to be read is not yet overwritten. */
static void spread_plane(const struct target *t, int byte)
{
	for (int y = t->h_px - 1; y >= 0; y--) {
		const uint8_t *src = t->first + y / 2 * t->stride_bytes + byte;
		uint8_t *dst = t->first + y * t->stride_bytes + byte;

		for (int x = t->w_px - 1; x >= 0; x--)
			dst[4 * x] = src[4 * (x / 2)];
	}
}

static uint8_t clamp(int v)
{
	return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* Red and blue change places, as 3.1.9.1.2 asks for Microsoft's servers' sake. */
static void convert_ycocg(const struct target *t, int colour_loss)
{
	for (int y = 0; y < t->h_px; y++) {
		uint8_t *px = t->first + y * t->stride_bytes;

		for (int x = 0; x < t->w_px; x++, px += 4) {
			int half_co = (int8_t)(uint8_t)(px[1] << (colour_loss - 1));
			int half_cg = (int8_t)(uint8_t)(px[0] << (colour_loss - 1));
			int luma = px[2];

			px[0] = clamp(luma - half_cg + half_co);
			px[1] = clamp(luma + half_cg);
			px[2] = clamp(luma - half_cg - half_co);
		}
	}
}

static void fill_alpha(const struct target *t)
{
	for (int y = 0; y < t->h_px; y++) {
		for (int x = 0; x < t->w_px; x++)
			t->first[y * t->stride_bytes + 4 * x + 3] = 0xff;
	}
}

int planar_decode(const uint8_t *src, size_t len, int w_px, int h_px, unsigned flags, uint8_t *dst,
		ptrdiff_t stride_bytes)
{
	struct reader r = reader_init(src, len);
	struct target t = { dst, stride_bytes, w_px, h_px };
	uint8_t header = reader_u8(&r);
	bool rle = header & HEADER_RLE, half = header & HEADER_CS;
	int colour_loss = header & HEADER_CLL;

	if (w_px < 1 || h_px < 1 || w_px > PLANAR_SIDE_MAX_PX || h_px > PLANAR_SIDE_MAX_PX)
		return ERR_ARGUMENT;
	if (half && !colour_loss)
		return ERR_FORMAT;
	if (flags & PLANAR_BOTTOM_UP) {
		t.first = dst + (h_px - 1) * stride_bytes;
		t.stride_bytes = -stride_bytes;
	}
	if (header & HEADER_NO_ALPHA)
		fill_alpha(&t);
	else
		read_plane(&r, &t, 3, rle, false);
	read_plane(&r, &t, 2, rle, false);
	read_plane(&r, &t, 1, rle, half);
	read_plane(&r, &t, 0, rle, half);
	if (!reader_ok(&r))
		return ERR_FORMAT;
	if (half) {
		spread_plane(&t, 1);
		spread_plane(&t, 0);
	}
	if (colour_loss)
		convert_ycocg(&t, colour_loss);
	return 0;
}
