/* The region of gathered damage: it may cover too much, never too little. */
#include "region.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

static struct region region;

static int setup(void **state)
{
	region_clear(&region);
	return 0;
}

static void add(uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
	region_add(&region, &(struct link_rect){ x, y, width, height });
}

static void expect_only(uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
	struct link_rect rect = { x, y, width, height };

	assert_int_equal(region.count, 1);
	assert_memory_equal(&region.rects[0], &rect, sizeof rect);
}

static void joins_what_costs_nothing(void **state)
{
	add(10, 10, 10, 10);
	add(12, 12, 2, 2); /* inside */
	expect_only(10, 10, 10, 10);
	add(20, 10, 10, 10); /* beside */
	expect_only(10, 10, 20, 10);
	add(0, 0, 100, 100); /* around */
	expect_only(0, 0, 100, 100);
}

static void a_join_leads_to_the_next(void **state)
{
	add(0, 0, 10, 10);
	add(20, 0, 10, 10);
	assert_int_equal(region.count, 2);
	add(10, 0, 10, 10); /* closes the gap */
	expect_only(0, 0, 30, 10);
}

static void keeps_apart_what_is_apart(void **state)
{
	add(0, 0, 10, 10);
	add(1000, 1000, 10, 10);
	assert_int_equal(region.count, 2);
}

static bool covered(uint32_t x, uint32_t y)
{
	for (uint32_t i = 0; i < region.count; i++) {
		const struct link_rect *r = &region.rects[i];

		if (x >= r->x && x - r->x < r->width && y >= r->y && y - r->y < r->height)
			return true;
	}
	return false;
}

static void covers_everything_and_stays_bounded(void **state)
{
	static uint8_t marked[512][512];
	uint32_t chance = 1;

	memset(marked, 0, sizeof marked);
	for (int i = 0; i < 2000; i++) {
		uint32_t x, y, w, h;

		chance = chance * 1103515245 + 12345;
		x = chance >> 8 & 511, y = chance >> 17 & 511;
		w = 1 + (chance >> 5 & 3), h = 1 + (chance >> 27 & 3);
		w = w > 512 - x ? 512 - x : w;
		h = h > 512 - y ? 512 - y : h;
		add(x, y, w, h);
		assert_true(region.count <= LINK_RECTS_MAX);
		for (uint32_t k = 0; k < h; k++)
			memset(&marked[y + k][x], 1, w);
	}
	assert_true(region.count > LINK_RECTS_MAX / 2); /* it did fill */
	for (uint32_t y = 0; y < 512; y++) {
		for (uint32_t x = 0; x < 512; x++)
			assert_true(!marked[y][x] || covered(x, y));
	}
}

static void clips(void **state)
{
	struct link_rect r = { 90, 90, UINT32_MAX, UINT32_MAX }, outside = { 100, 0, 1, 1 };

	assert_true(region_rect_clip(&r, 100, 200));
	assert_int_equal(r.width, 10);
	assert_int_equal(r.height, 110);
	assert_false(region_rect_clip(&outside, 100, 200));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(joins_what_costs_nothing, setup),
		cmocka_unit_test_setup(a_join_leads_to_the_next, setup),
		cmocka_unit_test_setup(keeps_apart_what_is_apart, setup),
		cmocka_unit_test_setup(covers_everything_and_stays_bounded, setup),
		cmocka_unit_test_setup(clips, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
