/* oriel-vgpu as its guest, its worker and QEMU see it: what it says, and what it refuses. */
#include "driver.h"
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static void a_guest_learns_what_there_is(void **state)
{
	struct machine *m = *state;
	uint8_t answer[1100];
	uint32_t *info = (uint32_t *)answer, none[1] = { 0 };

	assert_int_equal(driver_words(m, VIRTIO_GPU_GET_DISPLAY_INFO, 0, 0, none, 0, answer, 408),
			VIRTIO_GPU_OK_DISPLAY_INFO);
	assert_int_equal(info[8], 1280);
	assert_int_equal(info[9], 800);
	assert_int_equal(info[10], 1);
	assert_int_equal(info[16], 0); /* the second head */
	assert_int_equal(driver_words(m, VIRTIO_GPU_GET_CAPSET_INFO, 0, 0, (uint32_t[]){ 1, 0 }, 2, answer,
					 40),
			VIRTIO_GPU_OK_CAPSET_INFO);
	assert_int_equal(info[6], 2);
	assert_int_equal(info[8], 4);
	assert_int_equal(driver_words(m, VIRTIO_GPU_GET_CAPSET, 0, 0, (uint32_t[]){ 2, 1 }, 2, answer, 28),
			VIRTIO_GPU_OK_CAPSET);
	assert_memory_equal(answer + 24, "\1\2\3\4", 4);
	assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_GET_CAPSET, 0, 0, 3, 1), VIRTIO_GPU_ERR_PARAMETER);
	assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_GET_CAPSET, 0, 0, 0, 1), VIRTIO_GPU_ERR_PARAMETER);
	assert_int_equal(driver_words(m, VIRTIO_GPU_GET_EDID, 0, 0, (uint32_t[]){ 0, 0 }, 2, answer, 1056),
			VIRTIO_GPU_OK_EDID);
	assert_int_equal(info[6], 128);
	assert_int_equal(answer[32 + 1], 255);
	assert_int_equal(DRIVER_COMMAND(m, 0x7777, 0, 0, 0), VIRTIO_GPU_ERR_UNSPECIFIED);
}

/* virgl2 there is not with each GPU. */
static void a_set_that_is_not_there_is_refused(void **state)
{
	struct machine *m = *state;

	m->front.capsets[1] = (struct front_capset){ 0 };
	assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_GET_CAPSET, 0, 0, 1, 0), VIRTIO_GPU_OK_CAPSET);
	assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_GET_CAPSET, 0, 0, 2, 0), VIRTIO_GPU_ERR_PARAMETER);
}

static void attachments_are_counted(void **state)
{
	struct machine *m = *state;

	driver_create_context(m, 3);
	driver_create_context(m, 4);
	for (uint32_t id = 1; id <= 3; id++) {
		driver_create_2d(m, id, 64, 64);
		assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_CONTEXT_ATTACH, 0, 3, id, 0), VIRTIO_GPU_OK);
		assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_CONTEXT_ATTACH, 0, 4, id, 0), VIRTIO_GPU_OK);
	}
	assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_CONTEXT_ATTACH, 0, 4, 2, 0), VIRTIO_GPU_OK); /* again */
	assert_int_equal(m->front.attached, 6);
	assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_CONTEXT_DETACH, 0, 3, 1, 0), VIRTIO_GPU_OK);
	assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_RESOURCE_UNREF, 0, 0, 2, 0), VIRTIO_GPU_OK);
	assert_int_equal(m->front.attached, 3);
	m->front.attached = FRONT_ATTACHED_MAX;
	assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_CONTEXT_ATTACH, 0, 3, 1, 0),
			VIRTIO_GPU_ERR_OUT_OF_MEMORY);
	m->front.attached = 3;
	assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_CONTEXT_DESTROY, 0, 4), VIRTIO_GPU_OK);
	assert_int_equal(m->front.attached, 1);
	assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_CONTEXT_DESTROY, 0, 3), VIRTIO_GPU_OK);
	assert_int_equal(m->front.attached, 0);
	assert_int_equal(m->front.journals.used_bytes, 0);
}

static void a_resource_has_one_uuid(void **state)
{
	struct machine *m = *state;
	uint8_t first[40] = { 0 }, again[40], other[40];
	const uint8_t none[VIRTIO_GPU_UUID_BYTES] = { 0 };

	driver_create_2d(m, 1, 64, 64);
	driver_create_2d(m, 2, 64, 64);
	assert_int_equal(driver_words(m, VIRTIO_GPU_ASSIGN_UUID, 0, 0, (uint32_t[]){ 1, 0 }, 2, first,
					 sizeof first),
			VIRTIO_GPU_OK_UUID);
	driver_words(m, VIRTIO_GPU_ASSIGN_UUID, 0, 0, (uint32_t[]){ 1, 0 }, 2, again, sizeof again);
	driver_words(m, VIRTIO_GPU_ASSIGN_UUID, 0, 0, (uint32_t[]){ 2, 0 }, 2, other, sizeof other);
	assert_memory_not_equal(first + 24, none, sizeof none);
	assert_memory_equal(first + 24, again + 24, sizeof none);
	assert_memory_not_equal(first + 24, other + 24, sizeof none);
	assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_ASSIGN_UUID, 0, 0, 3, 0), VIRTIO_GPU_ERR_RESOURCE);
	assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_RESOURCE_UNREF, 0, 0, 1, 0), VIRTIO_GPU_OK);
	assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_ASSIGN_UUID, 0, 0, 1, 0), VIRTIO_GPU_ERR_RESOURCE);
}

static void what_is_out_of_bounds_is_refused(void **state)
{
	struct machine *m = *state;
	uint64_t end = machine_guest_addr + MACHINE_BYTES;

	assert_int_equal(driver_create_2d(m, 0, 64, 64), VIRTIO_GPU_ERR_RESOURCE);
	assert_int_equal(driver_create_2d(m, 1, 0, 64), VIRTIO_GPU_ERR_PARAMETER);
	assert_int_equal(driver_create_2d(m, 1, 1 << 20, 64), VIRTIO_GPU_ERR_PARAMETER);
	assert_int_equal(driver_create_2d(m, 1, 64, 64), VIRTIO_GPU_OK);
	assert_int_equal(driver_create_2d(m, 1, 64, 64), VIRTIO_GPU_ERR_RESOURCE);
	assert_int_equal(driver_attach(m, 2, machine_guest_addr, 4096), VIRTIO_GPU_ERR_RESOURCE);
	assert_int_equal(driver_attach(m, 1, end - 4095, 4096), VIRTIO_GPU_ERR_PARAMETER);
	assert_int_equal(driver_attach(m, 1, UINT64_MAX - 10, 4096), VIRTIO_GPU_ERR_PARAMETER);
	assert_int_equal(driver_attach(m, 1, machine_guest_addr - 1, 4096), VIRTIO_GPU_ERR_PARAMETER);
	assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_ATTACH_BACKING, 0, 0, 1, 1 << 18, 0, 0, 0, 0),
			VIRTIO_GPU_ERR_PARAMETER); /* a longer list than there is */
	assert_int_equal(driver_attach(m, 1, end - 4096, 4096), VIRTIO_GPU_OK);
	assert_int_equal(driver_attach(m, 1, end - 4096, 4096), VIRTIO_GPU_ERR_UNSPECIFIED);
	assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_TRANSFER_TO_2D, 0, 0, 1, 0, 64, 1, 0, 0, 1, 0),
			VIRTIO_GPU_ERR_PARAMETER);
	assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_TRANSFER_TO_2D, 0, 0, UINT32_MAX, 0, 2, 1, 0, 0, 1, 0),
			VIRTIO_GPU_ERR_PARAMETER);
	assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_TRANSFER_TO_2D, 0, 0, 0, 0, 1, 1, 4096, 0, 1, 0),
			VIRTIO_GPU_ERR_PARAMETER);
	assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_SET_SCANOUT, 0, 0, 1, 0, 64, 64, 0, 1),
			VIRTIO_GPU_ERR_PARAMETER);
	assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_SET_SCANOUT, 0, 0, UINT32_MAX, 0, 64, 64, 0, 1),
			VIRTIO_GPU_ERR_PARAMETER);
	assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_SET_SCANOUT, 0, 0, 0, 0, 64, 64, 4, 1),
			VIRTIO_GPU_ERR_SCANOUT);
	assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_RESOURCE_FLUSH, 0, 0, 60, 0, 5, 1, 1, 0),
			VIRTIO_GPU_ERR_PARAMETER);
	assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_CONTEXT_DESTROY, 0, 9, 0), VIRTIO_GPU_ERR_CONTEXT);
	assert_int_equal(driver_create_context(m, 0), VIRTIO_GPU_ERR_CONTEXT);
	assert_int_equal(driver_submit(m, 0, 9, (uint32_t[]){ 0 }, 1), VIRTIO_GPU_ERR_CONTEXT);
	assert_int_equal(driver_create_context(m, 9), VIRTIO_GPU_OK);
	assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_SUBMIT_3D, 0, 9, 8, 0, 0), VIRTIO_GPU_ERR_PARAMETER);
	assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_SUBMIT_3D, 0, 9, 3, 0, 0), VIRTIO_GPU_ERR_PARAMETER);
	assert_int_equal(DRIVER_COMMAND(m, VIRTIO_GPU_SUBMIT_3D, 0, 9), VIRTIO_GPU_ERR_UNSPECIFIED);
}

/* However many there are, there is room for the next. */
static void a_batch_that_is_nowhere_takes_no_room(void **state)
{
	struct machine *m = *state;
	/* Where all is that a command may have, but not all of the batch. */
	const uint32_t command[VIRTIO_GPU_COMMAND_MAX / 4] = { VIRTIO_GPU_SUBMIT_3D, 0, 0, 0, 1, 0,
		RENDER_BATCH_MAX_BYTES, 0 };

	driver_create_context(m, 1);
	for (unsigned i = 0; i < 2 * RENDER_ARENA_BYTES / RENDER_BATCH_MAX_BYTES; i++) {
		machine_put_more(m, VHOST_CONTROL, command, sizeof command, 0x20000,
				machine_guest_addr + MACHINE_BYTES, RENDER_BATCH_MAX_BYTES);
		machine_run(m);
		assert_int_not_equal(machine_take(m, VHOST_CONTROL), -1);
	}
	assert_int_equal(machine_sent_count(m, RENDER_SUBMIT), 0);
	assert_int_equal(driver_submit(m, 0, 1, (uint32_t[]){ 0 }, 1), VIRTIO_GPU_OK);
}

static void errors_of_the_worker_reach_the_guest(void **state)
{
	struct machine *m = *state;

	m->results = RENDER_OUT_OF_MEMORY;
	assert_int_equal(driver_create_2d(m, 1, 64, 64), VIRTIO_GPU_ERR_OUT_OF_MEMORY);
	assert_int_equal(driver_create_context(m, 1), VIRTIO_GPU_ERR_OUT_OF_MEMORY);
	m->results = RENDER_OK;
	assert_int_equal(driver_submit(m, 0, 1, (uint32_t[]){ 0 }, 1), VIRTIO_GPU_ERR_CONTEXT);
	assert_int_equal(driver_attach(m, 1, machine_guest_addr, 4096), VIRTIO_GPU_ERR_RESOURCE);
	assert_int_equal(driver_create_2d(m, 1, 64, 64), VIRTIO_GPU_OK);
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

/* The smallest memory, in which the rings are not. */
static void take_memory_away(struct machine *m)
{
	const uint64_t table[5] = { 1, machine_guest_addr, 4096, machine_user_addr, 0 };
	int fd = memfd_create("small", MFD_CLOEXEC);

	assert_int_equal(ftruncate(fd, 4096), 0);
	machine_request(m, VHOST_USER_SET_MEM_TABLE, table, sizeof table, &fd, 1);
	close(fd);
}

static void a_ring_of_another_size_is_nowhere(void **state)
{
	struct machine *m = *state;
	struct queue *queue = vhost_queue(m->front.vhost, VHOST_CONTROL);
	const uint32_t num[] = { VHOST_CONTROL, MACHINE_RING_SIZE };

	DRIVER_COMMAND(m, VIRTIO_GPU_RESOURCE_FLUSH, 0, 0, 0, 0, 64, 64, 1, 0);
	assert_int_equal(queue->untold, 1);
	machine_request(m, VHOST_USER_SET_VRING_NUM, num, sizeof num, NULL, 0);
	assert_int_equal(queue->untold, 0);
	queue->untold = 1; /* and if there were */
	take_memory_away(m);
	vhost_tell(m->front.vhost);
	queue_push(queue, 0, 0);
	assert_null(queue->used);
}

static void a_ring_keeps_its_size_while_answers_are_due(void **state)
{
	struct machine *m = *state;
	const struct queue *queue = vhost_queue(m->front.vhost, VHOST_CONTROL);
	const uint32_t num[] = { VHOST_CONTROL, 2 * MACHINE_RING_SIZE };

	driver_create_context(m, 1);
	m->unfenced = true;
	driver_submit(m, DRIVER_FENCE, 1, (uint32_t[]){ 0 }, 1);
	machine_request(m, VHOST_USER_SET_VRING_NUM, num, sizeof num, NULL, 0);
	assert_int_equal(queue->size, MACHINE_RING_SIZE);
	machine_fence(m, machine_sent_last(m, RENDER_FENCE)->id);
	assert_int_equal(machine_take(m, VHOST_CONTROL) >= 0, 1);
	assert_int_equal(queue->size, 2 * MACHINE_RING_SIZE);
	assert_null(queue->used);
}

static void a_new_driver_begins_with_nothing(void **state)
{
	struct machine *m = *state;

	driver_create_context(m, 1);
	driver_create_2d(m, 1, 64, 64);
	machine_request(m, VHOST_USER_RESET_DEVICE, NULL, 0, NULL, 0);
	assert_int_equal(machine_sent_count(m, RENDER_CONTEXT_DESTROY), 1);
	assert_int_equal(machine_sent_count(m, RENDER_RESOURCE_UNREF), 1);
	assert_int_equal(m->front.resources.count, 0);
	assert_int_equal(m->front.contexts.count, 0);
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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		DRIVER_TEST(a_guest_learns_what_there_is),
		DRIVER_TEST(a_set_that_is_not_there_is_refused),
		DRIVER_TEST(attachments_are_counted),
		DRIVER_TEST(a_resource_has_one_uuid),
		DRIVER_TEST(what_is_out_of_bounds_is_refused),
		DRIVER_TEST(a_batch_that_is_nowhere_takes_no_room),
		DRIVER_TEST(errors_of_the_worker_reach_the_guest),
		DRIVER_TEST(a_kick_that_hung_up_is_let_go),
		DRIVER_TEST(a_ring_of_another_size_is_nowhere),
		DRIVER_TEST(a_ring_keeps_its_size_while_answers_are_due),
		DRIVER_TEST(a_new_driver_begins_with_nothing),
		DRIVER_TEST(nonsense_from_qemu_ends_the_front),
		DRIVER_TEST(qemus_end_is_the_fronts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
