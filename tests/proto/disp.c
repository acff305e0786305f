#include "exact.h"
#include <proto/disp.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum {
	HEAD = 16,
	MONITOR = 40,
};

/* Two monitors, the second to the left; laid out from 2.2.2.2. */
static const uint8_t message[HEAD + 2 * MONITOR] = { 2, 0, 0, 0, 96, 0, 0, 0, 40, 0, 0, 0, 2, 0, 0, 0, /**/
	1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 7, 0, 0, 0x38, 4, 0, 0, 0x58, 2, 0, 0, 0x54, 1, 0, 0, 0, 0,
	0, 0, 150, 0, 0, 0, 140, 0, 0, 0, /**/
	0, 0, 0, 0, 0xe0, 0xfc, 0xff, 0xff, 0xce, 0xff, 0xff, 0xff, 0x20, 3, 0, 0, 0x58, 2, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 90, 0, 0, 0, 100, 0, 0, 0, 100, 0, 0, 0 };

static struct disp_layout layout;
static struct link_layout result;

static int parse(const uint8_t *data, size_t len)
{
	uint8_t *copy = exact_copy(data, len);
	int err = disp_layout_parse(&layout, copy, len);

	free(copy);
	return err;
}

static void capabilities(void **state)
{
	static const uint8_t want[] = { 5, 0, 0, 0, 20, 0, 0, 0, 16, 0, 0, 0, 0, 0x20, 0, 0, 0, 0x20, 0, 0 };
	uint8_t bytes[DISP_CAPS_BYTES];
	struct writer w = writer_init(bytes, sizeof bytes);

	disp_caps_write(&w);
	assert_int_equal(writer_len(&w), sizeof want);
	assert_memory_equal(bytes, want, sizeof want);
	w = writer_init(bytes, sizeof bytes - 1);
	disp_caps_write(&w);
	assert_int_equal(writer_len(&w), ERR_SPACE);
}

static void a_layout_is_read(void **state)
{
	assert_int_equal(parse(message, sizeof message), 0);
	assert_int_equal(layout.count, 2);
	assert_int_equal(layout.monitors[0].flags, DISP_MONITOR_PRIMARY);
	assert_int_equal(layout.monitors[0].width_px, 1920);
	assert_int_equal(layout.monitors[0].height_px, 1080);
	assert_int_equal(layout.monitors[0].width_mm, 600);
	assert_int_equal(layout.monitors[0].height_mm, 340);
	assert_int_equal(layout.monitors[0].desktop_scale_percent, 150);
	assert_int_equal(layout.monitors[0].device_scale_percent, 140);
	assert_int_equal(layout.monitors[1].left, -800);
	assert_int_equal(layout.monitors[1].top, -50);
	assert_int_equal(layout.monitors[1].orientation_degrees, 90);
}

static void short_and_long_messages_are_malformed(void **state)
{
	uint8_t longer[sizeof message + 1] = { 0 };

	for (size_t len = 0; len < sizeof message; len++)
		assert_int_equal(parse(message, len), ERR_FORMAT);
	memcpy(longer, message, sizeof message);
	assert_int_equal(parse(longer, sizeof longer), ERR_FORMAT);
	longer[4]++;
	assert_int_equal(parse(longer, sizeof longer), ERR_FORMAT);
}

static void the_head_is_checked(void **state)
{
	static const struct {
		uint8_t at, value;
	} violations[] = {
		{ 0, 5 }, { 3, 1 },                            /* another type */
		{ 4, 95 }, { 4, 97 }, { 7, 1 },                /* length */
		{ 8, 39 }, { 8, 44 },                          /* size of a monitor */
		{ 12, 0 }, { 12, 1 }, { 12, 3 }, { 15, 0x80 }, /* count */
	};
	uint8_t bytes[sizeof message];

	for (size_t i = 0; i < sizeof violations / sizeof *violations; i++) {
		memcpy(bytes, message, sizeof bytes);
		bytes[violations[i].at] = violations[i].value;
		if (parse(bytes, sizeof bytes) != ERR_FORMAT)
			fail_msg("violation %zu", i);
	}
}

static void one_monitor_is_enough(void **state)
{
	uint8_t bytes[HEAD + MONITOR];

	memcpy(bytes, message, sizeof bytes);
	bytes[4] = sizeof bytes;
	bytes[12] = 1;
	assert_int_equal(parse(bytes, sizeof bytes), 0);
	assert_int_equal(layout.count, 1);
	bytes[4] = HEAD;
	bytes[12] = 0;
	assert_int_equal(parse(bytes, HEAD), ERR_FORMAT);
}

static void monitors_have_a_greatest_count(void **state)
{
	uint8_t bytes[HEAD + MONITOR * (DISP_MONITORS_MAX + 1)];

	memcpy(bytes, message, HEAD);
	for (int i = 0; i <= DISP_MONITORS_MAX; i++)
		memcpy(bytes + HEAD + MONITOR * i, message + HEAD, MONITOR);
	bytes[12] = DISP_MONITORS_MAX;
	store_u32(bytes + 4, sizeof bytes - MONITOR);
	assert_int_equal(parse(bytes, sizeof bytes - MONITOR), 0);
	bytes[12]++;
	store_u32(bytes + 4, sizeof bytes);
	assert_int_equal(parse(bytes, sizeof bytes), ERR_FORMAT);
}

static void a_layout_becomes_one_of_the_link(void **state)
{
	static const struct link_layout want = { 0, 2,
		{ { 0, 0, 1920, 1080, 150, LINK_MONITOR_PRIMARY }, { -800, -50, 800, 600, 100, 0 } } };

	assert_int_equal(parse(message, sizeof message), 0);
	assert_int_equal(disp_layout_to_link(&result, &layout), 0);
	assert_memory_equal(&result, &want, sizeof want);
}

static void the_primary_is_moved_to_the_origin(void **state)
{
	assert_int_equal(parse(message, sizeof message), 0);
	for (int i = 0; i < 2; i++) {
		layout.monitors[i].left += 800;
		layout.monitors[i].top += 50;
	}
	assert_int_equal(disp_layout_to_link(&result, &layout), 0);
	assert_int_equal(result.monitors[0].x, 0);
	assert_int_equal(result.monitors[1].x, -800);
	assert_int_equal(result.monitors[1].y, -50);
}

static void a_scale_out_of_bounds_counts_as_100(void **state)
{
	static const uint32_t scales[][2] = { { 99, 100 }, { 501, 100 }, { 150, 141 }, { 150, 0 },
		{ 0xffffffff, 180 } };

	for (size_t i = 0; i < sizeof scales / sizeof *scales; i++) {
		assert_int_equal(parse(message, sizeof message), 0);
		layout.monitors[0].desktop_scale_percent = scales[i][0];
		layout.monitors[0].device_scale_percent = scales[i][1];
		assert_int_equal(disp_layout_to_link(&result, &layout), 0);
		assert_int_equal(result.monitors[0].scale_percent, 100);
	}
	layout.monitors[0].desktop_scale_percent = 500;
	layout.monitors[0].device_scale_percent = 180;
	assert_int_equal(disp_layout_to_link(&result, &layout), 0);
	assert_int_equal(result.monitors[0].scale_percent, 500);
}

/* A field of one monitor set to a value: what the request becomes. */
static int with(size_t at, uint32_t value)
{
	uint8_t bytes[sizeof message];

	memcpy(bytes, message, sizeof bytes);
	store_u32(bytes + at, value);
	assert_int_equal(parse(bytes, sizeof bytes), 0);
	return disp_layout_to_link(&result, &layout);
}

enum {
	FLAGS = 0,
	LEFT = 4,
	TOP = 8,
	WIDTH = 12,
	HEIGHT = 16,
	FIRST = HEAD,
	SECOND = HEAD + MONITOR,
};

static void sizes_are_bounded_and_widths_even(void **state)
{
	assert_int_equal(with(FIRST + WIDTH, 200), 0);
	assert_int_equal(with(FIRST + WIDTH, 198), ERR_ARGUMENT);
	assert_int_equal(with(FIRST + WIDTH, 1919), ERR_ARGUMENT);
	assert_int_equal(with(FIRST + WIDTH, 8194), ERR_ARGUMENT);
	assert_int_equal(with(FIRST + WIDTH, 0xfffffffe), ERR_ARGUMENT);
	assert_int_equal(with(FIRST + HEIGHT, 200), 0);
	assert_int_equal(with(FIRST + HEIGHT, 1081), 0);
	assert_int_equal(with(FIRST + HEIGHT, 199), ERR_ARGUMENT);
	assert_int_equal(with(FIRST + HEIGHT, 8193), ERR_ARGUMENT);
}

static void there_is_one_primary(void **state)
{
	assert_int_equal(with(FIRST + FLAGS, 0), ERR_ARGUMENT);
	assert_int_equal(with(SECOND + FLAGS, 1), ERR_ARGUMENT);
}

static void monitors_touch_and_do_not_overlap(void **state)
{
	assert_int_equal(with(SECOND + LEFT, (uint32_t)-799), ERR_ARGUMENT); /* one column over */
	assert_int_equal(with(SECOND + LEFT, (uint32_t)-801), ERR_ARGUMENT); /* a gap of one */
	assert_int_equal(with(SECOND + LEFT, 0), ERR_ARGUMENT);              /* inside */
	assert_int_equal(with(SECOND + TOP, 1080), 0);                       /* corner to corner */
	assert_int_equal(with(SECOND + TOP, 1081), ERR_ARGUMENT);
	assert_int_equal(with(SECOND + TOP, (uint32_t)-600), 0);
	assert_int_equal(with(SECOND + TOP, (uint32_t)-601), ERR_ARGUMENT);
	assert_int_equal(with(SECOND + LEFT, 1920), 0);
	assert_int_equal(with(SECOND + LEFT, 0x80000000), ERR_ARGUMENT);
	assert_int_equal(with(SECOND + LEFT, 0x7fffffff), ERR_ARGUMENT);
	assert_int_equal(with(FIRST + TOP, 0x7fffffff), ERR_ARGUMENT); /* the distance needs 33 bits */
}

static void monitors_may_stand_on_each_other(void **state)
{
	assert_int_equal(parse(message, sizeof message), 0);
	layout.monitors[1].left = 100;
	layout.monitors[1].top = 1080;
	assert_int_equal(disp_layout_to_link(&result, &layout), 0);
	layout.monitors[1].top--;
	assert_int_equal(disp_layout_to_link(&result, &layout), ERR_ARGUMENT);
	layout.monitors[1].top = -600;
	assert_int_equal(disp_layout_to_link(&result, &layout), 0);
}

/* Two pairs, each touching, so far apart that 32 bits do not hold the distance. */
static void far_islands_are_refused(void **state)
{
	assert_int_equal(parse(message, sizeof message), 0);
	layout.count = 4;
	layout.monitors[2] = layout.monitors[3] = layout.monitors[1];
	layout.monitors[2].left = INT32_MAX;
	layout.monitors[3].left = INT32_MAX - 800;
	layout.monitors[0].left = INT32_MIN + 800;
	layout.monitors[1].left = INT32_MIN;
	assert_int_equal(disp_layout_to_link(&result, &layout), ERR_ARGUMENT);
	for (int i = 0; i < 4; i++) {
		layout.monitors[i].top = layout.monitors[i].left;
		layout.monitors[i].left = 0;
		layout.monitors[i].height_px = layout.monitors[i].width_px;
	}
	assert_int_equal(disp_layout_to_link(&result, &layout), ERR_ARGUMENT);
}

static void the_greatest_monitor_is_granted(void **state)
{
	assert_int_equal(parse(message, sizeof message), 0);
	layout.count = 1;
	layout.monitors[0].width_px = layout.monitors[0].height_px = DISP_SIZE_MAX_PX;
	layout.monitors[0].desktop_scale_percent = layout.monitors[0].device_scale_percent = 100;
	assert_int_equal(disp_layout_to_link(&result, &layout), 0);
	layout.monitors[0].desktop_scale_percent = 110;
	assert_int_equal(disp_layout_to_link(&result, &layout), 0);
	assert_int_equal(result.monitors[0].scale_percent, 110);
}

static void the_whole_fits_the_link(void **state)
{
	assert_int_equal(with(SECOND + WIDTH, 8192), ERR_ARGUMENT); /* overlaps */
	assert_int_equal(parse(message, sizeof message), 0);
	layout.monitors[1].left = 1920;
	layout.monitors[1].width_px = LINK_SIZE_MAX_PX - 1920;
	assert_int_equal(disp_layout_to_link(&result, &layout), 0);
	layout.monitors[1].width_px += 2;
	assert_int_equal(disp_layout_to_link(&result, &layout), ERR_ARGUMENT);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(capabilities),
		cmocka_unit_test(a_layout_is_read),
		cmocka_unit_test(short_and_long_messages_are_malformed),
		cmocka_unit_test(the_head_is_checked),
		cmocka_unit_test(one_monitor_is_enough),
		cmocka_unit_test(monitors_have_a_greatest_count),
		cmocka_unit_test(a_layout_becomes_one_of_the_link),
		cmocka_unit_test(the_primary_is_moved_to_the_origin),
		cmocka_unit_test(a_scale_out_of_bounds_counts_as_100),
		cmocka_unit_test(sizes_are_bounded_and_widths_even),
		cmocka_unit_test(there_is_one_primary),
		cmocka_unit_test(monitors_touch_and_do_not_overlap),
		cmocka_unit_test(monitors_may_stand_on_each_other),
		cmocka_unit_test(far_islands_are_refused),
		cmocka_unit_test(the_greatest_monitor_is_granted),
		cmocka_unit_test(the_whole_fits_the_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
