/* Which tiles of a picture differ from the one before? Exact, pixel by pixel. */
#include <codec/analysis.h>
#include <string.h>

static uint64_t load_u64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof v);
	return v;
}

/* One whole row of a tile has a fixed length, which lets the compiler use vectors. */
static bool tile_row_differs(const uint8_t *a, const uint8_t *b)
{
	uint64_t diff = 0;

	for (int i = 0; i < ANALYSIS_TILE_PX * 4; i += 8)
		diff |= load_u64(a + i) ^ load_u64(b + i);
	return diff & 0x00ffffff00ffffff;
}

static bool row_differs(const uint8_t *a, const uint8_t *b, int w_px)
{
	int diff = 0;

	for (int x = 0; x < w_px; x++, a += 4, b += 4)
		diff |= (a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]);
	return diff;
}

static bool differs_c(const uint8_t *a, ptrdiff_t a_stride_bytes, const uint8_t *b, ptrdiff_t b_stride_bytes,
		int w_px, int h_px)
{
	for (int y = 0; y < h_px; y++, a += a_stride_bytes, b += b_stride_bytes) {
		if (w_px == ANALYSIS_TILE_PX ? tile_row_differs(a, b) : row_differs(a, b, w_px))
			return true;
	}
	return false;
}

void analysis_dsp_init(struct analysis_dsp *dsp, unsigned cpu_flags)
{
	dsp->differs = differs_c;
}

static int min_int(int a, int b)
{
	return a < b ? a : b;
}

static int max_int(int a, int b)
{
	return a > b ? a : b;
}

/* The part of tile (col, row) between the corners of the damage */
static bool tile_differs(const struct analysis_dsp *dsp, const struct analysis_pair *pair, int col, int row,
		const int damage[4])
{
	int x = max_int(col * ANALYSIS_TILE_PX, damage[0]);
	int y = max_int(row * ANALYSIS_TILE_PX, damage[1]);
	int right = min_int((col + 1) * ANALYSIS_TILE_PX, damage[2]);
	int bottom = min_int((row + 1) * ANALYSIS_TILE_PX, damage[3]);

	return dsp->differs(pair->now + y * pair->now_stride_bytes + 4 * x, pair->now_stride_bytes,
			pair->before + y * pair->before_stride_bytes + 4 * x, pair->before_stride_bytes,
			right - x, bottom - y);
}

/* end of a span that starts at `at`, cut to 0..limit; no overflow for any span */
static int span_end(int at, int len, int limit)
{
	int64_t end = (int64_t)at + len;

	return end < 0 ? 0 : end > limit ? limit : (int)end;
}

int analysis_mark_changed(const struct analysis_dsp *dsp, const struct analysis_pair *pair,
		const struct analysis_rect *damage, uint8_t *changed)
{
	int cols = analysis_tiles_across(pair->w_px);
	int marked = 0;

	if (pair->w_px < 1 || pair->h_px < 1 || pair->w_px > ANALYSIS_SIDE_MAX_PX ||
			pair->h_px > ANALYSIS_SIDE_MAX_PX)
		return ERR_ARGUMENT;

	const int cut[4] = { max_int(damage->x, 0), max_int(damage->y, 0),
		span_end(damage->x, damage->w, pair->w_px), span_end(damage->y, damage->h, pair->h_px) };

	if (cut[0] >= cut[2] || cut[1] >= cut[3])
		return 0;
	for (int row = cut[1] / ANALYSIS_TILE_PX; row * ANALYSIS_TILE_PX < cut[3]; row++) {
		for (int col = cut[0] / ANALYSIS_TILE_PX; col * ANALYSIS_TILE_PX < cut[2]; col++) {
			uint8_t *mark = &changed[row * cols + col];

			if (!*mark && tile_differs(dsp, pair, col, row, cut)) {
				*mark = 1;
				marked++;
			}
		}
	}
	return marked;
}
