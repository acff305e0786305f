/* RDP6_RLE_SEGMENT, [MS-RDPEGDI] 2.2.2.5.1.2: the end of every row coder. */
#ifndef PLANAR_SEGMENT_H
#define PLANAR_SEGMENT_H

#include <stdint.h>
#include <string.h>

/* Run lengths 1 and 2 do not exist: as codes they mean 16 and 32 plus the other
 * nibble, without raw bytes. */
static inline uint8_t *planar_put_run(uint8_t *dst, int run)
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
static inline uint8_t *planar_put_segment(uint8_t *dst, const uint8_t *raw, int raw_len, int run)
{
	int part = run < 15 ? run : 15;

	for (; raw_len > 15; raw_len -= 15, raw += 15, dst += 16) {
		dst[0] = 0xf0;
		memcpy(dst + 1, raw, 15);
	}
	if (!raw_len)
		return planar_put_run(dst, run);
	if (run - part == 1 || run - part == 2)
		part = run - 3;
	*dst++ = (uint8_t)(raw_len << 4 | part);
	memcpy(dst, raw, 16);
	return planar_put_run(dst + raw_len, run - part);
}

#endif
