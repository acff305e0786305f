#include <proto/gfx.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct gfx_caps_choice choice;

/* Chooses among sets, given as version, flags, ..., 0. */
static int choose(uint32_t version, ...)
{
	struct gfx_caps caps = { .count = 0 };
	va_list args;

	va_start(args, version);
	while (version) {
		caps.sets[caps.count++] = (struct gfx_caps_set){ version, va_arg(args, uint32_t) };
		version = va_arg(args, uint32_t);
	}
	va_end(args);
	memset(&choice, 0x55, sizeof choice);
	return gfx_caps_choose(&choice, &caps);
}

static void the_best_version_is_chosen_in_any_order(void **state)
{
	assert_int_equal(choose(GFX_VERSION_8, 0, GFX_VERSION_107, 0, GFX_VERSION_104, 0, 0), 0);
	assert_int_equal(choice.confirm.version, GFX_VERSION_107);
	assert_int_equal(choose(GFX_VERSION_105, 0, GFX_VERSION_106, 0, GFX_VERSION_81, 0, 0), 0);
	assert_int_equal(choice.confirm.version, GFX_VERSION_106);
	assert_int_equal(choose(GFX_VERSION_81, 0, GFX_VERSION_8, 0, 0), 0);
	assert_int_equal(choice.confirm.version, GFX_VERSION_81);
}

static void no_common_version_is_told(void **state)
{
	assert_int_equal(choose(0), ERR_ARGUMENT);
	assert_int_equal(choose(0x000b0000, 0, 0), ERR_ARGUMENT);
}

static void version_10_1_is_chosen_only_over_8(void **state)
{
	assert_int_equal(choose(GFX_VERSION_10, 0, GFX_VERSION_101, 0, 0), 0);
	assert_int_equal(choice.confirm.version, GFX_VERSION_10);
	assert_int_equal(choose(GFX_VERSION_81, 0, GFX_VERSION_101, 0, 0), 0);
	assert_int_equal(choice.confirm.version, GFX_VERSION_101);
	assert_false(choice.avc444);
	assert_false(choice.avc420);
}

static void only_flags_of_the_version_are_confirmed(void **state)
{
	assert_int_equal(choose(GFX_VERSION_8, 0xffffffff, 0), 0);
	assert_int_equal(choice.confirm.flags, 0x3);
	assert_int_equal(choose(GFX_VERSION_81, 0xffffffff, 0), 0);
	assert_int_equal(choice.confirm.flags, 0x13);
	assert_int_equal(choose(GFX_VERSION_10, 0xffffffff, 0), 0);
	assert_int_equal(choice.confirm.flags, 0x22);
	assert_int_equal(choose(GFX_VERSION_101, 0xffffffff, 0), 0);
	assert_int_equal(choice.confirm.flags, 0);
	assert_int_equal(choose(GFX_VERSION_103, 0xffffffff, 0), 0);
	assert_int_equal(choice.confirm.flags, 0x60);
	assert_int_equal(choose(GFX_VERSION_106, 0xffffffff, 0), 0);
	assert_int_equal(choice.confirm.flags, 0x62);
	assert_int_equal(choose(GFX_VERSION_107, 0xffffffff, 0), 0);
	assert_int_equal(choice.confirm.flags, 0xe2);
}

static void thin_clients_get_remotefx(void **state)
{
	assert_int_equal(choose(GFX_VERSION_8, GFX_CAPS_THINCLIENT, 0), 0);
	assert_true(choice.remotefx);
	assert_int_equal(choose(GFX_VERSION_81, GFX_CAPS_THINCLIENT, GFX_VERSION_106, 0, 0), 0);
	assert_true(choice.remotefx);
	assert_int_equal(choose(GFX_VERSION_8, GFX_CAPS_SMALL_CACHE, GFX_VERSION_106, 0, 0), 0);
	assert_false(choice.remotefx);
	/* The bit means nothing in a set of version 10. */
	assert_int_equal(choose(GFX_VERSION_10, GFX_CAPS_THINCLIENT, 0), 0);
	assert_false(choice.remotefx);
}

static void the_cache_is_small_when_the_client_says_so(void **state)
{
	assert_int_equal(choose(GFX_VERSION_107, 0, 0), 0);
	assert_int_equal(choice.cache_bytes, 100 << 20);
	assert_int_equal(choice.cache_slots, 25600);
	assert_int_equal(choose(GFX_VERSION_107, GFX_CAPS_SMALL_CACHE, 0), 0);
	assert_int_equal(choice.cache_bytes, 16 << 20);
	assert_int_equal(choice.cache_slots, 4096);
	assert_int_equal(choose(GFX_VERSION_8, GFX_CAPS_THINCLIENT, 0), 0);
	assert_int_equal(choice.cache_bytes, 16 << 20);
	/* 10.3 has no flag for it: always small. */
	assert_int_equal(choose(GFX_VERSION_103, 0, 0), 0);
	assert_int_equal(choice.cache_bytes, 16 << 20);
}

static void avc_is_used_only_where_it_is_allowed(void **state)
{
	static const struct {
		uint32_t version, flags;
		bool avc420, avc444;
	} cases[] = {
		{ GFX_VERSION_8, 0xffffffff, false, false },
		{ GFX_VERSION_81, 0, false, false },
		{ GFX_VERSION_81, GFX_CAPS_AVC420_ENABLED, true, false },
		{ GFX_VERSION_10, 0, false, true },
		{ GFX_VERSION_10, GFX_CAPS_AVC_DISABLED, false, false },
		{ GFX_VERSION_10, GFX_CAPS_AVC420_ENABLED, false, true },
		{ GFX_VERSION_101, 0, false, false },
		{ GFX_VERSION_103, 0, false, true },
		{ GFX_VERSION_104, 0, true, true },
		{ GFX_VERSION_107, 0, true, true },
		{ GFX_VERSION_107, GFX_CAPS_AVC_DISABLED, false, false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(choose(cases[i].version, cases[i].flags, 0), 0);
		if (choice.avc420 != cases[i].avc420 || choice.avc444 != cases[i].avc444)
			fail_msg("case %zu", i);
	}
}

static void from_10_3_on_the_client_may_advertise_again(void **state)
{
	assert_int_equal(choose(GFX_VERSION_103, 0, 0), 0);
	assert_true(choice.resets);
	assert_int_equal(choose(GFX_VERSION_102, 0, 0), 0);
	assert_false(choice.resets);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_best_version_is_chosen_in_any_order),
		cmocka_unit_test(no_common_version_is_told),
		cmocka_unit_test(version_10_1_is_chosen_only_over_8),
		cmocka_unit_test(only_flags_of_the_version_are_confirmed),
		cmocka_unit_test(thin_clients_get_remotefx),
		cmocka_unit_test(the_cache_is_small_when_the_client_says_so),
		cmocka_unit_test(avc_is_used_only_where_it_is_allowed),
		cmocka_unit_test(from_10_3_on_the_client_may_advertise_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
