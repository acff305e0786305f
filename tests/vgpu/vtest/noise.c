/* A program that sends noise: batches and messages that are almost right. It may lose its
 * connection and its worker; the server lives, and another guest's pictures stay right.
 *
 *     test-vgpu-vtest-noise [COMMANDS [SEED]] */
#include "bed.h"
#include <errno.h>
#include <scene.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	WIDTH = 64,
	HEIGHT = 48,
	BYTES = 4 * WIDTH * HEIGHT,
	B8G8R8X8 = 2,
	NAMES = 8,
	CHECK_EVERY = 50, /* batches */
	BATCHES_OF_CONTEXT = 6,
};

static unsigned long commands_wanted = 20000, seed = 1;
static uint64_t state_of_random;

static uint32_t any(uint32_t below)
{
	state_of_random = state_of_random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(state_of_random >> 33) % below;
}

static uint32_t any_word(void)
{
	static const uint32_t edges[] = { 0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 64, 0xff, 0x100, 0xffff,
		0x10000, 0x7fffffff, 0x80000000, 0xffffffff, 0x3f800000, 0xbf800000, 0x7f800000, 0x7fc00000 };

	switch (any(4)) {
	case 0: return any(NAMES + 2);
	case 1: return edges[any(sizeof edges / sizeof *edges)];
	case 2: return any(4096);
	default: return (uint32_t)(any(0x10000) << 16 | any(0x10000));
	}
}

/* A scene as it should be, and then some words of it changed. */
static uint32_t make_batch(struct scene *scene, uint32_t *commands)
{
	struct scene_target target = { 1 + any(NAMES), 1 + any(2), WIDTH, HEIGHT };
	float points[3][2] = { { -1, -1 }, { 0.51f, -1 }, { -1, 0.77f } };
	const float color[] = { 1, 0, 0, 1 };

	scene->count = 0;
	*commands = 3;
	scene_clear(scene, &target, 100 + any(20), color);
	if (any(4)) {
		scene_triangle(scene, &target, 100 + any(20), 1 + any(NAMES), points, color);
		*commands += 15;
	}
	for (uint32_t i = any(12); i > 0 && scene->count + 40 < SCENE_WORDS_MAX; i--) {
		uint32_t fields[32];

		for (int f = 0; f < 32; f++)
			fields[f] = any_word();
		scene_command(scene, any(53), any(12), fields, any(32));
		++*commands;
	}
	return scene->count;
}

static void change(struct scene *scene)
{
	for (uint32_t i = any(8); i > 0; i--) {
		uint32_t at = any(scene->count);

		/* Headers too, though mostly such that the batch stays one. */
		if (any(3))
			scene->words[at] = any_word();
		else
			scene->words[at] ^= 1u << any(16);
	}
}

static bool say(int fd, uint32_t len, uint32_t type, const uint32_t *words, size_t count)
{
	uint32_t bytes[2 + SCENE_WORDS_MAX] = { len, type };

	memcpy(bytes + 2, words, 4 * count);
	return send(fd, bytes, 8 + 4 * count, MSG_NOSIGNAL) == (ssize_t)(8 + 4 * count);
}

static bool transfer(int fd)
{
	uint32_t words[] = { 1 + any(NAMES), any(3), any(70), any(50), any(2), 1 + any(70), 1 + any(50), 1,
		any_word(), any(20000) };

	return say(fd, 10, any(2) ? VTEST_TRANSFER_GET : VTEST_TRANSFER_PUT, words, 10);
}

/* Waits for its turn, so that a batch is seen to be over. False: the connection ended. */
static bool wait_idle(int fd)
{
	uint32_t answer[3];
	size_t got = 0;

	if (!say(fd, 2, VTEST_BUSY_WAIT, (uint32_t[]){ 0, 1 }, 2))
		return false;
	while (got < sizeof answer) {
		ssize_t n = recv(fd, (uint8_t *)answer + got, sizeof answer - got, 0);

		if (n <= 0)
			return false;
		got += (size_t)n;
	}
	return true;
}

static int start_noise(const struct bed *bed)
{
	int fd = program_start(bed);

	for (uint32_t name = 1; name <= NAMES; name++) {
		bool buffer = name % 4 == 2;
		uint8_t *map = program_create(fd, name, buffer ? 0 : 2, buffer ? 64 : 1 + name % 2,
				buffer ? 1 << 4 | 1 << 6 : 1 << 1 | 1 << 3, buffer ? 4096 : WIDTH,
				buffer ? 1 : HEIGHT, BYTES);

		if (map)
			munmap(map, BYTES);
	}
	return fd;
}

struct neighbour {
	int fd;
	uint8_t *pixels;
};

static void start_neighbour(struct neighbour *n, const struct bed *bed)
{
	static const float teal[] = { 0, 0.6f, 0.6f, 1 };
	struct scene_target target = { 1, B8G8R8X8, WIDTH, HEIGHT };
	struct scene scene = { .count = 0 };

	n->fd = program_start(bed);
	n->pixels = program_create(n->fd, 1, 2, B8G8R8X8, 1 << 1, WIDTH, HEIGHT, BYTES);
	assert_non_null(n->pixels);
	scene_clear(&scene, &target, 100, teal);
	program_submit(n->fd, scene.words, scene.count);
}

static void check_neighbour(const struct neighbour *n)
{
	memset(n->pixels, 0, BYTES);
	program_get(n->fd, 1, WIDTH, HEIGHT);
	for (int i = 0; i < BYTES; i += 4) {
		uint32_t pixel;

		memcpy(&pixel, n->pixels + i, 4);
		assert_int_equal(pixel & 0xffffff, 0x009999);
	}
}

static void noise_hurts_nobody_else(void **state)
{
	unsigned long commands = 0, batches = 0, connections = 1;
	struct neighbour neighbour;
	struct bed bed, other;
	int fd;

	state_of_random = seed;
	bed_start(&bed, 64);
	bed_start(&other, 64);
	start_neighbour(&neighbour, &other);
	fd = start_noise(&bed);
	while (commands < commands_wanted) {
		struct scene scene;
		uint32_t of_batch;

		make_batch(&scene, &of_batch);
		change(&scene);
		commands += of_batch;
		batches++;
		/* A context that has met an error is done with, so there are many. */
		if (any(BATCHES_OF_CONTEXT) == 0 ||
				!say(fd, scene.count, VTEST_SUBMIT, scene.words, scene.count) ||
				(any(4) == 0 && !transfer(fd)) || (any(8) == 0 && !wait_idle(fd))) {
			close(fd);
			fd = start_noise(&bed);
			connections++;
		}
		if (batches % CHECK_EVERY == 0) {
			check_neighbour(&neighbour);
			assert_int_equal(waitpid(bed.server_pid, NULL, WNOHANG), 0);
		}
	}
	print_message("%lu commands in %lu batches over %lu connections; %u workers lost\n", commands,
			batches, connections, bed_figures(&bed).resets);
	assert_int_equal(bed_figures(&other).resets, 0);
	close(fd);
	close(neighbour.fd);
	bed_stop(&bed);
	bed_stop(&other);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(noise_hurts_nobody_else),
	};

	if (argc > 1)
		commands_wanted = strtoul(argv[1], NULL, 10);
	if (argc > 2)
		seed = strtoul(argv[2], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
