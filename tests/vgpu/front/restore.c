/* What a new worker is told after one was lost, and who draws no more. */
#include "driver.h"
#include <base/shm.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void a_lost_worker_is_replaced(void **state)
{
	struct machine *m = *state;
	const uint32_t blend[] = { 1 | 1 << 8 | 11 << 16, 77, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };
	const uint32_t draw[] = { 8 | 12 << 16, 0, 3, 4, 0, 1, 0, 0, 0, 0, 0, 2, 0 };
	struct screen_message msg;
	unsigned batches;

	driver_create_context(m, 1);
	driver_create_2d(m, 1, 64, 64);
	driver_attach(m, 1, machine_guest_addr, 64 * 64 * 4);
	DRIVER_COMMAND(m, VIRTIO_GPU_CONTEXT_ATTACH, 0, 1, 1, 0);
	DRIVER_COMMAND(m, VIRTIO_GPU_TRANSFER_TO_2D, 0, 0, 0, 0, 64, 64, 0, 0, 1, 0);
	assert_int_equal(driver_submit(m, DRIVER_FENCE, 1, blend, 12), VIRTIO_GPU_OK);
	m->unfenced = true;
	assert_int_equal(driver_submit(m, DRIVER_FENCE, 1, draw, 13), 0);
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
	assert_int_equal(driver_submit(m, DRIVER_FENCE, 1, draw, 13), VIRTIO_GPU_OK);
}

/* A batch that may still name what was detached right behind it. */
static void what_a_batch_needs_is_there_again(void **state)
{
	struct machine *m = *state;
	unsigned attached = 0, submitted = 0, detached = 0;

	driver_create_context(m, 1);
	driver_create_2d(m, 1, 64, 64);
	DRIVER_COMMAND(m, VIRTIO_GPU_CONTEXT_ATTACH, 0, 1, 1, 0);
	m->unfenced = true; /* it takes all, and draws none of it */
	driver_submit(m, DRIVER_FENCE, 1, (uint32_t[]){ 0 }, 1);
	DRIVER_COMMAND(m, VIRTIO_GPU_CONTEXT_DETACH, 0, 1, 1, 0);
	m->unfenced = false;
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

	driver_create_context(m, INT32_MAX); /* not that of the writer */
	driver_create_2d(m, 1, 64, 64);
	DRIVER_COMMAND(m, VIRTIO_GPU_CONTEXT_ATTACH, 0, INT32_MAX, 1, 0);
	m->front.uploads.painted_bytes = UPLOADS_TURN_BYTES; /* in an earlier turn */
	driver_submit(m, DRIVER_FENCE, INT32_MAX, write, 16);
	m->sent_count = 0;
	machine_kill_worker(m);
	assert_int_equal(machine_sent_count(m, RENDER_CONTEXT_CREATE), 2);
	assert_int_equal(m->sent[5].type, RENDER_CONTEXT_CREATE);
	assert_int_equal(m->sent[5].id, INT32_MAX - 1);
	assert_int_equal(m->sent[7].type, RENDER_SUBMIT);
	assert_int_equal(m->sent[7].len, 4 * 12 + 64 * 64 * 4);
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

	driver_create_context(m, 1);
	driver_create_2d(m, 1, 64, 64);
	DRIVER_COMMAND(m, VIRTIO_GPU_CONTEXT_ATTACH, 0, 1, 1, 0);
	driver_submit(m, DRIVER_FENCE, 1, write, 13);
	assert_int_equal(m->front.uploads.used_bytes, 0);
	assert_int_equal(m->front.uploads.painted_bytes, 0);
}

static void tick(struct machine *m)
{
	sd_event_source_set_time(m->front.snapshots.tick, 0);
	machine_run(m);
}

/* As if each had been drawn a while ago. */
static void draw_long_ago(struct machine *m, uint32_t first, uint32_t last)
{
	for (uint32_t id = first; id <= last; id++) {
		struct resource *resource = table_get(&m->front.resources, id);

		snapshots_drawn(&m->front.snapshots, resource);
		resource->drawn_us = resource->unsaved_us = 1;
	}
}

/* As if nothing had been drawn for a while. */
static void let_settle(struct machine *m)
{
	struct resource *resource = table_get(&m->front.resources, 1);

	assert_int_not_equal(resource->unsaved_us, 0);
	draw_long_ago(m, 1, 1);
	tick(m);
	assert_int_equal(resource->unsaved_us, 0);
}

static void what_was_drawn_is_read_back(void **state)
{
	struct machine *m = *state;
	const uint32_t draw[] = { 1 | 8 << 8 | 5 << 16, 5, 1, 1, 0, 0, /* a surface of resource 1 */
		5 | 3 << 16, 1, 0, 5, 7 | 8 << 16, 4, 0, 0, 0, 0, 0, 0, 0 };
	const uint32_t pixel = 0x11223344;
	const uint32_t *arena;

	driver_create_context(m, 3);
	driver_create_2d(m, 1, 64, 64);
	DRIVER_COMMAND(m, VIRTIO_GPU_CONTEXT_ATTACH, 0, 3, 1, 0);
	driver_submit(m, DRIVER_FENCE, 3, draw, 19);
	let_settle(m);
	assert_int_equal(machine_sent_count(m, RENDER_READ), 1);
	/* The worker reads something else the second time. */
	assert_int_equal(pwrite(machine_sent_last(m, RENDER_TARGET)->fd, &pixel, 4, (9 * 64 + 8) * 4), 4);
	driver_submit(m, DRIVER_FENCE, 3, draw, 19);
	let_settle(m);
	assert_int_equal(machine_sent_count(m, RENDER_TARGET), 1);
	machine_kill_worker(m);
	arena = (const uint32_t *)(const void *)m->arena;
	assert_int_equal(arena[0], 9 | (11u + 64 * 64) << 16);
	assert_int_equal(arena[12 + 9 * 64 + 8], pixel);
	/* And the next worker is asked in the same way. */
	m->sent_count = 0;
	driver_submit(m, DRIVER_FENCE, 3, draw, 19);
	let_settle(m);
	assert_int_equal(machine_sent_count(m, RENDER_TARGET), 1);
	assert_int_equal(machine_sent_count(m, RENDER_READ), 1);
}

/* However small they are: a look for the next goes through all there are. */
static void many_that_were_drawn_are_read_back_in_turn(void **state)
{
	enum { RESOURCES = 3 * SNAPSHOTS_READ_MAX };
	struct machine *m = *state;

	for (uint32_t id = 1; id <= RESOURCES; id++)
		driver_create_2d(m, id, 1, 1);
	draw_long_ago(m, 1, RESOURCES);
	for (unsigned i = 1; i <= 3; i++) {
		tick(m);
		assert_int_equal(machine_sent_count(m, RENDER_READ), i * SNAPSHOTS_READ_MAX);
		/* Who is drawn into all the time does not keep others from their turn. */
		draw_long_ago(m, machine_sent_last(m, RENDER_READ)->id,
				machine_sent_last(m, RENDER_READ)->id);
	}
	for (uint32_t id = 1, again = 0; id <= RESOURCES; id++) {
		again += ((struct resource *)table_get(&m->front.resources, id))->unsaved_us != 0;
		assert_true(again <= 3);
	}
}

static void one_of_very_many_is_found(void **state)
{
	enum { RESOURCES = 2 * SNAPSHOTS_LOOK_MAX };
	struct machine *m = *state;

	for (uint32_t id = 1; id <= RESOURCES; id++)
		driver_create_2d(m, id, 1, 1);
	for (uint32_t id = 1; id <= 5; id++) {
		m->sent_count = 0;
		draw_long_ago(m, id, id);
		tick(m);
		assert_true(id > 1 || m->front.snapshots.at != 0); /* not all at once */
		tick(m);
		tick(m);
		assert_int_equal(machine_sent_count(m, RENDER_READ), 1);
		assert_int_equal(machine_sent_last(m, RENDER_READ)->id, id);
	}
	for (unsigned i = 0; i < 6; i++)
		tick(m);
	assert_false(m->front.snapshots.ticking); /* nobody is left */
}

static void a_context_that_does_not_end_is_banned(void **state)
{
	struct machine *m = *state;
	const uint32_t batch[] = { 0 };

	driver_create_context(m, 1);
	driver_create_context(m, 2);
	m->unfenced = true;
	driver_submit(m, DRIVER_FENCE, 1, batch, 1);
	driver_submit(m, DRIVER_FENCE, 2, batch, 1);
	m->sent_count = 0;
	m->unfenced = false;
	m->reason = SCREEN_RESET_WATCHDOG;
	machine_kill_worker(m);
	while (machine_take(m, VHOST_CONTROL) >= 0)
		;
	assert_int_equal(machine_sent_last(m, RENDER_SUBMIT)->id, 2);
	assert_int_equal(driver_submit(m, DRIVER_FENCE, 1, batch, 1), VIRTIO_GPU_ERR_UNSPECIFIED);
	assert_int_equal(driver_submit(m, DRIVER_FENCE, 2, batch, 1), VIRTIO_GPU_OK);
}

/* The worker is at what is not drawn yet, however much it has taken since. */
static void who_comes_later_is_not_banned(void **state)
{
	static const uint32_t flags[][3] = { { DRIVER_FENCE, 0, DRIVER_FENCE }, { 0, 0, DRIVER_FENCE } };
	struct machine *m = *state;
	const uint32_t batch[] = { 0 };

	for (uint32_t i = 0; i < 2; i++) {
		uint32_t first = 2 * i + 1, second = 2 * i + 2;

		driver_create_context(m, first);
		driver_create_context(m, second);
		m->unfenced = true;
		driver_submit(m, flags[i][0], first, batch, 1);
		driver_submit(m, flags[i][1], second, batch, 1);
		driver_submit(m, flags[i][2], second, batch, 1);
		m->unfenced = false;
		m->reason = SCREEN_RESET_WATCHDOG;
		machine_kill_worker(m);
		assert_true(((struct context *)table_get(&m->front.contexts, first))->banned);
		assert_false(((struct context *)table_get(&m->front.contexts, second))->banned);
		assert_int_equal(m->front.answers.count, 0);
	}
}

static void who_gets_the_id_of_one_that_is_gone_is_another(void **state)
{
	struct machine *m = *state;
	const uint32_t batch[] = { 0 };

	driver_create_context(m, 1);
	m->unfenced = true;
	driver_submit(m, DRIVER_FENCE, 1, batch, 1);
	DRIVER_COMMAND(m, VIRTIO_GPU_CONTEXT_DESTROY, 0, 1, 0);
	driver_create_context(m, 1);
	m->unfenced = false;
	m->sent_count = 0;
	m->reason = SCREEN_RESET_WATCHDOG;
	machine_kill_worker(m);
	assert_false(((struct context *)table_get(&m->front.contexts, 1))->banned);
	for (unsigned i = 0; i < m->sent_count; i++)
		assert_true(m->sent[i].type != RENDER_SUBMIT || m->sent[i].len != sizeof batch);
	assert_int_equal(m->front.answers.count, 0);
}

static void less_is_told_when_workers_die_of_it(void **state)
{
	struct machine *m = *state;
	const uint32_t blend[] = { 1 | 1 << 8 | 11 << 16, 77, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };

	driver_create_context(m, 1);
	driver_submit(m, DRIVER_FENCE, 1, blend, 12);
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

	driver_create_context(m, 1);
	context = table_get(&m->front.contexts, 1);
	for (int i = 0; i < 6; i++) {
		assert_int_equal(context->banned, i >= 4);
		m->unfenced = true;
		driver_submit(m, DRIVER_FENCE, 1, (uint32_t[]){ 0 }, 1);
		m->unfenced = false;
		if (i == 1) /* the worker lives for a while in between */
			m->front.restore.passed_us = 0;
		machine_kill_worker(m);
		while (machine_take(m, VHOST_CONTROL) >= 0)
			;
	}
}

/* Backings whose lists are more than the arena holds, so that a restore takes its time. */
static void attach_much(struct machine *m)
{
	enum { RESOURCES = 12, ENTRIES = 100000, LIST_AT = 0x200000 };
	const uint32_t entry[] = { (uint32_t)machine_guest_addr, 0, 4096, 0 };

	for (uint32_t i = 0; i < ENTRIES; i++)
		memcpy(m->memory + LIST_AT + i * sizeof entry, entry, sizeof entry);
	for (uint32_t id = 1; id <= RESOURCES; id++) {
		const uint32_t attach[] = { VIRTIO_GPU_ATTACH_BACKING, 0, 0, 0, 0, 0, id, ENTRIES };

		driver_create_2d(m, id, 64, 64);
		machine_put_more(m, VHOST_CONTROL, attach, sizeof attach, 0x20000, machine_addr(LIST_AT),
				sizeof entry * ENTRIES);
		machine_run(m);
		assert_int_not_equal(machine_take(m, VHOST_CONTROL), -1);
	}
}

static void begin_other_memory(struct machine *m)
{
	const uint64_t table[5] = { 1, machine_guest_addr, MACHINE_BYTES, machine_user_addr, 0 };
	int fd = memfd_create("other", MFD_CLOEXEC);

	assert_int_equal(ftruncate(fd, MACHINE_BYTES), 0);
	m->silent = true;
	machine_request(m, VHOST_USER_SET_MEM_TABLE, table, sizeof table, &fd, 1);
	close(fd);
	assert_true(m->front.restore.running);
}

/* The worker answers all that it was silent about. */
static void end_restore(struct machine *m)
{
	m->silent = false;
	machine_fence(m, machine_sent_last(m, RENDER_BACKING)->serial);
	assert_true(front_running(&m->front));
}

static void send_target(struct machine *m, uint32_t handle)
{
	struct screen_message msg = { .type = SCREEN_TARGET, .target = { handle, { 1, 64, 64, 64 * 4 } } };
	int fd = shm_create("target", 64 * 4 * 64);

	machine_screen_send(m, &msg, fd);
	close(fd);
}

static void drop_target(struct machine *m, uint32_t handle)
{
	struct screen_message msg = { .type = SCREEN_DROP, .drop = { handle } };

	machine_screen_send(m, &msg, -1);
}

/* A session may attach at any time. */
static void targets_come_and_go_during_a_restore(void **state)
{
	struct machine *m = *state;
	struct screen_message msg = { .type = SCREEN_READ, .read = { 3, 6, 1, { { 0, 0, 64, 64 } } } };

	attach_much(m);
	DRIVER_COMMAND(m, VIRTIO_GPU_SET_SCANOUT, 0, 0, 0, 0, 64, 64, 0, 1);
	send_target(m, 5);
	assert_int_equal(machine_sent_count(m, RENDER_TARGET), 1);
	begin_other_memory(m);
	send_target(m, 6);
	send_target(m, 7);
	drop_target(m, 5); /* which the worker knows */
	assert_int_equal(machine_sent_count(m, RENDER_TARGET_DROP), 1);
	drop_target(m, 7);
	assert_int_equal(machine_sent_count(m, RENDER_TARGET_DROP), 1);
	assert_true(machine_screen(m, SCREEN_DROPPED, &msg, NULL));
	assert_int_equal(msg.drop.handle, 7);
	msg = (struct screen_message){ .type = SCREEN_READ, .read = { 3, 6, 1, { { 0, 0, 64, 64 } } } };
	machine_screen_send(m, &msg, -1);
	assert_true(machine_screen(m, SCREEN_READ_DONE, &msg, NULL));
	assert_int_equal(msg.read_done.result, SCREEN_READ_LATER);
	assert_int_equal(machine_sent_count(m, RENDER_TARGET), 1);
	end_restore(m);
	assert_int_equal(machine_sent_count(m, RENDER_TARGET), 2);
	/* Who was sent away is told to look. */
	assert_true(machine_screen(m, SCREEN_DAMAGE, &msg, NULL));
	m->sent_count = 0;
	machine_kill_worker(m);
	assert_true(machine_screen(m, SCREEN_DROPPED, &msg, NULL));
	assert_int_equal(msg.drop.handle, 5); /* the worker had not answered */
	assert_int_equal(machine_sent_count(m, RENDER_TARGET), 1);
	drop_target(m, 6);
	assert_int_equal(machine_sent_count(m, RENDER_TARGET_DROP), 1);
	assert_true(machine_screen(m, SCREEN_DROPPED, &msg, NULL));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		DRIVER_TEST(a_lost_worker_is_replaced),
		DRIVER_TEST(what_a_batch_needs_is_there_again),
		DRIVER_TEST(bytes_of_a_batch_are_written_again),
		DRIVER_TEST(a_write_of_more_than_its_bytes_is_left_out),
		DRIVER_TEST(what_was_drawn_is_read_back),
		DRIVER_TEST(many_that_were_drawn_are_read_back_in_turn),
		DRIVER_TEST(one_of_very_many_is_found),
		DRIVER_TEST(a_context_that_does_not_end_is_banned),
		DRIVER_TEST(who_comes_later_is_not_banned),
		DRIVER_TEST(who_gets_the_id_of_one_that_is_gone_is_another),
		DRIVER_TEST(less_is_told_when_workers_die_of_it),
		DRIVER_TEST(targets_come_and_go_during_a_restore),
		DRIVER_TEST(who_kills_each_worker_is_banned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
