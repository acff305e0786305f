#include "carrier.h"
#include <channels/disp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	CHANNEL = 1,
	MONITOR_BYTES = 40,
};

struct world {
	struct carrier carrier;
	struct dvc *dvc;
	struct disp *disp;
	int layouts;
	struct link_layout layout;
};

static void on_layout(void *user, const struct link_layout *layout)
{
	struct world *w = user;

	w->layouts++;
	w->layout = *layout;
}

static int start(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	carrier_init(&w->carrier);
	w->dvc = dvc_create(&w->carrier.ops);
	w->disp = disp_create(w->dvc, on_layout, w);
	*state = w;
	return w->disp && carrier_capabilities(w->dvc) == 0 ? 0 : -1;
}

static int stop(void **state)
{
	struct world *w = *state;

	disp_destroy(w->disp);
	dvc_destroy(w->dvc);
	carrier_finish(&w->carrier);
	free(w);
	return 0;
}

static int ask(struct world *w, uint32_t width_px, uint32_t height_px)
{
	uint8_t message[16 + MONITOR_BYTES];
	struct writer out = writer_init(message, sizeof message);

	writer_u32(&out, 2);
	writer_u32(&out, sizeof message);
	writer_u32(&out, MONITOR_BYTES);
	writer_u32(&out, 1);
	writer_u32(&out, DISP_MONITOR_PRIMARY);
	writer_u32(&out, 0);
	writer_u32(&out, 0);
	writer_u32(&out, width_px);
	writer_u32(&out, height_px);
	writer_u32(&out, 0);
	writer_u32(&out, 0);
	writer_u32(&out, 0);
	writer_u32(&out, 100);
	writer_u32(&out, 100);
	return carrier_data(w->dvc, CHANNEL, message, (size_t)writer_len(&out));
}

static void capabilities_come_first(void **state)
{
	struct world *w = *state;
	const uint8_t head[] = { 5, 0, 0, 0, DISP_CAPS_BYTES, 0, 0, 0 };

	assert_int_equal(dvc_flush(w->dvc), 0);
	assert_int_equal(w->carrier.count, 0); /* not before it is open */
	assert_int_equal(carrier_create(w->dvc, CHANNEL, 0), 0);
	assert_int_equal(dvc_flush(w->dvc), 0);
	assert_int_equal(w->carrier.count, 1);
	assert_int_equal(w->carrier.messages[0].len, DISP_CAPS_BYTES);
	assert_memory_equal(w->carrier.messages[0].data, head, sizeof head);
}

static void a_layout_is_handed_on(void **state)
{
	struct world *w = *state;
	uint32_t width_px, height_px;

	assert_int_equal(carrier_create(w->dvc, CHANNEL, 0), 0);
	assert_int_equal(ask(w, 1024, 768), 0);
	assert_int_equal(w->layouts, 1);
	link_layout_bounds(&w->layout, &width_px, &height_px, NULL, NULL);
	assert_int_equal(width_px, 1024);
	assert_int_equal(height_px, 768);
}

static void what_cannot_be_had_is_ignored(void **state)
{
	struct world *w = *state;

	assert_int_equal(carrier_create(w->dvc, CHANNEL, 0), 0);
	assert_int_equal(ask(w, 1023, 768), 0);
	assert_int_equal(ask(w, 100, 768), 0);
	assert_int_equal(ask(w, 1024, 100000), 0);
	assert_int_equal(w->layouts, 0);
}

static void garbage_ends_the_connection(void **state)
{
	struct world *w = *state;

	assert_int_equal(carrier_create(w->dvc, CHANNEL, 0), 0);
	assert_int_equal(carrier_data(w->dvc, CHANNEL, "garbage", 7), ERR_FORMAT);
	assert_int_equal(carrier_data(w->dvc, CHANNEL, "", 0), ERR_FORMAT);
	assert_int_equal(w->layouts, 0);
}

static void a_refusal_is_fine(void **state)
{
	struct world *w = *state;

	assert_int_equal(carrier_create(w->dvc, CHANNEL, -1), 0);
	assert_int_equal(dvc_flush(w->dvc), 0);
	assert_int_equal(w->carrier.count, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(capabilities_come_first),
		TEST(a_layout_is_handed_on),
		TEST(what_cannot_be_had_is_ignored),
		TEST(garbage_ends_the_connection),
		TEST(a_refusal_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
