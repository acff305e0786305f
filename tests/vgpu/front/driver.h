/* The guest's driver in the tests of oriel-vgpu: commands by their words, on a machine
 * (machine.h) that each test has for itself. */
#ifndef TESTS_VGPU_FRONT_DRIVER_H
#define TESTS_VGPU_FRONT_DRIVER_H

#include "machine.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum {
	DRIVER_FENCE = VIRTIO_GPU_FLAG_FENCE,
};

/* Timers that the front arms come an hour late, however slow the host is: a test sets the
 * time of the one that it wants, or has them come when they are due. */
extern bool driver_timers_come;

int driver_set_up(void **state);
int driver_tear_down(void **state);

#define DRIVER_TEST(f) cmocka_unit_test_setup_teardown(f, driver_set_up, driver_tear_down)

/* A command: its header, then count words. As machine_command: the type of the answer,
 * which goes to answer (may be NULL) as far as its len bytes. */
uint32_t driver_words(struct machine *m, uint32_t type, uint32_t flags, uint32_t context,
		const uint32_t *rest, size_t count, void *answer, size_t len);

#define DRIVER_COMMAND(m, type, flags, context, ...)                                                         \
	driver_words(m, type, flags, context, (const uint32_t[]){ __VA_ARGS__ },                             \
			sizeof((const uint32_t[]){ __VA_ARGS__ }) / 4, NULL, 0)

/* Those that many tests need; each returns the type of the answer. */
uint32_t driver_create_2d(struct machine *m, uint32_t id, uint32_t width_px, uint32_t height_px);
uint32_t driver_attach(struct machine *m, uint32_t id, uint64_t guest_addr, uint32_t len);
uint32_t driver_create_context(struct machine *m, uint32_t id);
uint32_t driver_submit(
		struct machine *m, uint32_t flags, uint32_t context, const uint32_t *batch, uint32_t count);

#endif
