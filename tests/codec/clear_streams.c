/* ClearCodec streams that our encoder does not write: all layers at random, with hits in
 * all caches. FreeRDP's decoder and ours must show the same. */
#include "pictures.h"
#include <base/writer.h>
#include <codec/clear.h>
#include <freerdp/codec/clear.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { W_MAX = 90, H_MAX = 70, VBARS = 32768, SHORTS = 16384, GLYPHS = 4000, BAND_MAX_PX = 52 };

struct server {
	uint32_t random;
	struct writer w;
	uint8_t vbar_heights[VBARS]; /* of those that are stored */
	int vbars, shorts, vbar_cursor, short_cursor;
	int glyph_px[GLYPHS];
};

static int pick(struct server *s, int below)
{
	return (int)(picture_random(&s->random) >> 8) % below;
}

static void put_colour(struct server *s)
{
	writer_u16(&s->w, (uint16_t)picture_random(&s->random));
	writer_u8(&s->w, (uint8_t)picture_random(&s->random));
}

static void put_run_length(struct server *s, int len)
{
	if (len < 0xff) {
		writer_u8(&s->w, (uint8_t)len);
		return;
	}
	writer_u8(&s->w, 0xff);
	if (pick(s, 2)) {
		writer_u16(&s->w, (uint16_t)len);
	} else {
		writer_u16(&s->w, 0xffff);
		writer_u32(&s->w, (uint32_t)len);
	}
}

static void put_residual(struct server *s, int px)
{
	for (int run; px; px -= run) {
		run = pick(s, pick(s, 3) ? 20 : 1000);
		run = run < px ? run : px;
		put_colour(s);
		put_run_length(s, run);
	}
}

static void put_miss(struct server *s, int h)
{
	int on = pick(s, h + 1), off = on + pick(s, h - on + 1);

	writer_u16(&s->w, (uint16_t)(on | off << 8));
	for (int i = on; i < off; i++)
		put_colour(s);
	s->shorts = s->shorts > s->short_cursor ? s->shorts : s->short_cursor + 1;
	s->short_cursor = (s->short_cursor + 1) % SHORTS;
}

static void put_column(struct server *s, int h)
{
	int kind = pick(s, 3), hit = s->vbars ? pick(s, s->vbars) : 0;

	if (kind == 0 && s->vbars && s->vbar_heights[hit] == h) {
		writer_u16(&s->w, (uint16_t)(0x8000 | hit));
		return;
	}
	if (kind == 1 && s->shorts) {
		writer_u16(&s->w, (uint16_t)(0x4000 | pick(s, s->shorts)));
		writer_u8(&s->w, (uint8_t)pick(s, pick(s, 8) ? h : 256));
	} else {
		put_miss(s, h);
	}
	s->vbar_heights[s->vbar_cursor] = (uint8_t)h;
	s->vbars = s->vbars > s->vbar_cursor ? s->vbars : s->vbar_cursor + 1;
	s->vbar_cursor = (s->vbar_cursor + 1) % VBARS;
}

static void put_band(struct server *s, int w, int h)
{
	int y = pick(s, h), height = 1 + pick(s, h - y < BAND_MAX_PX ? h - y : BAND_MAX_PX);
	int x = pick(s, w), right = x + pick(s, w - x);

	writer_u16(&s->w, (uint16_t)x);
	writer_u16(&s->w, (uint16_t)right);
	writer_u16(&s->w, (uint16_t)y);
	writer_u16(&s->w, (uint16_t)(y + height - 1));
	put_colour(s);
	for (; x <= right; x++)
		put_column(s, height);
}

static void put_rlex(struct server *s, int px)
{
	int count = 1 + pick(s, 127), bits = 1;

	while (1 << bits < count)
		bits++;
	writer_u8(&s->w, (uint8_t)count);
	for (int i = 0; i < count; i++)
		put_colour(s);
	while (px) {
		int stop = pick(s, count), depth = pick(s, 1 << (8 - bits)),
		    run = pick(s, pick(s, 9) ? 9 : 900);

		depth = depth < stop ? depth : stop;
		depth = depth < px ? depth : px - 1;
		run = run < px - depth - 1 ? run : px - depth - 1;
		writer_u8(&s->w, (uint8_t)(stop | depth << bits));
		put_run_length(s, run);
		px -= run + depth + 1;
	}
}

static void put_subcodec(struct server *s, int w, int h)
{
	int x = pick(s, w), y = pick(s, h), part_w = 1 + pick(s, w - x), part_h = 1 + pick(s, h - y);
	bool rlex = pick(s, 2);
	uint8_t *len;

	writer_u16(&s->w, (uint16_t)x);
	writer_u16(&s->w, (uint16_t)y);
	writer_u16(&s->w, (uint16_t)part_w);
	writer_u16(&s->w, (uint16_t)part_h);
	len = writer_take(&s->w, 4);
	assert_non_null(len);
	writer_u8(&s->w, rlex ? 2 : 0);
	if (rlex)
		put_rlex(s, part_w * part_h);
	for (int i = 0; !rlex && i < part_w * part_h; i++)
		put_colour(s);
	store_u32(len, (uint32_t)(s->w.at - len - 5));
}

static void put_payload(struct server *s, int w, int h)
{
	uint8_t *lens = writer_take(&s->w, 12), *start = s->w.at;

	if (pick(s, 4))
		put_residual(s, w * h);
	store_u32(lens, (uint32_t)(s->w.at - start));
	start = s->w.at;
	for (int i = pick(s, 4); i; i--)
		put_band(s, w, h);
	store_u32(lens + 4, (uint32_t)(s->w.at - start));
	start = s->w.at;
	for (int i = pick(s, 3); i; i--)
		put_subcodec(s, w, h);
	store_u32(lens + 8, (uint32_t)(s->w.at - start));
}

/* A stream for w x h pixels */
static void put_stream(struct server *s, uint8_t sequence, int w, int h)
{
	int flags = pick(s, 50) ? 0 : 4, glyph = pick(s, 30);

	if (w * h <= 1024 && pick(s, 2))
		flags |= s->glyph_px[glyph] >= w * h && pick(s, 2) ? 3 : 1;
	writer_u8(&s->w, (uint8_t)flags);
	writer_u8(&s->w, sequence);
	if (flags & 4)
		s->vbar_cursor = s->short_cursor = 0;
	if (flags & 1)
		writer_u16(&s->w, (uint16_t)glyph);
	if (flags & 2)
		return;
	if (flags & 1)
		s->glyph_px[glyph] = w * h;
	put_payload(s, w, h);
}

static void decodes_like_freerdp(void **state)
{
	static struct server server = { .random = 4711 };
	static uint8_t stream[1 << 18], want[W_MAX * H_MAX * 4], got[W_MAX * H_MAX * 4];
	CLEAR_CONTEXT *freerdp = clear_context_new(FALSE);
	struct clear_decoder *dec = clear_decoder_create();

	for (int i = 0; i < 3000; i++) {
		bool small = pick(&server, 3) == 0;
		int w = 1 + pick(&server, small ? 20 : W_MAX), h = 1 + pick(&server, small ? 20 : H_MAX), len;

		server.w = writer_init(stream, sizeof stream);
		put_stream(&server, (uint8_t)i, w, h);
		len = writer_len(&server.w);
		assert_true(len > 0);
		memset(want, 0xff, sizeof want);
		memset(got, 0xff, sizeof got);
		assert_true(clear_decompress(freerdp, stream, (UINT32)len, (UINT32)w, (UINT32)h, want,
					    PIXEL_FORMAT_BGRX32, W_MAX * 4, 0, 0, W_MAX, H_MAX, NULL) >= 0);
		assert_int_equal(clear_decode(dec, stream, (size_t)len, w, h, got, W_MAX * 4), 0);
		for (int px = 0; px < W_MAX * H_MAX; px++)
			assert_memory_equal(got + 4 * px, want + 4 * px, 3);
	}
	clear_decoder_destroy(dec);
	clear_context_free(freerdp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_like_freerdp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
