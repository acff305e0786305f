/* Uploads of a small picture, and whether what a new worker is given is the same. */
#include <front/uploads.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	WIDTH = 16,
	HEIGHT = 8,
	ROW = WIDTH * 4,
	BYTES = ROW * HEIGHT,
	BACKING = 4096,
	RGBA = 67,
	DXT1 = 105,
	TEXTURE = 2,
};

struct world {
	uint8_t own[BACKING], other[BACKING];
	struct uploads_backing own_backing, other_backing;
	struct render_resource resource;
	struct uploads uploads;
	struct uploads_budget budget;
	uint8_t want[BYTES]; /* what the renderer has */
};

static void read_backing(void *user, uint64_t offset_bytes, void *dst, size_t len)
{
	const uint8_t *backing = user;

	for (size_t i = 0; i < len; i++)
		((uint8_t *)dst)[i] = offset_bytes + i < BACKING ? backing[offset_bytes + i] : 0;
}

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	w->own_backing = (struct uploads_backing){ read_backing, w->own, BACKING, 1 };
	w->other_backing = (struct uploads_backing){ read_backing, w->other, BACKING, 1 };
	w->resource = (struct render_resource){ .resource = 1,
		.target = TEXTURE,
		.format = RGBA,
		.width = WIDTH,
		.height = HEIGHT,
		.depth = 1,
		.array_size = 1 };
	for (int i = 0; i < BACKING; i++) {
		w->own[i] = (uint8_t)(i * 7 + i / 256);
		w->other[i] = (uint8_t)(i * 11 + 3);
	}
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	uploads_finish(&w->uploads, &w->budget);
	assert_int_equal(w->budget.used_bytes, 0);
	free(w);
	return 0;
}

/* The renderer's part. */
static void draw(uint8_t *picture, const struct virgl_upload *to, const uint8_t *bytes, size_t offset)
{
	size_t stride = to->stride_bytes ? to->stride_bytes : ROW;

	for (uint32_t y = 0; y < to->height; y++)
		memcpy(picture + (to->y + y) * ROW + to->x * 4, bytes + offset + y * stride, to->width * 4);
}

static void upload(struct world *w, uint32_t x, uint32_t y, uint32_t width, uint32_t height, uint32_t stride,
		size_t offset, bool own)
{
	const struct virgl_upload to = { .resource = 1,
		.stride_bytes = stride,
		.x = x,
		.y = y,
		.width = width,
		.height = height,
		.depth = 1 };

	uploads_add(&w->uploads, &w->budget, &w->resource, &to, offset, &w->own_backing,
			own ? NULL : &w->other_backing);
	draw(w->want, &to, own ? w->own : w->other, offset);
}

/* What was uploaded comes again; where nothing was, whatever. */
static void check(struct world *w, uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
	uint8_t got[BYTES] = { 0 };
	const struct upload_level *level;
	uint32_t at = 0;

	while ((level = uploads_next(&w->uploads, &at)))
		draw(got, &level->to, level->picture ? level->picture : w->own,
				level->picture ? 0 : level->offset_bytes);
	for (uint32_t row = y; row < y + height; row++)
		assert_memory_equal(got + row * ROW + x * 4, w->want + row * ROW + x * 4, width * 4);
}

static void test_whole(void **state)
{
	struct world *w = *state;

	upload(w, 0, 0, WIDTH, HEIGHT, 0, 100, true);
	check(w, 0, 0, WIDTH, HEIGHT);
	assert_int_equal(w->budget.used_bytes, 0);
	upload(w, 0, 0, WIDTH, HEIGHT, 80, 200, true);
	check(w, 0, 0, WIDTH, HEIGHT);
	assert_int_equal(w->budget.used_bytes, 0);
}

/* As Mesa uploads: each box from its place in the backing. */
static void test_parts_join(void **state)
{
	struct world *w = *state;

	upload(w, 4, 2, 3, 2, ROW, 2 * ROW + 16, true);
	upload(w, 0, 1, 2, 1, ROW, ROW, true);
	upload(w, 10, 5, 4, 3, 0, 5 * ROW + 40, true); /* as 2D commands have it */
	assert_int_equal(w->budget.used_bytes, 0);
	check(w, 4, 2, 3, 2);
	check(w, 0, 1, 2, 1);
	check(w, 10, 5, 4, 3);
}

static void test_parts_from_elsewhere(void **state)
{
	struct world *w = *state;

	upload(w, 0, 0, WIDTH, HEIGHT, ROW, 64, true);
	upload(w, 4, 2, 3, 2, 0, 7, false);
	assert_int_equal(w->budget.used_bytes, BYTES);
	upload(w, 5, 2, 8, 3, 100, 500, false);
	upload(w, 1, 1, 2, 2, 0, 900, true);
	memset(w->other, 0, sizeof w->other); /* a staging buffer is used again */
	check(w, 0, 0, WIDTH, HEIGHT);
	upload(w, 0, 0, WIDTH, HEIGHT, ROW, 64, true);
	assert_int_equal(w->budget.used_bytes, 0);
	check(w, 0, 0, WIDTH, HEIGHT);
}

static void test_buffer(void **state)
{
	struct world *w = *state;

	w->resource = (struct render_resource){ .resource = 1,
		.target = UPLOADS_BUFFER,
		.format = 64,
		.width = 1000,
		.height = 1,
		.depth = 1,
		.array_size = 1 };
	for (uint32_t x = 100; x < 900; x += 150) {
		const struct virgl_upload to = {
			.resource = 1, .x = x, .width = 20, .height = 1, .depth = 1
		};

		uploads_add(&w->uploads, &w->budget, &w->resource, &to, x, &w->own_backing, NULL);
	}
	assert_int_equal(w->budget.used_bytes, 0);
	assert_int_equal(w->uploads.levels[0].to.x, 100);
	assert_int_equal(w->uploads.levels[0].to.width, 770);
	assert_int_equal(w->uploads.levels[0].offset_bytes, 100);
	uploads_add(&w->uploads, &w->budget, &w->resource,
			&(struct virgl_upload){
					.resource = 1, .x = 300, .width = 4, .height = 1, .depth = 1 },
			50, &w->own_backing, &w->other_backing);
	assert_int_equal(w->budget.used_bytes, 1000);
	assert_memory_equal(w->uploads.levels[0].picture + 100, w->own + 100, 200);
	assert_memory_equal(w->uploads.levels[0].picture + 300, w->other + 50, 4);
	assert_memory_equal(w->uploads.levels[0].picture + 304, w->own + 304, 566);
}

static void test_out_of_bounds(void **state)
{
	static const struct virgl_upload wrong[] = { { .x = WIDTH, .width = 1, .height = 1, .depth = 1 },
		{ .x = UINT32_MAX, .width = 2, .height = 1, .depth = 1 },
		{ .width = WIDTH + 1, .height = 1, .depth = 1 },
		{ .width = 1, .height = HEIGHT + 1, .depth = 1 }, { .width = 1, .height = 1, .depth = 2 },
		{ .width = 0, .height = 1, .depth = 1 },
		{ .level = 1, .width = WIDTH, .height = 1, .depth = 1 },
		{ .level = UINT32_MAX, .width = 1, .height = 1, .depth = 1 } };
	struct world *w = *state;

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		uploads_add(&w->uploads, &w->budget, &w->resource, &wrong[i], 0, &w->own_backing, NULL);
	assert_null(uploads_next(&w->uploads, &(uint32_t){ 0 }));
	/* and far away in the backing */
	upload(w, 0, 0, 1, 1, 0, 0, false);
	uploads_add(&w->uploads, &w->budget, &w->resource,
			&(struct virgl_upload){ .stride_bytes = UINT32_MAX,
					.layer_stride_bytes = UINT32_MAX,
					.width = WIDTH,
					.height = HEIGHT - 1,
					.depth = 1 },
			UINT64_MAX, &w->own_backing, NULL);
}

static bool taken(struct world *w, const struct virgl_upload *to, uint64_t offset, bool own)
{
	bool known;

	uploads_add(&w->uploads, &w->budget, &w->resource, to, offset, &w->own_backing,
			own ? NULL : &w->other_backing);
	known = uploads_next(&w->uploads, &(uint32_t){ 0 });
	uploads_finish(&w->uploads, &w->budget);
	return known;
}

/* What the renderer refuses, by a byte or a row, and what it just takes. */
static void test_beyond_the_backing(void **state)
{
	enum { COLUMN = (HEIGHT - 1) * ROW + 4 };
	struct virgl_upload column = { .resource = 1, .x = 3, .width = 1, .height = HEIGHT, .depth = 1 };
	struct world *w = *state;

	for (int own = 0; own < 2; own++) {
		assert_true(taken(w, &column, BACKING - COLUMN, own));
		assert_false(taken(w, &column, BACKING - COLUMN + 1, own));
		assert_false(taken(w, &column, BACKING + 1, own));
		assert_false(taken(w, &column, UINT64_MAX, own));
	}
	w->other_backing.len_bytes = 4 * HEIGHT;
	assert_false(taken(w, &column, 0, false));
	column.stride_bytes = 4; /* rows without gaps */
	assert_true(taken(w, &column, 0, false));
	column.stride_bytes = 3;
	assert_false(taken(w, &column, 0, false));
	column.stride_bytes = 4;
	column.layer_stride_bytes = 4 * HEIGHT - 1;
	assert_false(taken(w, &column, 0, false));
	w->resource.array_size = column.depth = 2;
	column.layer_stride_bytes = 4 * HEIGHT;
	assert_false(taken(w, &column, 0, false));
	w->other_backing.len_bytes *= 2;
	assert_true(taken(w, &column, 0, false));
	column.layer_stride_bytes = UINT32_MAX;
	assert_false(taken(w, &column, 0, false));
}

/* The same over and over again ends, until there was a turn for others. */
static void test_turn(void **state)
{
	struct world *w = *state;

	uploads_turn(&w->budget, 1);
	for (int i = 0; i < 1000; i++)
		upload(w, 0, 0, WIDTH, HEIGHT, 0, 8, false);
	assert_in_range(w->budget.painted_bytes, 1000 * BYTES, 10 * 1000 * BYTES);
	w->budget.painted_bytes = UPLOADS_TURN_BYTES;
	uploads_turn(&w->budget, 1);
	uploads_add(&w->uploads, &w->budget, &w->resource,
			&(struct virgl_upload){ .resource = 1, .width = 4, .height = 4, .depth = 1 }, 900,
			&w->own_backing, &w->other_backing);
	check(w, 0, 0, WIDTH, HEIGHT); /* without that */
	uploads_turn(&w->budget, 2);
	upload(w, 0, 0, 4, 4, 0, 900, false);
	check(w, 0, 0, WIDTH, HEIGHT);
	/* A backing that is one for a picture from now on is read too. */
	upload(w, 0, 0, WIDTH, HEIGHT, 0, 100, true);
	w->budget.painted_bytes = UPLOADS_TURN_BYTES - BYTES;
	uploads_add(&w->uploads, &w->budget, &w->resource,
			&(struct virgl_upload){ .resource = 1, .width = 1, .height = 1, .depth = 1 }, 900,
			&w->own_backing, &w->other_backing);
	assert_null(w->uploads.levels[0].picture);
	check(w, 0, 0, WIDTH, HEIGHT);
}

static void test_budget(void **state)
{
	struct world *w = *state;

	w->budget.used_bytes = UPLOADS_BUDGET_BYTES - BYTES + 1;
	upload(w, 0, 0, 4, 4, 0, 0, false);
	assert_null(uploads_next(&w->uploads, &(uint32_t){ 0 }));
	w->budget.used_bytes--;
	upload(w, 0, 0, 4, 4, 0, 0, false);
	check(w, 0, 0, 4, 4);
	w->budget.used_bytes -= UPLOADS_BUDGET_BYTES - BYTES;
}

static void test_blocks(void **state)
{
	struct world *w = *state;

	w->resource.format = DXT1;
	upload(w, 0, 0, WIDTH, HEIGHT, 0, 40, true);
	assert_int_equal(w->uploads.levels[0].offset_bytes, 40);
	upload(w, 0, 0, 4, 4, 0, 0, false);
	assert_null(w->uploads.levels[0].picture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_whole, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_parts_join, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_parts_from_elsewhere, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_buffer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_out_of_bounds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_beyond_the_backing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_turn, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_budget, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_blocks, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
