/* Which monitors a machine has: asked for, shown, told. */
#include <heads.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

static struct heads two_heads(void)
{
	struct heads heads = { .max = 4 };
	struct link_layout layout = link_layout_single(1280, 800);

	layout.count = 2;
	layout.monitors[0].scale_percent = 150;
	layout.monitors[1] = (struct link_monitor){ -800, 100, 800, 600, 100, 0 };
	heads_want(&heads, &layout);
	return heads;
}

static void show(struct heads *heads, uint32_t head, uint32_t width_px, uint32_t height_px)
{
	heads_scanout(heads, &(struct screen_scanout){ head, width_px, height_px });
}

static void expect_rect(const struct link_rect *rect, uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
	struct link_rect want = { x, y, width, height };

	assert_memory_equal(rect, &want, sizeof want);
}

static void places_are_those_of_the_picture(void **state)
{
	struct heads heads = two_heads();
	struct screen_heads front;
	struct agent_layout agent;

	heads_for_front(&heads, &front);
	assert_int_equal(front.count, 2);
	expect_rect(&front.heads[0], 800, 0, 1280, 800);
	expect_rect(&front.heads[1], 0, 100, 800, 600);
	heads_for_agent(&heads, &agent);
	assert_int_equal(agent.count, 2);
	assert_int_equal(agent.scale_percent, 150); /* of the primary */
	expect_rect(&agent.heads[1], 0, 100, 800, 600);
}

static void a_head_is_as_large_as_what_it_shows(void **state)
{
	struct heads heads = two_heads();
	struct link_layout layout;

	show(&heads, 0, 1024, 768);
	heads_layout(&heads, &layout);
	assert_int_equal(layout.count, 2);
	assert_int_equal(layout.monitors[0].width_px, 1024);
	assert_int_equal(layout.monitors[0].scale_percent, 150);
	assert_int_equal(layout.monitors[1].width_px, 800); /* dark */
	assert_int_equal(link_layout_check(&layout), 0);
	show(&heads, 0, 0, 0);
	heads_layout(&heads, &layout);
	assert_int_equal(layout.monitors[0].width_px, 1280);
}

static void what_is_too_large_is_shown_in_part(void **state)
{
	struct heads heads = two_heads();
	struct link_layout layout;
	struct link_rect rect;

	show(&heads, 0, LINK_SIZE_MAX_PX, 800); /* and 800 to its left */
	heads_layout(&heads, &layout);
	assert_int_equal(layout.monitors[0].width_px, 1280);
	assert_false(heads_rect(&heads, 0, &(struct link_rect){ 1280, 0, 10, 10 }, &rect));
	assert_true(heads_rect(&heads, 0, &(struct link_rect){ 1270, 0, 100, 10 }, &rect));
	expect_rect(&rect, 2070, 0, 10, 10);
}

static void settled_is_all_or_nothing(void **state)
{
	struct heads heads = two_heads();

	assert_true(heads_settled(&heads)); /* nothing is shown yet */
	show(&heads, 0, 1280, 800);
	assert_false(heads_settled(&heads));
	show(&heads, 1, 800, 600);
	assert_true(heads_settled(&heads));
	show(&heads, 2, 10, 10);
	assert_false(heads_settled(&heads));
	show(&heads, 2, 0, 0);
	show(&heads, 1, 801, 600);
	assert_false(heads_settled(&heads));
}

static void damage_is_placed_and_clipped(void **state)
{
	struct heads heads = two_heads();
	struct link_rect rect;

	show(&heads, 1, 640, 480);
	assert_true(heads_rect(&heads, 1, &(struct link_rect){ 630, 470, 100, 100 }, &rect));
	expect_rect(&rect, 630, 570, 10, 10);
	assert_true(heads_rect(&heads, 0, &(struct link_rect){ 5, 6, 7, 8 }, &rect));
	expect_rect(&rect, 805, 6, 7, 8);
	assert_false(heads_rect(&heads, 1, &(struct link_rect){ 640, 0, 1, 1 }, &rect));
	assert_false(heads_rect(&heads, 2, &(struct link_rect){ 0, 0, 1, 1 }, &rect));
}

static void the_primary_stays_when_there_are_too_many(void **state)
{
	struct heads heads = { .max = 2 };
	struct link_layout layout = link_layout_single(640, 480);

	layout.count = 4;
	for (int i = 0; i < 4; i++)
		layout.monitors[i] = (struct link_monitor){ 640 * (i - 3), 0, 640, 480, 100, i == 3 };
	heads_want(&heads, &layout);
	assert_int_equal(heads.wanted.count, 2);
	assert_int_equal(heads.wanted.monitors[0].x, -1920);
	assert_int_equal(heads.wanted.monitors[1].flags, LINK_MONITOR_PRIMARY);
	assert_int_equal(link_layout_check(&heads.wanted), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_are_those_of_the_picture),
		cmocka_unit_test(a_head_is_as_large_as_what_it_shows),
		cmocka_unit_test(what_is_too_large_is_shown_in_part),
		cmocka_unit_test(settled_is_all_or_nothing),
		cmocka_unit_test(damage_is_placed_and_clipped),
		cmocka_unit_test(the_primary_stays_when_there_are_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
