/* ../color.c in AVX2, 16 pixels at a time, the same products and roundings. */
#include "../color_simd.h"
#include <immintrin.h>

struct pixels {
	__m256i g, b, r; /* 16 of each, as 16-bit values; b, r: less g, times 2^7 */
};

/* In the order 0..3 8..11 4..7 12..15, which convert puts right at the end. */
static inline struct pixels load_16(const uint8_t *src)
{
	const __m256i byte = _mm256_set1_epi32(0xff);
	__m256i low = _mm256_loadu_si256((const __m256i *)src);
	__m256i high = _mm256_loadu_si256((const __m256i *)(src + 32));
	__m256i b = _mm256_packus_epi32(_mm256_and_si256(low, byte), _mm256_and_si256(high, byte));
	__m256i g = _mm256_packus_epi32(_mm256_and_si256(_mm256_srli_epi32(low, 8), byte),
			_mm256_and_si256(_mm256_srli_epi32(high, 8), byte));
	__m256i r = _mm256_packus_epi32(_mm256_and_si256(_mm256_srli_epi32(low, 16), byte),
			_mm256_and_si256(_mm256_srli_epi32(high, 16), byte));

	b = _mm256_slli_epi16(_mm256_sub_epi16(b, g), 7);
	r = _mm256_slli_epi16(_mm256_sub_epi16(r, g), 7);
	return (struct pixels){ g, b, r };
}

static inline __m256i sum_of(struct pixels px, int r, int b)
{
	return _mm256_add_epi16(_mm256_mulhrs_epi16(px.r, _mm256_set1_epi16((short)r)),
			_mm256_mulhrs_epi16(px.b, _mm256_set1_epi16((short)b)));
}

static inline void store_sum(int16_t *dst, __m256i sum)
{
	_mm256_store_si256((__m256i *)dst, _mm256_permute4x64_epi64(sum, 0xd8));
}

static void convert_row(int16_t *y, int16_t *cb, int16_t *cr, const uint8_t *src)
{
	for (int x = 0; x < COLOR_TILE; x += 16) {
		struct pixels px = load_16(src + 4 * x);
		__m256i g = _mm256_sub_epi16(_mm256_slli_epi16(px.g, 5), _mm256_set1_epi16(4096));

		store_sum(y + x, _mm256_add_epi16(g, sum_of(px, 2449, 934)));
		store_sum(cb + x, sum_of(px, -1384, 4101));
		store_sum(cr + x, sum_of(px, 4095, -666));
	}
}

void color_bgrx_to_ycbcr_avx2(int16_t *y, int16_t *cb, int16_t *cr, const uint8_t *src,
		ptrdiff_t stride_bytes, int w_px, int h_px)
{
	if (w_px < COLOR_TILE) { /* the right edge of a picture: rare */
		color_bgrx_to_ycbcr_c(y, cb, cr, src, stride_bytes, w_px, h_px);
		return;
	}
	for (int row = 0; row < h_px; row++) {
		int at = row * COLOR_TILE;

		convert_row(y + at, cb + at, cr + at, src + row * stride_bytes);
	}
	color_fill_rows(y, h_px);
	color_fill_rows(cb, h_px);
	color_fill_rows(cr, h_px);
}

/* 16 values of a component to bytes in the low half of each 16-bit lane pair. */
static inline __m256i to_bytes(__m256i v)
{
	v = _mm256_srai_epi16(v, 5);
	return _mm256_packus_epi16(v, v);
}

static inline void store_16(uint8_t *dst, __m256i level, __m256i cb, __m256i cr)
{
	__m256i r = _mm256_adds_epi16(
			_mm256_adds_epi16(level, cr), _mm256_mulhrs_epi16(cr, _mm256_set1_epi16(13190)));
	__m256i g = _mm256_subs_epi16(
			_mm256_subs_epi16(level, _mm256_mulhrs_epi16(cb, _mm256_set1_epi16(11263))),
			_mm256_mulhrs_epi16(cr, _mm256_set1_epi16(23409)));
	__m256i b = _mm256_adds_epi16(
			_mm256_adds_epi16(level, cb), _mm256_mulhrs_epi16(cb, _mm256_set1_epi16(25228)));
	__m256i bg = _mm256_unpacklo_epi8(to_bytes(b), to_bytes(g));
	__m256i rx = _mm256_unpacklo_epi8(to_bytes(r), _mm256_set1_epi8(-1));
	__m256i low = _mm256_unpacklo_epi16(bg, rx), high = _mm256_unpackhi_epi16(bg, rx);

	_mm256_storeu_si256((__m256i *)dst, _mm256_permute2x128_si256(low, high, 0x20));
	_mm256_storeu_si256((__m256i *)(dst + 32), _mm256_permute2x128_si256(low, high, 0x31));
}

void color_ycbcr_to_bgrx_avx2(
		uint8_t *dst, ptrdiff_t stride_bytes, const int16_t *y, const int16_t *cb, const int16_t *cr)
{
	const __m256i up = _mm256_set1_epi16(4096 + 16);

	for (int row = 0; row < COLOR_TILE; row++) {
		for (int x = 0; x < COLOR_TILE; x += 16) {
			int at = row * COLOR_TILE + x;
			__m256i level = _mm256_adds_epi16(_mm256_load_si256((const __m256i *)(y + at)), up);

			store_16(dst + row * stride_bytes + 4 * x, level,
					_mm256_load_si256((const __m256i *)(cb + at)),
					_mm256_load_si256((const __m256i *)(cr + at)));
		}
	}
}
