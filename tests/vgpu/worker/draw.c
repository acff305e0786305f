/* What a guest's batches leave in the memory that pictures are read into. */
#include "driver.h"
#include "scene.h"
#include <base/shm.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	WIDTH = 64,
	HEIGHT = 48,
	STRIDE = 4 * 80, /* the target is wider than the picture */
	ROWS = 60,
	CONTEXT = 3,
	PICTURE = 1,
	VERTICES = 2,
	TARGET = 9,
	GUARD = 0xa5a5a5a5,
	B8G8R8A8 = 1,
	B8G8R8X8 = 2,
	R8G8B8A8 = 67,
	R8G8B8X8 = 134,
	B5G6R5 = 7,
	LARGE_PX = 2048, /* takes a while to draw */
};

static const uint64_t video_memory_bytes = 64 << 20;
static const float blue[] = { 0, 0, 1, 1 }, orange[] = { 1, 0.6f, 0.2f, 1 };

enum {
	BLUE = 0x0000ff,
	ORANGE = 0xff9933,
};

struct bed {
	struct driver driver;
	uint8_t *pixels;
	int target_fd;
};

static void start_bed(struct bed *bed)
{
	struct render_message target = { .type = RENDER_TARGET,
		.target = { TARGET, STRIDE / 4, ROWS, STRIDE } };

	driver_start(&bed->driver, video_memory_bytes, false);
	bed->target_fd = shm_create("target", STRIDE * ROWS);
	bed->pixels = shm_map(bed->target_fd, STRIDE * ROWS);
	assert_non_null(bed->pixels);
	assert_int_equal(driver_call(&bed->driver, target, bed->target_fd), RENDER_OK);
	memset(bed->pixels, 0xa5, STRIDE * ROWS);
}

static void stop_bed(struct bed *bed)
{
	int status = driver_stop(&bed->driver);

	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	shm_unmap(bed->pixels, STRIDE * ROWS);
	close(bed->target_fd);
}

static uint32_t pixel(const struct bed *bed, int x, int y)
{
	uint32_t value;

	memcpy(&value, bed->pixels + y * STRIDE + 4 * x, sizeof value);
	return value;
}

static void make_context(struct bed *bed, uint32_t format)
{
	driver_canvas(&bed->driver, CONTEXT, driver_picture(PICTURE, format, WIDTH, HEIGHT), VERTICES);
}

/* Lower left in clip space; no pixel's centre is on an edge. */
static float points[3][2] = { { -1, -1 }, { 0.51f, -1 }, { -1, 0.77f } };

static bool inside(int x, int y)
{
	double px = 2 * (x + 0.5) / WIDTH - 1, py = 2 * (y + 0.5) / HEIGHT - 1;

	return (px + 1) / 1.51 + (py + 1) / 1.77 < 1;
}

static void draw(struct bed *bed, uint32_t format)
{
	struct scene_target target = { PICTURE, format, WIDTH, HEIGHT };
	struct scene scene = { .count = 0 };

	scene_clear(&scene, &target, 100, blue);
	scene_triangle(&scene, &target, 100, VERTICES, points, orange);
	assert_int_equal(driver_submit(&bed->driver, CONTEXT, scene.words, scene.count), RENDER_OK);
}

static enum render_result read_rect(struct bed *bed, uint32_t resource, struct render_rect rect)
{
	return driver_call(&bed->driver,
			(struct render_message){
					.type = RENDER_READ, .read = { TARGET, resource, 1, { rect } } },
			-1);
}

static void check_picture(const struct bed *bed, int at_x, int at_y)
{
	for (int y = 0; y < HEIGHT; y++) {
		for (int x = 0; x < WIDTH; x++)
			assert_int_equal(pixel(bed, at_x + x, at_y + y) & 0xffffff,
					inside(x, y) ? ORANGE : BLUE);
	}
}

static void clear_and_triangle_have_exact_pixels(void **state)
{
	static const uint32_t formats[] = { B8G8R8A8, B8G8R8X8, R8G8B8A8, R8G8B8X8 };

	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		struct bed bed;

		start_bed(&bed);
		make_context(&bed, formats[i]);
		draw(&bed, formats[i]);
		assert_int_equal(read_rect(&bed, PICTURE, (struct render_rect){ 0, 0, 8, 5, WIDTH, HEIGHT }),
				RENDER_OK);
		check_picture(&bed, 8, 5);
		assert_int_equal(pixel(&bed, 7, 5), GUARD);
		assert_int_equal(pixel(&bed, 8 + WIDTH, 5), GUARD);
		assert_int_equal(pixel(&bed, 8, 4), GUARD);
		assert_int_equal(pixel(&bed, 8, 5 + HEIGHT), GUARD);
		stop_bed(&bed);
	}
}

/* Nothing is bound again: what the context has bound counts. */
static void clear_again(struct bed *bed, const float color[4])
{
	uint32_t fields[8] = { 4 /* the first color buffer */ };
	struct scene scene = { .count = 0 };

	memcpy(fields + 1, color, 4 * sizeof *color);
	scene_command(&scene, 7 /* CLEAR */, 0, fields, 8);
	assert_int_equal(driver_submit(&bed->driver, CONTEXT, scene.words, scene.count), RENDER_OK);
	assert_int_equal(read_rect(bed, PICTURE, (struct render_rect){ 0, 0, 0, 0, WIDTH, HEIGHT }),
			RENDER_OK);
}

/* virglrenderer makes a new context's GL context current without noting it. */
static void drawing_goes_on_when_other_contexts_come_and_go(void **state)
{
	struct scene_target target = { PICTURE, B8G8R8X8, WIDTH, HEIGHT };
	struct render_message destroy = { .type = RENDER_CONTEXT_DESTROY, .context = { CONTEXT + 1, 0, "" } };
	struct scene scene = { .count = 0 };
	struct bed bed;

	start_bed(&bed);
	make_context(&bed, B8G8R8X8);
	scene_clear(&scene, &target, 100, (float[]){ 0, 1, 0, 1 });
	assert_int_equal(driver_submit(&bed.driver, CONTEXT, scene.words, scene.count), RENDER_OK);
	assert_int_equal(driver_context(&bed.driver, CONTEXT + 1), RENDER_OK);
	clear_again(&bed, blue);
	assert_int_equal(pixel(&bed, 1, 1) & 0xffffff, BLUE);
	assert_int_equal(driver_call(&bed.driver, destroy, -1), RENDER_OK);
	clear_again(&bed, orange);
	assert_int_equal(pixel(&bed, 1, 1) & 0xffffff, ORANGE);
	stop_bed(&bed);
}

/* virglrenderer binds and unbinds what it makes in the GL context that is current. */
static void textures_stay_bound_when_resources_come_and_go(void **state)
{
	struct scene_target target = { PICTURE, B8G8R8X8, WIDTH, HEIGHT };
	struct scene_target texture = { PICTURE + 10, B8G8R8A8, 16, 16 };
	struct render_message unref = { .type = RENDER_RESOURCE_UNREF, .resource_id = { PICTURE + 11 } };
	struct scene first = { .count = 0 }, again = { .count = 0 };
	struct bed bed;

	start_bed(&bed);
	make_context(&bed, B8G8R8X8);
	assert_int_equal(driver_create(&bed.driver, driver_picture(texture.resource, B8G8R8A8, 16, 16)),
			RENDER_OK);
	assert_int_equal(driver_attach(&bed.driver, CONTEXT, texture.resource), RENDER_OK);
	scene_clear(&first, &texture, 200, orange);
	scene_clear(&first, &target, 100, blue);
	scene_textured(&first, &target, 100, VERTICES, points, &texture);
	scene_again(&again);
	assert_int_equal(driver_submit(&bed.driver, CONTEXT, first.words, first.count), RENDER_OK);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(driver_create(&bed.driver, driver_picture(PICTURE + 11, B8G8R8A8, 16, 16)),
				RENDER_OK);
		assert_int_equal(driver_submit(&bed.driver, CONTEXT, again.words, again.count), RENDER_OK);
		assert_int_equal(driver_call(&bed.driver, unref, -1), RENDER_OK);
		assert_int_equal(driver_submit(&bed.driver, CONTEXT, again.words, again.count), RENDER_OK);
	}
	assert_int_equal(read_rect(&bed, PICTURE, (struct render_rect){ 0, 0, 8, 5, WIDTH, HEIGHT }),
			RENDER_OK);
	check_picture(&bed, 8, 5);
	stop_bed(&bed);
}

static void only_the_rectangle_is_written(void **state)
{
	struct render_rect rect = { 20, 30, 70, 57, 10, 3 }; /* the target's last corner */
	struct bed bed;

	start_bed(&bed);
	make_context(&bed, B8G8R8X8);
	draw(&bed, B8G8R8X8);
	assert_int_equal(read_rect(&bed, PICTURE, rect), RENDER_OK);
	for (int y = 0; y < ROWS; y++) {
		for (int x = 0; x < STRIDE / 4; x++) {
			bool in = x >= 70 && y >= 57;

			if (in)
				assert_int_equal(pixel(&bed, x, y) & 0xffffff,
						inside(x - 70 + 20, y - 57 + 30) ? ORANGE : BLUE);
			else
				assert_int_equal(pixel(&bed, x, y), GUARD);
		}
	}
	stop_bed(&bed);
}

static void without_a_resource_it_is_black(void **state)
{
	struct bed bed;

	start_bed(&bed);
	assert_int_equal(read_rect(&bed, 0, (struct render_rect){ 0, 0, 1, 1, 2, 1 }), RENDER_OK);
	assert_int_equal(pixel(&bed, 1, 1), 0);
	assert_int_equal(pixel(&bed, 2, 1), 0);
	assert_int_equal(pixel(&bed, 3, 1), GUARD);
	assert_int_equal(pixel(&bed, 1, 2), GUARD);
	stop_bed(&bed);
}

static void what_cannot_be_read_leaves_the_target_alone(void **state)
{
	static const struct render_rect bad[] = { { 1, 0, 0, 0, WIDTH, 1 }, { 0, 1, 0, 0, 1, HEIGHT },
		{ 0, 0, 17, 0, WIDTH, 1 }, { 0, 0, 0, ROWS, 1, 1 } };
	struct bed bed;

	start_bed(&bed);
	make_context(&bed, B5G6R5);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(read_rect(&bed, PICTURE, bad[i]), RENDER_INVALID);
	assert_int_equal(read_rect(&bed, PICTURE, (struct render_rect){ 0, 0, 0, 0, 1, 1 }), RENDER_FAILED);
	assert_int_equal(read_rect(&bed, VERTICES, (struct render_rect){ 0, 0, 0, 0, 1, 1 }), RENDER_FAILED);
	assert_int_equal(read_rect(&bed, 77, (struct render_rect){ 0, 0, 0, 0, 1, 1 }), RENDER_INVALID);
	for (int i = 0; i < STRIDE * ROWS; i++)
		assert_int_equal(bed.pixels[i], 0xa5);
	stop_bed(&bed);
}

/* Guest memory: pages in reverse order, so that they cannot become one entry. */
static void put_backing(struct bed *bed, uint32_t resource, uint32_t pages)
{
	uint64_t *list = (uint64_t *)(void *)bed->driver.arena;

	for (uint32_t i = 0; i < pages; i++) {
		list[2 * i] = DRIVER_GUEST_ADDR + 4096 * (pages - 1 - i);
		list[2 * i + 1] = 4096;
	}
	assert_int_equal(driver_call(&bed->driver,
					 (struct render_message){ .type = RENDER_BACKING,
							 .backing = { resource, pages, 0 } },
					 -1),
			RENDER_OK);
}

static uint8_t *guest_byte(struct bed *bed, uint32_t pages, uint32_t at)
{
	return bed->driver.guest + 4096 * (pages - 1 - at / 4096) + at % 4096;
}

static enum render_result transfer(struct bed *bed, enum render_type type, struct render_transfer t)
{
	return driver_call(&bed->driver, (struct render_message){ .type = type, .transfer = t }, -1);
}

static void guest_memory_goes_to_the_resource_and_back(void **state)
{
	enum { PAGES = WIDTH * HEIGHT * 4 / 4096 };
	struct render_transfer whole = { 0, PICTURE, 0, 0, 0, { 0, 0, 0, WIDTH, HEIGHT, 1 }, 0 };
	struct bed bed;

	start_bed(&bed);
	assert_int_equal(driver_create(&bed.driver, driver_picture(PICTURE, B8G8R8X8, WIDTH, HEIGHT)),
			RENDER_OK);
	put_backing(&bed, PICTURE, PAGES);
	for (uint32_t i = 0; i < WIDTH * HEIGHT * 4; i++)
		*guest_byte(&bed, PAGES, i) = (uint8_t)(i * 7 + i / 256);
	assert_int_equal(transfer(&bed, RENDER_TRANSFER_TO, whole), RENDER_OK);
	assert_int_equal(read_rect(&bed, PICTURE, (struct render_rect){ 0, 0, 0, 0, WIDTH, HEIGHT }),
			RENDER_OK);
	for (uint32_t i = 0; i < WIDTH * HEIGHT * 4; i++) {
		if (i % 4 != 3)
			assert_int_equal(bed.pixels[i / (4 * WIDTH) * STRIDE + i % (4 * WIDTH)],
					(uint8_t)(i * 7 + i / 256));
	}
	memset(bed.driver.guest, 0, PAGES * 4096);
	assert_int_equal(transfer(&bed, RENDER_TRANSFER_FROM, whole), RENDER_OK);
	for (uint32_t i = 0; i < WIDTH * HEIGHT * 4; i++) {
		if (i % 4 != 3)
			assert_int_equal(*guest_byte(&bed, PAGES, i), (uint8_t)(i * 7 + i / 256));
	}
	stop_bed(&bed);
}

static void fences_come_back_in_order(void **state)
{
	struct bed bed;

	start_bed(&bed);
	make_context(&bed, B8G8R8X8);
	draw(&bed, B8G8R8X8);
	for (uint64_t i = 0; i < 20; i++)
		driver_send(&bed.driver,
				(struct render_message){ .type = RENDER_FENCE,
						.fence = { 0x700000000 + i, i % 2 ? CONTEXT : 0 } },
				-1);
	for (uint64_t next[2] = { 0, 1 }, i = 0; i < 20; i++) {
		struct render_message got = driver_receive(&bed.driver);
		int of_context = got.fence.context != 0;

		assert_int_equal(got.type, RENDER_FENCED);
		assert_int_equal(got.fence.context, of_context ? CONTEXT : 0);
		assert_true(got.fence.fence == 0x700000000 + next[of_context]);
		next[of_context] += 2;
	}
	/* The page is idle again when the next command was answered. */
	assert_int_equal(read_rect(&bed, 0, (struct render_rect){ 0, 0, 0, 0, 1, 1 }), RENDER_OK);
	assert_int_equal(atomic_load(&bed.driver.page->queue), 0);
	assert_int_equal(atomic_load(&bed.driver.page->span_count), 20);
	assert_true(atomic_load(&bed.driver.page->spans[19].end_us) >=
			atomic_load(&bed.driver.page->spans[19].begin_us));
	assert_int_equal(atomic_load(&bed.driver.page->batches), 1);
	assert_int_equal(atomic_load(&bed.driver.page->frames), 0); /* a read may be for a snapshot */
	assert_int_equal(driver_call(&bed.driver, (struct render_message){ .type = RENDER_FRAME }, -1),
			RENDER_OK);
	assert_int_equal(atomic_load(&bed.driver.page->frames), 1);
	assert_int_equal(atomic_load(&bed.driver.page->ready), 1);
	assert_true(atomic_load(&bed.driver.page->memory_bytes) > WIDTH * HEIGHT * 4);
	stop_bed(&bed);
}

/* virglrenderer forgets the fence that it waits for when any context goes. */
static void no_fence_is_lost_when_contexts_go(void **state)
{
	struct render_message destroy = { .type = RENDER_CONTEXT_DESTROY, .context = { CONTEXT + 1, 0, "" } };
	struct scene_target large = { PICTURE + 10, B8G8R8X8, LARGE_PX, LARGE_PX };
	struct scene scene = { .count = 0 };
	struct bed bed;

	start_bed(&bed);
	make_context(&bed, B8G8R8X8);
	assert_int_equal(driver_create(&bed.driver,
					 driver_picture(large.resource, B8G8R8X8, LARGE_PX, LARGE_PX)),
			RENDER_OK);
	assert_int_equal(driver_attach(&bed.driver, CONTEXT, large.resource), RENDER_OK);
	scene_clear(&scene, &large, 700, blue);
	scene_triangle(&scene, &large, 700, VERTICES, points, orange);
	for (uint64_t i = 1; i <= 20; i++) {
		struct render_message fence = { .type = RENDER_FENCE, .fence = { i, CONTEXT } };

		assert_int_equal(driver_context(&bed.driver, CONTEXT + 1), RENDER_OK);
		assert_int_equal(driver_submit(&bed.driver, CONTEXT, scene.words, scene.count), RENDER_OK);
		driver_send(&bed.driver, fence, -1);
		driver_send(&bed.driver, destroy, -1);
		assert_true(driver_receive(&bed.driver).fence.fence == i);
	}
	stop_bed(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clear_and_triangle_have_exact_pixels),
		cmocka_unit_test(drawing_goes_on_when_other_contexts_come_and_go),
		cmocka_unit_test(textures_stay_bound_when_resources_come_and_go),
		cmocka_unit_test(only_the_rectangle_is_written),
		cmocka_unit_test(without_a_resource_it_is_black),
		cmocka_unit_test(what_cannot_be_read_leaves_the_target_alone),
		cmocka_unit_test(guest_memory_goes_to_the_resource_and_back),
		cmocka_unit_test(fences_come_back_in_order),
		cmocka_unit_test(no_fence_is_lost_when_contexts_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
