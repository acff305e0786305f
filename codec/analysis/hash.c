#include <codec/analysis.h>
#include <string.h>

enum { LANES = 4 };

static uint64_t mix(uint64_t v)
{
	v = (v ^ v >> 32) * 0xd6e8feb86659fd93;
	v = (v ^ v >> 32) * 0xd6e8feb86659fd93;
	return v ^ v >> 32;
}

static uint64_t load_pixels(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof v);
	return v & 0x00ffffff00ffffff;
}

/* Two pixels a step in four chains, which the CPU runs side by side. Each step is a
 * bijection of its chain. */
uint64_t analysis_content_hash(const uint8_t *src, ptrdiff_t stride_bytes, int w_px, int h_px)
{
	uint64_t lanes[LANES] = { 0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0,
		0x082efa98ec4e6c89 };
	uint64_t hash = (uint64_t)w_px << 32 | (uint32_t)h_px;

	for (int y = 0; y < h_px; y++, src += stride_bytes) {
		int x = 0;

		for (; x + 2 * LANES <= w_px; x += 2 * LANES) {
			for (int i = 0; i < LANES; i++) {
				lanes[i] = (lanes[i] ^ load_pixels(src + 4 * x + 8 * i)) * 0x9e3779b97f4a7c15;
				lanes[i] ^= lanes[i] >> 29;
			}
		}
		for (; x < w_px; x++) {
			uint64_t px = src[4 * x] | (uint64_t)src[4 * x + 1] << 8 |
					(uint64_t)src[4 * x + 2] << 16;

			lanes[x % LANES] = (lanes[x % LANES] ^ px) * 0x9e3779b97f4a7c15;
			lanes[x % LANES] ^= lanes[x % LANES] >> 29;
		}
	}
	for (int i = 0; i < LANES; i++)
		hash = mix(hash ^ lanes[i]);
	return hash;
}
