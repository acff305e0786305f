/* A front between a QEMU, a driver, a broker, a worker and a screen that are all played
 * here: what tests and fuzz targets of oriel-vgpu run it with. One process, one loop;
 * nothing waits for a time. The worker says yes to everything and draws nothing. */
#ifndef TESTS_VGPU_FRONT_MACHINE_H
#define TESTS_VGPU_FRONT_MACHINE_H

#include <front/front.h>

enum {
	MACHINE_BYTES = 4 << 20, /* of guest memory */
	MACHINE_RING_SIZE = 64,
	MACHINE_SENT_MAX = 4096,
};

/* Where guest memory is for the guest and for QEMU. */
static const uint64_t machine_guest_addr = 0x100000, machine_user_addr = 0x7f0000000000;

/* A message that came to the worker. */
struct machine_sent {
	enum render_type type;
	uint16_t flags;
	uint32_t serial;
	uint32_t id;  /* resource, context or target; of a fence: its name, of a read: its resource */
	uint32_t len; /* of a batch */
	int fd;       /* passed along; owned */
	struct render_rect rect; /* the first of a read */
};

struct machine {
	sd_event *event;
	struct front front;
	int vhost, broker, screen, connector; /* the other ends */
	int render;                           /* -1: no worker */
	int exit_code;                        /* of the front's loop; -1: it runs */
	uint8_t *memory;
	int memory_fd;
	int kick[VHOST_QUEUES], call[VHOST_QUEUES];
	uint16_t avail[VHOST_QUEUES], used[VHOST_QUEUES];
	uint8_t *arena; /* mapped by the worker */
	struct machine_sent sent[MACHINE_SENT_MAX];
	unsigned sent_count;
	/* How the worker behaves. */
	bool silent;                /* it answers nothing, */
	bool unfenced;              /* or no fences */
	enum render_result results; /* what it says to what wants to be done */
	uint32_t joins;             /* BROKER_JOINs so far */
	uint32_t reason;            /* why the last worker ended, as the broker has it */
	bool refuse;                /* the broker has no worker */
};

/* As far as a driver's first command. false: it did not come so far. */
bool machine_start(struct machine *m);
/* The same, when the supervisor has said something by then. fd: borrowed, -1: none. */
bool machine_start_after(struct machine *m, const struct screen_message *early, int fd);
void machine_stop(struct machine *m);

/* Lets front, broker and worker do all there is to do. */
void machine_run(struct machine *m);

/* The worker dies. */
void machine_kill_worker(struct machine *m);

/* Guest memory at an offset. */
uint64_t machine_addr(uint64_t offset);

/* Puts a chain on a queue and kicks: out bytes are copied to out_at, the answer is wanted
 * at in_at (in_len 0: none). Returns the head's number. */
uint16_t machine_put(struct machine *m, unsigned queue, const void *out, size_t out_len, size_t out_at,
		size_t in_at, size_t in_len);

/* The same without room for an answer; out goes on with so many bytes at that address, of
 * which nothing is written, and which need not be there. */
void machine_put_more(struct machine *m, unsigned queue, const void *out, size_t out_len, size_t out_at,
		uint64_t guest_addr, uint32_t len);

/* Whether a chain came back since the last call: its head, or -1. */
int machine_take(struct machine *m, unsigned queue);

/* A whole control command, answered or not: the type of the answer, 0 when there is none
 * (yet). answer (may be NULL) has room for len bytes. */
uint32_t machine_command(
		struct machine *m, const void *command, size_t command_len, void *answer, size_t len);

/* Makes of random bytes a command with a type that there is, small numbers, and a place in
 * guest memory, so that it does not end at the first check. */
void machine_make_likely(uint8_t *command, size_t len);

/* Sends a vhost-user request with these bytes as payload. */
void machine_request(struct machine *m, uint32_t request, const void *payload, size_t len, const int *fds,
		unsigned fd_count);

/* What the screen was told since: the next message of that type, false if there was none. */
bool machine_screen(struct machine *m, enum screen_type type, struct screen_message *msg, int *fd);
void machine_screen_send(struct machine *m, const struct screen_message *msg, int fd);

/* The worker, which held its fences back, is done up to that one. */
void machine_fence(struct machine *m, uint32_t serial);

/* The same of a command that was held back. */
void machine_done(struct machine *m, uint32_t serial);

/* How many messages of that type came to the worker, and the last of them. */
unsigned machine_sent_count(const struct machine *m, enum render_type type);
const struct machine_sent *machine_sent_last(const struct machine *m, enum render_type type);

#endif
