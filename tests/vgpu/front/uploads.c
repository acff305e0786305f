#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <uploads.h>

#include <cmocka.h>

static struct virgl_upload box(uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
	return (struct virgl_upload){
		.resource = 1, .x = x, .y = y, .width = width, .height = height, .depth = 1
	};
}

static void test_covered(void **state)
{
	struct uploads uploads = { 0 };
	struct uploads_budget budget = { 0 };
	struct virgl_upload small = box(10, 10, 5, 5), other = small, whole = box(0, 0, 64, 64);

	other.level = 1;
	uploads_add_data(&uploads, &budget, &small, "0123456789", 10);
	uploads_add_backing(&uploads, &budget, &other, 0, false);
	assert_int_equal(budget.used_bytes, 10);
	assert_memory_equal(uploads.list[0].data, "0123456789", 10);
	uploads_add_backing(&uploads, &budget, &whole, 4096, false);
	assert_int_equal(uploads.count, 2); /* the other level and the whole */
	assert_int_equal(budget.used_bytes, 0);
	assert_int_equal(uploads.list[0].to.level, 1);
	assert_int_equal(uploads.list[1].offset_bytes, 4096);
	uploads_add_backing(&uploads, &budget, &small, 0, false);
	assert_int_equal(uploads.count, 3); /* a part does not replace the whole */
	uploads_finish(&uploads, &budget);
}

static void test_buffer_ranges(void **state)
{
	struct uploads uploads = { 0 };
	struct uploads_budget budget = { 0 };
	struct virgl_upload a = box(100, 0, 10, 1), b = box(50, 0, 10, 1), c = box(200, 0, 20, 1);

	uploads_add_backing(&uploads, &budget, &a, 1100, true);
	uploads_add_backing(&uploads, &budget, &b, 1050, true);
	uploads_add_backing(&uploads, &budget, &c, 1200, true);
	assert_int_equal(uploads.count, 1);
	assert_int_equal(uploads.list[0].to.x, 50);
	assert_int_equal(uploads.list[0].to.width, 170);
	assert_int_equal(uploads.list[0].offset_bytes, 1050);
	uploads_add_backing(&uploads, &budget, &a, 7, true); /* from another place */
	assert_int_equal(uploads.count, 2);
	a.x = UINT32_MAX;
	uploads_add_backing(&uploads, &budget, &a, 7, true);
	uploads_finish(&uploads, &budget);
}

static void test_many(void **state)
{
	struct uploads uploads = { 0 };
	struct uploads_budget budget = { 0 };

	for (uint32_t i = 0; i < 2 * UPLOADS_MAX; i++) {
		struct virgl_upload to = box(i * 10, 0, 5, 5);

		uploads_add_data(&uploads, &budget, &to, "abcd", 4);
	}
	assert_int_equal(uploads.count, UPLOADS_MAX);
	assert_int_equal(uploads.list[0].to.x, UPLOADS_MAX * 10);
	assert_int_equal(budget.used_bytes, UPLOADS_MAX * 4);
	uploads_finish(&uploads, &budget);
	assert_int_equal(budget.used_bytes, 0);
}

static void test_budget(void **state)
{
	struct uploads uploads = { 0 };
	struct uploads_budget budget = { .used_bytes = UPLOADS_BUDGET_BYTES - 3 };
	struct virgl_upload to = box(0, 0, 5, 5);

	uploads_add_data(&uploads, &budget, &to, "abcd", 4);
	assert_int_equal(uploads.count, 0);
	uploads_add_data(&uploads, &budget, &to, "abc", 3);
	assert_int_equal(uploads.count, 1);
	uploads_finish(&uploads, &budget);
}

static void test_reach(void **state)
{
	struct virgl_upload to = box(0, 0, 10, 4);

	assert_int_equal(uploads_reach_bytes(&to), 10 * 16 * 4);
	to.stride_bytes = 100;
	assert_int_equal(uploads_reach_bytes(&to), 400);
	to.depth = 3;
	to.layer_stride_bytes = 1000;
	assert_int_equal(uploads_reach_bytes(&to), 3000);
	to.stride_bytes = to.height = to.depth = to.layer_stride_bytes = UINT32_MAX;
	assert_true(uploads_reach_bytes(&to) == UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_covered),
		cmocka_unit_test(test_buffer_ranges),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_reach),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
