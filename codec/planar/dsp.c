/* The two row tools of the planar codec in plain C: the specification of every
 * faster version. [MS-RDPEGDI] 3.1.9.2. */
#include <codec/planar.h>
#include <string.h>

static void delta_row_c(uint8_t *dst, const uint8_t *src, const uint8_t *above, int n)
{
	if (!above) {
		for (int i = 0; i < n; i++)
			dst[i] = src[4 * i];
		return;
	}
	for (int i = 0; i < n; i++) {
		int delta = (int8_t)(src[4 * i] - above[4 * i]);

		dst[i] = (uint8_t)(delta * 2 ^ delta >> 7);
	}
}

/* Run lengths 1 and 2 do not exist: as codes they mean 16 and 32 plus the other
 * nibble, without raw bytes. */
static uint8_t *put_long_run(uint8_t *dst, int run)
{
	while (run) {
		int part = run < 47 ? run : 47;
		int left = run - part;

		if (left == 1 || left == 2)
			part -= 3 - left;
		*dst++ = (uint8_t)(part < 16                ? part
						: part < 32 ? (part - 16) << 4 | 1
							    : (part - 32) << 4 | 2);
		run -= part;
	}
	return dst;
}

/* Raw bytes, then run (0 or >= 3) times the last of them. Copies blocks of 16. */
static uint8_t *put_segment(uint8_t *dst, const uint8_t *raw, int raw_len, int run)
{
	int part = run < 15 ? run : 15;

	for (; raw_len > 15; raw_len -= 15, raw += 15, dst += 16) {
		dst[0] = 0xf0;
		memcpy(dst + 1, raw, 15);
	}
	if (!raw_len)
		return put_long_run(dst, run);
	if (run - part == 1 || run - part == 2)
		part = run - 3;
	*dst++ = (uint8_t)(raw_len << 4 | part);
	memcpy(dst, raw, 16);
	return put_long_run(dst + raw_len, run - part);
}

static uint8_t *rle_row_c(uint8_t *dst, const uint8_t *row, int n)
{
	int raw = 0; /* first byte not yet written */
	int last = 0;

	for (int i = 0; i < n;) {
		int end = i;

		while (end < n && row[end] == last)
			end++;
		if (end - i >= 3) {
			dst = put_segment(dst, row + raw, i - raw, end - i);
			raw = i = end;
		} else {
			last = row[i++];
		}
	}
	return put_segment(dst, row + raw, n - raw, 0);
}

void planar_dsp_init(struct planar_dsp *dsp, unsigned cpu_flags)
{
	dsp->delta_row = delta_row_c;
	dsp->rle_row = rle_row_c;
}
