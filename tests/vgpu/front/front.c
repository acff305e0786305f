/* oriel-vgpu as its guest, its worker and its screen see it. */
#include "machine.h"
#include <base/shm.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	FENCE = VIRTIO_GPU_FLAG_FENCE,
	BACKING_AT = 0x100000,
};

static struct machine machine;

static int set_up(void **state)
{
	*state = &machine;
	return machine_start(&machine) ? 0 : -1;
}

static int tear_down(void **state)
{
	machine_stop(&machine);
	return 0;
}

/* A command of words: header, then the rest. */
static uint32_t words(struct machine *m, uint32_t type, uint32_t flags, uint32_t context,
		const uint32_t *rest, size_t count, void *answer, size_t len)
{
	static uint32_t fence;
	uint32_t command[64] = { type, flags, flags ? ++fence : 0, 0, context, 0 };

	memcpy(command + 6, rest, count * sizeof *rest);
	return machine_command(m, command, (6 + count) * sizeof *command, answer, len);
}

#define COMMAND(m, type, flags, context, ...)                                                                \
	words(m, type, flags, context, (const uint32_t[]){ __VA_ARGS__ },                                    \
			sizeof((const uint32_t[]){ __VA_ARGS__ }) / 4, NULL, 0)

static uint32_t create_2d(struct machine *m, uint32_t id, uint32_t width, uint32_t height)
{
	return COMMAND(m, VIRTIO_GPU_RESOURCE_CREATE_2D, 0, 0, id, 1, width, height);
}

static uint32_t attach(struct machine *m, uint32_t id, uint64_t at, uint32_t len)
{
	return COMMAND(m, VIRTIO_GPU_ATTACH_BACKING, 0, 0, id, 1, (uint32_t)at, (uint32_t)(at >> 32), len, 0);
}

static uint32_t create_context(struct machine *m, uint32_t id)
{
	uint32_t rest[18] = { 0 };

	return words(m, VIRTIO_GPU_CONTEXT_CREATE, 0, id, rest, 18, NULL, 0);
}

static uint32_t submit(
		struct machine *m, uint32_t flags, uint32_t context, const uint32_t *batch, uint32_t count)
{
	uint32_t rest[58] = { count * 4, 0 };

	memcpy(rest + 2, batch, count * 4);
	return words(m, VIRTIO_GPU_SUBMIT_3D, flags, context, rest, 2 + count, NULL, 0);
}

static void a_guest_learns_what_there_is(void **state)
{
	struct machine *m = *state;
	uint8_t answer[1100];
	uint32_t *info = (uint32_t *)answer, none[1] = { 0 };

	assert_int_equal(words(m, VIRTIO_GPU_GET_DISPLAY_INFO, 0, 0, none, 0, answer, 408),
			VIRTIO_GPU_OK_DISPLAY_INFO);
	assert_int_equal(info[8], 1280);
	assert_int_equal(info[9], 800);
	assert_int_equal(info[10], 1);
	assert_int_equal(info[16], 0); /* the second head */
	assert_int_equal(words(m, VIRTIO_GPU_GET_CAPSET_INFO, 0, 0, (uint32_t[]){ 1, 0 }, 2, answer, 40),
			VIRTIO_GPU_OK_CAPSET_INFO);
	assert_int_equal(info[6], 2);
	assert_int_equal(info[8], 4);
	assert_int_equal(words(m, VIRTIO_GPU_GET_CAPSET, 0, 0, (uint32_t[]){ 2, 1 }, 2, answer, 28),
			VIRTIO_GPU_OK_CAPSET);
	assert_memory_equal(answer + 24, "\1\2\3\4", 4);
	assert_int_equal(COMMAND(m, VIRTIO_GPU_GET_CAPSET, 0, 0, 3, 1), VIRTIO_GPU_ERR_PARAMETER);
	assert_int_equal(COMMAND(m, VIRTIO_GPU_GET_CAPSET, 0, 0, 0, 1), VIRTIO_GPU_ERR_PARAMETER);
	assert_int_equal(words(m, VIRTIO_GPU_GET_EDID, 0, 0, (uint32_t[]){ 0, 0 }, 2, answer, 1056),
			VIRTIO_GPU_OK_EDID);
	assert_int_equal(info[6], 128);
	assert_int_equal(answer[32 + 1], 255);
	assert_int_equal(COMMAND(m, 0x7777, 0, 0, 0), VIRTIO_GPU_ERR_UNSPECIFIED);
}

static void attachments_are_counted(void **state)
{
	struct machine *m = *state;

	create_context(m, 3);
	create_context(m, 4);
	for (uint32_t id = 1; id <= 3; id++) {
		create_2d(m, id, 64, 64);
		assert_int_equal(COMMAND(m, VIRTIO_GPU_CONTEXT_ATTACH, 0, 3, id, 0), VIRTIO_GPU_OK);
		assert_int_equal(COMMAND(m, VIRTIO_GPU_CONTEXT_ATTACH, 0, 4, id, 0), VIRTIO_GPU_OK);
	}
	assert_int_equal(COMMAND(m, VIRTIO_GPU_CONTEXT_ATTACH, 0, 4, 2, 0), VIRTIO_GPU_OK); /* again */
	assert_int_equal(m->front.attached, 6);
	assert_int_equal(COMMAND(m, VIRTIO_GPU_CONTEXT_DETACH, 0, 3, 1, 0), VIRTIO_GPU_OK);
	assert_int_equal(COMMAND(m, VIRTIO_GPU_RESOURCE_UNREF, 0, 0, 2, 0), VIRTIO_GPU_OK);
	assert_int_equal(m->front.attached, 3);
	m->front.attached = FRONT_ATTACHED_MAX;
	assert_int_equal(COMMAND(m, VIRTIO_GPU_CONTEXT_ATTACH, 0, 3, 1, 0), VIRTIO_GPU_ERR_OUT_OF_MEMORY);
	m->front.attached = 3;
	assert_int_equal(COMMAND(m, VIRTIO_GPU_CONTEXT_DESTROY, 0, 4), VIRTIO_GPU_OK);
	assert_int_equal(m->front.attached, 1);
	assert_int_equal(COMMAND(m, VIRTIO_GPU_CONTEXT_DESTROY, 0, 3), VIRTIO_GPU_OK);
	assert_int_equal(m->front.attached, 0);
	assert_int_equal(m->front.journals.used_bytes, 0);
}

static void heads_are_as_the_screen_has_them(void **state)
{
	struct machine *m = *state;
	struct screen_message msg = { .type = SCREEN_HEADS,
		.heads = { 2, { { 0, 0, 800, 600 }, { 800, 0, 5000, 480 } } } };
	uint32_t info[102], none[1];

	machine_screen_send(m, &msg, -1);
	words(m, VIRTIO_GPU_GET_DISPLAY_INFO, 0, 0, none, 0, info, sizeof info);
	assert_int_equal(info[8], 800);
	assert_int_equal(info[12], 800);  /* x of the second */
	assert_int_equal(info[14], 4096); /* the profile allows no more */
	assert_int_equal(info[16], 1);
}

/* The supervisor tells them before the broker has said what the profile allows. */
static void heads_that_came_early_are_limited_later(void **state)
{
	struct machine *m = *state;
	struct screen_message msg = { .type = SCREEN_HEADS, .heads = { 1, { { 0, 0, 5000, 600 } } } };
	uint32_t info[102], none[1];

	m->front.limits.width_px = 8192;
	machine_screen_send(m, &msg, -1);
	words(m, VIRTIO_GPU_GET_DISPLAY_INFO, 0, 0, none, 0, info, sizeof info);
	assert_int_equal(info[8], 5000);
	machine_kill_worker(m); /* the next one comes with the limits */
	words(m, VIRTIO_GPU_GET_DISPLAY_INFO, 0, 0, none, 0, info, sizeof info);
	assert_int_equal(info[8], 4096);
}

static void a_scanout_beyond_the_limits_shows_a_part(void **state)
{
	struct machine *m = *state;
	struct screen_message msg;

	assert_int_equal(create_2d(m, 1, 5000, 64), VIRTIO_GPU_OK);
	assert_int_equal(COMMAND(m, VIRTIO_GPU_SET_SCANOUT, 0, 0, 0, 0, 5000, 64, 0, 1), VIRTIO_GPU_OK);
	assert_true(machine_screen(m, SCREEN_SCANOUT, &msg, NULL));
	assert_int_equal(msg.scanout.width_px, 4096);
	assert_int_equal(msg.scanout.height_px, 64);
}

static void a_picture_comes_to_the_screen(void **state)
{
	struct machine *m = *state;
	int fd = shm_create("target", 1280 * 4 * 800);
	struct screen_message msg = { .type = SCREEN_TARGET, .target = { 7, { 1, 1280, 800, 1280 * 4 } } };

	machine_screen_send(m, &msg, fd);
	close(fd);
	assert_int_equal(create_2d(m, 1, 1024, 768), VIRTIO_GPU_OK);
	assert_int_equal(attach(m, 1, machine_addr(BACKING_AT + 4096), 1024 * 768 * 4),
			VIRTIO_GPU_ERR_PARAMETER);
	assert_int_equal(attach(m, 1, machine_addr(BACKING_AT), 1 << 20), VIRTIO_GPU_OK);
	assert_int_equal(COMMAND(m, VIRTIO_GPU_SET_SCANOUT, 0, 0, 0, 0, 1024, 768, 0, 1), VIRTIO_GPU_OK);
	assert_true(machine_screen(m, SCREEN_SCANOUT, &msg, NULL));
	assert_int_equal(msg.scanout.width_px, 1024);
	assert_int_equal(
			COMMAND(m, VIRTIO_GPU_TRANSFER_TO_2D, 0, 0, 0, 0, 64, 64, 0, 0, 1, 0), VIRTIO_GPU_OK);
	assert_int_equal(COMMAND(m, VIRTIO_GPU_RESOURCE_FLUSH, 0, 0, 10, 20, 30, 40, 1, 0), VIRTIO_GPU_OK);
	assert_true(machine_screen(m, SCREEN_DAMAGE, &msg, NULL));
	assert_int_equal(msg.damage.rect.x, 10);
	assert_int_equal(msg.damage.rect.height, 40);
	msg = (struct screen_message){ .type = SCREEN_READ, .read = { 3, 7, 1, { { 10, 20, 30, 40 } } } };
	machine_screen_send(m, &msg, -1);
	assert_int_equal(machine_sent_last(m, RENDER_READ)->id, 1);
	assert_true(machine_screen(m, SCREEN_READ_DONE, &msg, NULL));
	assert_int_equal(msg.read_done.serial, 3);
	assert_int_equal(msg.read_done.result, SCREEN_READ_OK);
	/* What lies beside the scanout is painted black first. */
	msg = (struct screen_message){ .type = SCREEN_READ, .read = { 4, 7, 1, { { 1000, 20, 100, 40 } } } };
	machine_screen_send(m, &msg, -1);
	assert_int_equal(machine_sent_count(m, RENDER_READ), 3);
	assert_int_equal(machine_sent_last(m, RENDER_READ)->id, 1);
	/* And a target's end. */
	msg = (struct screen_message){ .type = SCREEN_DROP, .drop = { 7 } };
	machine_screen_send(m, &msg, -1);
	assert_true(machine_screen(m, SCREEN_DROPPED, &msg, NULL));
	assert_int_equal(msg.drop.handle, 7);
}

static void a_target_may_come_before_the_worker(void **state)
{
	struct machine *m = *state;
	int fd = shm_create("target", 1280 * 4 * 800);
	struct screen_message msg = { .type = SCREEN_TARGET, .target = { 7, { 1, 1280, 800, 1280 * 4 } } };

	machine_stop(m);
	assert_true(machine_start_after(m, &msg, fd));
	close(fd);
	assert_int_equal(machine_sent_count(m, RENDER_TARGET), 1);
}

static void what_is_out_of_bounds_is_refused(void **state)
{
	struct machine *m = *state;
	uint64_t end = machine_guest_addr + MACHINE_BYTES;

	assert_int_equal(create_2d(m, 0, 64, 64), VIRTIO_GPU_ERR_RESOURCE);
	assert_int_equal(create_2d(m, 1, 0, 64), VIRTIO_GPU_ERR_PARAMETER);
	assert_int_equal(create_2d(m, 1, 1 << 20, 64), VIRTIO_GPU_ERR_PARAMETER);
	assert_int_equal(create_2d(m, 1, 64, 64), VIRTIO_GPU_OK);
	assert_int_equal(create_2d(m, 1, 64, 64), VIRTIO_GPU_ERR_RESOURCE);
	assert_int_equal(attach(m, 2, machine_guest_addr, 4096), VIRTIO_GPU_ERR_RESOURCE);
	assert_int_equal(attach(m, 1, end - 4095, 4096), VIRTIO_GPU_ERR_PARAMETER);
	assert_int_equal(attach(m, 1, UINT64_MAX - 10, 4096), VIRTIO_GPU_ERR_PARAMETER);
	assert_int_equal(attach(m, 1, machine_guest_addr - 1, 4096), VIRTIO_GPU_ERR_PARAMETER);
	assert_int_equal(COMMAND(m, VIRTIO_GPU_ATTACH_BACKING, 0, 0, 1, 1 << 18, 0, 0, 0, 0),
			VIRTIO_GPU_ERR_PARAMETER); /* a longer list than there is */
	assert_int_equal(attach(m, 1, end - 4096, 4096), VIRTIO_GPU_OK);
	assert_int_equal(attach(m, 1, end - 4096, 4096), VIRTIO_GPU_ERR_UNSPECIFIED);
	assert_int_equal(COMMAND(m, VIRTIO_GPU_TRANSFER_TO_2D, 0, 0, 1, 0, 64, 1, 0, 0, 1, 0),
			VIRTIO_GPU_ERR_PARAMETER);
	assert_int_equal(COMMAND(m, VIRTIO_GPU_TRANSFER_TO_2D, 0, 0, UINT32_MAX, 0, 2, 1, 0, 0, 1, 0),
			VIRTIO_GPU_ERR_PARAMETER);
	assert_int_equal(COMMAND(m, VIRTIO_GPU_TRANSFER_TO_2D, 0, 0, 0, 0, 1, 1, 4096, 0, 1, 0),
			VIRTIO_GPU_ERR_PARAMETER);
	assert_int_equal(COMMAND(m, VIRTIO_GPU_SET_SCANOUT, 0, 0, 1, 0, 64, 64, 0, 1),
			VIRTIO_GPU_ERR_PARAMETER);
	assert_int_equal(COMMAND(m, VIRTIO_GPU_SET_SCANOUT, 0, 0, UINT32_MAX, 0, 64, 64, 0, 1),
			VIRTIO_GPU_ERR_PARAMETER);
	assert_int_equal(
			COMMAND(m, VIRTIO_GPU_SET_SCANOUT, 0, 0, 0, 0, 64, 64, 4, 1), VIRTIO_GPU_ERR_SCANOUT);
	assert_int_equal(COMMAND(m, VIRTIO_GPU_RESOURCE_FLUSH, 0, 0, 60, 0, 5, 1, 1, 0),
			VIRTIO_GPU_ERR_PARAMETER);
	assert_int_equal(COMMAND(m, VIRTIO_GPU_CONTEXT_DESTROY, 0, 9, 0), VIRTIO_GPU_ERR_CONTEXT);
	assert_int_equal(create_context(m, 0), VIRTIO_GPU_ERR_CONTEXT);
	assert_int_equal(submit(m, 0, 9, (uint32_t[]){ 0 }, 1), VIRTIO_GPU_ERR_CONTEXT);
	assert_int_equal(create_context(m, 9), VIRTIO_GPU_OK);
	assert_int_equal(COMMAND(m, VIRTIO_GPU_SUBMIT_3D, 0, 9, 8, 0, 0), VIRTIO_GPU_ERR_PARAMETER);
	assert_int_equal(COMMAND(m, VIRTIO_GPU_SUBMIT_3D, 0, 9, 3, 0, 0), VIRTIO_GPU_ERR_PARAMETER);
	assert_int_equal(COMMAND(m, VIRTIO_GPU_SUBMIT_3D, 0, 9), VIRTIO_GPU_ERR_UNSPECIFIED);
}

/* However many there are, there is room for the next. */
static void a_batch_that_is_nowhere_takes_no_room(void **state)
{
	struct machine *m = *state;
	/* Where all is that a command may have, but not all of the batch. */
	const uint32_t command[VIRTIO_GPU_COMMAND_MAX / 4] = { VIRTIO_GPU_SUBMIT_3D, 0, 0, 0, 1, 0,
		RENDER_BATCH_MAX_BYTES, 0 };

	create_context(m, 1);
	for (unsigned i = 0; i < 2 * RENDER_ARENA_BYTES / RENDER_BATCH_MAX_BYTES; i++) {
		machine_put_more(m, VHOST_CONTROL, command, sizeof command, 0x20000,
				machine_guest_addr + MACHINE_BYTES, RENDER_BATCH_MAX_BYTES);
		machine_run(m);
		assert_int_not_equal(machine_take(m, VHOST_CONTROL), -1);
	}
	assert_int_equal(machine_sent_count(m, RENDER_SUBMIT), 0);
	assert_int_equal(submit(m, 0, 1, (uint32_t[]){ 0 }, 1), VIRTIO_GPU_OK);
}

static void errors_of_the_worker_reach_the_guest(void **state)
{
	struct machine *m = *state;

	m->results = RENDER_OUT_OF_MEMORY;
	assert_int_equal(create_2d(m, 1, 64, 64), VIRTIO_GPU_ERR_OUT_OF_MEMORY);
	assert_int_equal(create_context(m, 1), VIRTIO_GPU_ERR_OUT_OF_MEMORY);
	m->results = RENDER_OK;
	assert_int_equal(submit(m, 0, 1, (uint32_t[]){ 0 }, 1), VIRTIO_GPU_ERR_CONTEXT);
	assert_int_equal(attach(m, 1, machine_guest_addr, 4096), VIRTIO_GPU_ERR_RESOURCE);
	assert_int_equal(create_2d(m, 1, 64, 64), VIRTIO_GPU_OK);
}

static void fences_come_back_in_order(void **state)
{
	struct machine *m = *state;
	const uint32_t batch[] = { 0 };
	int first = m->avail[VHOST_CONTROL] * 2 + 2; /* the head of the first that is fenced */

	create_context(m, 1);
	m->unfenced = true;
	assert_int_equal(submit(m, FENCE, 1, batch, 1), 0);
	/* A refused command's fence waits for those before it. */
	assert_int_equal(submit(m, FENCE, 2, batch, 1), 0);
	/* What has no fence is not held up. */
	assert_int_equal(create_2d(m, 5, 8, 8), VIRTIO_GPU_OK);
	assert_int_equal(machine_take(m, VHOST_CONTROL), -1);
	m->unfenced = false;
	assert_int_not_equal(submit(m, FENCE, 1, batch, 1), 0); /* takes the first */
	assert_int_equal(machine_take(m, VHOST_CONTROL), first + 2);
	assert_int_equal(machine_take(m, VHOST_CONTROL), first + 6);
	assert_int_equal(machine_take(m, VHOST_CONTROL), -1);
}

static bool interrupted(const struct machine *m)
{
	uint64_t count;

	return read(m->call[VHOST_CONTROL], &count, sizeof count) == sizeof count;
}

static void a_flush_interrupts_with_what_comes_next(void **state)
{
	struct machine *m = *state;
	const uint64_t patience_us = 10000000;

	vhost_queue(m->front.vhost, VHOST_CONTROL)->event_idx = false; /* always */
	create_2d(m, 1, 64, 64);
	assert_true(interrupted(m));
	assert_int_equal(COMMAND(m, VIRTIO_GPU_RESOURCE_FLUSH, 0, 0, 0, 0, 64, 64, 1, 0), VIRTIO_GPU_OK);
	assert_false(interrupted(m));
	create_2d(m, 2, 64, 64);
	assert_true(interrupted(m));
	/* Or by itself, when nothing comes. */
	assert_int_equal(COMMAND(m, VIRTIO_GPU_RESOURCE_FLUSH, 0, 0, 0, 0, 64, 64, 1, 0), VIRTIO_GPU_OK);
	while (!interrupted(m))
		assert_true(sd_event_run(m->event, patience_us) > 0);
}

static void a_flush_interrupts_before_its_queue_rests(void **state)
{
	struct machine *m = *state;
	const uint32_t base[] = { 0, 0 };

	vhost_queue(m->front.vhost, VHOST_CONTROL)->event_idx = false;
	create_2d(m, 1, 64, 64);
	assert_true(interrupted(m));
	assert_int_equal(COMMAND(m, VIRTIO_GPU_RESOURCE_FLUSH, 0, 0, 0, 0, 64, 64, 1, 0), VIRTIO_GPU_OK);
	assert_false(interrupted(m));
	machine_request(m, VHOST_USER_GET_VRING_BASE, base, sizeof base, NULL, 0);
	assert_true(interrupted(m));
}

/* Else it would be looked at without end. */
static void a_kick_that_hung_up_is_let_go(void **state)
{
	struct machine *m = *state;
	const uint64_t queue = VHOST_CONTROL;
	int pipe_fds[2];

	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK), 0);
	close(pipe_fds[1]);
	machine_request(m, VHOST_USER_SET_VRING_KICK, &queue, sizeof queue, pipe_fds, 1);
	close(pipe_fds[0]);
	assert_int_equal(m->exit_code, -1);
}

static void a_fence_stands_for_those_before_it_only(void **state)
{
	struct machine *m = *state;
	const uint32_t batch[] = { 0 };
	uint32_t fences[3];

	create_context(m, 1);
	m->unfenced = true;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(submit(m, FENCE, 1, batch, 1), 0);
		fences[i] = machine_sent_last(m, RENDER_FENCE)->id;
	}
	machine_fence(m, fences[1]);
	assert_int_not_equal(machine_take(m, VHOST_CONTROL), -1);
	assert_int_not_equal(machine_take(m, VHOST_CONTROL), -1);
	assert_int_equal(machine_take(m, VHOST_CONTROL), -1);
	machine_fence(m, fences[2]);
	assert_int_not_equal(machine_take(m, VHOST_CONTROL), -1);
}

static void a_cursor_comes_to_the_screen(void **state)
{
	struct machine *m = *state;
	uint32_t command[14] = { VIRTIO_GPU_UPDATE_CURSOR, 0, 0, 0, 0, 0, 0, 100, 200, 0, 3, 4, 5, 0 };
	struct screen_message msg;
	int fd = -1;

	assert_int_equal(create_2d(m, 3, 64, 64), VIRTIO_GPU_OK);
	machine_put(m, VHOST_CURSOR, command, sizeof command, 0x20000, 0, 0);
	machine_run(m);
	assert_int_not_equal(machine_take(m, VHOST_CURSOR), -1);
	assert_true(machine_screen(m, SCREEN_CURSOR_MOVED, &msg, NULL));
	assert_int_equal(msg.cursor_moved.x, 100);
	assert_true(machine_screen(m, SCREEN_CURSOR, &msg, &fd));
	assert_int_equal(msg.cursor.cursor.width_px, 64);
	assert_int_equal(msg.cursor.cursor.hot_y, 5);
	assert_int_equal(shm_check(fd, 64 * 64 * 4), 0);
	close(fd);
	command[10] = 0;
	machine_put(m, VHOST_CURSOR, command, sizeof command, 0x20000, 0, 0);
	machine_run(m);
	assert_true(machine_screen(m, SCREEN_CURSOR, &msg, NULL));
	assert_int_equal(msg.cursor.cursor.hidden, 1);
}

static void a_lost_worker_is_replaced(void **state)
{
	struct machine *m = *state;
	const uint32_t blend[] = { 1 | 1 << 8 | 11 << 16, 77, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };
	const uint32_t draw[] = { 8 | 12 << 16, 0, 3, 4, 0, 1, 0, 0, 0, 0, 0, 2, 0 };
	struct screen_message msg;
	unsigned batches;

	create_context(m, 1);
	create_2d(m, 1, 64, 64);
	attach(m, 1, machine_guest_addr, 64 * 64 * 4);
	COMMAND(m, VIRTIO_GPU_CONTEXT_ATTACH, 0, 1, 1, 0);
	COMMAND(m, VIRTIO_GPU_TRANSFER_TO_2D, 0, 0, 0, 0, 64, 64, 0, 0, 1, 0);
	assert_int_equal(submit(m, FENCE, 1, blend, 12), VIRTIO_GPU_OK);
	m->unfenced = true;
	assert_int_equal(submit(m, FENCE, 1, draw, 13), 0);
	batches = machine_sent_count(m, RENDER_SUBMIT);
	m->sent_count = 0;
	m->unfenced = false;
	machine_kill_worker(m);
	assert_int_equal(m->joins, 2);
	assert_int_equal(batches, 2);
	assert_int_equal(machine_sent_count(m, RENDER_REGION), 1);
	assert_int_equal(machine_sent_count(m, RENDER_RESOURCE_CREATE), 1);
	assert_int_equal(machine_sent_count(m, RENDER_BACKING), 1);
	assert_int_equal(machine_sent_count(m, RENDER_TRANSFER_TO), 1);
	assert_int_equal(machine_sent_count(m, RENDER_CONTEXT_ATTACH), 1);
	/* The journal, with the blend state, and the draw that was under way. */
	assert_int_equal(machine_sent_count(m, RENDER_SUBMIT), 2);
	assert_int_equal(machine_sent_last(m, RENDER_SUBMIT)->len, sizeof draw);
	/* Its fence came back from the new worker, and everybody goes on. */
	assert_int_not_equal(machine_take(m, VHOST_CONTROL), -1);
	assert_true(machine_screen(m, SCREEN_RESET, &msg, NULL));
	assert_int_equal(msg.reset.count, 1);
	assert_int_equal(submit(m, FENCE, 1, draw, 13), VIRTIO_GPU_OK);
}

/* A batch that may still name what was detached right behind it. */
static void what_a_batch_needs_is_there_again(void **state)
{
	struct machine *m = *state;
	unsigned attached = 0, submitted = 0, detached = 0;

	create_context(m, 1);
	create_2d(m, 1, 64, 64);
	COMMAND(m, VIRTIO_GPU_CONTEXT_ATTACH, 0, 1, 1, 0);
	m->silent = true;
	submit(m, FENCE, 1, (uint32_t[]){ 0 }, 1);
	COMMAND(m, VIRTIO_GPU_CONTEXT_DETACH, 0, 1, 1, 0);
	m->silent = false;
	m->sent_count = 0;
	machine_kill_worker(m);
	for (unsigned i = 0; i < m->sent_count; i++) {
		attached = m->sent[i].type == RENDER_CONTEXT_ATTACH ? i : attached;
		submitted = m->sent[i].type == RENDER_SUBMIT ? i : submitted;
		detached = m->sent[i].type == RENDER_CONTEXT_DETACH ? i : detached;
	}
	assert_true(attached && attached < submitted && submitted < detached);
	assert_int_not_equal(machine_take(m, VHOST_CONTROL), -1);
	assert_int_not_equal(machine_take(m, VHOST_CONTROL), -1);
}

static void bytes_of_a_batch_are_written_again(void **state)
{
	struct machine *m = *state;
	const uint32_t write[] = { 9 | 15 << 16, 1, 0, 0, 16, 16, 4, 5, 0, 4, 1, 1, 11, 22, 33, 44 };
	const uint32_t *arena;

	create_context(m, INT32_MAX); /* not that of the writer */
	create_2d(m, 1, 64, 64);
	COMMAND(m, VIRTIO_GPU_CONTEXT_ATTACH, 0, INT32_MAX, 1, 0);
	m->front.uploads.painted_bytes = UPLOADS_TURN_BYTES; /* in an earlier turn */
	submit(m, FENCE, INT32_MAX, write, 16);
	m->sent_count = 0;
	machine_kill_worker(m);
	assert_int_equal(machine_sent_count(m, RENDER_CONTEXT_CREATE), 2);
	assert_int_equal(m->sent[3].type, RENDER_CONTEXT_CREATE);
	assert_int_equal(m->sent[3].id, INT32_MAX - 1);
	assert_int_equal(m->sent[5].type, RENDER_SUBMIT);
	assert_int_equal(m->sent[5].len, 4 * 12 + 64 * 64 * 4);
	arena = (const uint32_t *)(const void *)m->arena; /* the first there */
	assert_int_equal(arena[0], 9 | (11u + 64 * 64) << 16);
	assert_int_equal(arena[12 + 5 * 64 + 4], 11);
	assert_int_equal(arena[12 + 5 * 64 + 7], 44);
}

/* The renderer refuses it; to carry it out here would be much work for few bytes. */
static void a_write_of_more_than_its_bytes_is_left_out(void **state)
{
	struct machine *m = *state;
	const uint32_t write[] = { 9 | 12 << 16, 1, 0, 0, 0, 0, 0, 0, 0, 64, 64, 1, 11 };

	create_context(m, 1);
	create_2d(m, 1, 64, 64);
	COMMAND(m, VIRTIO_GPU_CONTEXT_ATTACH, 0, 1, 1, 0);
	submit(m, FENCE, 1, write, 13);
	assert_int_equal(m->front.uploads.used_bytes, 0);
	assert_int_equal(m->front.uploads.painted_bytes, 0);
}

/* As if nothing had been drawn for a while. */
static void let_settle(struct machine *m)
{
	struct resource *resource = table_get(&m->front.resources, 1);

	assert_int_not_equal(resource->unsaved_us, 0);
	resource->drawn_us = resource->unsaved_us = 1;
	sd_event_source_set_time(m->front.snapshots.tick, 0);
	machine_run(m);
	assert_int_equal(resource->unsaved_us, 0);
}

static void what_was_drawn_is_read_back(void **state)
{
	struct machine *m = *state;
	const uint32_t draw[] = { 1 | 8 << 8 | 5 << 16, 5, 1, 1, 0, 0, /* a surface of resource 1 */
		5 | 3 << 16, 1, 0, 5, 7 | 8 << 16, 4, 0, 0, 0, 0, 0, 0, 0 };
	const uint32_t pixel = 0x11223344;
	const uint32_t *arena;

	create_context(m, 3);
	create_2d(m, 1, 64, 64);
	COMMAND(m, VIRTIO_GPU_CONTEXT_ATTACH, 0, 3, 1, 0);
	submit(m, FENCE, 3, draw, 19);
	let_settle(m);
	assert_int_equal(machine_sent_count(m, RENDER_READ), 1);
	/* The worker reads something else the second time. */
	assert_int_equal(pwrite(machine_sent_last(m, RENDER_TARGET)->fd, &pixel, 4, (9 * 64 + 8) * 4), 4);
	submit(m, FENCE, 3, draw, 19);
	let_settle(m);
	assert_int_equal(machine_sent_count(m, RENDER_TARGET), 1);
	machine_kill_worker(m);
	arena = (const uint32_t *)(const void *)m->arena;
	assert_int_equal(arena[0], 9 | (11u + 64 * 64) << 16);
	assert_int_equal(arena[12 + 9 * 64 + 8], pixel);
	/* And the next worker is asked in the same way. */
	m->sent_count = 0;
	submit(m, FENCE, 3, draw, 19);
	let_settle(m);
	assert_int_equal(machine_sent_count(m, RENDER_TARGET), 1);
	assert_int_equal(machine_sent_count(m, RENDER_READ), 1);
}

static void what_nobody_flushes_is_shown_late(void **state)
{
	struct machine *m = *state;
	const uint32_t draw[] = { 1 | 8 << 8 | 5 << 16, 5, 1, 1, 0, 0, /* a surface of resource 1 */
		5 | 3 << 16, 1, 0, 5, 7 | 8 << 16, 4, 0, 0, 0, 0, 0, 0, 0 };
	struct screen_message msg;

	create_context(m, 3);
	create_2d(m, 1, 64, 64);
	COMMAND(m, VIRTIO_GPU_CONTEXT_ATTACH, 0, 3, 1, 0);
	COMMAND(m, VIRTIO_GPU_SET_SCANOUT, 0, 0, 0, 0, 64, 64, 0, 1);
	submit(m, FENCE, 3, draw, 19);
	COMMAND(m, VIRTIO_GPU_RESOURCE_FLUSH, 0, 0, 0, 0, 64, 64, 1, 0);
	assert_true(machine_screen(m, SCREEN_DAMAGE, &msg, NULL));
	sd_event_source_set_time(m->front.picture.late, 0);
	machine_run(m);
	assert_false(machine_screen(m, SCREEN_DAMAGE, &msg, NULL));
	submit(m, FENCE, 3, draw, 19);
	sd_event_source_set_time(m->front.picture.late, 0);
	machine_run(m);
	assert_true(machine_screen(m, SCREEN_DAMAGE, &msg, NULL));
	assert_int_equal(msg.damage.rect.height, 64);
}

static void a_context_that_does_not_end_is_banned(void **state)
{
	struct machine *m = *state;
	const uint32_t batch[] = { 0 };

	create_context(m, 1);
	create_context(m, 2);
	m->unfenced = true;
	submit(m, FENCE, 1, batch, 1);
	submit(m, FENCE, 2, batch, 1);
	m->sent_count = 0;
	m->unfenced = false;
	m->reason = SCREEN_RESET_WATCHDOG;
	machine_kill_worker(m);
	while (machine_take(m, VHOST_CONTROL) >= 0)
		;
	assert_int_equal(machine_sent_last(m, RENDER_SUBMIT)->id, 2);
	assert_int_equal(submit(m, FENCE, 1, batch, 1), VIRTIO_GPU_ERR_UNSPECIFIED);
	assert_int_equal(submit(m, FENCE, 2, batch, 1), VIRTIO_GPU_OK);
}

static void less_is_told_when_workers_die_of_it(void **state)
{
	struct machine *m = *state;
	const uint32_t blend[] = { 1 | 1 << 8 | 11 << 16, 77, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };

	create_context(m, 1);
	submit(m, FENCE, 1, blend, 12);
	m->unfenced = true;
	for (unsigned i = 0; i < 3; i++) {
		m->sent_count = 0;
		machine_kill_worker(m);
		assert_int_equal(machine_sent_count(m, RENDER_SUBMIT), i < 2);
	}
	assert_int_equal(machine_sent_count(m, RENDER_CONTEXT_CREATE), 1);
}

static void who_kills_each_worker_is_banned(void **state)
{
	struct machine *m = *state;
	const struct context *context;

	create_context(m, 1);
	context = table_get(&m->front.contexts, 1);
	for (int i = 0; i < 6; i++) {
		assert_int_equal(context->banned, i >= 4);
		m->unfenced = true;
		submit(m, FENCE, 1, (uint32_t[]){ 0 }, 1);
		m->unfenced = false;
		if (i == 1) /* the worker lives for a while in between */
			m->front.restore.passed_us = 0;
		machine_kill_worker(m);
		while (machine_take(m, VHOST_CONTROL) >= 0)
			;
	}
}

static void a_new_driver_begins_with_nothing(void **state)
{
	struct machine *m = *state;

	create_context(m, 1);
	create_2d(m, 1, 64, 64);
	machine_request(m, VHOST_USER_RESET_DEVICE, NULL, 0, NULL, 0);
	assert_int_equal(machine_sent_count(m, RENDER_CONTEXT_DESTROY), 1);
	assert_int_equal(machine_sent_count(m, RENDER_RESOURCE_UNREF), 1);
	assert_int_equal(m->front.resources.count, 0);
	assert_int_equal(m->front.contexts.count, 0);
}

static void a_queue_rests_only_when_all_is_answered(void **state)
{
	struct machine *m = *state;
	const uint32_t batch[] = { 0 }, base[] = { 0, 0 };

	create_context(m, 1);
	m->unfenced = true;
	submit(m, FENCE, 1, batch, 1);
	machine_request(m, VHOST_USER_GET_VRING_BASE, base, sizeof base, NULL, 0);
	assert_true(vhost_queue(m->front.vhost, VHOST_CONTROL)->enabled);
	m->unfenced = false;
	machine_kill_worker(m); /* the next one does */
	assert_false(vhost_queue(m->front.vhost, VHOST_CONTROL)->enabled);
}

static void nonsense_from_qemu_ends_the_front(void **state)
{
	struct machine *m = *state;
	uint8_t bytes[16] = { 0 };

	assert_int_equal(write(m->vhost, bytes, sizeof bytes), sizeof bytes);
	machine_run(m);
	assert_int_equal(m->exit_code, 1);
}

static void qemus_end_is_the_fronts(void **state)
{
	struct machine *m = *state;

	shutdown(m->vhost, SHUT_RDWR);
	machine_run(m);
	assert_int_equal(m->exit_code, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_guest_learns_what_there_is),
		TEST(attachments_are_counted),
		TEST(heads_are_as_the_screen_has_them),
		TEST(heads_that_came_early_are_limited_later),
		TEST(a_scanout_beyond_the_limits_shows_a_part),
		TEST(a_picture_comes_to_the_screen),
		TEST(a_target_may_come_before_the_worker),
		TEST(what_is_out_of_bounds_is_refused),
		TEST(a_batch_that_is_nowhere_takes_no_room),
		TEST(errors_of_the_worker_reach_the_guest),
		TEST(fences_come_back_in_order),
		TEST(a_flush_interrupts_with_what_comes_next),
		TEST(a_flush_interrupts_before_its_queue_rests),
		TEST(a_kick_that_hung_up_is_let_go),
		TEST(a_fence_stands_for_those_before_it_only),
		TEST(a_cursor_comes_to_the_screen),
		TEST(a_lost_worker_is_replaced),
		TEST(what_a_batch_needs_is_there_again),
		TEST(bytes_of_a_batch_are_written_again),
		TEST(a_write_of_more_than_its_bytes_is_left_out),
		TEST(what_was_drawn_is_read_back),
		TEST(what_nobody_flushes_is_shown_late),
		TEST(a_context_that_does_not_end_is_banned),
		TEST(less_is_told_when_workers_die_of_it),
		TEST(who_kills_each_worker_is_banned),
		TEST(a_new_driver_begins_with_nothing),
		TEST(a_queue_rests_only_when_all_is_answered),
		TEST(nonsense_from_qemu_ends_the_front),
		TEST(qemus_end_is_the_fronts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
