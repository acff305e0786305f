/* A front that is wrong, a guest that wants too much, a broker that holds or goes. */
#include "driver.h"
#include "scene.h"
#include <base/packet.h>
#include <base/shm.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	MEMORY = 16 << 20,
	B8G8R8X8 = 2,
};

#define CALL(driver, type_, member_, ...)                                                                    \
	driver_call(driver, (struct render_message){ .type = type_, .member_ = __VA_ARGS__ }, -1)

static void check_ended_well(int status)
{
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* --- quota --- */

static void more_than_the_quota_is_refused_and_can_be_had_again(void **state)
{
	struct driver d;

	driver_start(&d, MEMORY, false);
	/* 8 MiB each. */
	assert_int_equal(driver_create(&d, driver_picture(1, B8G8R8X8, 2048, 1024)), RENDER_OK);
	assert_int_equal(atomic_load(&d.page->memory_bytes), 8 << 20);
	assert_int_equal(driver_create(&d, driver_picture(2, B8G8R8X8, 2048, 1024)), RENDER_OK);
	assert_int_equal(driver_create(&d, driver_picture(3, B8G8R8X8, 1, 1)), RENDER_OUT_OF_MEMORY);
	assert_int_equal(driver_context(&d, 1), RENDER_OUT_OF_MEMORY);
	assert_int_equal(CALL(&d, RENDER_RESOURCE_UNREF, resource_id, { 1 }), RENDER_OK);
	assert_int_equal(atomic_load(&d.page->memory_bytes), 8 << 20);
	assert_int_equal(driver_create(&d, driver_picture(3, B8G8R8X8, 1, 1)), RENDER_OK);
	assert_int_equal(driver_context(&d, 1), RENDER_OK);
	assert_int_equal(driver_create(&d, driver_picture(1, B8G8R8X8, 2048, 1024)), RENDER_OUT_OF_MEMORY);
	check_ended_well(driver_stop(&d));
}

static void levels_layers_and_samples_count(void **state)
{
	struct render_resource levels = driver_picture(1, B8G8R8X8, 1024, 2048), layers = levels,
			       samples = levels;
	struct driver d;

	levels.last_level = 11; /* 8 MiB and a third */
	layers.target = 7;      /* a texture of two dimensions in layers */
	layers.array_size = 3;
	samples.samples = 4;
	driver_start(&d, MEMORY, false);
	assert_int_equal(driver_create(&d, layers), RENDER_OUT_OF_MEMORY);
	assert_int_equal(driver_create(&d, samples), RENDER_OUT_OF_MEMORY);
	assert_int_equal(driver_create(&d, levels), RENDER_OK);
	assert_true(atomic_load(&d.page->memory_bytes) > (8 << 20) + (8 << 20) / 4);
	assert_true(atomic_load(&d.page->memory_bytes) < (8 << 20) + (8 << 20) / 2);
	check_ended_well(driver_stop(&d));
}

static void a_flood_of_small_ones_meets_the_quota(void **state)
{
	enum render_result result = RENDER_OK;
	struct driver d;
	uint32_t id = 0;

	driver_start(&d, 1 << 20, false);
	while (result == RENDER_OK && id < 1000)
		result = driver_create(&d, driver_picture(++id, B8G8R8X8, 1, 1));
	assert_int_equal(result, RENDER_OUT_OF_MEMORY);
	assert_int_equal(id, (1 << 20) / 4096 + 1);
	check_ended_well(driver_stop(&d));
}

static void memory_behind_a_resource_counts_too(void **state)
{
	int fd = shm_create("backing", MEMORY);
	struct driver d;

	driver_start(&d, MEMORY, false);
	assert_int_equal(driver_create(&d, driver_picture(1, B8G8R8X8, 16, 16)), RENDER_OK);
	assert_int_equal(driver_call(&d,
					 (struct render_message){ .type = RENDER_BACKING_FD,
							 .backing_fd = { 1, MEMORY } },
					 fd),
			RENDER_OUT_OF_MEMORY);
	assert_int_equal(driver_call(&d,
					 (struct render_message){ .type = RENDER_BACKING_FD,
							 .backing_fd = { 1, MEMORY / 2 } },
					 fd),
			RENDER_OK);
	assert_int_equal(atomic_load(&d.page->memory_bytes), MEMORY / 2 + 4096);
	assert_int_equal(CALL(&d, RENDER_BACKING_DETACH, resource_id, { 1 }), RENDER_OK);
	assert_int_equal(atomic_load(&d.page->memory_bytes), 4096);
	close(fd);
	check_ended_well(driver_stop(&d));
}

/* --- what is not there, or not possible --- */

static void ids_that_are_not_there_are_invalid(void **state)
{
	static const uint32_t words[] = { 0 };
	struct driver d;

	driver_start(&d, MEMORY, false);
	assert_int_equal(CALL(&d, RENDER_CONTEXT_DESTROY, context, { 5, 0, "" }), RENDER_INVALID);
	assert_int_equal(driver_submit(&d, 5, words, 1), RENDER_INVALID);
	assert_int_equal(CALL(&d, RENDER_FENCE, fence, { 1, 5 }), RENDER_INVALID);
	assert_int_equal(driver_attach(&d, 5, 6), RENDER_INVALID);
	assert_int_equal(driver_context(&d, 5), RENDER_OK);
	assert_int_equal(driver_context(&d, 5), RENDER_INVALID);
	assert_int_equal(driver_attach(&d, 5, 6), RENDER_INVALID);
	assert_int_equal(driver_context(&d, 0x80000000), RENDER_INVALID);
	assert_int_equal(CALL(&d, RENDER_RESOURCE_UNREF, resource_id, { 6 }), RENDER_INVALID);
	assert_int_equal(CALL(&d, RENDER_BACKING_DETACH, resource_id, { 6 }), RENDER_INVALID);
	assert_int_equal(CALL(&d, RENDER_BACKING, backing, { 6, 1, 0 }), RENDER_INVALID);
	assert_int_equal(CALL(&d, RENDER_TARGET_DROP, target_drop, { 6 }), RENDER_INVALID);
	assert_int_equal(driver_create(&d, driver_picture(6, B8G8R8X8, 16, 16)), RENDER_OK);
	assert_int_equal(driver_create(&d, driver_picture(6, B8G8R8X8, 16, 16)), RENDER_INVALID);
	assert_int_equal(driver_create(&d, driver_picture(7, 9999, 16, 16)), RENDER_FAILED);
	check_ended_well(driver_stop(&d));
}

static enum render_result back(struct driver *d, uint64_t guest_addr, uint64_t len)
{
	uint64_t *list = (uint64_t *)(void *)d->arena;

	list[0] = guest_addr;
	list[1] = len;
	return CALL(d, RENDER_BACKING, backing, { 1, 1, 0 });
}

static void backing_outside_of_guest_memory_is_invalid(void **state)
{
	const uint64_t start = DRIVER_GUEST_ADDR, end = start + DRIVER_GUEST_BYTES;
	struct driver d;

	driver_start(&d, MEMORY, false);
	assert_int_equal(driver_create(&d, driver_picture(1, B8G8R8X8, 16, 16)), RENDER_OK);
	assert_int_equal(back(&d, start - 1, 2), RENDER_INVALID);
	assert_int_equal(back(&d, end - 4095, 4096), RENDER_INVALID);
	assert_int_equal(back(&d, end, 1), RENDER_INVALID);
	assert_int_equal(back(&d, start, 0), RENDER_INVALID);
	assert_int_equal(back(&d, start, UINT64_MAX), RENDER_INVALID);
	assert_int_equal(back(&d, UINT64_MAX, 2), RENDER_INVALID);
	assert_int_equal(back(&d, UINT64_MAX - 4095, 4096), RENDER_INVALID);
	assert_int_equal(back(&d, end - 4096, 4096), RENDER_OK);
	assert_int_equal(back(&d, end - 4096, 4096), RENDER_INVALID); /* there is one */
	check_ended_well(driver_stop(&d));
}

static void transfers_stay_inside(void **state)
{
	/* 16 x 16 pixels, 4096 bytes behind them. */
	static const struct render_transfer bad[] = {
		{ 0, 1, 0, 0, 0, { 1, 0, 0, 16, 1, 1 }, 0 },           /* right edge */
		{ 0, 1, 0, 0, 0, { 0, 1, 0, 1, 16, 1 }, 0 },           /* lower edge */
		{ 0, 1, 0, 0, 0, { 0, 0, 1, 1, 1, 1 }, 0 },            /* layer */
		{ 0, 1, 1, 0, 0, { 0, 0, 0, 1, 1, 1 }, 0 },            /* level */
		{ 0, 1, 0, 0, 0, { 0, 0, 0, 16, 16, 1 }, 3073 },       /* bytes beyond the end */
		{ 0, 1, 0, 0, 0, { 0, 0, 0, 1, 1, 1 }, 4093 },         /* likewise */
		{ 0, 1, 0, 0, 0, { 0, 0, 0, 1, 1, 1 }, UINT64_MAX },   /* overflow */
		{ 0, 1, 0, 1024, 0, { 0, 0, 0, 16, 16, 1 }, 0 },       /* rows too far apart */
		{ 0, 1, 0, 0x80000000, 0, { 0, 0, 0, 1, 3, 1 }, 0 },   /* 32 bits overflow to 4 */
		{ 0, 1, 0, 0xffffffff, 0, { 0, 0, 0, 16, 16, 1 }, 0 }, /* likewise */
		{ 9, 1, 0, 0, 0, { 0, 0, 0, 1, 1, 1 }, 0 },            /* context */
		{ 0, 2, 0, 0, 0, { 0, 0, 0, 1, 1, 1 }, 0 },            /* resource */
	};
	struct driver d;

	driver_start(&d, MEMORY, false);
	assert_int_equal(driver_create(&d, driver_picture(1, B8G8R8X8, 16, 16)), RENDER_OK);
	assert_int_equal(CALL(&d, RENDER_TRANSFER_TO, transfer, { 0, 1, 0, 0, 0, { 0, 0, 0, 1, 1, 1 }, 0 }),
			RENDER_INVALID); /* no backing yet */
	assert_int_equal(back(&d, DRIVER_GUEST_ADDR + DRIVER_GUEST_BYTES - 4096, 4096), RENDER_OK);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(CALL(&d, RENDER_TRANSFER_TO, transfer, bad[i]), RENDER_INVALID);
		assert_int_equal(CALL(&d, RENDER_TRANSFER_FROM, transfer, bad[i]), RENDER_INVALID);
	}
	assert_int_equal(CALL(&d, RENDER_TRANSFER_TO, transfer, { 0, 1, 0, 0, 0, { 0, 0, 0, 16, 16, 1 }, 0 }),
			RENDER_OK);
	assert_int_equal(CALL(&d, RENDER_TRANSFER_FROM, transfer,
					 { 0, 1, 0, 64, 0, { 15, 15, 0, 1, 1, 1 }, 4092 }),
			RENDER_OK);
	check_ended_well(driver_stop(&d));
}

static void forgotten_guest_memory_is_behind_nothing(void **state)
{
	struct render_message region = { .type = RENDER_REGION,
		.region = { 0, DRIVER_GUEST_ADDR, DRIVER_GUEST_BYTES, 0 } };
	struct driver d;

	driver_start(&d, MEMORY, false);
	assert_int_equal(driver_create(&d, driver_picture(1, B8G8R8X8, 16, 16)), RENDER_OK);
	assert_int_equal(back(&d, DRIVER_GUEST_ADDR, 4096), RENDER_OK);
	assert_int_equal(driver_call(&d, region, d.guest_fd), RENDER_INVALID); /* taken */
	assert_int_equal(driver_call(&d, (struct render_message){ .type = RENDER_REGIONS_CLEAR }, -1),
			RENDER_OK);
	assert_int_equal(CALL(&d, RENDER_TRANSFER_TO, transfer, { 0, 1, 0, 0, 0, { 0, 0, 0, 1, 1, 1 }, 0 }),
			RENDER_INVALID);
	assert_int_equal(back(&d, DRIVER_GUEST_ADDR, 4096), RENDER_INVALID);
	assert_int_equal(driver_call(&d, region, d.guest_fd), RENDER_OK);
	assert_int_equal(back(&d, DRIVER_GUEST_ADDR, 4096), RENDER_OK);
	check_ended_well(driver_stop(&d));
}

static void memory_that_can_shrink_is_refused(void **state)
{
	struct render_message target = { .type = RENDER_TARGET, .target = { 1, 16, 16, 64 } };
	int loose = memfd_create("loose", MFD_ALLOW_SEALING), small = shm_create("small", 1023);
	struct driver d;

	assert_int_equal(ftruncate(loose, 4096), 0);
	driver_start(&d, MEMORY, false);
	assert_int_equal(driver_call(&d, target, loose), RENDER_INVALID);
	assert_int_equal(driver_call(&d, target, small), RENDER_INVALID);
	assert_int_equal(driver_call(&d, target, d.guest_fd), RENDER_OK);
	assert_int_equal(driver_call(&d, target, d.guest_fd), RENDER_INVALID); /* handle taken */
	assert_int_equal(CALL(&d, RENDER_TARGET_DROP, target_drop, { 1 }), RENDER_OK);
	assert_int_equal(driver_call(&d, target, d.guest_fd), RENDER_OK);
	close(loose);
	close(small);
	check_ended_well(driver_stop(&d));
}

static void targets_are_limited(void **state)
{
	struct render_message target = { .type = RENDER_TARGET, .target = { 0, 16, 16, 64 } };
	struct driver d;

	driver_start(&d, MEMORY, false);
	for (uint32_t i = 1; i <= RENDER_TARGETS_MAX + 1; i++) {
		target.target.handle = i;
		assert_int_equal(driver_call(&d, target, d.guest_fd),
				i <= RENDER_TARGETS_MAX ? RENDER_OK : RENDER_INVALID);
	}
	check_ended_well(driver_stop(&d));
}

static void commands_that_bypass_the_account_are_refused(void **state)
{
	/* A resource made inside a batch, and a video decoder. */
	static const uint32_t numbers[] = { 41, 48, 49, 53, 61, 62, 255 };
	struct driver d;

	driver_start(&d, MEMORY, false);
	assert_int_equal(driver_context(&d, 1), RENDER_OK);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		uint32_t words[20] = { numbers[i] | 11 << 16, 2, 2, 2, 64, 64, 1, 1, 0, 0, 0, 1 };

		assert_int_equal(driver_submit(&d, 1, words, 12), RENDER_FAILED);
	}
	/* A batch whose last command runs over its end. */
	assert_int_equal(driver_submit(&d, 1, (uint32_t[]){ 7 | 8 << 16, 0 }, 2), RENDER_FAILED);
	assert_int_equal(driver_submit(&d, 1, NULL, 0), RENDER_OK);
	check_ended_well(driver_stop(&d));
}

static void caps_say_what_there_is(void **state)
{
	struct render_message got;
	struct driver d;

	driver_start(&d, MEMORY, false);
	driver_send(&d, (struct render_message){ .type = RENDER_CAPS, .caps = { 2, 2 } }, -1);
	got = driver_receive(&d);
	assert_int_equal(got.type, RENDER_CAPS_DATA);
	assert_int_equal(got.serial, d.serial);
	assert_int_equal(got.caps_data.set, 2);
	assert_true(got.caps_data.max_version >= 1 && got.caps_data.len > 500);
	driver_send(&d, (struct render_message){ .type = RENDER_CAPS, .caps = { 4, 0 } }, -1);
	got = driver_receive(&d);
	assert_int_equal(got.type, RENDER_CAPS_DATA);
	assert_true(got.caps_data.max_version == 0 && got.caps_data.len == 0);
	check_ended_well(driver_stop(&d));
}

/* --- the sockets --- */

static void malformed_messages_end_the_worker(void **state)
{
	static const uint8_t bad[][8] = { { 99 }, { RENDER_DONE }, { RENDER_ARENA, 0, 8 } };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct driver d;
		int status;

		driver_start(&d, MEMORY, false);
		assert_int_equal(packet_send(d.render_fd, bad[i], sizeof bad[i], -1), 0);
		assert_int_equal(packet_wait(d.render_fd, DRIVER_WAIT_MS), 0); /* its end */
		status = driver_stop(&d);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	}
}

static void a_descriptor_too_many_or_missing_ends_it(void **state)
{
	struct render_message clear = { .type = RENDER_REGIONS_CLEAR };
	struct render_message target = { .type = RENDER_TARGET, .target = { 1, 16, 16, 64 } };

	for (int i = 0; i < 2; i++) {
		struct driver d;
		int status;

		driver_start(&d, MEMORY, false);
		if (i == 0)
			driver_send(&d, clear, d.arena_fd);
		else
			driver_send(&d, target, -1);
		assert_int_equal(packet_wait(d.render_fd, DRIVER_WAIT_MS), 0);
		status = driver_stop(&d);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	}
}

static uint32_t send_empty_batch(struct driver *d)
{
	return driver_send(d,
			(struct render_message){ .type = RENDER_SUBMIT,
					.flags = RENDER_WANT_DONE,
					.submit = { 1, 0, 0 } },
			-1);
}

/* The worker says on its page that a batch waits; it has not been answered then. */
static void wait_until_held(struct driver *d)
{
	while (atomic_load(&d->page->queue) == 0)
		sched_yield();
	assert_false(driver_answers(d, 0));
}

static void held_batches_wait_for_go(void **state)
{
	struct render_message done;
	struct driver d;
	uint32_t serial;

	driver_start(&d, MEMORY, true); /* what is no batch goes through */
	assert_int_equal(driver_context(&d, 1), RENDER_OK);
	serial = send_empty_batch(&d);
	wait_until_held(&d);
	assert_int_equal(atomic_load(&d.page->batches), 0);
	driver_go(&d);
	done = driver_receive(&d);
	assert_true(done.type == RENDER_DONE && done.serial == serial && done.done.result == RENDER_OK);
	assert_int_equal(atomic_load(&d.page->batches), 1);
	/* And order is kept: what comes behind a held batch waits with it. */
	atomic_store(&d.page->held, 1);
	serial = send_empty_batch(&d);
	driver_send(&d,
			(struct render_message){ .type = RENDER_CONTEXT_DESTROY,
					.flags = RENDER_WANT_DONE,
					.context = { 1, 0, "" } },
			-1);
	wait_until_held(&d);
	driver_go(&d);
	assert_int_equal(driver_receive(&d).serial, serial);
	assert_int_equal(driver_receive(&d).serial, serial + 1);
	check_ended_well(driver_stop(&d));
}

static void without_a_broker_nothing_is_held(void **state)
{
	struct driver d;
	uint32_t serial;

	driver_start(&d, MEMORY, true);
	assert_int_equal(driver_context(&d, 1), RENDER_OK);
	serial = send_empty_batch(&d);
	wait_until_held(&d);
	close(d.control_fd);
	d.control_fd = 0;
	assert_int_equal(driver_receive(&d).serial, serial);
	assert_int_equal(driver_submit(&d, 1, NULL, 0), RENDER_OK);
	check_ended_well(driver_stop(&d));
}

static void a_lost_front_ends_it_even_while_held(void **state)
{
	struct driver d;

	driver_start(&d, MEMORY, true);
	assert_int_equal(driver_context(&d, 1), RENDER_OK);
	send_empty_batch(&d);
	wait_until_held(&d);
	close(d.render_fd);
	d.render_fd = 0;
	check_ended_well(driver_stop(&d));
}

/* It waits for its front to read, and goes on then. */
static void a_full_socket_loses_no_answer(void **state)
{
	enum { CALLS = 2000 };
	int small = 4096, sent = 0, answered = 0;
	struct driver d;

	driver_start(&d, MEMORY, false);
	assert_int_equal(setsockopt(d.render_fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
	while (answered < CALLS) {
		uint8_t packet[64];
		struct render_message unref = { .type = RENDER_RESOURCE_UNREF,
			.serial = d.serial + 1 + (uint32_t)sent,
			.resource_id = { 77 } };
		int len = render_write(&unref, packet, sizeof packet);

		if (sent < CALLS && packet_send(d.render_fd, packet, (size_t)len, -1) == 0) {
			sent++;
			continue;
		}
		assert_int_equal(driver_receive(&d).serial, d.serial + 1 + (uint32_t)answered);
		answered++;
	}
	d.serial += CALLS;
	check_ended_well(driver_stop(&d));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(more_than_the_quota_is_refused_and_can_be_had_again),
		cmocka_unit_test(levels_layers_and_samples_count),
		cmocka_unit_test(a_flood_of_small_ones_meets_the_quota),
		cmocka_unit_test(memory_behind_a_resource_counts_too),
		cmocka_unit_test(ids_that_are_not_there_are_invalid),
		cmocka_unit_test(backing_outside_of_guest_memory_is_invalid),
		cmocka_unit_test(transfers_stay_inside),
		cmocka_unit_test(forgotten_guest_memory_is_behind_nothing),
		cmocka_unit_test(memory_that_can_shrink_is_refused),
		cmocka_unit_test(targets_are_limited),
		cmocka_unit_test(commands_that_bypass_the_account_are_refused),
		cmocka_unit_test(caps_say_what_there_is),
		cmocka_unit_test(malformed_messages_end_the_worker),
		cmocka_unit_test(a_descriptor_too_many_or_missing_ends_it),
		cmocka_unit_test(held_batches_wait_for_go),
		cmocka_unit_test(without_a_broker_nothing_is_held),
		cmocka_unit_test(a_lost_front_ends_it_even_while_held),
		cmocka_unit_test(a_full_socket_loses_no_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
