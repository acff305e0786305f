/* [MS-RDPEGFX] 2.2.4.1.1.2. A column that was never stored is an error; one of another
 * height than the band's is used as far as it goes. */
#include "bands_decode.h"
#include "target.h"

struct band {
	int x, right, y, height; /* right is inclusive */
	uint32_t background;
};

/* A new column from ink, background above and below it; NULL without memory */
static const struct clear_column *make_vbar(
		struct clear_caches *caches, const struct band *band, const struct clear_column *ink, int on)
{
	struct clear_column *vbar = clear_columns_next(&caches->vbars, CLEAR_VBARS);
	int y = 0;

	if (!vbar)
		return NULL;
	vbar->count = (uint8_t)band->height;
	for (; y < band->height && y < on; y++)
		vbar->px[y] = band->background;
	for (int i = 0; y < band->height && i < ink->count; y++, i++)
		vbar->px[y] = ink->px[i];
	for (; y < band->height; y++)
		vbar->px[y] = band->background;
	return vbar;
}

static int read_miss(struct clear_caches *caches, struct reader *r, const struct band *band, int header,
		const struct clear_column **vbar)
{
	int on = header & 0xff, off = header >> 8 & 0x3f;
	const uint8_t *colours;
	struct clear_column *ink;

	if (off < on || off - on > CLEAR_BAND_MAX_PX)
		return ERR_FORMAT;
	colours = reader_take(r, 3 * (size_t)(off - on));
	if (!colours)
		return ERR_FORMAT;
	ink = clear_columns_next(&caches->shorts, CLEAR_SHORT_VBARS);
	if (!ink)
		return ERR_MEMORY;
	ink->count = (uint8_t)(off - on);
	for (int y = 0; y < ink->count; y++, colours += 3)
		ink->px[y] = clear_load_colour(colours);
	*vbar = make_vbar(caches, band, ink, on);
	return *vbar ? 0 : ERR_MEMORY;
}

/* CLEARCODEC_VBAR */
static int read_vbar(struct clear_caches *caches, struct reader *r, const struct band *band,
		const struct clear_column **vbar)
{
	int header = reader_u16(r);

	if (header & CLEAR_VBAR_HIT) {
		*vbar = clear_columns_get(&caches->vbars, header & (CLEAR_VBARS - 1));
		return *vbar ? 0 : ERR_FORMAT;
	}
	if (header & CLEAR_SHORT_HIT) {
		const struct clear_column *ink =
				clear_columns_get(&caches->shorts, header & (CLEAR_SHORT_VBARS - 1));
		int on = reader_u8(r);

		if (!ink || !reader_ok(r))
			return ERR_FORMAT;
		*vbar = make_vbar(caches, band, ink, on);
		return *vbar ? 0 : ERR_MEMORY;
	}
	return reader_ok(r) ? read_miss(caches, r, band, header, vbar) : ERR_FORMAT;
}

static int decode_band(struct clear_caches *caches, struct reader *r, const struct band *band, uint8_t *dst,
		ptrdiff_t stride_bytes)
{
	for (int x = band->x; x <= band->right; x++) {
		const struct clear_column *vbar;
		uint8_t *at = dst + band->y * stride_bytes + 4 * x;
		int err = read_vbar(caches, r, band, &vbar), count;

		if (err)
			return err;
		count = band->height < vbar->count ? band->height : vbar->count;
		for (int y = 0; y < count; y++, at += stride_bytes)
			memcpy(at, &vbar->px[y], 4);
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
		band.background = clear_read_colour(&r);
		if (!reader_ok(&r) || band.x > band.right || band.right >= w_px || band.height < 1 ||
				band.height > CLEAR_BAND_MAX_PX || band.y + band.height > h_px)
			return ERR_FORMAT;
		err = decode_band(caches, &r, &band, dst, stride_bytes);
		if (err)
			return err;
	}
	return reader_ok(&r) ? 0 : ERR_FORMAT;
}
