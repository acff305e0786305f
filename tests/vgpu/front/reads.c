/* What is read into targets that the screen lends: what it asks for, what it awaits, and
 * flushes that are held because it will look later. */
#include "driver.h"
#include <base/shm.h>
#include <unistd.h>

enum {
	BACKING_AT = 0x100000,
	TARGET = 7, /* its handle */
	TARGET_WIDTH_PX = 1280,
	TARGET_HEIGHT_PX = 800,
	TARGET_BYTES = TARGET_WIDTH_PX * 4 * TARGET_HEIGHT_PX,
};

static const struct screen_message target_message = { .type = SCREEN_TARGET,
	.target = { TARGET, { 1, TARGET_WIDTH_PX, TARGET_HEIGHT_PX, TARGET_WIDTH_PX * 4 } } };

/* len: of the memfd, which the message says has TARGET_BYTES. */
static void lend_target(struct machine *m, size_t len)
{
	int fd = shm_create("target", len);

	machine_screen_send(m, &target_message, fd);
	close(fd);
}

static void drop_target(struct machine *m)
{
	machine_screen_send(m, &(struct screen_message){ .type = SCREEN_DROP, .drop = { TARGET } }, -1);
}

static void ask_read(struct machine *m, uint32_t serial, uint32_t handle, struct link_rect rect)
{
	machine_screen_send(m,
			&(struct screen_message){
					.type = SCREEN_READ, .read = { serial, handle, 1, { rect } } },
			-1);
}

static void check_read_done(struct machine *m, uint32_t serial, enum screen_result result)
{
	struct screen_message msg;

	assert_true(machine_screen(m, SCREEN_READ_DONE, &msg, NULL));
	assert_int_equal(msg.read_done.serial, serial);
	assert_int_equal(msg.read_done.result, result);
}

/* A target, and a scanout of 1024x768 that a flush of this part changes. */
static void show_scanout(struct machine *m)
{
	struct screen_message msg;

	lend_target(m, TARGET_BYTES);
	assert_int_equal(driver_create_2d(m, 1, 1024, 768), VIRTIO_GPU_OK);
	assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_SET_SCANOUT, 0, 0, 0, 0, 1024, 768, 0, 1),
			VIRTIO_GPU_OK);
	assert_true(machine_screen(m, SCREEN_SCANOUT, &msg, NULL));
}

static struct screen_damage flush(struct machine *m)
{
	struct screen_message msg;

	assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_RESOURCE_FLUSH, 0, 0, 10, 20, 30, 40, 1, 0),
			VIRTIO_GPU_OK);
	assert_true(machine_screen(m, SCREEN_DAMAGE, &msg, NULL));
	return msg.damage;
}

static void send_await(struct machine *m, uint32_t serial)
{
	machine_screen_send(
			m, &(struct screen_message){ .type = SCREEN_AWAIT, .await = { serial, TARGET } }, -1);
}

static void a_picture_comes_to_the_screen(void **state)
{
	struct machine *m = *state;
	struct screen_message msg;

	show_scanout(m);
	assert_int_equal(driver_attach(m, 1, machine_addr(BACKING_AT + 4096), 1024 * 768 * 4),
			VIRTIO_GPU_ERR_PARAMETER);
	assert_int_equal(driver_attach(m, 1, machine_addr(BACKING_AT), 1 << 20), VIRTIO_GPU_OK);
	assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_TRANSFER_TO_2D, 0, 0, 0, 0, 64, 64, 0, 0, 1, 0),
			VIRTIO_GPU_OK);
	assert_int_equal(flush(m).rect.height, 40);
	assert_int_equal(machine_sent_count(m, RENDER_FRAME), 1);
	ask_read(m, 3, TARGET, (struct link_rect){ 10, 20, 30, 40 });
	assert_int_equal(machine_sent_last(m, RENDER_READ)->id, 1);
	check_read_done(m, 3, SCREEN_READ_OK);
	/* What lies beside the scanout is painted black first. */
	ask_read(m, 4, TARGET, (struct link_rect){ 1000, 20, 100, 40 });
	assert_int_equal(machine_sent_count(m, RENDER_READ), 3);
	assert_int_equal(machine_sent_last(m, RENDER_READ)->id, 1);
	assert_int_equal(machine_sent_last(m, RENDER_READ)->rect.width, 24);
	check_read_done(m, 4, SCREEN_READ_OK);
	/* And a target's end. */
	drop_target(m);
	assert_true(machine_screen(m, SCREEN_DROPPED, &msg, NULL));
	assert_int_equal(msg.drop.handle, TARGET);
}

static void check_sent_read(const struct machine_sent *sent, uint32_t resource, struct render_rect want)
{
	assert_int_equal(sent->type, RENDER_READ);
	assert_int_equal(sent->id, resource);
	assert_memory_equal(&sent->rect, &want, sizeof want);
}

/* A part of resource 1 on the left head and the whole of resource 2 on the right one. */
static void show_two_heads(struct machine *m)
{
	const struct screen_message heads = { .type = SCREEN_HEADS,
		.heads = { 2, { { 100, 50, 640, 480 }, { 740, 50, 640, 480 } } } };

	machine_screen_send(m, &heads, -1);
	lend_target(m, TARGET_BYTES);
	driver_create_2d(m, 1, 1024, 768);
	driver_create_2d(m, 2, 640, 480);
	DRIVER_COMMAND(m, VIRTIO_GPU_SET_SCANOUT, 0, 0, 200, 100, 640, 480, 0, 1);
	DRIVER_COMMAND(m, VIRTIO_GPU_SET_SCANOUT, 0, 0, 0, 0, 640, 480, 1, 2);
	m->sent_count = 0;
}

static void each_head_is_read_from_its_scanout(void **state)
{
	struct machine *m = *state;
	struct screen_message msg = { .type = SCREEN_READ,
		.read = { 3, TARGET, 2, { { 10, 20, 30, 40 }, { 650, 0, 5, 6 } } } };

	show_two_heads(m);
	machine_screen_send(m, &msg, -1);
	assert_int_equal(m->sent_count, 2);
	check_sent_read(&m->sent[0], 1, (struct render_rect){ 210, 120, 10, 20, 30, 40 });
	check_sent_read(&m->sent[1], 2, (struct render_rect){ 10, 0, 650, 0, 5, 6 });
	check_read_done(m, 3, SCREEN_READ_OK);
	/* One that both have a part of. */
	ask_read(m, 4, TARGET, (struct link_rect){ 630, 0, 20, 10 });
	check_sent_read(&m->sent[2], 0, (struct render_rect){ 0, 0, 630, 0, 20, 10 });
	check_sent_read(&m->sent[3], 1, (struct render_rect){ 830, 100, 630, 0, 10, 10 });
	check_sent_read(&m->sent[4], 2, (struct render_rect){ 0, 0, 640, 0, 10, 10 });
	check_read_done(m, 4, SCREEN_READ_OK);
	assert_false(machine_screen(m, SCREEN_READ_DONE, &msg, NULL));
}

static void awaited_damage_is_read_from_its_head(void **state)
{
	struct machine *m = *state;
	struct screen_message msg;

	show_two_heads(m);
	send_await(m, 5);
	DRIVER_COMMAND(m, VIRTIO_GPU_RESOURCE_FLUSH, 0, 0, 1, 2, 3, 4, 2, 0);
	assert_true(machine_screen(m, SCREEN_DAMAGE, &msg, NULL));
	assert_int_equal(msg.damage.head, 1);
	assert_int_equal(msg.damage.rect.x, 1);
	assert_int_equal(msg.damage.read_serial, 5);
	assert_int_equal(msg.damage.read_rect.x, 641);
	assert_int_equal(msg.damage.read_rect.y, 2);
	check_sent_read(machine_sent_last(m, RENDER_READ), 2, (struct render_rect){ 1, 2, 641, 2, 3, 4 });
}

static void what_cannot_be_read_comes_later(void **state)
{
	struct machine *m = *state;

	show_scanout(m);
	ask_read(m, 3, TARGET, (struct link_rect){ TARGET_WIDTH_PX - 1, 0, 2, 1 });
	check_read_done(m, 3, SCREEN_READ_LATER);
	ask_read(m, 4, TARGET + 1, (struct link_rect){ 0, 0, 1, 1 });
	check_read_done(m, 4, SCREEN_READ_LATER);
	assert_int_equal(machine_sent_count(m, RENDER_READ), 0);
}

static void a_target_smaller_than_it_says_is_none(void **state)
{
	struct machine *m = *state;

	lend_target(m, TARGET_BYTES - 4096);
	assert_int_equal(machine_sent_count(m, RENDER_TARGET), 0);
	ask_read(m, 3, TARGET, (struct link_rect){ 0, 0, 1, 1 });
	check_read_done(m, 3, SCREEN_READ_LATER);
}

static void reads_of_a_lost_worker_come_later(void **state)
{
	struct machine *m = *state;

	show_scanout(m);
	m->silent = true;
	ask_read(m, 3, TARGET, (struct link_rect){ 0, 0, 1, 1 });
	ask_read(m, 4, TARGET, (struct link_rect){ 1000, 0, 100, 1 });
	m->silent = false;
	machine_kill_worker(m);
	check_read_done(m, 3, SCREEN_READ_LATER);
	check_read_done(m, 4, SCREEN_READ_LATER);
	ask_read(m, 5, TARGET, (struct link_rect){ 0, 0, 1, 1 });
	check_read_done(m, 5, SCREEN_READ_OK);
}

static void a_read_that_the_worker_refuses_comes_later(void **state)
{
	struct machine *m = *state;

	show_scanout(m);
	m->results = RENDER_FAILED;
	ask_read(m, 3, TARGET, (struct link_rect){ 1000, 0, 100, 1 });
	check_read_done(m, 3, SCREEN_READ_LATER);
}

static void awaited_damage_is_read_at_once(void **state)
{
	struct machine *m = *state;
	struct screen_damage damage;

	show_scanout(m);
	assert_int_equal(flush(m).read_serial, 0);
	send_await(m, 5);
	damage = flush(m);
	assert_int_equal(damage.read_serial, 5);
	assert_int_equal(damage.read_rect.y, 20);
	assert_int_equal(damage.read_rect.width, 30);
	assert_int_equal(machine_sent_count(m, RENDER_READ), 1);
	check_read_done(m, 5, SCREEN_READ_OK);
	/* Once. */
	assert_int_equal(flush(m).read_serial, 0);
	assert_int_equal(machine_sent_count(m, RENDER_READ), 1);
}

/* One that the front does not look at yet. */
static void flush_early(struct machine *m)
{
	struct screen_message msg;

	assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_RESOURCE_FLUSH, 0, 0, 10, 20, 30, 40, 1, 0), 0);
	assert_false(machine_screen(m, SCREEN_DAMAGE, &msg, NULL));
}

static void a_flush_waits_for_who_waits_for_it(void **state)
{
	struct machine *m = *state;
	struct screen_message msg;

	show_scanout(m);
	m->silent = true;
	flush_early(m);
	send_await(m, 5);
	assert_true(machine_screen(m, SCREEN_DAMAGE, &msg, NULL));
	assert_int_equal(msg.damage.read_serial, 5);
	assert_int_not_equal(machine_take(m, VHOST_CONTROL), -1);
	assert_int_equal(machine_sent_count(m, RENDER_FRAME), 1);
	assert_int_equal(machine_sent_count(m, RENDER_READ), 1);
}

static void a_flush_waits_no_longer_than_the_renderer_draws(void **state)
{
	struct machine *m = *state;
	struct screen_message msg;

	show_scanout(m);
	m->silent = true;
	flush_early(m);
	machine_done(m, machine_sent_last(m, RENDER_FRAME)->serial);
	assert_true(machine_screen(m, SCREEN_DAMAGE, &msg, NULL));
	assert_int_equal(msg.damage.read_serial, 0);
	assert_int_not_equal(machine_take(m, VHOST_CONTROL), -1);
	assert_int_equal(machine_sent_count(m, RENDER_FRAME), 1);
	/* The next one waits for itself; and for no worker that is lost. */
	flush_early(m);
	m->silent = false;
	machine_kill_worker(m);
	machine_run(m);
	assert_int_not_equal(machine_take(m, VHOST_CONTROL), -1);
	assert_true(machine_screen(m, SCREEN_DAMAGE, &msg, NULL));
}

static void a_flush_of_what_nobody_sees_waits_for_nothing(void **state)
{
	struct machine *m = *state;
	struct screen_message msg;

	show_scanout(m);
	assert_int_equal(driver_create_2d(m, 2, 64, 64), VIRTIO_GPU_OK);
	m->silent = true;
	assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_RESOURCE_FLUSH, 0, 0, 0, 0, 64, 64, 2, 0),
			VIRTIO_GPU_OK);
	assert_int_equal(machine_sent_count(m, RENDER_FRAME), 0);
	m->silent = false;
	drop_target(m);
	assert_true(machine_screen(m, SCREEN_DROPPED, &msg, NULL));
	m->silent = true;
	flush(m);
}

static void waiting_ends_with_a_read_or_the_target(void **state)
{
	struct machine *m = *state;

	show_scanout(m);
	send_await(m, 5);
	ask_read(m, 6, TARGET, (struct link_rect){ 0, 0, 1, 1 });
	check_read_done(m, 6, SCREEN_READ_OK);
	assert_int_equal(flush(m).read_serial, 0);
	send_await(m, 8);
	drop_target(m);
	assert_int_equal(flush(m).read_serial, 0);
}

static void a_target_may_come_before_the_worker(void **state)
{
	struct machine *m = *state;
	int fd = shm_create("target", TARGET_BYTES);

	machine_stop(m);
	assert_true(machine_start_after(m, &target_message, fd));
	close(fd);
	assert_int_equal(machine_sent_count(m, RENDER_TARGET), 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		DRIVER_TEST(a_picture_comes_to_the_screen),
		DRIVER_TEST(each_head_is_read_from_its_scanout),
		DRIVER_TEST(awaited_damage_is_read_from_its_head),
		DRIVER_TEST(what_cannot_be_read_comes_later),
		DRIVER_TEST(a_target_smaller_than_it_says_is_none),
		DRIVER_TEST(reads_of_a_lost_worker_come_later),
		DRIVER_TEST(a_read_that_the_worker_refuses_comes_later),
		DRIVER_TEST(awaited_damage_is_read_at_once),
		DRIVER_TEST(a_flush_waits_for_who_waits_for_it),
		DRIVER_TEST(a_flush_waits_no_longer_than_the_renderer_draws),
		DRIVER_TEST(a_flush_of_what_nobody_sees_waits_for_nothing),
		DRIVER_TEST(waiting_ends_with_a_read_or_the_target),
		DRIVER_TEST(a_target_may_come_before_the_worker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
