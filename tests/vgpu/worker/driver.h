/* The front of a virtual GPU and its broker, as the worker sees them: starts the real
 * program and speaks with it. Every failure is a failed assertion of cmocka. */
#ifndef TESTS_VGPU_DRIVER_H
#define TESTS_VGPU_DRIVER_H

#include <proto/broker.h>
#include <proto/render.h>
#include <stdbool.h>
#include <sys/types.h>

enum {
	DRIVER_GUEST_BYTES = 8 << 20, /* guest memory, at DRIVER_GUEST_ADDR */
	DRIVER_WAIT_MS = 60000,       /* a worker that does not answer by then hangs */
};

#define DRIVER_GUEST_ADDR 0x100000000u

struct driver {
	pid_t pid;
	int render_fd, control_fd;
	struct broker_page *page;
	uint8_t *arena, *guest;
	int arena_fd, guest_fd;
	uint32_t serial;
};

/* Starts a worker with that much video memory and hands it the arena and the guest's
 * memory. held: what the page says at first. */
void driver_start(struct driver *driver, uint64_t video_memory_bytes, bool held);

/* The bare program, with nothing said yet. */
void driver_spawn(struct driver *driver, uint64_t video_memory_bytes, bool held);

/* Closes the sockets and waits; returns waitpid's status. */
int driver_stop(struct driver *driver);

/* Sends a command (fd borrowed, or -1) under a new serial, which is returned. */
uint32_t driver_send(struct driver *driver, struct render_message msg, int fd);

/* The next answer. */
struct render_message driver_receive(struct driver *driver);

/* Sends with RENDER_WANT_DONE and waits for that answer; nothing else may come. */
enum render_result driver_call(struct driver *driver, struct render_message msg, int fd);

/* Is something to be read within that time? */
bool driver_answers(struct driver *driver, int timeout_ms);

/* --- short forms --- */
enum render_result driver_create(struct driver *driver, struct render_resource shape);
enum render_result driver_submit(
		struct driver *driver, uint32_t context, const uint32_t *words, uint32_t count);
enum render_result driver_context(struct driver *driver, uint32_t context);
enum render_result driver_attach(struct driver *driver, uint32_t context, uint32_t resource);

/* A context, a picture that it draws into, and a buffer for a scene's vertices. */
void driver_canvas(
		struct driver *driver, uint32_t context, struct render_resource picture, uint32_t vertices);

/* Batches are held no more. */
void driver_go(struct driver *driver);

/* A picture of 32 bits a pixel that can be drawn into. */
struct render_resource driver_picture(uint32_t id, uint32_t format, uint32_t width_px, uint32_t height_px);

#endif
