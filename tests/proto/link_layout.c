#include <limits.h>
#include <proto/link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct link_layout three = {
	.count = 3,
	.monitors = { { 1920, -100, 1280, 1024, 100, 0 }, { 0, 0, 1920, 1080, 100, LINK_MONITOR_PRIMARY },
			{ -800, 600, 800, 600, 200, 0 } },
};

static void a_single_monitor_is_a_valid_layout(void **state)
{
	struct link_layout layout = link_layout_single(1024, 768);
	uint32_t width_px, height_px;

	assert_int_equal(link_layout_check(&layout), 0);
	link_layout_bounds(&layout, &width_px, &height_px, NULL, NULL);
	assert_int_equal(width_px, 1024);
	assert_int_equal(height_px, 768);
}

static void the_box_holds_all_monitors(void **state)
{
	uint32_t width_px, height_px;
	int32_t left, top;

	assert_int_equal(link_layout_check(&three), 0);
	link_layout_bounds(&three, &width_px, &height_px, &left, &top);
	assert_int_equal(width_px, 800 + 1920 + 1280);
	assert_int_equal(height_px, 100 + 1200);
	assert_int_equal(left, -800);
	assert_int_equal(top, -100);
}

static void the_whole_has_a_greatest_size(void **state)
{
	struct link_layout layout = three;

	layout.monitors[0].x = LINK_SIZE_MAX_PX - 800 - 1280;
	assert_int_equal(link_layout_check(&layout), 0);
	layout.monitors[0].x++;
	assert_int_equal(link_layout_check(&layout), ERR_FORMAT);
	layout.monitors[0].x = INT_MAX;
	assert_int_equal(link_layout_check(&layout), ERR_FORMAT);
	layout = three;
	layout.monitors[2].y = INT_MIN;
	assert_int_equal(link_layout_check(&layout), ERR_FORMAT);
}

static void the_whole_has_a_greatest_height(void **state)
{
	struct link_layout layout = three;

	layout.monitors[2].y = LINK_SIZE_MAX_PX - 100 - 600;
	assert_int_equal(link_layout_check(&layout), 0);
	layout.monitors[2].y++;
	assert_int_equal(link_layout_check(&layout), ERR_FORMAT);
	layout = three;
	layout.monitors[0].y = 1200 - LINK_SIZE_MAX_PX;
	assert_int_equal(link_layout_check(&layout), 0);
	layout.monitors[0].y--;
	assert_int_equal(link_layout_check(&layout), ERR_FORMAT);
}

static void the_smallest_monitor_has_one_pixel(void **state)
{
	struct link_layout layout = link_layout_single(1, 1);

	assert_int_equal(layout.monitors[0].scale_percent, 100);
	assert_int_equal(link_layout_check(&layout), 0);
	layout = link_layout_single(0, 1);
	assert_int_equal(link_layout_check(&layout), ERR_FORMAT);
	layout = link_layout_single(1, 0);
	assert_int_equal(link_layout_check(&layout), ERR_FORMAT);
}

static void monitors_are_counted(void **state)
{
	uint32_t width_px, height_px;
	struct link_layout layout = { .count = LINK_MONITORS_MAX };

	for (int i = 0; i < LINK_MONITORS_MAX; i++)
		layout.monitors[i] = (struct link_monitor){ 0, 0, 8, 8, 100, i == 0 };
	assert_int_equal(link_layout_check(&layout), 0);
	link_layout_bounds(&layout, &width_px, &height_px, NULL, NULL);
	assert_int_equal(width_px, 8);
	layout.count++;
	assert_int_equal(link_layout_check(&layout), ERR_FORMAT);
	layout.count = 0;
	assert_int_equal(link_layout_check(&layout), ERR_FORMAT);
}

static void mirrored_monitors_are_a_layout(void **state)
{
	struct link_layout layout = three;

	layout.monitors[0].x = layout.monitors[0].y = 0;
	assert_int_equal(link_layout_check(&layout), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_single_monitor_is_a_valid_layout),
		cmocka_unit_test(the_box_holds_all_monitors),
		cmocka_unit_test(the_whole_has_a_greatest_size),
		cmocka_unit_test(the_whole_has_a_greatest_height),
		cmocka_unit_test(the_smallest_monitor_has_one_pixel),
		cmocka_unit_test(monitors_are_counted),
		cmocka_unit_test(mirrored_monitors_are_a_layout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
