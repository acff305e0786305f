/* [MS-RDPEGFX] 2.2.4.1.1.2. A column that was never stored is an error; one of another
 * height than the band's is used as far as it goes. */
#include "bands_decode.h"

struct band {
	int x, right, y, height; /* right is inclusive */
	uint32_t background;
};

static uint32_t read_colour(struct reader *r)
{
	uint32_t low = reader_u16(r);

	return 0xff000000 | low | (uint32_t)reader_u8(r) << 16;
}

/* A new column from ink, background above and below it */
static const struct clear_column *make_vbar(
		struct clear_caches *caches, const struct band *band, const struct clear_column *ink, int on)
{
	struct clear_column *vbar = &caches->vbars[caches->vbar_cursor];

	vbar->count = (uint8_t)band->height;
	for (int y = 0; y < band->height; y++)
		vbar->px[y] = y >= on && y - on < ink->count ? ink->px[y - on] : band->background;
	caches->vbar_cursor = (caches->vbar_cursor + 1) % CLEAR_VBARS;
	return vbar;
}

static const struct clear_column *read_miss(
		struct clear_caches *caches, struct reader *r, const struct band *band, int header)
{
	int on = header & 0xff, off = header >> 8 & 0x3f;
	struct clear_column *ink = &caches->shorts[caches->short_cursor];

	if (off < on || off - on > CLEAR_BAND_MAX_PX)
		return NULL;
	ink->count = (uint8_t)(off - on);
	for (int y = 0; y < ink->count; y++)
		ink->px[y] = read_colour(r);
	caches->short_cursor = (caches->short_cursor + 1) % CLEAR_SHORT_VBARS;
	return make_vbar(caches, band, ink, on);
}

/* CLEARCODEC_VBAR; NULL if it is malformed */
static const struct clear_column *read_vbar(
		struct clear_caches *caches, struct reader *r, const struct band *band)
{
	int header = reader_u16(r);

	if (header & CLEAR_VBAR_HIT) {
		const struct clear_column *vbar = &caches->vbars[header & (CLEAR_VBARS - 1)];

		return vbar->count ? vbar : NULL;
	}
	if (header & CLEAR_SHORT_HIT) {
		int on = reader_u8(r);

		return make_vbar(caches, band, &caches->shorts[header & (CLEAR_SHORT_VBARS - 1)], on);
	}
	return read_miss(caches, r, band, header);
}

static int decode_band(struct clear_caches *caches, struct reader *r, const struct band *band, uint8_t *dst,
		ptrdiff_t stride_bytes)
{
	for (int x = band->x; x <= band->right; x++) {
		const struct clear_column *vbar = read_vbar(caches, r, band);

		if (!vbar || !reader_ok(r))
			return ERR_FORMAT;
		for (int y = 0; y < band->height && y < vbar->count; y++)
			memcpy(dst + (band->y + y) * stride_bytes + 4 * x, &vbar->px[y], 4);
	}
	return 0;
}

int clear_bands_decode(struct clear_caches *caches, struct reader r, uint8_t *dst, ptrdiff_t stride_bytes,
		int w_px, int h_px)
{
	while (reader_left(&r)) {
		struct band band;
		int err;

		band.x = reader_u16(&r);
		band.right = reader_u16(&r);
		band.y = reader_u16(&r);
		band.height = reader_u16(&r) - band.y + 1;
		band.background = read_colour(&r);
		if (!reader_ok(&r) || band.x > band.right || band.right >= w_px || band.height < 1 ||
				band.height > CLEAR_BAND_MAX_PX || band.y + band.height > h_px)
			return ERR_FORMAT;
		err = decode_band(caches, &r, &band, dst, stride_bytes);
		if (err)
			return err;
	}
	return reader_ok(&r) ? 0 : ERR_FORMAT;
}
