/* What the screen of a virtual GPU is told, and what it says: heads, scanouts, damage, the cursor. */
#include "driver.h"
#include <base/shm.h>
#include <unistd.h>

static void heads_are_as_the_screen_has_them(void **state)
{
	struct machine *m = *state;
	struct screen_message msg = { .type = SCREEN_HEADS,
		.heads = { 2, { { 0, 0, 800, 600 }, { 800, 0, 5000, 480 } } } };
	uint32_t info[102], none[1];

	machine_screen_send(m, &msg, -1);
	driver_words(m, VIRTIO_GPU_GET_DISPLAY_INFO, 0, 0, none, 0, info, sizeof info);
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
	driver_words(m, VIRTIO_GPU_GET_DISPLAY_INFO, 0, 0, none, 0, info, sizeof info);
	assert_int_equal(info[8], 5000);
	machine_kill_worker(m); /* the next one comes with the limits */
	driver_words(m, VIRTIO_GPU_GET_DISPLAY_INFO, 0, 0, none, 0, info, sizeof info);
	assert_int_equal(info[8], 4096);
}

/* Width and height of the first detailed timing: EDID 1.4, 3.10.2. */
static uint32_t edid_width(const uint8_t *edid)
{
	return edid[54 + 2] | (edid[54 + 4] & 0xf0u) << 4;
}

static uint32_t edid_height(const uint8_t *edid)
{
	return edid[54 + 5] | (edid[54 + 7] & 0xf0u) << 4;
}

static void there_are_four_heads(void **state)
{
	struct machine *m = *state;
	const struct screen_message told = { .type = SCREEN_HEADS,
		.heads = { 4,
				{ { 0, 0, 800, 600 }, { 800, 0, 1024, 768 }, { 0, 768, 1280, 720 },
						{ 1280, 768, 640, 480 } } } };
	uint32_t info[102];
	uint8_t edid[1056];

	machine_screen_send(m, &told, -1);
	assert_int_equal(driver_words(m, VIRTIO_GPU_GET_DISPLAY_INFO, 0, 0, info, 0, info, sizeof info),
			VIRTIO_GPU_OK_DISPLAY_INFO);
	for (uint32_t head = 0; head < 4; head++) {
		const struct link_rect *want = &told.heads.heads[head];

		/* virtio 1.2, 5.7.6.8: x, y, width, height, enabled, flags of each */
		assert_memory_equal(&info[6 + 6 * head], want, sizeof *want);
		assert_int_equal(info[10 + 6 * head], 1);
		assert_int_equal(driver_words(m, VIRTIO_GPU_GET_EDID, 0, 0, (uint32_t[]){ head, 0 }, 2, edid,
						 sizeof edid),
				VIRTIO_GPU_OK_EDID);
		assert_int_equal(edid_width(edid + 32), want->width);
		assert_int_equal(edid_height(edid + 32), want->height);
		assert_int_equal(edid[32 + 12], head + 1); /* its serial number */
	}
	assert_int_equal(info[6 + 6 * 4 + 4], 0);
	assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_GET_EDID, 0, 0, 4, 0), VIRTIO_GPU_ERR_PARAMETER);
}

static void each_of_four_heads_shows(void **state)
{
	struct machine *m = *state;
	struct screen_message msg;

	driver_create_2d(m, 1, 64, 64);
	for (uint32_t head = 0; head < 4; head++) {
		assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_SET_SCANOUT, 0, 0, 0, 0, 64, 64, head, 1),
				VIRTIO_GPU_OK);
		assert_true(machine_screen(m, SCREEN_SCANOUT, &msg, NULL));
		assert_int_equal(msg.scanout.head, head);
		assert_int_equal(msg.scanout.width_px, 64);
	}
	assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_RESOURCE_FLUSH, 0, 0, 1, 2, 3, 4, 1, 0), VIRTIO_GPU_OK);
	for (uint32_t head = 0; head < 4; head++) {
		assert_true(machine_screen(m, SCREEN_DAMAGE, &msg, NULL));
		assert_int_equal(msg.damage.head, head);
	}
	assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_SET_SCANOUT, 0, 0, 0, 0, 64, 64, 4, 1),
			VIRTIO_GPU_ERR_SCANOUT);
	assert_false(machine_screen(m, SCREEN_SCANOUT, &msg, NULL));
}

static void a_scanout_beyond_the_limits_shows_a_part(void **state)
{
	struct machine *m = *state;
	struct screen_message msg;

	assert_int_equal(driver_create_2d(m, 1, 5000, 64), VIRTIO_GPU_OK);
	assert_int_equal(
			DRIVER_COMMAND(m, VIRTIO_GPU_SET_SCANOUT, 0, 0, 0, 0, 5000, 64, 0, 1), VIRTIO_GPU_OK);
	assert_true(machine_screen(m, SCREEN_SCANOUT, &msg, NULL));
	assert_int_equal(msg.scanout.width_px, 4096);
	assert_int_equal(msg.scanout.height_px, 64);
}

/* A buffer is as wide as it has bytes; the worker reads no more than RENDER_SIZE_MAX_PX. */
static void what_cannot_be_read_is_no_scanout(void **state)
{
	struct machine *m = *state;

	/* resource, target buffer, format R8, bind as vertices, width, height, depth, array, ... */
	assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_RESOURCE_CREATE_3D, 0, 0, 1, 0, 64, 16, 20000, 1, 1, 1,
					 0, 0, 0, 0),
			VIRTIO_GPU_OK);
	assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_SET_SCANOUT, 0, 0, 19000, 0, 64, 1, 0, 1),
			VIRTIO_GPU_ERR_PARAMETER);
	assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_SET_SCANOUT, 0, 0, 100, 0, 64, 1, 0, 1), VIRTIO_GPU_OK);
}

static void a_cursor_comes_to_the_screen(void **state)
{
	struct machine *m = *state;
	uint32_t command[14] = { VIRTIO_GPU_UPDATE_CURSOR, 0, 0, 0, 0, 0, 0, 100, 200, 0, 3, 4, 5, 0 };
	struct screen_message msg;
	int fd = -1;

	assert_int_equal(driver_create_2d(m, 3, 64, 64), VIRTIO_GPU_OK);
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

static void what_nobody_flushes_is_shown_late(void **state)
{
	struct machine *m = *state;
	const uint32_t draw[] = { 1 | 8 << 8 | 5 << 16, 5, 1, 1, 0, 0, /* a surface of resource 1 */
		5 | 3 << 16, 1, 0, 5, 7 | 8 << 16, 4, 0, 0, 0, 0, 0, 0, 0 };
	struct screen_message msg;

	driver_create_context(m, 3);
	driver_create_2d(m, 1, 64, 64);
	DRIVER_COMMAND(m, VIRTIO_GPU_CONTEXT_ATTACH, 0, 3, 1, 0);
	DRIVER_COMMAND(m, VIRTIO_GPU_SET_SCANOUT, 0, 0, 0, 0, 64, 64, 0, 1);
	driver_submit(m, DRIVER_FENCE, 3, draw, 19);
	DRIVER_COMMAND(m, VIRTIO_GPU_RESOURCE_FLUSH, 0, 0, 0, 0, 64, 64, 1, 0);
	assert_true(machine_screen(m, SCREEN_DAMAGE, &msg, NULL));
	sd_event_source_set_time(m->front.picture.late, 0);
	machine_run(m);
	assert_false(machine_screen(m, SCREEN_DAMAGE, &msg, NULL));
	driver_submit(m, DRIVER_FENCE, 3, draw, 19);
	sd_event_source_set_time(m->front.picture.late, 0);
	machine_run(m);
	assert_true(machine_screen(m, SCREEN_DAMAGE, &msg, NULL));
	assert_int_equal(msg.damage.rect.height, 64);
	assert_int_equal(machine_sent_count(m, RENDER_FRAME), 2);
}

enum {
	MESSAGES = 4000,   /* of which a socket */
	SOCKET_MAX = 2000, /* takes fewer than this */
};

static void only_the_last_scanout_waits(void **state)
{
	struct machine *m = *state;
	struct screen_message msg;
	uint32_t height_px[SCREEN_HEADS_MAX] = { 0 };
	unsigned count = 0;

	driver_create_2d(m, 1, 64, 64);
	for (uint32_t i = 0; i < MESSAGES; i++)
		DRIVER_COMMAND(m, VIRTIO_GPU_SET_SCANOUT, 0, 0, 0, 0, 64, 64, i % 2, i / 2 % 2);
	DRIVER_COMMAND(m, VIRTIO_GPU_SET_SCANOUT, 0, 0, 0, 0, 0, 0, 1, 0);
	DRIVER_COMMAND(m, VIRTIO_GPU_SET_SCANOUT, 0, 0, 0, 0, 32, 33, 0, 1);
	for (int round = 0; round < 4; round++) {
		for (; machine_screen(m, SCREEN_SCANOUT, &msg, NULL); count++)
			height_px[msg.scanout.head] = msg.scanout.height_px;
		machine_run(m);
	}
	assert_true(count < SOCKET_MAX);
	assert_int_equal(height_px[0], 33);
	assert_int_equal(height_px[1], 0);
	/* Whoever reads again is told at once again. */
	DRIVER_COMMAND(m, VIRTIO_GPU_SET_SCANOUT, 0, 0, 0, 0, 10, 11, 0, 1);
	assert_true(machine_screen(m, SCREEN_SCANOUT, &msg, NULL));
	assert_int_equal(msg.scanout.height_px, 11);
}

static void put_cursor(struct machine *m, uint32_t head, uint32_t resource)
{
	const uint32_t command[14] = { VIRTIO_GPU_UPDATE_CURSOR, 0, 0, 0, 0, 0, head, 100, 200, 0, resource };

	machine_put(m, VHOST_CURSOR, command, sizeof command, 0x20000, 0, 0);
	machine_run(m);
	machine_take(m, VHOST_CURSOR);
}

static void only_the_last_cursor_waits(void **state)
{
	struct machine *m = *state;
	struct screen_message msg, last = { 0 };
	unsigned count = 0;
	int fd = -1;

	driver_create_2d(m, 3, 64, 64);
	for (uint32_t i = 0; i < MESSAGES; i++)
		put_cursor(m, 1 + i % 2, i % 3 ? 0 : 3);
	put_cursor(m, 0, 3);
	for (int round = 0; round < 4; round++) {
		for (int next; machine_screen(m, SCREEN_CURSOR, &msg, &next); count++) {
			if (fd >= 0)
				close(fd);
			fd = next;
			last = msg;
		}
		machine_run(m);
	}
	assert_true(count < SOCKET_MAX);
	assert_int_equal(last.cursor.head, 0);
	assert_int_equal(last.cursor.cursor.hidden, 0);
	assert_int_equal(shm_check(fd, 64 * 64 * 4), 0);
	close(fd);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		DRIVER_TEST(heads_are_as_the_screen_has_them),
		DRIVER_TEST(heads_that_came_early_are_limited_later),
		DRIVER_TEST(there_are_four_heads),
		DRIVER_TEST(each_of_four_heads_shows),
		DRIVER_TEST(a_scanout_beyond_the_limits_shows_a_part),
		DRIVER_TEST(what_cannot_be_read_is_no_scanout),
		DRIVER_TEST(a_cursor_comes_to_the_screen),
		DRIVER_TEST(only_the_last_scanout_waits),
		DRIVER_TEST(only_the_last_cursor_waits),
		DRIVER_TEST(what_nobody_flushes_is_shown_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
