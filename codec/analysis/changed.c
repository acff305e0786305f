/* Which tiles of a picture differ from the one before? Exact, pixel by pixel. */
#include <codec/analysis.h>

static int min_int(int a, int b)
{
	return a < b ? a : b;
}

static int max_int(int a, int b)
{
	return a > b ? a : b;
}

/* end of a span that starts at `at`, cut to 0..limit; no overflow for any span */
static int span_end(int at, int len, int limit)
{
	int64_t end = (int64_t)at + len;

	return end < 0 ? 0 : end > limit ? limit : (int)end;
}

/* The damage, cut to the picture; right and bottom are exclusive. */
struct area {
	int left, top, right, bottom;
};

static const uint8_t *pixel(const uint8_t *picture, ptrdiff_t stride_bytes, int x, int y)
{
	return picture + y * stride_bytes + 4 * x;
}

static bool differs(const struct analysis_dsp *dsp, const struct analysis_pair *pair, int x, int y, int n)
{
	return dsp->differs(pixel(pair->now, pair->now_stride_bytes, x, y),
			pixel(pair->before, pair->before_stride_bytes, x, y), n);
}

/* Row y, which differs somewhere: marks the tiles where. Returns how many. */
static int mark_row(const struct analysis_dsp *dsp, const struct analysis_pair *pair, const struct area *area,
		int y, uint8_t *changed)
{
	int marked = 0;

	for (int col = area->left / ANALYSIS_TILE_PX; col * ANALYSIS_TILE_PX < area->right; col++) {
		int x = max_int(col * ANALYSIS_TILE_PX, area->left);
		int right = min_int((col + 1) * ANALYSIS_TILE_PX, area->right);

		if (!changed[col] && differs(dsp, pair, x, y, right - x)) {
			changed[col] = 1;
			marked++;
		}
	}
	return marked;
}

static bool all_marked(const struct area *area, const uint8_t *changed)
{
	int col = area->left / ANALYSIS_TILE_PX;

	while (col * ANALYSIS_TILE_PX < area->right && changed[col])
		col++;
	return col * ANALYSIS_TILE_PX >= area->right;
}

/* Pictures are read along their rows, over the whole damage: memory likes that three
 * times better than one tile after the other. */
static int mark_band(const struct analysis_dsp *dsp, const struct analysis_pair *pair,
		const struct area *area, uint8_t *changed)
{
	int marked = 0;

	for (int y = area->top; y < area->bottom; y++) {
		if (!differs(dsp, pair, area->left, y, area->right - area->left))
			continue;
		marked += mark_row(dsp, pair, area, y, changed);
		if (all_marked(area, changed))
			break;
	}
	return marked;
}

int analysis_mark_changed(const struct analysis_dsp *dsp, const struct analysis_pair *pair,
		const struct analysis_rect *damage, uint8_t *changed)
{
	struct area area = { max_int(damage->x, 0), max_int(damage->y, 0),
		span_end(damage->x, damage->w, pair->w_px), span_end(damage->y, damage->h, pair->h_px) };
	int cols = analysis_tiles_across(pair->w_px);
	int marked = 0;

	if (pair->w_px < 1 || pair->h_px < 1 || pair->w_px > ANALYSIS_SIDE_MAX_PX ||
			pair->h_px > ANALYSIS_SIDE_MAX_PX)
		return ERR_ARGUMENT;
	if (area.left >= area.right)
		return 0;
	while (area.top < area.bottom) {
		int row = area.top / ANALYSIS_TILE_PX;
		struct area band = area;

		band.bottom = min_int((row + 1) * ANALYSIS_TILE_PX, area.bottom);
		if (!all_marked(&band, changed + row * cols))
			marked += mark_band(dsp, pair, &band, changed + row * cols);
		area.top = band.bottom;
	}
	return marked;
}
