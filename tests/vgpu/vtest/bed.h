/* A broker, one virtual GPU for programs, and programs that speak the vtest stream: all
 * real but the last. Every failure is a failed assertion of cmocka. */
#ifndef TESTS_VGPU_BED_H
#define TESTS_VGPU_BED_H

#include <proto/broker.h>
#include <proto/vtest.h>
#include <stdbool.h>
#include <sys/types.h>

enum {
	BED_WAIT_MS = 60000, /* who does not answer by then hangs */
};

struct bed {
	char dir[64], broker[96], socket[96];
	pid_t broker_pid, server_pid;
};

/* memory_mb: what all programs may use together. */
void bed_start(struct bed *bed, unsigned memory_mb);

/* Both end well. */
void bed_stop(struct bed *bed);

/* The broker's figures of the one virtual GPU. */
struct broker_item bed_figures(const struct bed *bed);

/* A connected socket, with nothing said yet. */
int bed_connect(const struct bed *bed);

/* --- a program --- */

/* Connected and through the driver's beginning. */
int program_start(const struct bed *bed);

void program_send(int fd, uint32_t len, uint32_t type, const uint32_t *words, size_t count);

/* Creates a resource with that much memory behind it, which is mapped; NULL: the answer
 * was that there is none. data_bytes 0: nothing is answered. */
uint8_t *program_create(int fd, uint32_t name, uint32_t target, uint32_t format, uint32_t bind,
		uint32_t width, uint32_t height, uint32_t data_bytes);

void program_submit(int fd, const uint32_t *words, uint32_t count);

/* The answer to a busy wait. */
uint32_t program_busy_wait(int fd, uint32_t name, bool wait);

/* Copies all of a picture of 32 bits a pixel into its memory, and waits for it. */
void program_get(int fd, uint32_t name, uint32_t width, uint32_t height);

/* Exactly len bytes of answers. */
void program_read(int fd, void *data, size_t len);

/* The server closed the connection; whatever it said before is read away. */
void program_expect_end(int fd);

#endif
