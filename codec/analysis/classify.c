/* Text and flat surfaces have mostly equal neighbours and hard edges; pictures have small
 * differences everywhere. A picture that keeps changing is a video. */
#include <codec/analysis.h>

enum {
	ROW_STEP = 4,
	QUICK_MS = 150,    /* video has a change at least this often */
	QUICK_CHANGES = 6, /* in a row, before it counts as video */
	SLOW_MS = 600,     /* a pause that ends a video */
};

/* Pairs of neighbours, in percent */
struct neighbours {
	int equal, close;
};

static struct neighbours count_neighbours(const struct analysis_dsp *dsp, const uint8_t *src,
		ptrdiff_t stride_bytes, int w_px, int h_px)
{
	int equal = 0, close = 0, pairs = (w_px - 1) * ((h_px + ROW_STEP - 1) / ROW_STEP);

	for (int y = 0; y < h_px; y += ROW_STEP) {
		struct analysis_neighbours row = dsp->neighbours(src + y * stride_bytes, w_px - 1);

		equal += row.equal;
		close += row.close;
	}
	if (!pairs)
		return (struct neighbours){ 100, 0 };
	return (struct neighbours){ 100 * equal / pairs, 100 * close / pairs };
}

/* Different thresholds in both directions keep a tile from flickering between codecs. */
static bool is_picture(const struct neighbours *n, bool was_picture)
{
	if (was_picture)
		return n->close > 18 || n->equal < 35;
	return n->close > 30 || n->equal < 25;
}

enum analysis_class analysis_classify(const struct analysis_dsp *dsp, struct analysis_tile *tile,
		const uint8_t *src, ptrdiff_t stride_bytes, int w_px, int h_px, uint32_t now_ms)
{
	struct neighbours n = count_neighbours(dsp, src, stride_bytes, w_px, h_px);
	uint32_t since_ms = now_ms - tile->changed_ms;

	tile->changed_ms = now_ms;
	if (since_ms > SLOW_MS)
		tile->quick = 0;
	else if (since_ms <= QUICK_MS && tile->quick < UINT8_MAX)
		tile->quick++;
	tile->class = is_picture(&n, tile->class == ANALYSIS_PICTURE) ? ANALYSIS_PICTURE : ANALYSIS_TEXT;
	if (tile->class == ANALYSIS_PICTURE && tile->quick >= QUICK_CHANGES)
		return ANALYSIS_VIDEO;
	return (enum analysis_class)tile->class;
}
