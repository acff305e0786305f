/* The bytes wanted are laid out by hand from the fields of [MS-RDPEGFX] 2.2: its
 * section 4 has examples of bitmap data only, none of whole commands. */
#include <proto/gfx.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static uint8_t bytes[1 << 20];
static struct writer w;

static int start(void **state)
{
	memset(bytes, 0x55, sizeof bytes);
	w = writer_init(bytes, sizeof bytes);
	return 0;
}

#define CHECK_BYTES(...)                                                                                     \
	do {                                                                                                 \
		static const uint8_t want[] = { __VA_ARGS__ };                                               \
                                                                                                             \
		assert_int_equal(writer_len(&w), sizeof want);                                               \
		assert_memory_equal(bytes, want, sizeof want);                                               \
	} while (0)

static void caps_confirm(void **state)
{
	struct gfx_caps_set set = { GFX_VERSION_107, GFX_CAPS_AVC_DISABLED };

	gfx_caps_confirm_write(&w, &set);
	CHECK_BYTES(0x13, 0, 0, 0, 20, 0, 0, 0, 0x01, 0x07, 0x0a, 0, 4, 0, 0, 0, 0x20, 0, 0, 0);
}

static void caps_confirm_of_10_1_has_sixteen_reserved_bytes(void **state)
{
	struct gfx_caps_set set = { GFX_VERSION_101, 0 };

	gfx_caps_confirm_write(&w, &set);
	CHECK_BYTES(0x13, 0, 0, 0, 32, 0, 0, 0, 0, 0x01, 0x0a, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
			0, 0, 0, 0, 0, 0);
}

static void surfaces(void **state)
{
	gfx_create_surface_write(&w, 0x0102, 1920, 1080, GFX_FORMAT_XRGB);
	gfx_map_surface_write(&w, 0x0102, 0x01020304, 5);
	gfx_delete_surface_write(&w, 0x0102);
	CHECK_BYTES(0x09, 0, 0, 0, 15, 0, 0, 0, 0x02, 0x01, 0x80, 0x07, 0x38, 0x04, 0x20,     /**/
			0x0f, 0, 0, 0, 20, 0, 0, 0, 0x02, 0x01, 0, 0, 4, 3, 2, 1, 5, 0, 0, 0, /**/
			0x0a, 0, 0, 0, 10, 0, 0, 0, 0x02, 0x01);
}

static void frames(void **state)
{
	/* 2024-02-29 23:59:58.987654 UTC */
	gfx_start_frame_write(&w, 0x01020304, 1709251198987654);
	gfx_end_frame_write(&w, 0x01020304);
	gfx_start_frame_write(&w, 9, 0);
	gfx_start_frame_write(&w, 9, 3600 * (uint64_t)1000000);
	/* 23 << 22 | 59 << 16 | 58 << 10 | 987 */
	CHECK_BYTES(0x0b, 0, 0, 0, 16, 0, 0, 0, 0xdb, 0xeb, 0xfb, 0x05, 4, 3, 2, 1, /**/
			0x0c, 0, 0, 0, 12, 0, 0, 0, 4, 3, 2, 1,                     /**/
			0x0b, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0,         /**/
			0x0b, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0x40, 0, 9, 0, 0, 0);
}

static void reset_graphics_has_340_bytes(void **state)
{
	static const uint8_t head[] = { 0x0e, 0, 0, 0, 0x54, 1, 0, 0, 0xa0, 0x0a, 0, 0, 0x38, 4, 0, 0, 2, 0,
		0, 0,                                                             /**/
		0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 7, 0, 0, 0x37, 4, 0, 0, 1, 0, 0, 0, /**/
		0xe0, 0xfc, 0xff, 0xff, 10, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x61, 2, 0, 0, 0, 0, 0, 0 };
	struct link_layout layout = { .count = 2,
		.monitors = { { 0, 0, 1920, 1080, 100, LINK_MONITOR_PRIMARY },
				{ -800, 10, 800, 600, 100, 0 } } };

	gfx_reset_graphics_write(&w, &layout);
	assert_int_equal(writer_len(&w), 340);
	assert_memory_equal(bytes, head, sizeof head);
	for (size_t i = sizeof head; i < 340; i++)
		assert_int_equal(bytes[i], 0);
	assert_int_equal(bytes[340], 0x55);
}

static void reset_graphics_with_sixteen_monitors_fills_340_bytes(void **state)
{
	struct link_layout layout = { .count = 16 };

	for (int i = 0; i < 16; i++)
		layout.monitors[i] = (struct link_monitor){ 200 * i, 0, 200, 200, 100, i == 0 };
	gfx_reset_graphics_write(&w, &layout);
	assert_int_equal(writer_len(&w), 340);
	layout.count = 17;
	gfx_reset_graphics_write(&w, &layout);
	assert_int_equal(writer_len(&w), ERR_SPACE);
}

static const struct gfx_rect rect = { 64, 128, 0x1234, 0xfffe };

static void wire_to_surface_1(void **state)
{
	gfx_wire_1_write(&w, 0x0102, GFX_CODEC_REMOTEFX, GFX_FORMAT_XRGB, rect, 3);
	assert_int_equal(writer_len(&w), GFX_WIRE_1_BYTES);
	writer_copy(&w, "abc", 3);
	CHECK_BYTES(0x01, 0, 0, 0, 28, 0, 0, 0, 2, 1, 3, 0, 0x20, 64, 0, 128, 0, 0x34, 0x12, 0xfe, 0xff, 3, 0,
			0, 0, 'a', 'b', 'c');
}

static void wire_to_surface_2(void **state)
{
	gfx_wire_2_write(&w, 0x0102, GFX_CODEC_PROGRESSIVE, 0x03040506, GFX_FORMAT_XRGB, 3);
	assert_int_equal(writer_len(&w), GFX_WIRE_2_BYTES);
	writer_copy(&w, "abc", 3);
	CHECK_BYTES(0x02, 0, 0, 0, 24, 0, 0, 0, 2, 1, 9, 0, 6, 5, 4, 3, 0x20, 3, 0, 0, 0, 'a', 'b', 'c');
}

static void a_length_can_be_mended(void **state)
{
	uint8_t want[GFX_WIRE_1_BYTES + GFX_WIRE_2_BYTES];
	uint8_t *second;

	gfx_wire_1_write(&w, 1, GFX_CODEC_CLEAR, GFX_FORMAT_XRGB, rect, 0x01020304);
	gfx_wire_2_write(&w, 1, GFX_CODEC_PROGRESSIVE, 2, GFX_FORMAT_ARGB, 0x05060708);
	memcpy(want, bytes, sizeof want);
	start(state);
	gfx_wire_1_write(&w, 1, GFX_CODEC_CLEAR, GFX_FORMAT_XRGB, rect, 0);
	second = w.at;
	gfx_wire_2_write(&w, 1, GFX_CODEC_PROGRESSIVE, 2, GFX_FORMAT_ARGB, 0);
	gfx_wire_set_len(bytes, 0x01020304);
	gfx_wire_set_len(second, 0x05060708);
	assert_memory_equal(bytes, want, sizeof want);
}

static void delete_encoding_context(void **state)
{
	gfx_delete_context_write(&w, 0x0102, 0x03040506);
	CHECK_BYTES(0x03, 0, 0, 0, 14, 0, 0, 0, 2, 1, 6, 5, 4, 3);
}

static void solid_fill(void **state)
{
	struct gfx_rect rects[] = { { 1, 2, 3, 4 }, rect };

	gfx_solid_fill_write(&w, 0x0102, 0x00aabbcc, rects, 2);
	CHECK_BYTES(0x04, 0, 0, 0, 32, 0, 0, 0, 2, 1, 0xcc, 0xbb, 0xaa, 0, 2, 0, 1, 0, 2, 0, 3, 0, 4, 0, 64,
			0, 128, 0, 0x34, 0x12, 0xfe, 0xff);
}

static const struct gfx_point points[] = { { 1, -2 }, { 0x0102, 0x0304 } };

static void surface_to_surface(void **state)
{
	gfx_surface_to_surface_write(&w, 5, 6, rect, points, 2);
	CHECK_BYTES(0x05, 0, 0, 0, 30, 0, 0, 0, 5, 0, 6, 0, 64, 0, 128, 0, 0x34, 0x12, 0xfe, 0xff, 2, 0, 1, 0,
			0xfe, 0xff, 2, 1, 4, 3);
}

static void cache(void **state)
{
	gfx_surface_to_cache_write(&w, 0x0102, 0x0807060504030201, 0x1000, rect);
	gfx_cache_to_surface_write(&w, 0x1000, 0x0102, points, 2);
	gfx_evict_cache_write(&w, 0x1000);
	CHECK_BYTES(0x06, 0, 0, 0, 28, 0, 0, 0, 2, 1, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0x10, 64, 0, 128, 0, 0x34,
			0x12, 0xfe, 0xff,                                                              /**/
			0x07, 0, 0, 0, 22, 0, 0, 0, 0, 0x10, 2, 1, 2, 0, 1, 0, 0xfe, 0xff, 2, 1, 4, 3, /**/
			0x08, 0, 0, 0, 10, 0, 0, 0, 0, 0x10);
}

static void cache_import_reply(void **state)
{
	static const uint16_t slots[] = { 6, 9, 0x0102 };

	gfx_cache_reply_write(&w, slots, 3);
	gfx_cache_reply_write(&w, NULL, 0);
	CHECK_BYTES(0x11, 0, 0, 0, 16, 0, 0, 0, 3, 0, 6, 0, 9, 0, 2, 1, /**/
			0x11, 0, 0, 0, 10, 0, 0, 0, 0, 0);
}

static void a_count_of_sixteen_bits_is_the_greatest(void **state)
{
	static struct gfx_rect rects[GFX_COUNT_MAX + 1];
	static struct gfx_point to[GFX_COUNT_MAX + 1];

	gfx_solid_fill_write(&w, 1, 0, rects, GFX_COUNT_MAX);
	assert_int_equal(writer_len(&w), 16 + 8 * GFX_COUNT_MAX);
	assert_memory_equal(bytes + 14, "\xff\xff", 2);
	gfx_solid_fill_write(&w, 1, 0, rects, GFX_COUNT_MAX + 1);
	assert_int_equal(writer_len(&w), ERR_SPACE);
	start(state);
	gfx_surface_to_surface_write(&w, 1, 1, rect, to, GFX_COUNT_MAX + 1);
	assert_int_equal(writer_len(&w), ERR_SPACE);
	start(state);
	gfx_cache_to_surface_write(&w, 1, 1, to, GFX_COUNT_MAX + 1);
	assert_int_equal(writer_len(&w), ERR_SPACE);
}

/* Every command once, into room that is too small by any number of bytes. */
static void write_all(struct writer *to)
{
	struct gfx_caps_set set = { GFX_VERSION_101, 0 };
	struct link_layout layout = link_layout_single(640, 480);

	gfx_caps_confirm_write(to, &set);
	gfx_reset_graphics_write(to, &layout);
	gfx_create_surface_write(to, 1, 640, 480, GFX_FORMAT_XRGB);
	gfx_map_surface_write(to, 1, 0, 0);
	gfx_start_frame_write(to, 1, 0);
	gfx_wire_1_write(to, 1, GFX_CODEC_PLANAR, GFX_FORMAT_XRGB, rect, 0);
	gfx_wire_2_write(to, 1, GFX_CODEC_PROGRESSIVE, 1, GFX_FORMAT_XRGB, 0);
	gfx_delete_context_write(to, 1, 1);
	gfx_solid_fill_write(to, 1, 0, &rect, 1);
	gfx_surface_to_surface_write(to, 1, 1, rect, points, 2);
	gfx_surface_to_cache_write(to, 1, 1, 1, rect);
	gfx_cache_to_surface_write(to, 1, 1, points, 2);
	gfx_evict_cache_write(to, 1);
	gfx_cache_reply_write(to, (const uint16_t[]){ 1 }, 1);
	gfx_end_frame_write(to, 1);
	gfx_delete_surface_write(to, 1);
}

static void too_little_room_is_told_at_every_size(void **state)
{
	int len;

	write_all(&w);
	len = writer_len(&w);
	assert_true(len > 340);
	for (int cap = 0; cap < len; cap++) {
		uint8_t *room = malloc((size_t)cap + 1);
		struct writer small = writer_init(room, (size_t)cap);

		write_all(&small);
		assert_int_equal(writer_len(&small), ERR_SPACE);
		free(room);
	}
}

/* pduLength of each leads to the next, and the last to the end. */
static void lengths_lead_from_command_to_command(void **state)
{
	size_t at = 0, count = 0;

	write_all(&w);
	while (at < (size_t)writer_len(&w)) {
		struct reader r = reader_init(bytes + at, sizeof bytes - at);
		struct gfx_header header;

		assert_int_equal(gfx_header_parse(&header, &r), 0);
		at += GFX_HEADER_BYTES + reader_left(&header.body);
		count++;
	}
	assert_int_equal(at, writer_len(&w));
	assert_int_equal(count, 16);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(caps_confirm, start),
		cmocka_unit_test_setup(caps_confirm_of_10_1_has_sixteen_reserved_bytes, start),
		cmocka_unit_test_setup(surfaces, start),
		cmocka_unit_test_setup(frames, start),
		cmocka_unit_test_setup(reset_graphics_has_340_bytes, start),
		cmocka_unit_test_setup(reset_graphics_with_sixteen_monitors_fills_340_bytes, start),
		cmocka_unit_test_setup(wire_to_surface_1, start),
		cmocka_unit_test_setup(wire_to_surface_2, start),
		cmocka_unit_test_setup(a_length_can_be_mended, start),
		cmocka_unit_test_setup(delete_encoding_context, start),
		cmocka_unit_test_setup(solid_fill, start),
		cmocka_unit_test_setup(surface_to_surface, start),
		cmocka_unit_test_setup(cache, start),
		cmocka_unit_test_setup(cache_import_reply, start),
		cmocka_unit_test_setup(a_count_of_sixteen_bits_is_the_greatest, start),
		cmocka_unit_test_setup(too_little_room_is_told_at_every_size, start),
		cmocka_unit_test_setup(lengths_lead_from_command_to_command, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
