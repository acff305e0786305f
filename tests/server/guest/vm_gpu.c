/* The screen socket with a front that is played here. */
#include <base/loop.h>
#include <base/packet.h>
#include <base/shm.h>
#include <gpu.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static sd_event *event;
static struct gpu *gpu;
static int front_fd; /* the front's end */
static char notes[1024];
static struct gpu_target *captured_target;

static void __attribute__((format(printf, 1, 2))) note(const char *format, ...)
{
	size_t len = strlen(notes);
	va_list args;

	va_start(args, format);
	vsnprintf(notes + len, sizeof notes - len, format, args);
	va_end(args);
}

static void on_scanout(void *user, const struct screen_scanout *scanout)
{
	note("scanout:%u:%ux%u ", scanout->head, scanout->width_px, scanout->height_px);
}

static void on_damage(void *user, const struct screen_damage *damage)
{
	note("damage:%u:%u ", damage->head, damage->rect.x);
}

static void on_captured(void *user, struct gpu_target *target, int result)
{
	captured_target = target;
	note("captured:%d ", result);
}

static void on_cursor(void *user, const struct screen_cursor *cursor, const uint8_t *pixels)
{
	note("cursor:%u:%d ", cursor->head, pixels ? pixels[0] : -1);
}

static void on_cursor_moved(void *user, const struct screen_cursor_moved *moved)
{
	note("moved:%u ", moved->x);
}

static void on_reset(void *user, const struct screen_reset *reset)
{
	note("reset:%u ", reset->count);
}

static void on_writable(void *user)
{
	note("writable ");
}

static void on_lost(void *user)
{
	note("lost ");
}

static const struct gpu_ops ops = {
	.scanout = on_scanout,
	.damage = on_damage,
	.captured = on_captured,
	.cursor = on_cursor,
	.cursor_moved = on_cursor_moved,
	.reset = on_reset,
	.writable = on_writable,
	.lost = on_lost,
};

static void expect(const char *want)
{
	while (sd_event_run(event, 0) > 0)
		;
	assert_string_equal(notes, want);
	notes[0] = 0;
}

static void front_sends(struct screen_message msg, int fd)
{
	uint8_t packet[SCREEN_PACKET_MAX];
	int len = screen_write(&msg, packet, sizeof packet);

	assert_true(len > 0);
	assert_int_equal(packet_send(front_fd, packet, (size_t)len, fd), 0);
}

static struct screen_message front_gets(enum screen_type type)
{
	static struct screen_message msg;
	uint8_t packet[SCREEN_PACKET_MAX];
	int fd, len = packet_receive(front_fd, packet, sizeof packet, &fd);

	assert_true(len > 0);
	assert_int_equal(screen_parse(&msg, packet, (size_t)len), 0);
	assert_int_equal(msg.type, type);
	assert_int_equal(fd >= 0, type == SCREEN_TARGET);
	if (fd >= 0)
		close(fd);
	return msg;
}

static void front_gets_nothing(void)
{
	uint8_t packet[SCREEN_PACKET_MAX];

	assert_int_equal(packet_receive(front_fd, packet, sizeof packet, NULL), ERR_AGAIN);
}

static int setup(void **state)
{
	int fds[2];

	notes[0] = 0;
	event = loop_create();
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds), 0);
	front_fd = fds[1];
	gpu = gpu_create(event, fds[0], &ops, NULL);
	assert_non_null(gpu);
	return 0;
}

static int teardown(void **state)
{
	gpu_destroy(gpu);
	close(front_fd);
	sd_event_unref(event);
	return 0;
}

static const struct link_buffer buffer = { 1, 64, 64, 256 };
static const struct link_rect rect = { 1, 2, 3, 4 };

static struct gpu_target *add(uint32_t *handle)
{
	int memfd = shm_create("target", 256 * 64);
	struct gpu_target *target = gpu_target_add(gpu, memfd, &buffer);

	assert_non_null(target);
	close(memfd);
	*handle = front_gets(SCREEN_TARGET).target.handle;
	return target;
}

static void reads_are_answered(void **state)
{
	uint32_t first, second;
	struct gpu_target *a = add(&first), *b = add(&second);
	struct screen_message read;

	assert_int_not_equal(first, second);
	assert_int_equal(gpu_read(gpu, a, &rect, 1), 0);
	assert_int_equal(gpu_read(gpu, b, &rect, 1), 0);
	read = front_gets(SCREEN_READ);
	assert_int_equal(read.read.handle, first);
	assert_int_equal(read.read.rects[0].y, 2);
	front_sends((struct screen_message){ .type = SCREEN_READ_DONE,
				    .read_done = { read.read.serial, SCREEN_READ_OK, 5 } },
			-1);
	expect("captured:0 ");
	assert_ptr_equal(captured_target, a);
	read = front_gets(SCREEN_READ);
	front_sends((struct screen_message){ .type = SCREEN_READ_DONE,
				    .read_done = { read.read.serial, SCREEN_READ_LATER, 0 } },
			-1);
	expect("captured:-7 ");
	assert_ptr_equal(captured_target, b);
	/* Once more is an answer that nobody waits for. */
	front_sends((struct screen_message){ .type = SCREEN_READ_DONE,
				    .read_done = { read.read.serial, SCREEN_READ_OK, 0 } },
			-1);
	front_sends((struct screen_message){ .type = SCREEN_READ_DONE }, -1);
	expect("");
}

static const struct link_rect other = { 5, 6, 7, 8 };

/* The front tells of damage for which a target waits, and reads it. */
static uint32_t damage_awaited(const struct gpu_target *target, const struct link_rect *read)
{
	uint32_t serial;

	gpu_await(gpu, target);
	serial = front_gets(SCREEN_AWAIT).await.serial;
	front_sends((struct screen_message){ .type = SCREEN_DAMAGE,
				    .damage = { 0, 9, *read, serial, *read } },
			-1);
	expect(read == &rect ? "damage:0:1 " : "damage:0:5 ");
	return serial;
}

static void read_done(uint32_t serial, enum screen_result result)
{
	front_sends((struct screen_message){ .type = SCREEN_READ_DONE, .read_done = { serial, result, 5 } },
			-1);
}

static void what_is_awaited_need_not_be_asked_for(void **state)
{
	uint32_t handle, serial;
	struct gpu_target *target = add(&handle);

	serial = damage_awaited(target, &rect);
	assert_int_equal(gpu_read(gpu, target, &rect, 1), 0);
	read_done(serial, SCREEN_READ_OK);
	expect("captured:0 ");
	serial = damage_awaited(target, &rect);
	read_done(serial, SCREEN_READ_OK);
	expect("");
	assert_int_equal(gpu_read(gpu, target, &rect, 1), GPU_READ_THERE);
	front_gets_nothing();
	/* Once. */
	assert_int_equal(gpu_read(gpu, target, &rect, 1), 0);
	front_gets(SCREEN_READ);
}

static void what_was_read_ahead_may_be_of_no_use(void **state)
{
	uint32_t handle, serial;
	struct gpu_target *target = add(&handle);
	struct link_rect both[] = { rect, other };

	/* More is wanted. */
	serial = damage_awaited(target, &rect);
	assert_int_equal(gpu_read(gpu, target, both, 2), 0);
	front_gets(SCREEN_READ);
	read_done(serial, SCREEN_READ_OK);
	expect("");
	/* It did not work out. */
	serial = damage_awaited(target, &rect);
	read_done(serial, SCREEN_READ_LATER);
	expect("");
	assert_int_equal(gpu_read(gpu, target, &rect, 1), 0);
	front_gets(SCREEN_READ);
	/* It is old already. */
	serial = damage_awaited(target, &rect);
	read_done(serial, SCREEN_READ_OK);
	front_sends((struct screen_message){ .type = SCREEN_DAMAGE, .damage = { 0, 9, rect, 0, rect } }, -1);
	expect("damage:0:1 ");
	assert_int_equal(gpu_read(gpu, target, &rect, 1), 0);
	front_gets(SCREEN_READ);
	/* Something else is shown. */
	serial = damage_awaited(target, &rect);
	read_done(serial, SCREEN_READ_OK);
	front_sends((struct screen_message){ .type = SCREEN_SCANOUT, .scanout = { 0, 800, 600 } }, -1);
	expect("scanout:0:800x600 ");
	assert_int_equal(gpu_read(gpu, target, &rect, 1), 0);
	front_gets(SCREEN_READ);
	/* It was read for somebody who does not wait any more. */
	gpu_await(gpu, target);
	serial = front_gets(SCREEN_AWAIT).await.serial;
	gpu_await(gpu, target);
	front_gets(SCREEN_AWAIT);
	front_sends((struct screen_message){ .type = SCREEN_DAMAGE, .damage = { 0, 9, rect, serial, rect } },
			-1);
	read_done(serial, SCREEN_READ_OK);
	expect("damage:0:1 ");
	assert_int_equal(gpu_read(gpu, target, &rect, 1), 0);
	front_gets(SCREEN_READ);
}

static void a_dropped_target_hears_no_more(void **state)
{
	uint32_t handle;
	struct gpu_target *target = add(&handle);
	struct screen_message read;

	assert_int_equal(gpu_read(gpu, target, &rect, 1), 0);
	read = front_gets(SCREEN_READ);
	gpu_target_drop(gpu, target);
	assert_int_equal(front_gets(SCREEN_DROP).drop.handle, handle);
	front_sends((struct screen_message){ .type = SCREEN_READ_DONE,
				    .read_done = { read.read.serial, SCREEN_READ_OK, 0 } },
			-1);
	front_sends((struct screen_message){ .type = SCREEN_DROPPED, .drop = { handle } }, -1);
	expect("");
	/* It is free now: once more is wrong. */
	front_sends((struct screen_message){ .type = SCREEN_DROPPED, .drop = { handle } }, -1);
	expect("lost ");
	assert_null(gpu_target_add(gpu, 0, &buffer));
}

static void a_target_in_use_cannot_be_dropped_by_the_front(void **state)
{
	uint32_t handle;
	struct gpu_target *target = add(&handle);

	front_sends((struct screen_message){ .type = SCREEN_DROPPED, .drop = { handle } }, -1);
	expect("lost ");
	assert_true(gpu_read(gpu, target, &rect, 1) < 0);
	gpu_target_drop(gpu, target);
}

static void targets_are_counted(void **state)
{
	static struct gpu_target *targets[SCREEN_TARGETS_MAX];
	int memfd = shm_create("target", 256 * 64);
	uint32_t handle;

	for (int i = 0; i < SCREEN_TARGETS_MAX; i++)
		targets[i] = add(&handle);
	assert_null(gpu_target_add(gpu, memfd, &buffer));
	gpu_target_drop(gpu, targets[3]);
	assert_null(gpu_target_add(gpu, memfd, &buffer)); /* the front still has it */
	handle = front_gets(SCREEN_DROP).drop.handle;
	front_sends((struct screen_message){ .type = SCREEN_DROPPED, .drop = { handle } }, -1);
	expect("");
	assert_non_null(gpu_target_add(gpu, memfd, &buffer));
	close(memfd);
}

static void what_the_guest_shows_is_told(void **state)
{
	front_sends((struct screen_message){ .type = SCREEN_SCANOUT, .scanout = { 1, 800, 600 } }, -1);
	front_sends((struct screen_message){ .type = SCREEN_DAMAGE, .damage = { 1, 9, { 7, 0, 1, 1 } } }, -1);
	front_sends((struct screen_message){ .type = SCREEN_CURSOR_MOVED, .cursor_moved = { 0, 5, 6 } }, -1);
	front_sends((struct screen_message){ .type = SCREEN_RESET, .reset = { 2, 0 } }, -1);
	expect("scanout:1:800x600 damage:1:7 moved:5 reset:2 ");
}

static void cursors_come_with_their_image(void **state)
{
	struct screen_message msg = { .type = SCREEN_CURSOR, .cursor = { 1, { 0, 8, 8, 0, 0 } } };
	int memfd = shm_create("cursor", 8 * 8 * 4);

	assert_int_equal(pwrite(memfd, "*", 1, 0), 1);
	front_sends(msg, memfd);
	expect("cursor:1:42 ");
	front_sends((struct screen_message){ .type = SCREEN_CURSOR, .cursor = { 2, { .hidden = 1 } } }, -1);
	expect("cursor:2:-1 ");
	msg.cursor.cursor.height_px = 9; /* more than there is */
	front_sends(msg, memfd);
	expect("lost ");
	close(memfd);
}

static void a_cursor_without_image_is_refused(void **state)
{
	struct screen_message msg = { .type = SCREEN_CURSOR, .cursor = { 0, { 0, 8, 8, 0, 0 } } };

	front_sends(msg, -1);
	expect("lost ");
}

static void messages_of_the_wrong_direction_are_refused(void **state)
{
	front_sends((struct screen_message){ .type = SCREEN_DROP, .drop = { 1 } }, -1);
	expect("lost ");
}

static void malformed_messages_are_refused_and_unknown_ones_ignored(void **state)
{
	assert_int_equal(packet_send(front_fd, "\xc8\0\0\0abc", 7, -1), 0);
	expect("");
	assert_int_equal(packet_send(front_fd, "\x40\0\0\0abc", 7, -1), 0);
	expect("lost ");
}

static void the_fronts_end_is_told(void **state)
{
	shutdown(front_fd, SHUT_RDWR);
	expect("lost ");
	gpu_heads(gpu, &(struct screen_heads){ 1, { { 0, 0, 1, 1 } } });
	assert_null(gpu_target_add(gpu, 0, &buffer));
}

/* A front that does not read: nothing is lost that must not be. */
static void a_full_socket_delays(void **state)
{
	uint32_t handle;
	struct gpu_target *target = add(&handle);
	struct screen_heads heads = { 1, { { 0, 0, 100, 100 } } };
	int result, sent = 0;

	while ((result = gpu_read(gpu, target, &rect, 1)) == 0)
		sent++;
	assert_int_equal(result, ERR_AGAIN);
	gpu_heads(gpu, &heads);
	heads.heads[0].width = 200;
	gpu_heads(gpu, &heads);
	gpu_target_drop(gpu, target);
	expect("");
	for (int i = 0; i < sent; i++)
		front_gets(SCREEN_READ);
	front_gets_nothing();
	expect("writable ");
	assert_int_equal(front_gets(SCREEN_HEADS).heads.heads[0].width, 200);
	assert_int_equal(front_gets(SCREEN_DROP).drop.handle, handle);
	front_gets_nothing();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(reads_are_answered),
		TEST(what_is_awaited_need_not_be_asked_for),
		TEST(what_was_read_ahead_may_be_of_no_use),
		TEST(a_dropped_target_hears_no_more),
		TEST(a_target_in_use_cannot_be_dropped_by_the_front),
		TEST(targets_are_counted),
		TEST(what_the_guest_shows_is_told),
		TEST(cursors_come_with_their_image),
		TEST(a_cursor_without_image_is_refused),
		TEST(messages_of_the_wrong_direction_are_refused),
		TEST(malformed_messages_are_refused_and_unknown_ones_ignored),
		TEST(the_fronts_end_is_told),
		TEST(a_full_socket_delays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
