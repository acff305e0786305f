#include <proto/virgl_format.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum {
	B8G8R8A8 = 1,
	X8R8G8B8 = 4,
	R8 = 64,
	R8G8B8 = 66,
	R8G8B8A8 = 67,
	DXT1_RGB = 105,
	NO_FORMAT = 1000,
};

static void sizes(void **state)
{
	assert_int_equal(virgl_format_texel_bytes(B8G8R8A8), 4);
	assert_int_equal(virgl_format_texel_bytes(R8), 1);
	assert_int_equal(virgl_format_texel_bytes(R8G8B8), 3);
	assert_int_equal(virgl_format_block(DXT1_RGB).bytes, 8);
	assert_int_equal(virgl_format_block(DXT1_RGB).width, 4);
	assert_int_equal(virgl_format_block(DXT1_RGB).height, 4);
}

static void blocks_and_unknown_ones_have_no_texels(void **state)
{
	assert_int_equal(virgl_format_texel_bytes(DXT1_RGB), 0);
	assert_int_equal(virgl_format_texel_bytes(0), 0);
	assert_int_equal(virgl_format_texel_bytes(NO_FORMAT), 0);
	assert_int_equal(virgl_format_texel_bytes(UINT32_MAX), 0);
}

static void none_is_larger_than_an_unknown_one(void **state)
{
	struct virgl_block unknown = virgl_format_block(NO_FORMAT);

	for (uint32_t format = 0; format < NO_FORMAT; format++) {
		struct virgl_block b = virgl_format_block(format);

		assert_true(b.width && b.height && b.bytes);
		assert_true(b.bytes * unknown.width * unknown.height <= unknown.bytes * b.width * b.height);
	}
}

static void orders(void **state)
{
	uint8_t order[4];

	assert_true(virgl_format_order(B8G8R8A8, order));
	assert_memory_equal(order, ((uint8_t[]){ 0, 1, 2, 3 }), 4);
	assert_true(virgl_format_order(X8R8G8B8, order));
	assert_memory_equal(order, ((uint8_t[]){ 3, 2, 1, 0 }), 4);
	assert_true(virgl_format_order(R8G8B8A8, order));
	assert_memory_equal(order, ((uint8_t[]){ 2, 1, 0, 3 }), 4);
	assert_false(virgl_format_order(R8, order));
	assert_false(virgl_format_order(NO_FORMAT, order));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes),
		cmocka_unit_test(blocks_and_unknown_ones_have_no_texels),
		cmocka_unit_test(none_is_larger_than_an_unknown_one),
		cmocka_unit_test(orders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
