#include "corpus_photo.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

static uint32_t mix(uint32_t x, uint32_t y, uint32_t seed)
{
	uint32_t v = x * 0x9e3779b1u ^ y * 0x85ebca77u ^ seed * 0xc2b2ae3du;

	v = (v ^ (v >> 15)) * 0x2c1b3c6du;
	v = (v ^ (v >> 12)) * 0x297a2d39u;
	return v ^ (v >> 15);
}

static float lattice(int x, int y, uint32_t seed)
{
	return (float)(mix((uint32_t)x, (uint32_t)y, seed) & 0xffff) / 65535.0f;
}

static float smooth_noise(float x, float y, uint32_t seed)
{
	int ix = (int)floorf(x), iy = (int)floorf(y);
	float fx = x - (float)ix, fy = y - (float)iy;
	float a = lattice(ix, iy, seed), b = lattice(ix + 1, iy, seed);
	float c = lattice(ix, iy + 1, seed), e = lattice(ix + 1, iy + 1, seed);

	fx = fx * fx * (3 - 2 * fx);
	fy = fy * fy * (3 - 2 * fy);
	a += (b - a) * fx;
	c += (e - c) * fx;
	return a + (c - a) * fy;
}

/* 0..1; detail falls by half with each octave. */
static float fractal(float x, float y, int octaves, uint32_t seed)
{
	float sum = 0, weight = 0.5f;

	for (int i = 0; i < octaves; i++) {
		sum += weight * smooth_noise(x, y, seed + (uint32_t)i);
		x *= 2.03f;
		y *= 2.03f;
		weight *= 0.5f;
	}
	return sum;
}

struct colour {
	float r, g, b;
};

static struct colour blend(struct colour a, struct colour b, float t)
{
	return (struct colour){ a.r + (b.r - a.r) * t, a.g + (b.g - a.g) * t, a.b + (b.b - a.b) * t };
}

/* u 0..1.8 from left to right, v 0..1 from top to bottom */
static struct colour scene(float u, float v)
{
	float hills = 0.42f + 0.22f * (fractal(u * 3, 1, 6, 11) - 0.5f);
	float meadow = 0.68f + 0.10f * (fractal(u * 5, 7, 5, 23) - 0.5f);

	if (v < hills) {
		struct colour sky = blend(
				(struct colour){ 70, 120, 190 }, (struct colour){ 200, 215, 225 }, v / hills);
		float cloud = fractal(u * 4, v * 9, 6, 31) * 2.2f - 0.9f;

		return blend(sky, (struct colour){ 245, 243, 240 }, fminf(1, fmaxf(0, cloud)));
	}
	if (v < meadow) {
		float light = fractal(u * 14, v * 20, 6, 41);

		return blend((struct colour){ 40, 52, 60 }, (struct colour){ 150, 150, 120 }, light);
	}
	float leaf = fractal(u * 60, v * 90, 5, 53), patch = fractal(u * 6, v * 10, 4, 61);

	return blend((struct colour){ 25, 45, 15 },
			blend((struct colour){ 110, 150, 50 }, (struct colour){ 190, 160, 70 }, patch), leaf);
}

static uint8_t byte_of(float v)
{
	return v <= 0 ? 0 : v >= 255 ? 255 : (uint8_t)(v + 0.5f);
}

void corpus_photo(uint8_t *pixels, int w, int h)
{
	for (int y = 0; y < h; y++) {
		for (int x = 0; x < w; x++, pixels += 4) {
			struct colour c = scene((float)x / (float)h, (float)y / (float)h);
			uint32_t r = mix((uint32_t)x, (uint32_t)y, 99);
			float grain = (float)((r & 255) + (r >> 8 & 255)) / 128.0f - 2; /* -2..2 */

			pixels[0] = byte_of(c.b + grain);
			pixels[1] = byte_of(c.g + grain);
			pixels[2] = byte_of(c.r + grain);
			pixels[3] = 0;
		}
	}
}

static void sample(uint8_t *to, const uint8_t *photo, int pw, int ph, float x, float y)
{
	int ix = (int)x, iy = (int)y;
	float fx = x - (float)ix, fy = y - (float)iy;
	const uint8_t *p;

	ix = ix < 0 ? 0 : ix > pw - 2 ? pw - 2 : ix;
	iy = iy < 0 ? 0 : iy > ph - 2 ? ph - 2 : iy;
	p = photo + ((ptrdiff_t)iy * pw + ix) * 4;
	for (int i = 0; i < 3; i++) {
		float a = (float)p[i] + ((float)p[i + 4] - (float)p[i]) * fx;
		float b = (float)p[pw * 4 + i] + ((float)p[pw * 4 + i + 4] - (float)p[pw * 4 + i]) * fx;

		to[i] = byte_of(a + (b - a) * fy);
	}
	to[3] = 0;
}

void corpus_film(uint8_t *pixels, int w, int h, const uint8_t *photo, int pw, int ph, int step)
{
	float zoom = 0.9f + 0.004f * (float)step;
	float left = 30 + 3.3f * (float)step, top = 80 + 1.7f * (float)step;
	float ball_x = 100 + 17.3f * (float)step, ball_y = 0.6f * (float)h;

	for (int y = 0; y < h; y++) {
		for (int x = 0; x < w; x++, pixels += 4) {
			float dx = ((float)x - ball_x) / 90, dy = ((float)y - ball_y) / 90;
			float inside = 1 - dx * dx - dy * dy;

			sample(pixels, photo, pw, ph, left + (float)x * zoom, top + (float)y * zoom);
			if (inside > 0) {
				float light = 0.3f +
						0.7f * fmaxf(0, sqrtf(inside) * 0.7f - dx * 0.4f - dy * 0.5f);

				pixels[0] = byte_of(60 * light);
				pixels[1] = byte_of(80 * light);
				pixels[2] = byte_of(230 * light);
			}
		}
	}
}
