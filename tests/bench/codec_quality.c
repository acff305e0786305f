#include "codec_quality.h"

#include <math.h>

enum { WINDOW_PX = 8 };

static int luma(const uint8_t *p)
{
	return (29 * p[0] + 150 * p[1] + 77 * p[2] + 128) >> 8;
}

static double window_ssim(const uint8_t *a, const uint8_t *b, ptrdiff_t stride_bytes)
{
	const double n = WINDOW_PX * WINDOW_PX, c1 = 6.5025,
		     c2 = 58.5225; /* (0.01 * 255)^2, (0.03 * 255)^2 */
	double sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0;

	for (int y = 0; y < WINDOW_PX; y++) {
		for (int x = 0; x < WINDOW_PX; x++) {
			double la = luma(a + y * stride_bytes + x * 4),
			       lb = luma(b + y * stride_bytes + x * 4);

			sa += la;
			sb += lb;
			saa += la * la;
			sbb += lb * lb;
			sab += la * lb;
		}
	}
	sa /= n;
	sb /= n;
	return (2 * sa * sb + c1) * (2 * (sab / n - sa * sb) + c2) /
			((sa * sa + sb * sb + c1) * (saa / n - sa * sa + sbb / n - sb * sb + c2));
}

static void add_rect(struct codec_quality *q, const struct codec_frame *frame, const uint8_t *got,
		const struct analysis_rect *r)
{
	ptrdiff_t stride = frame->stride_bytes;

	for (int y = r->y; y < r->y + r->h; y++) {
		for (int i = r->x * 4; i < (r->x + r->w) * 4; i++) {
			int d = i % 4 == 3 ? 0 : frame->pixels[y * stride + i] - got[y * stride + i];

			q->error += d * d;
		}
	}
	q->count += 3 * (int64_t)r->w * r->h;
	for (int y = r->y; y + WINDOW_PX <= r->y + r->h; y += WINDOW_PX) {
		for (int x = r->x; x + WINDOW_PX <= r->x + r->w; x += WINDOW_PX) {
			ptrdiff_t at = y * stride + x * 4;

			q->ssim += window_ssim(frame->pixels + at, got + at, stride);
			q->windows++;
		}
	}
}

void codec_quality_add(struct codec_quality *q, const struct codec_frame *frame, const uint8_t *got)
{
	for (int i = 0; i < frame->run_count; i++)
		add_rect(q, frame, got, &frame->runs[i]);
}

double codec_quality_psnr(const struct codec_quality *q)
{
	return q->error > 0 ? 10 * log10(255.0 * 255.0 * (double)q->count / q->error) : 99;
}

double codec_quality_ssim(const struct codec_quality *q)
{
	return q->windows ? q->ssim / (double)q->windows : 1;
}
