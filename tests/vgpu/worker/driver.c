#include "driver.h"
#include "scene.h"
#include <base/packet.h>
#include <base/shm.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	SAFE_FD = 20, /* above what the worker gets */
};

static void become_worker(int page_fd, int render_fd, int control_fd)
{
	int from[] = { page_fd, render_fd, control_fd };
	const char *program = getenv("ORIEL_VGPU_WORKER");

	for (int i = 0; i < 3; i++)
		from[i] = fcntl(from[i], F_DUPFD, SAFE_FD);
	for (int i = 0; i < 3; i++)
		dup2(from[i], 3 + i);
	execl(program ? program : WORKER_PROGRAM, "oriel-vgpu-worker", "--log-level", "error", NULL);
	_exit(127);
}

void driver_spawn(struct driver *d, uint64_t video_memory_bytes, bool held)
{
	int render[2], control[2], page_fd = shm_create("page", sizeof(struct broker_page));

	memset(d, 0, sizeof *d);
	assert_true(page_fd >= 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, render), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control), 0);
	d->page = (struct broker_page *)(void *)shm_map(page_fd, sizeof *d->page);
	assert_non_null(d->page);
	atomic_store(&d->page->held, held);
	atomic_store(&d->page->video_memory_bytes, video_memory_bytes);
	d->pid = fork();
	if (d->pid == 0)
		become_worker(page_fd, render[1], control[1]);
	assert_true(d->pid > 0);
	close(render[1]);
	close(control[1]);
	close(page_fd);
	d->render_fd = render[0];
	d->control_fd = control[0];
}

void driver_start(struct driver *d, uint64_t video_memory_bytes, bool held)
{
	struct render_message region = { .type = RENDER_REGION,
		.region = { 0, DRIVER_GUEST_ADDR, DRIVER_GUEST_BYTES, 0 } };

	driver_spawn(d, video_memory_bytes, held);
	d->arena_fd = shm_create("arena", RENDER_ARENA_BYTES);
	d->guest_fd = shm_create("guest", DRIVER_GUEST_BYTES);
	assert_true(d->arena_fd >= 0 && d->guest_fd >= 0);
	d->arena = shm_map(d->arena_fd, RENDER_ARENA_BYTES);
	d->guest = shm_map(d->guest_fd, DRIVER_GUEST_BYTES);
	assert_true(d->arena && d->guest);
	assert_int_equal(driver_call(d, (struct render_message){ .type = RENDER_ARENA }, d->arena_fd),
			RENDER_OK);
	assert_int_equal(driver_call(d, region, d->guest_fd), RENDER_OK);
}

static void close_one(int *fd)
{
	if (*fd > 0)
		close(*fd);
	*fd = 0;
}

int driver_stop(struct driver *d)
{
	int status = -1;

	close_one(&d->render_fd);
	close_one(&d->control_fd);
	close_one(&d->arena_fd);
	close_one(&d->guest_fd);
	assert_int_equal(waitpid(d->pid, &status, 0), d->pid);
	shm_unmap(d->arena, RENDER_ARENA_BYTES);
	shm_unmap(d->guest, DRIVER_GUEST_BYTES);
	shm_unmap((uint8_t *)d->page, sizeof *d->page);
	return status;
}

uint32_t driver_send(struct driver *d, struct render_message msg, int fd)
{
	static uint8_t packet[RENDER_PACKET_MAX];
	int len, err;

	msg.serial = ++d->serial;
	len = render_write(&msg, packet, sizeof packet);
	assert_true(len > 0);
	do
		err = packet_send(d->render_fd, packet, (size_t)len, fd);
	while (err == ERR_AGAIN);
	assert_int_equal(err, 0);
	return msg.serial;
}

struct render_message driver_receive(struct driver *d)
{
	static uint8_t packet[RENDER_PACKET_MAX];
	struct render_message msg;
	int len;

	assert_int_equal(packet_wait(d->render_fd, DRIVER_WAIT_MS), 0);
	len = packet_receive(d->render_fd, packet, sizeof packet, NULL);
	assert_true(len > 0);
	assert_int_equal(render_parse(&msg, packet, (size_t)len), 0);
	return msg;
}

enum render_result driver_call(struct driver *d, struct render_message msg, int fd)
{
	struct render_message done;
	uint32_t serial;

	msg.flags = RENDER_WANT_DONE;
	serial = driver_send(d, msg, fd);
	done = driver_receive(d);
	assert_int_equal(done.type, RENDER_DONE);
	assert_int_equal(done.serial, serial);
	return (enum render_result)done.done.result;
}

bool driver_answers(struct driver *d, int timeout_ms)
{
	return packet_wait(d->render_fd, timeout_ms) == 0;
}

enum render_result driver_create(struct driver *d, struct render_resource shape)
{
	return driver_call(
			d, (struct render_message){ .type = RENDER_RESOURCE_CREATE, .resource = shape }, -1);
}

enum render_result driver_submit(struct driver *d, uint32_t context, const uint32_t *words, uint32_t count)
{
	if (count)
		memcpy(d->arena, words, count * sizeof *words);
	return driver_call(d,
			(struct render_message){ .type = RENDER_SUBMIT, .submit = { context, 0, 4 * count } },
			-1);
}

enum render_result driver_context(struct driver *d, uint32_t context)
{
	return driver_call(d,
			(struct render_message){
					.type = RENDER_CONTEXT_CREATE, .context = { context, 0, "test" } },
			-1);
}

enum render_result driver_attach(struct driver *d, uint32_t context, uint32_t resource)
{
	return driver_call(d,
			(struct render_message){
					.type = RENDER_CONTEXT_ATTACH, .context = { context, resource, "" } },
			-1);
}

struct render_resource driver_picture(uint32_t id, uint32_t format, uint32_t width_px, uint32_t height_px)
{
	/* A texture of two dimensions; RENDER_TARGET | SAMPLER_VIEW | SCANOUT. */
	return (struct render_resource){ .resource = id,
		.target = 2,
		.format = format,
		.bind = 1 << 1 | 1 << 3 | 1 << 18,
		.width = width_px,
		.height = height_px,
		.depth = 1,
		.array_size = 1 };
}

void driver_canvas(struct driver *d, uint32_t context, struct render_resource picture, uint32_t vertices)
{
	struct render_resource buffer = { .resource = vertices,
		.format = 64,
		.bind = 1 << 4, /* VERTEX_BUFFER */
		.width = SCENE_VERTICES_BYTES,
		.height = 1,
		.depth = 1,
		.array_size = 1 };

	assert_int_equal(driver_context(d, context), RENDER_OK);
	assert_int_equal(driver_create(d, picture), RENDER_OK);
	assert_int_equal(driver_create(d, buffer), RENDER_OK);
	assert_int_equal(driver_attach(d, context, picture.resource), RENDER_OK);
	assert_int_equal(driver_attach(d, context, vertices), RENDER_OK);
}

void driver_go(struct driver *d)
{
	uint8_t packet[BROKER_PACKET_MAX];
	int len = broker_write(&(struct broker_message){ .type = BROKER_GO }, packet, sizeof packet);

	assert_true(len > 0);
	atomic_store(&d->page->held, 0);
	assert_int_equal(packet_send(d->control_fd, packet, (size_t)len, -1), 0);
}
