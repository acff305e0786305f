#include <session/cursor.h>

#include <freerdp/pointer.h>
#include <freerdp/update.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SIDE_MAX = LINK_CURSOR_MAX_PX };

static struct {
	rdpContext context;
	rdpUpdate update;
	rdpPointerUpdate pointer;
	struct cursor *cursor;
	int color, alpha, large, cached, hidden, places;
	UINT32 index, x, y;
	POINTER_COLOR_UPDATE last; /* of color and alpha; its data are copied */
	POINTER_LARGE_UPDATE last_large;
	uint8_t image[SIDE_MAX * SIDE_MAX * 4], mask[SIDE_MAX * SIDE_MAX / 8];
} t;

static void take(const POINTER_COLOR_UPDATE *u)
{
	t.last = *u;
	t.index = u->cacheIndex;
	memcpy(t.image, u->xorMaskData, u->lengthXorMask);
	memcpy(t.mask, u->andMaskData, u->lengthAndMask);
}

static BOOL on_color(rdpContext *context, const POINTER_COLOR_UPDATE *u)
{
	t.color++;
	take(u);
	return TRUE;
}

static BOOL on_new(rdpContext *context, const POINTER_NEW_UPDATE *u)
{
	t.alpha++;
	assert_int_equal(u->xorBpp, 32);
	take(&u->colorPtrAttr);
	return TRUE;
}

static BOOL on_large(rdpContext *context, const POINTER_LARGE_UPDATE *u)
{
	t.large++;
	t.last_large = *u;
	t.index = u->cacheIndex;
	return TRUE;
}

static BOOL on_cached(rdpContext *context, const POINTER_CACHED_UPDATE *u)
{
	t.cached++;
	t.index = u->cacheIndex;
	return TRUE;
}

static BOOL on_system(rdpContext *context, const POINTER_SYSTEM_UPDATE *u)
{
	assert_int_equal(u->type, SYSPTR_NULL);
	t.hidden++;
	return TRUE;
}

static BOOL on_place(rdpContext *context, const POINTER_POSITION_UPDATE *u)
{
	t.places++;
	t.x = u->xPos;
	t.y = u->yPos;
	return TRUE;
}

static void set(FreeRDP_Settings_Keys_UInt32 key, UINT32 value)
{
	assert_true(freerdp_settings_set_uint32(t.context.settings, key, value));
}

static int start(void **state)
{
	memset(&t, 0, sizeof t);
	t.context.settings = freerdp_settings_new(FREERDP_SETTINGS_SERVER_MODE);
	t.context.update = &t.update;
	t.update.pointer = &t.pointer;
	t.pointer.PointerColor = on_color;
	t.pointer.PointerNew = on_new;
	t.pointer.PointerLarge = on_large;
	t.pointer.PointerCached = on_cached;
	t.pointer.PointerSystem = on_system;
	t.pointer.PointerPosition = on_place;
	t.cursor = cursor_create(&t.context);
	set(FreeRDP_ColorDepth, 32);
	set(FreeRDP_PointerCacheSize, 3);
	set(FreeRDP_ColorPointerCacheSize, 3);
	set(FreeRDP_LargePointerFlag, LARGE_POINTER_FLAG_96x96 | LARGE_POINTER_FLAG_384x384);
	return t.cursor ? 0 : -1;
}

static int stop(void **state)
{
	cursor_destroy(t.cursor);
	freerdp_settings_free(t.context.settings);
	return 0;
}

/* A shape of that side; its first pixel is clear, the others have this grey. */
static void show(uint32_t width_px, uint32_t height_px, uint8_t grey)
{
	const struct link_cursor shape = {
		.width_px = width_px, .height_px = height_px, .hot_x = width_px - 1, .hot_y = height_px / 2
	};
	uint8_t *pixels = malloc((size_t)width_px * height_px * 4);

	memset(pixels, grey, (size_t)width_px * height_px * 4);
	for (size_t i = 0; i < (size_t)width_px * height_px; i++)
		pixels[i * 4 + 3] = 0xff;
	memset(pixels, 0, 4);
	assert_int_equal(cursor_set(t.cursor, &shape, pixels), 0);
	free(pixels);
}

static void flush(void)
{
	assert_int_equal(cursor_flush(t.cursor), 0);
}

static void nothing_is_sent_before_activation(void **state)
{
	show(16, 16, 7);
	cursor_move(t.cursor, 1, 2);
	flush();
	assert_int_equal(t.alpha + t.color + t.places, 0);
	cursor_activate(t.cursor);
	flush();
	assert_int_equal(t.alpha, 1);
	assert_int_equal(t.places, 1);
	flush();
	assert_int_equal(t.alpha + t.cached + t.places, 2);
}

static void alpha_is_32_bit_bottom_up(void **state)
{
	cursor_activate(t.cursor);
	show(16, 8, 7);
	flush();
	assert_int_equal(t.last.width, 16);
	assert_int_equal(t.last.height, 8);
	assert_int_equal(t.last.hotSpotX, 15);
	assert_int_equal(t.last.hotSpotY, 4);
	assert_int_equal(t.last.lengthXorMask, 16 * 8 * 4);
	assert_int_equal(t.last.lengthAndMask, 2 * 8);
	/* The clear pixel: first of the last row, also in the mask. */
	assert_int_equal(t.image[7 * 16 * 4 + 3], 0);
	assert_int_equal(t.image[7 * 16 * 4 + 7], 0xff);
	assert_int_equal(t.mask[7 * 2], 0x80);
	assert_int_equal(t.mask[0], 0);
}

static void check_color_shape(int number)
{
	assert_int_equal(t.color, number);
	assert_int_equal(t.last.lengthXorMask, (15 * 3 + 1) * 5);
	for (int y = 0; y < 5; y++)
		for (int x = 0; x < 15; x++)
			assert_int_equal(t.image[y * 46 + x * 3 + 1], x == 0 && y == 4 ? 0 : 9);
}

/* Also after a reactivation, when the same shape is sent once more. */
static void clients_without_alpha_get_24_bit(void **state)
{
	set(FreeRDP_ColorDepth, 16);
	cursor_activate(t.cursor);
	show(15, 5, 9);
	flush();
	check_color_shape(1);
	for (int i = 2; i < 5; i++) {
		cursor_activate(t.cursor);
		flush();
		check_color_shape(i);
	}
}

static void large_ones_go_their_own_way_or_shrink(void **state)
{
	cursor_activate(t.cursor);
	show(384, 200, 3);
	flush();
	assert_int_equal(t.large, 1);
	assert_int_equal(t.last_large.width, 384);
	assert_int_equal(t.last_large.lengthXorMask, 384 * 200 * 4);
	set(FreeRDP_LargePointerFlag, LARGE_POINTER_FLAG_96x96);
	show(384, 200, 3);
	flush();
	assert_int_equal(t.alpha, 1);
	assert_int_equal(t.last.width, 96);
	assert_int_equal(t.last.height, 50);
	assert_true(t.last.hotSpotX < 96);
	set(FreeRDP_LargePointerFlag, 0);
	show(97, 33, 3);
	flush();
	assert_true(t.last.width <= 32 && t.last.height <= 32);
	assert_true(t.last.hotSpotX < t.last.width && t.last.hotSpotY < t.last.height);
}

static void known_shapes_come_from_the_cache(void **state)
{
	cursor_activate(t.cursor);
	for (uint8_t grey = 1; grey <= 3; grey++) {
		show(16, 16, grey);
		flush();
		assert_int_equal(t.index, grey - 1);
	}
	show(16, 16, 1);
	flush();
	assert_int_equal(t.cached, 1);
	assert_int_equal(t.index, 0);
	show(16, 16, 4); /* takes the place of the first */
	flush();
	assert_int_equal(t.index, 0);
	show(16, 16, 1);
	flush();
	assert_int_equal(t.alpha, 5);
	cursor_activate(t.cursor); /* the client has forgotten all of them */
	flush();
	assert_int_equal(t.alpha, 6);
}

static void a_hidden_cursor_is_told_and_comes_back(void **state)
{
	const struct link_cursor hidden = { .hidden = 1 };

	cursor_activate(t.cursor);
	show(16, 16, 5);
	flush();
	assert_int_equal(cursor_set(t.cursor, &hidden, NULL), 0);
	flush();
	assert_int_equal(t.hidden, 1);
	show(16, 16, 5);
	flush();
	assert_int_equal(t.cached, 1);
}

static void only_the_newest_is_sent(void **state)
{
	cursor_activate(t.cursor);
	for (int i = 0; i < 100; i++) {
		show(16, 16, (uint8_t)i);
		cursor_move(t.cursor, (uint32_t)i, (uint32_t)i + 1);
	}
	flush();
	assert_int_equal(t.alpha, 1);
	assert_int_equal(t.image[8], 99);
	assert_int_equal(t.places, 1);
	assert_true(t.x == 99 && t.y == 100);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_sent_before_activation),
		TEST(alpha_is_32_bit_bottom_up),
		TEST(clients_without_alpha_get_24_bit),
		TEST(large_ones_go_their_own_way_or_shrink),
		TEST(known_shapes_come_from_the_cache),
		TEST(a_hidden_cursor_is_told_and_comes_back),
		TEST(only_the_newest_is_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
