/* The row coder of the planar codec in plain C: the specification of every faster
 * version. [MS-RDPEGDI] 3.1.9.2. */
#include "dsp.h"
#include "segment.h"
#include <codec/cpu.h>

static void delta_row(uint8_t *dst, const uint8_t *src, const uint8_t *above, int byte, int n)
{
	if (!above) {
		for (int i = 0; i < n; i++)
			dst[i] = src[4 * i + byte];
		return;
	}
	for (int i = 0; i < n; i++) {
		int delta = (int8_t)(src[4 * i + byte] - above[4 * i + byte]);

		dst[i] = (uint8_t)(delta * 2 ^ delta >> 7);
	}
}

uint8_t *planar_rle_row(uint8_t *dst, const uint8_t *row, int n)
{
	int raw = 0; /* first byte not yet written */
	int last = 0;

	for (int i = 0; i < n;) {
		int end = i;

		while (end < n && row[end] == last)
			end++;
		if (end - i >= 3) {
			dst = planar_put_segment(dst, row + raw, i - raw, end - i);
			raw = i = end;
		} else {
			last = row[i++];
		}
	}
	return planar_put_segment(dst, row + raw, n - raw, 0);
}

static uint8_t *encode_row_c(uint8_t *dst, const uint8_t *src, const uint8_t *above, int byte, int n)
{
	uint8_t row[PLANAR_SIDE_MAX_PX + PLANAR_ROW_SLACK];

	delta_row(row, src, above, byte, n);
	return planar_rle_row(dst, row, n);
}

void planar_dsp_init(struct planar_dsp *dsp, unsigned cpu_flags)
{
	dsp->encode_row = encode_row_c;
#if defined(__x86_64__)
	if (cpu_flags & CPU_AVX2)
		dsp->encode_row = planar_encode_row_avx2;
#endif
}
