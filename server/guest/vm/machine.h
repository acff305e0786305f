/* The processes of a virtual machine: QEMU and the front of its virtual GPU
 * (oriel-vgpu), joined by sockets that nobody else has. Loop thread only. */
#ifndef VM_MACHINE_H
#define VM_MACHINE_H

#include "image.h"
#include "process.h"
#include <stdint.h>

enum {
	MACHINE_NAME_CAP = 64,
	/* From the guest's power button until QEMU is told to quit, and from there until
	 * it is killed: together less than the 10 s that oriel-host gives a guest. */
	MACHINE_DOWN_TIME_MS = 8000,
	MACHINE_QUIT_TIME_MS = 1000,
	MACHINE_ROOM_TIME_MS = 10000, /* between tries to write to a full disk */
};

struct machine_settings {
	char name[MACHINE_NAME_CAP]; /* for people and for the broker */
	const char *dir;             /* for the console's socket */
	const char *broker;          /* the broker's socket */
	const char *profile;         /* of the virtual GPU; "" is the default one */
	const char *append;          /* more words for the guest's kernel; "" */
	uint32_t memory_mib, cpus, heads;
	bool kvm;
};

struct machine {
	struct process qemu, front;
	/* Our ends of the sockets: QEMU's monitor, the agent's port, the screen socket. Who
	 * takes one puts -1 in its place. */
	int monitor_fd, agent_fd, screen_fd;
	char why[IMAGE_WHY_CAP]; /* after an error: a sentence */
};

/* Starts both; on_end of either is called with user when it ends by itself.
 * Returns 0 or one of exits.h, with why filled; machine_stop in either case. */
int machine_start(struct machine *machine, sd_event *event, const struct machine_settings *settings,
		const struct image *image, void (*on_qemu_end)(void *user), void (*on_front_end)(void *user),
		void *user);

/* What is left of both ends now: QEMU writes its disk out when it is told to end. */
void machine_stop(struct machine *machine);

/* Whether the host has that much memory left; else why is filled. */
bool machine_memory_fits(uint32_t memory_mib, char *why, size_t cap);

#endif
