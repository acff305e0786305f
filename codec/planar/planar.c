/* RDP 6.0 planar bitmaps. Each plane is taken out of the pixels row by row, so no
 * scratch memory is needed; the pixels of a tile stay in the first-level cache between
 * the planes. */
#include "dsp.h"
#include <string.h>

enum {
	HEADER_RLE = 0x10,
	HEADER_NO_ALPHA = 0x20,
};

struct picture {
	const uint8_t *first;
	ptrdiff_t stride_bytes;
	int w_px, h_px;
};

static uint8_t *put_alpha_plane(const struct picture *pic, uint8_t *dst)
{
	uint8_t row[PLANAR_SIDE_MAX_PX + PLANAR_ROW_SLACK];

	memset(row, 0xff, (size_t)pic->w_px + PLANAR_ROW_SLACK);
	dst = planar_rle_row(dst, row, pic->w_px);
	memset(row, 0, (size_t)pic->w_px + PLANAR_ROW_SLACK);
	for (int y = 1; y < pic->h_px; y++)
		dst = planar_rle_row(dst, row, pic->w_px);
	return dst;
}

/* byte: 2 red, 1 green, 0 blue */
static uint8_t *put_plane(const struct planar_dsp *dsp, const struct picture *pic, int byte, uint8_t *dst)
{
	const uint8_t *src = pic->first, *above = NULL;

	for (int y = 0; y < pic->h_px; y++, above = src, src += pic->stride_bytes)
		dst = dsp->encode_row(dst, src, above, byte, pic->w_px);
	return dst;
}

static uint8_t *put_raw(const struct picture *pic, uint8_t *dst)
{
	*dst++ = HEADER_NO_ALPHA;
	for (int byte = 2; byte >= 0; byte--) {
		for (int y = 0; y < pic->h_px; y++) {
			const uint8_t *src = pic->first + y * pic->stride_bytes + byte;

			for (int x = 0; x < pic->w_px; x++)
				*dst++ = src[4 * x];
		}
	}
	*dst++ = 0; /* Pad */
	return dst;
}

int planar_encode(const struct planar_dsp *dsp, const uint8_t *src, ptrdiff_t stride_bytes, int w_px,
		int h_px, unsigned flags, uint8_t *dst, size_t cap)
{
	struct picture pic = { src, stride_bytes, w_px, h_px };
	uint8_t *at = dst;

	if (w_px < 1 || h_px < 1 || w_px > PLANAR_SIDE_MAX_PX || h_px > PLANAR_SIDE_MAX_PX)
		return ERR_ARGUMENT;
	if (cap < planar_bound(w_px, h_px))
		return ERR_SPACE;
	if (flags & PLANAR_BOTTOM_UP) {
		pic.first = src + (h_px - 1) * stride_bytes;
		pic.stride_bytes = -stride_bytes;
	}
	*at++ = HEADER_RLE | (flags & PLANAR_NO_ALPHA ? HEADER_NO_ALPHA : 0);
	if (!(flags & PLANAR_NO_ALPHA))
		at = put_alpha_plane(&pic, at);
	for (int byte = 2; byte >= 0; byte--)
		at = put_plane(dsp, &pic, byte, at);
	if (flags & PLANAR_NO_ALPHA && at - dst > 3 * (ptrdiff_t)w_px * h_px + 2)
		at = put_raw(&pic, dst);
	return (int)(at - dst);
}
