#include "nsc.h"

struct nsc {
	uint32_t plane_bytes[4]; /* luma, orange chroma, green chroma, alpha */
	int colour_loss;
	bool half; /* chroma subsampling */
};

/* Runs are a value twice and a length; the plane's last four bytes are plain.
 * [MS-RDPNSC] 2.2.2.1 */
static void read_rle(struct reader *r, uint8_t *dst, size_t len)
{
	size_t at = 0;

	if (len < 4) {
		reader_fail(r);
		return;
	}
	while (at < len - 4 && reader_ok(r)) {
		uint8_t value = reader_u8(r);
		size_t run = 1;

		if (at + 1 < len - 4 && reader_left(r) && *r->at == value) {
			reader_u8(r);
			run = reader_u8(r);
			run = run < 0xff ? run + 2 : reader_u32(r);
		}
		if (run > len - 4 - at) {
			reader_fail(r);
			return;
		}
		memset(dst + at, value, run);
		at += run;
	}
	reader_copy(r, dst + at, 4);
}

/* A plane that is shorter than its pixels is run-length coded. */
static void read_plane(struct reader *r, uint32_t bytes, uint8_t *dst, size_t len)
{
	struct reader plane = reader_sub(r, bytes);

	if (bytes >= len)
		reader_copy(&plane, dst, len);
	else
		read_rle(&plane, dst, len);
	if (!reader_ok(&plane))
		reader_fail(r);
}

static uint8_t clamp(int v)
{
	return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* [MS-RDPEGDI] 3.1.9.1.2 with halves of the chroma values */
static void put_pixel(uint8_t *px, int luma, uint8_t co, uint8_t cg, int colour_loss)
{
	int half_co = (int8_t)(uint8_t)(co << (colour_loss - 1));
	int half_cg = (int8_t)(uint8_t)(cg << (colour_loss - 1));

	px[0] = clamp(luma - half_co - half_cg);
	px[1] = clamp(luma + half_cg);
	px[2] = clamp(luma + half_co - half_cg);
	px[3] = 0xff;
}

int clear_nsc_decode(
		struct reader r, int w_px, int h_px, uint8_t *scratch, uint8_t *dst, ptrdiff_t stride_bytes)
{
	struct nsc nsc;
	size_t luma_row = (size_t)w_px, chroma_row = (size_t)w_px, chroma_rows = (size_t)h_px;
	const uint8_t *luma = scratch, *co, *cg;

	for (int i = 0; i < 4; i++)
		nsc.plane_bytes[i] = reader_u32(&r);
	nsc.colour_loss = reader_u8(&r);
	nsc.half = reader_u8(&r);
	reader_u16(&r);
	if (nsc.colour_loss < 1 || nsc.colour_loss > 7)
		return ERR_FORMAT;
	if (nsc.half) {
		luma_row = ((size_t)w_px + 7) & ~(size_t)7;
		chroma_row = luma_row / 2;
		chroma_rows = ((size_t)h_px + 1) / 2;
	}
	co = luma + luma_row * (size_t)h_px;
	cg = co + chroma_row * chroma_rows;
	read_plane(&r, nsc.plane_bytes[0], scratch, luma_row * (size_t)h_px);
	read_plane(&r, nsc.plane_bytes[1], scratch + (co - luma), chroma_row * chroma_rows);
	read_plane(&r, nsc.plane_bytes[2], scratch + (cg - luma), chroma_row * chroma_rows);
	if (!reader_ok(&r))
		return ERR_FORMAT;
	for (int y = 0; y < h_px; y++) {
		size_t chroma_at = chroma_row * (size_t)(nsc.half ? y / 2 : y);

		for (int x = 0; x < w_px; x++) {
			size_t at = chroma_at + (size_t)(nsc.half ? x / 2 : x);

			put_pixel(dst + y * stride_bytes + 4 * x, luma[luma_row * (size_t)y + (size_t)x],
					co[at], cg[at], nsc.colour_loss);
		}
	}
	return 0;
}
