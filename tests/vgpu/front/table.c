/* The table against a plain list, with ids that come and go. */
#include <front/edid.h>
#include <front/table.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	IDS = 700,
	STEPS = 20000,
};

static void a_table_is_as_a_list(void **state)
{
	static char there[IDS + 1];
	struct table table = { 0 };
	uint32_t id, seed = 1;
	size_t count = 0, seen = 0;

	for (int i = 0; i < STEPS; i++) {
		seed = seed * 1103515245 + 12345;
		id = 1 + (seed >> 8) % IDS;
		assert_ptr_equal(table_get(&table, id * 65536), there[id] ? &there[id] : NULL);
		if (there[id]) {
			assert_ptr_equal(table_remove(&table, id * 65536), &there[id]);
			there[id] = 0;
			count--;
		} else {
			there[id] = 1;
			assert_int_equal(table_add(&table, id * 65536, &there[id]), 0);
			count++;
		}
		assert_int_equal(table.count, count);
	}
	for (size_t at = 0; table_next(&table, &at, &id); seen++)
		assert_true(there[id / 65536]);
	assert_int_equal(seen, count);
	assert_null(table_get(&table, 0));
	assert_null(table_remove(&table, 5));
	table_finish(&table);
	assert_null(table_get(&table, 65536));
}

static void a_monitor_says_its_size(void **state)
{
	uint8_t edid[EDID_BYTES], sum = 0;

	edid_write(edid, 1, 1920, 1080);
	for (int i = 0; i < EDID_BYTES; i++)
		sum += edid[i];
	assert_int_equal(sum, 0);
	assert_int_equal(edid[56] | (edid[58] & 0xf0) << 4, 1920);
	assert_int_equal(edid[59] | (edid[61] & 0xf0) << 4, 1080);
	assert_memory_equal(edid + 77, "Oriel\n", 6);
	/* Too large for a timing: another descriptor in its place. */
	edid_write(edid, 0, 5120, 1440);
	assert_int_equal(edid[54] | edid[55], 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_is_as_a_list),
		cmocka_unit_test(a_monitor_says_its_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
