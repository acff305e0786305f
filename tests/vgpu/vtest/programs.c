/* Programs that share a virtual GPU: their pictures are their own, what one does wrong is
 * its own, and a worker that dies is replaced without their noticing. */
#include "bed.h"
#include <poll.h>
#include <scene.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	WIDTH = 64,
	HEIGHT = 48,
	PICTURE = 1,
	VERTICES = 2,
	B8G8R8X8 = 2,
	R8 = 64,
	RENDER_TARGET_BIND = 1 << 1 | 1 << 3,
	VERTEX_BIND = 1 << 4,
	PICTURE_BYTES = 4 * WIDTH * HEIGHT,
	DRAW_VBO = 8,
	CLEAR = 7,
	INLINE_WRITE = 9,
};

static const float blue[] = { 0, 0, 1, 1 }, orange[] = { 1, 0.6f, 0.2f, 1 }, green[] = { 0, 1, 0, 1 },
		   white[] = { 1, 1, 1, 1 };

enum {
	BLUE = 0x0000ff,
	ORANGE = 0xff9933,
	GREEN = 0x00ff00,
	WHITE = 0xffffff,
};

static float points[3][2] = { { -1, -1 }, { 0.51f, -1 }, { -1, 0.77f } };

static bool inside(int x, int y)
{
	double px = 2 * (x + 0.5) / WIDTH - 1, py = 2 * (y + 0.5) / HEIGHT - 1;

	return (px + 1) / 1.51 + (py + 1) / 1.77 < 1;
}

struct program {
	int fd;
	uint8_t *pixels;
};

static void make(struct program *p, const struct bed *bed)
{
	p->fd = program_start(bed);
	p->pixels = program_create(
			p->fd, PICTURE, 2, B8G8R8X8, RENDER_TARGET_BIND, WIDTH, HEIGHT, PICTURE_BYTES);
	assert_non_null(p->pixels);
	assert_non_null(program_create(
			p->fd, VERTICES, 0, R8, VERTEX_BIND, SCENE_VERTICES_BYTES, 1, SCENE_VERTICES_BYTES));
}

static void draw(const struct program *p, const float background[4], const float color[4])
{
	struct scene_target target = { PICTURE, B8G8R8X8, WIDTH, HEIGHT };
	struct scene scene = { .count = 0 };

	scene_clear(&scene, &target, 100, background);
	scene_triangle(&scene, &target, 100, VERTICES, points, color);
	program_submit(p->fd, scene.words, scene.count);
}

static int wrong_pixels(const struct program *p, uint32_t background, uint32_t color)
{
	int wrong = 0;

	for (int y = 0; y < HEIGHT; y++) {
		for (int x = 0; x < WIDTH; x++) {
			uint32_t pixel;

			memcpy(&pixel, p->pixels + 4 * (y * WIDTH + x), sizeof pixel);
			wrong += (pixel & 0xffffff) != (inside(x, y) ? color : background);
		}
	}
	return wrong;
}

static int count_wrong(const struct program *p, uint32_t background, uint32_t color)
{
	memset(p->pixels, 0x77, PICTURE_BYTES);
	program_get(p->fd, PICTURE, WIDTH, HEIGHT);
	return wrong_pixels(p, background, color);
}

static void check(const struct program *p, uint32_t background, uint32_t color)
{
	assert_int_equal(count_wrong(p, background, color), 0);
}

static void programs_draw_their_own_pictures(void **state)
{
	struct program a, b;
	struct bed bed;

	bed_start(&bed, 64);
	make(&a, &bed);
	make(&b, &bed);
	draw(&a, blue, orange);
	draw(&b, white, green);
	check(&a, BLUE, ORANGE);
	check(&b, WHITE, GREEN);
	check(&a, BLUE, ORANGE);
	assert_true(bed_figures(&bed).memory_bytes > 2 * 2 * PICTURE_BYTES);
	close(a.fd);
	check(&b, WHITE, GREEN);
	close(b.fd);
	bed_stop(&bed);
}

/* A has the name, B has not; whatever B does with it is nothing. */
static void names_of_others_are_nobodys(void **state)
{
	struct scene_target target = { PICTURE, B8G8R8X8, WIDTH, HEIGHT };
	struct scene scene = { .count = 0 };
	struct program a;
	struct bed bed;
	int b;

	bed_start(&bed, 64);
	make(&a, &bed);
	draw(&a, blue, orange);
	check(&a, BLUE, ORANGE);
	b = program_start(&bed);
	scene_clear(&scene, &target, 100, white);
	program_submit(b, scene.words, scene.count);
	program_send(b, 10, VTEST_TRANSFER_PUT,
			(uint32_t[]){ PICTURE, 0, 0, 0, 0, WIDTH, HEIGHT, 1, PICTURE_BYTES, 0 }, 10);
	program_send(b, 1, VTEST_RESOURCE_UNREF, (uint32_t[]){ PICTURE }, 1);
	assert_int_equal(program_busy_wait(b, PICTURE, true), 0);
	check(&a, BLUE, ORANGE);
	close(b);
	close(a.fd);
	bed_stop(&bed);
}

static void more_than_the_quota_is_answered_without_memory(void **state)
{
	struct program a, b;
	struct bed bed;

	bed_start(&bed, 64);
	make(&a, &bed);
	make(&b, &bed);
	/* 16 MiB of pixels and as much behind them, by the one; then the other wants them. */
	assert_non_null(program_create(a.fd, 9, 2, B8G8R8X8, RENDER_TARGET_BIND, 2048, 2048, 16 << 20));
	assert_null(program_create(a.fd, 10, 2, B8G8R8X8, RENDER_TARGET_BIND, 4096, 4096, 64 << 20));
	assert_null(program_create(b.fd, 9, 2, B8G8R8X8, RENDER_TARGET_BIND, 2048, 2048, 16 << 20));
	draw(&a, blue, orange);
	draw(&b, white, green);
	check(&a, BLUE, ORANGE);
	check(&b, WHITE, GREEN);
	program_send(a.fd, 1, VTEST_RESOURCE_UNREF, (uint32_t[]){ 9 }, 1);
	assert_int_equal(program_busy_wait(a.fd, 0, true), 0);
	assert_non_null(program_create(b.fd, 9, 2, B8G8R8X8, RENDER_TARGET_BIND, 2048, 2048, 16 << 20));
	close(a.fd);
	close(b.fd);
	bed_stop(&bed);
}

static void what_a_program_had_is_free_when_it_goes(void **state)
{
	struct program a;
	struct bed bed;

	bed_start(&bed, 64);
	for (int i = 0; i < 4; i++) {
		make(&a, &bed);
		assert_non_null(program_create(
				a.fd, 9, 2, B8G8R8X8, RENDER_TARGET_BIND, 2048, 2048, 16 << 20));
		close(a.fd);
	}
	bed_stop(&bed);
}

/* --- the worker dies --- */

static void kill_worker(const struct bed *bed)
{
	struct broker_item before = bed_figures(bed), now;

	assert_true(before.worker_pid > 1);
	assert_int_equal(kill((pid_t)before.worker_pid, SIGKILL), 0);
	do
		now = bed_figures(bed);
	while (now.worker_pid == before.worker_pid);
}

/* Objects, state and vertices are those of the worker that died. */
static void draw_again(const struct program *p, const float background[4])
{
	uint32_t clear[8] = { 4 }, words[12] = { 0, 3, 4, 0, 1, 0, 0, 0, 0, 0, 2, 0 };
	struct scene scene = { .count = 0 };

	memcpy(clear + 1, background, 4 * sizeof *background);
	scene_command(&scene, CLEAR, 0, clear, 8);
	scene_command(&scene, DRAW_VBO, 0, words, 12);
	program_submit(p->fd, scene.words, scene.count);
}

static void a_lost_worker_is_not_noticed(void **state)
{
	struct program a, b;
	struct bed bed;

	bed_start(&bed, 64);
	make(&a, &bed);
	make(&b, &bed);
	draw(&a, blue, orange);
	draw(&b, white, green);
	check(&a, BLUE, ORANGE);
	for (int i = 0; i < 2; i++) {
		kill_worker(&bed);
		draw_again(&b, white);
		check(&b, WHITE, GREEN);
		draw_again(&a, i ? blue : white);
		check(&a, i ? BLUE : WHITE, ORANGE);
	}
	close(a.fd);
	close(b.fd);
	bed_stop(&bed);
}

/* A picture that was uploaded, whole and then in part, is there again. */
static void uploads_survive(void **state)
{
	uint32_t part[] = { PICTURE, 0, 8, 8, 0, 4, 4, 1, 4 * 4 * 4, 0 };
	struct program a;
	struct bed bed;

	bed_start(&bed, 64);
	make(&a, &bed);
	for (int i = 0; i < PICTURE_BYTES; i++)
		a.pixels[i] = (uint8_t)(i * 3 + i / 256);
	program_send(a.fd, 10, VTEST_TRANSFER_PUT,
			(uint32_t[]){ PICTURE, 0, 0, 0, 0, WIDTH, HEIGHT, 1, PICTURE_BYTES, 0 }, 10);
	part[9] = 4 * (8 * WIDTH + 8);
	program_send(a.fd, 10, VTEST_TRANSFER_PUT, part, 10);
	assert_int_equal(program_busy_wait(a.fd, PICTURE, true), 0);
	kill_worker(&bed);
	program_get(a.fd, PICTURE, WIDTH, HEIGHT);
	for (int i = 0; i < PICTURE_BYTES; i++) {
		if (i % 4 != 3)
			assert_int_equal(a.pixels[i], (uint8_t)(i * 3 + i / 256));
	}
	close(a.fd);
	bed_stop(&bed);
}

/* The renderer refuses a write with less bytes than its box has: then the next worker is
 * not told of it either. */
static void a_write_of_more_than_its_bytes_is_nothing(void **state)
{
	static const uint32_t write[] = { INLINE_WRITE | 12 << 16, PICTURE, 0, 0, 0, 0, 0, 0, 0, WIDTH,
		HEIGHT, 1, 0x11223344 };
	struct program a;
	struct bed bed;

	bed_start(&bed, 64);
	make(&a, &bed);
	memset(a.pixels, 0x55, PICTURE_BYTES);
	program_send(a.fd, 10, VTEST_TRANSFER_PUT,
			(uint32_t[]){ PICTURE, 0, 0, 0, 0, WIDTH, HEIGHT, 1, PICTURE_BYTES, 0 }, 10);
	program_submit(a.fd, write, sizeof write / sizeof *write);
	/* What one fence covers is settled by the next. */
	for (int i = 0; i < 2; i++) {
		program_submit(a.fd, (uint32_t[]){ 0 }, 1);
		assert_int_equal(program_busy_wait(a.fd, PICTURE, true), 0);
	}
	kill_worker(&bed);
	program_get(a.fd, PICTURE, WIDTH, HEIGHT);
	for (int i = 0; i < PICTURE_BYTES; i++)
		assert_int_equal(a.pixels[i], 0x55);
	close(a.fd);
	bed_stop(&bed);
}

/* A picture that was only drawn is there again when it has been left alone for a moment,
 * which is as long as it takes on this machine. */
static void what_was_drawn_survives(void **state)
{
	struct program a;
	struct bed bed;
	int wrong = 1;

	bed_start(&bed, 64);
	make(&a, &bed);
	for (int alone_ms = 100; wrong; alone_ms *= 2) {
		assert_true(alone_ms < BED_WAIT_MS / 4);
		draw(&a, blue, orange);
		check(&a, BLUE, ORANGE);
		check(&a, BLUE, ORANGE); /* work that is new when it is lost would be done again */
		poll(NULL, 0, alone_ms);
		kill_worker(&bed);
		wrong = count_wrong(&a, BLUE, ORANGE);
	}
	close(a.fd);
	bed_stop(&bed);
}

/* A program has the pixels read when it knows that they are drawn; the worker dies
 * between. */
static void what_was_just_drawn_survives(void **state)
{
	struct program a;
	struct bed bed;

	bed_start(&bed, 64);
	make(&a, &bed);
	draw(&a, blue, orange);
	check(&a, BLUE, ORANGE);
	draw(&a, white, green);
	assert_int_equal(program_busy_wait(a.fd, PICTURE, true), 0);
	kill_worker(&bed);
	check(&a, WHITE, GREEN);
	close(a.fd);
	bed_stop(&bed);
}

/* What is under way when it dies is drawn by the next, also with what the program has let
 * go of meanwhile, and the answer comes. */
static void who_waits_is_answered(void **state)
{
	uint32_t words[] = { PICTURE, 0, 0, 0, 0, WIDTH, HEIGHT, 1, PICTURE_BYTES, 0 };
	uint32_t answer[3];
	struct program a;
	struct bed bed;
	pid_t worker;

	bed_start(&bed, 64);
	make(&a, &bed);
	draw(&a, blue, orange);
	check(&a, BLUE, ORANGE);
	worker = (pid_t)bed_figures(&bed).worker_pid;
	assert_true(worker > 1);
	kill(worker, SIGSTOP);
	draw(&a, white, green);
	program_send(a.fd, 1, VTEST_RESOURCE_UNREF, (uint32_t[]){ VERTICES }, 1);
	program_send(a.fd, 10, VTEST_TRANSFER_GET, words, 10);
	program_send(a.fd, 2, VTEST_BUSY_WAIT, (uint32_t[]){ PICTURE, 1 }, 2);
	kill_worker(&bed);
	program_read(a.fd, answer, sizeof answer);
	assert_true(answer[1] == VTEST_BUSY_WAIT && answer[2] == 0);
	assert_int_equal(wrong_pixels(&a, WHITE, GREEN), 0);
	/* The name is free, and so is what it stood for. */
	assert_non_null(program_create(
			a.fd, VERTICES, 0, R8, VERTEX_BIND, SCENE_VERTICES_BYTES, 1, SCENE_VERTICES_BYTES));
	draw(&a, blue, orange);
	check(&a, BLUE, ORANGE);
	close(a.fd);
	bed_stop(&bed);
}

/* --- what is wrong --- */

static void wrong_messages_end_the_connection_and_no_other(void **state)
{
	static const struct {
		uint32_t len, type, words[11], count;
	} bad[] = {
		{ 0, 0, { 0 }, 0 }, { 0, 99, { 0 }, 0 }, { 3, VTEST_BUSY_WAIT, { 0 }, 3 },
		{ 0xffffffff, VTEST_SUBMIT, { 0 }, 0 }, { 1, 8, { 0 }, 1 },          /* a second renderer */
		{ 1, VTEST_VERSION, { 1 }, 1 },                                      /* too old */
		{ 11, VTEST_RESOURCE_CREATE, { PICTURE, 2, 2, 2, 4, 4, 1, 1 }, 11 }, /* a name in use */
		{ 11, VTEST_RESOURCE_CREATE, { 0, 2, 2, 2, 4, 4, 1, 1 }, 11 },       /* no name */
		{ 2, VTEST_SUBMIT, { 7 | 8 << 16, 0 }, 2 },                          /* runs over its end */
		{ 1, VTEST_SUBMIT, { 200 }, 1 },                                     /* no such command */
		{ 11, VTEST_SUBMIT, { 48 | 10 << 16, 2, 2, 2, 64, 64, 1, 1 }, 11 },  /* makes resources */
	};
	struct program good;
	struct bed bed;

	bed_start(&bed, 64);
	make(&good, &bed);
	draw(&good, blue, orange);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct program p;

		make(&p, &bed);
		program_send(p.fd, bad[i].len, bad[i].type, bad[i].words, bad[i].count);
		program_expect_end(p.fd);
		munmap(p.pixels, PICTURE_BYTES);
		check(&good, BLUE, ORANGE);
	}
	close(good.fd);
	bed_stop(&bed);
}

static void nothing_before_the_name(void **state)
{
	struct bed bed;
	int fd;

	bed_start(&bed, 64);
	fd = bed_connect(&bed);
	program_send(fd, 0, VTEST_PING, NULL, 0);
	program_expect_end(fd);
	bed_stop(&bed);
}

/* Sizes and boxes that are not possible. */
static void impossible_sizes_are_answered_without_memory(void **state)
{
	struct program p;
	struct bed bed;

	bed_start(&bed, 64);
	make(&p, &bed);
	assert_null(program_create(p.fd, 9, 2, B8G8R8X8, RENDER_TARGET_BIND, 0, 1, 64));
	assert_null(program_create(p.fd, 9, 2, B8G8R8X8, RENDER_TARGET_BIND, 0xffffffff, 0xffffffff, 64));
	assert_null(program_create(p.fd, 9, 2, 9999, RENDER_TARGET_BIND, 16, 16, 8192));
	assert_null(program_create(p.fd, 9, 99, B8G8R8X8, RENDER_TARGET_BIND, 16, 16, 8192));
	assert_null(program_create(p.fd, 9, 2, B8G8R8X8, RENDER_TARGET_BIND, 16, 16, 0xffffffff));
	assert_non_null(program_create(p.fd, 9, 2, B8G8R8X8, RENDER_TARGET_BIND, 16, 16, 1024));
	program_send(p.fd, 10, VTEST_TRANSFER_GET, (uint32_t[]){ 9, 0, 0, 0, 0, 16, 16, 1, 0, 1 }, 10);
	program_send(p.fd, 10, VTEST_TRANSFER_GET, (uint32_t[]){ 9, 0, 0xfffffff0, 0, 0, 32, 1, 1, 0, 0 },
			10);
	program_send(p.fd, 10, VTEST_TRANSFER_PUT, (uint32_t[]){ 9, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, 10);
	program_send(p.fd, 10, VTEST_TRANSFER_PUT, (uint32_t[]){ 9, 15, 0, 0, 0, 1, 1, 1, 0, 0xffffffff },
			10);
	assert_int_equal(program_busy_wait(p.fd, 9, true), 0);
	draw(&p, blue, orange);
	check(&p, BLUE, ORANGE);
	close(p.fd);
	bed_stop(&bed);
}

/* Messages in pieces, and a program that asks much and reads nothing. */
static void slow_programs_stop_nobody(void **state)
{
	struct program good;
	struct bed bed;
	int slow, deaf;

	bed_start(&bed, 64);
	make(&good, &bed);
	slow = program_start(&bed);
	assert_int_equal(send(slow, "\x02\0\0", 3, 0), 3);
	deaf = program_start(&bed);
	for (int i = 0; i < 100000; i++) {
		static const uint32_t caps[] = { 0, VTEST_CAPS2 };

		if (send(deaf, caps, sizeof caps, MSG_DONTWAIT | MSG_NOSIGNAL) != sizeof caps)
			break;
	}
	draw(&good, blue, orange);
	check(&good, BLUE, ORANGE);
	assert_int_equal(send(slow, "\0\x07\0\0\0\0\0\0\0\0\0\0\0", 13, 0), 13);
	program_read(slow, (uint32_t[3]){ 0 }, 12);
	close(slow);
	close(deaf);
	check(&good, BLUE, ORANGE);
	close(good.fd);
	bed_stop(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs_draw_their_own_pictures),
		cmocka_unit_test(names_of_others_are_nobodys),
		cmocka_unit_test(more_than_the_quota_is_answered_without_memory),
		cmocka_unit_test(what_a_program_had_is_free_when_it_goes),
		cmocka_unit_test(a_lost_worker_is_not_noticed),
		cmocka_unit_test(uploads_survive),
		cmocka_unit_test(a_write_of_more_than_its_bytes_is_nothing),
		cmocka_unit_test(what_was_drawn_survives),
		cmocka_unit_test(what_was_just_drawn_survives),
		cmocka_unit_test(who_waits_is_answered),
		cmocka_unit_test(wrong_messages_end_the_connection_and_no_other),
		cmocka_unit_test(nothing_before_the_name),
		cmocka_unit_test(impossible_sizes_are_answered_without_memory),
		cmocka_unit_test(slow_programs_stop_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
