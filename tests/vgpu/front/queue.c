/* Rings that a driver set up right, and wrong. */
#include <front/queue.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	BYTES = 1 << 20,
	SIZE = 8,
	AVAIL_AT = 0x1000,
	USED_AT = 0x2000,
	TABLE_AT = 0x3000,
	DATA_AT = 0x4000,
	NEXT = 1,
	WRITE = 2,
	INDIRECT = 4,
};

static const uint64_t guest_addr = 0x40000000, user_addr = 0x7000;

static struct memory memory;
static struct queue queue;
static struct queue_chain chain;

static uint8_t *at(size_t offset)
{
	return memory.regions[0].map + offset;
}

static int set_up(void **state)
{
	struct vhost_user_memory table = { 1, { { guest_addr, BYTES, user_addr, 0 } } };
	int fd = memfd_create("queue", MFD_CLOEXEC);

	if (ftruncate(fd, BYTES) < 0 || memory_set(&memory, &table, &fd) != 1)
		return -1;
	queue_init(&queue);
	queue.size = SIZE;
	queue.desc_user = user_addr;
	queue.avail_user = user_addr + AVAIL_AT;
	queue.used_user = user_addr + USED_AT;
	queue.event_idx = true;
	queue.call_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return queue_map(&queue, &memory);
}

static int tear_down(void **state)
{
	queue_finish(&queue);
	memory_finish(&memory);
	return 0;
}

static void desc(size_t table, unsigned i, uint64_t addr, uint32_t len, uint16_t flags, uint16_t next)
{
	uint8_t *d = at(table + i * 16);

	memcpy(d, &addr, 8);
	memcpy(d + 8, &len, 4);
	memcpy(d + 12, &flags, 2);
	memcpy(d + 14, &next, 2);
}

static void make_available(uint16_t head)
{
	uint16_t index;

	memcpy(&index, at(AVAIL_AT + 2), 2);
	memcpy(at(AVAIL_AT + 4 + index % SIZE * 2), &head, 2);
	index++;
	memcpy(at(AVAIL_AT + 2), &index, 2);
}

static bool signalled(void)
{
	uint64_t count;

	return read(queue.call_fd, &count, sizeof count) == sizeof count;
}

static void chains_come_and_go(void **state)
{
	uint16_t used;

	memcpy(at(DATA_AT), "abc", 3);
	memcpy(at(DATA_AT + 100), "defg", 4);
	for (int round = 0; round < 3 * SIZE; round++) {
		char text[8] = "";

		desc(0, 3, guest_addr + DATA_AT, 3, NEXT, 5);
		desc(0, 5, guest_addr + DATA_AT + 100, 4, NEXT, 1);
		desc(0, 1, guest_addr + DATA_AT + 200, 10, WRITE, 0);
		assert_int_equal(queue_pop(&queue, &memory, &chain), 0);
		make_available(3);
		assert_int_equal(queue_pop(&queue, &memory, &chain), 1);
		assert_int_equal(chain.head, 3);
		assert_int_equal(queue_chain_out_bytes(&chain), 7);
		assert_int_equal(queue_chain_copy(&chain, &memory, 1, text, 5), 0);
		assert_string_equal(text, "bcdef");
		assert_int_equal(queue_chain_copy(&chain, &memory, 1, text, 7), ERR_FORMAT);
		queue_push(&queue, chain.head, 4);
		memcpy(&used, at(USED_AT + 2), 2);
		assert_int_equal(used, round + 1);
	}
}

static void the_driver_is_told_when_it_wants(void **state)
{
	uint16_t event = 2;

	desc(0, 0, guest_addr + DATA_AT, 1, 0, 0);
	memcpy(at(AVAIL_AT + 4 + SIZE * 2), &event, 2); /* tell when the third comes back */
	for (int i = 0; i < 4; i++) {
		make_available(0);
		assert_int_equal(queue_pop(&queue, &memory, &chain), 1);
		queue_push(&queue, 0, 0);
		assert_int_equal(signalled(), i == 0 || i == 2); /* the first always */
	}
	/* And the driver is asked to kick for the next. */
	assert_int_equal(queue_pop(&queue, &memory, &chain), 0);
	memcpy(&event, at(USED_AT + 4 + SIZE * 8), 2);
	assert_int_equal(event, 4);
	queue.event_idx = false;
	make_available(0);
	assert_int_equal(queue_pop(&queue, &memory, &chain), 1);
	*at(AVAIL_AT) = 1; /* no interrupts */
	queue_push(&queue, 0, 0);
	assert_false(signalled());
}

static void want_signal_at(uint16_t used)
{
	memcpy(at(AVAIL_AT + 4 + SIZE * 2), &used, 2);
}

static void what_nobody_waits_for_is_told_of_with_more(void **state)
{
	queue_push_quietly(&queue, 0, 0);
	assert_false(signalled());
	queue_tell(&queue);
	assert_true(signalled());
	queue_tell(&queue);
	assert_false(signalled());
	want_signal_at(1);
	queue_push_quietly(&queue, 0, 0);
	assert_false(signalled());
	queue_push(&queue, 0, 0);
	assert_true(signalled());
	want_signal_at(3);
	queue_push_quietly(&queue, 0, 0);
	assert_false(signalled());
	queue_push_quietly(&queue, 0, 0); /* a quarter of the queue */
	assert_true(signalled());
}

static void what_was_handed_back_is_told_after_the_memory_changed(void **state)
{
	queue_push_quietly(&queue, 0, 0);
	assert_int_equal(queue_map(&queue, &memory), 0);
	queue_tell(&queue);
	assert_true(signalled());
}

static void a_table_may_be_elsewhere(void **state)
{
	desc(TABLE_AT, 0, guest_addr + DATA_AT, 1, NEXT, 2);
	desc(TABLE_AT, 2, guest_addr + DATA_AT + 1, 2, 0, 0);
	desc(0, 7, guest_addr + TABLE_AT, 3 * 16, INDIRECT, 0);
	make_available(7);
	assert_int_equal(queue_pop(&queue, &memory, &chain), 1);
	assert_int_equal(chain.out_count, 2);
	queue_unpop(&queue);
	assert_int_equal(queue_pop(&queue, &memory, &chain), 1);
	assert_int_equal(chain.out_count, 2);
}

static void check_broken(uint16_t head)
{
	make_available(head);
	assert_int_equal(queue_pop(&queue, &memory, &chain), ERR_FORMAT);
	assert_true(queue.broken);
	/* Until it is set up anew. */
	assert_int_equal(queue_pop(&queue, &memory, &chain), ERR_FORMAT);
	assert_int_equal(queue_map(&queue, &memory), 0);
	queue.next_avail++;
}

static void what_a_driver_does_wrong_breaks_the_queue(void **state)
{
	uint16_t index;

	desc(0, 0, guest_addr, 1, NEXT, 1);
	desc(0, 1, guest_addr, 1, NEXT, 0);
	check_broken(0); /* a circle */
	desc(0, 1, guest_addr, 1, NEXT, SIZE);
	check_broken(0); /* beyond the ring */
	check_broken(SIZE);
	desc(0, 0, guest_addr, 1, WRITE | NEXT, 1);
	desc(0, 1, guest_addr, 1, 0, 0);
	check_broken(0); /* an answer before the question */
	desc(TABLE_AT, 0, guest_addr + TABLE_AT, 16, INDIRECT, 0);
	desc(0, 0, guest_addr + TABLE_AT, 16, INDIRECT, 0);
	check_broken(0); /* a table in a table */
	desc(0, 0, guest_addr + TABLE_AT, 24, INDIRECT, 0);
	check_broken(0);
	desc(0, 0, guest_addr + BYTES - 16, 32, INDIRECT, 0);
	check_broken(0); /* not in memory */
	desc(0, 0, guest_addr, (QUEUE_PARTS_MAX + 1) * 16, INDIRECT, 0);
	check_broken(0);
	desc(TABLE_AT, 0, guest_addr, 1, 0, 0);
	desc(0, 0, guest_addr + TABLE_AT, 16, INDIRECT | NEXT, 1);
	check_broken(0);
	memcpy(&index, at(AVAIL_AT + 2), 2);
	index += SIZE; /* and the one that is put there: more than the ring holds */
	memcpy(at(AVAIL_AT + 2), &index, 2);
	check_broken(1);
}

static void rings_lie_in_memory(void **state)
{
	queue.used_user = user_addr + BYTES - 8;
	assert_int_equal(queue_map(&queue, &memory), ERR_FORMAT);
	assert_int_equal(queue_pop(&queue, &memory, &chain), 0);
	queue_push(&queue, 0, 0); /* has nowhere to go */
	queue.used_user = user_addr + USED_AT + 2;
	assert_int_equal(queue_map(&queue, &memory), ERR_FORMAT);
	queue.used_user = user_addr + USED_AT;
	queue.desc_user = UINT64_MAX - 4;
	assert_int_equal(queue_map(&queue, &memory), ERR_FORMAT);
}

static void addresses_are_looked_up_with_their_length(void **state)
{
	assert_ptr_equal(memory_at(&memory, guest_addr, BYTES), at(0));
	assert_ptr_equal(memory_at(&memory, guest_addr + BYTES - 1, 1), at(BYTES - 1));
	assert_null(memory_at(&memory, guest_addr + BYTES - 1, 2));
	assert_null(memory_at(&memory, guest_addr - 1, 1));
	assert_null(memory_at(&memory, guest_addr + 1, UINT64_MAX));
	assert_null(memory_at(&memory, UINT64_MAX, 1));
	assert_ptr_equal(memory_at_user(&memory, user_addr + 5, 1), at(5));
	assert_null(memory_at_user(&memory, guest_addr, 1));
}

static void a_file_that_is_too_short_is_no_memory(void **state)
{
	struct vhost_user_memory table = { 1, { { guest_addr, BYTES, user_addr, 4096 } } };
	int fd = memfd_create("short", MFD_CLOEXEC);

	assert_int_equal(ftruncate(fd, BYTES), 0);
	assert_int_equal(memory_set(&memory, &table, &fd), ERR_FORMAT);
	assert_int_equal(memory.count, 0);
	assert_null(memory_at(&memory, guest_addr, 1));
}

static void overlapping_regions_are_no_memory(void **state)
{
	struct vhost_user_memory table = { 2,
		{ { guest_addr, 4096, user_addr, 0 }, { guest_addr + 4095, 4096, user_addr + 4096, 0 } } };
	int fds[2] = { memfd_create("a", MFD_CLOEXEC), memfd_create("b", MFD_CLOEXEC) };

	assert_int_equal(ftruncate(fds[0], 4096) + ftruncate(fds[1], 4096), 0);
	assert_int_equal(memory_set(&memory, &table, fds), ERR_FORMAT);
}

static void the_same_memory_again_changes_nothing(void **state)
{
	struct vhost_user_memory table = { 1, { { guest_addr, BYTES, user_addr, 0 } } };
	const uint8_t *before = at(0);
	int fd = dup(memory.regions[0].fd);

	assert_int_equal(memory_set(&memory, &table, &fd), 0);
	assert_ptr_equal(at(0), before);
	table.regions[0].size_bytes -= 4096;
	fd = dup(memory.regions[0].fd);
	assert_int_equal(memory_set(&memory, &table, &fd), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(chains_come_and_go),
		TEST(the_driver_is_told_when_it_wants),
		TEST(what_nobody_waits_for_is_told_of_with_more),
		TEST(what_was_handed_back_is_told_after_the_memory_changed),
		TEST(a_table_may_be_elsewhere),
		TEST(what_a_driver_does_wrong_breaks_the_queue),
		TEST(rings_lie_in_memory),
		TEST(addresses_are_looked_up_with_their_length),
		TEST(a_file_that_is_too_short_is_no_memory),
		TEST(overlapping_regions_are_no_memory),
		TEST(the_same_memory_again_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
