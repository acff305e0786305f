/* Two virtual machines that differ in their GPU alone: ours is oriel-guest-vm with its
 * broker, front and worker; the other has the command line of our QEMU, but QEMU's own
 * virgl and window (SDL) on an X server of its own. Both are up at once; who is not
 * measured is idle. Not thread-safe. */
#ifndef BENCH_VGPU_MACHINE_H
#define BENCH_VGPU_MACHINE_H

#include "vgpu_console.h"
#include <peer.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	VGPU_WIDTH_PX = 1280,
	VGPU_HEIGHT_PX = 1024,
	VGPU_PROCESSES_MAX = 16,
};

struct vgpu_machine {
	const char *name; /* who made its GPU: "oriel", "qemu" */
	pid_t started[2]; /* by us; 0: none. The first ends last. */
	pid_t qemu;       /* one of them, or of their children */
	char dir[64];
	char log[96]; /* of started[1] */
	struct vgpu_console console;
	uint64_t frames;  /* seen so far */
	struct peer link; /* ours: a session's end of the guest link */
	bool attached;
	int trace_fd;                        /* theirs: a line for each picture that was flushed; -1: none */
	pid_t processes[VGPU_PROCESSES_MAX]; /* all of it; vgpu_machine_count_in */
	int process_count;
};

struct vgpu_cpu {
	double all_s;
	double guest_s; /* of it: QEMU's emulated processors */
};

/* dir: an empty folder, the caller's to remove; image: NULL for the last one that
 * `oriel image build` made. Each waits until the machine's shell answers. 0, or ERR_*
 * after a line on stderr; stop in either case. */
MUST_USE int vgpu_machine_start_ours(struct vgpu_machine *machine, const char *dir, const char *image);
MUST_USE int vgpu_machine_start_qemu(
		struct vgpu_machine *machine, const char *dir, const struct vgpu_machine *ours);
void vgpu_machine_stop(struct vgpu_machine *machine);

/* Waits up to a few ms for frames and counts them: ours when they are in the session's
 * memory, QEMU's when they are flushed to its window. 0 or ERR_*. */
MUST_USE int vgpu_machine_look(struct vgpu_machine *machine);

/* Finds the processes of which vgpu_machine_cpu tells. 0 or ERR_*. */
MUST_USE int vgpu_machine_find(struct vgpu_machine *machine);

/* CPU time so far. 0; ERR_MISSING when one of the processes is gone. */
MUST_USE int vgpu_machine_cpu(const struct vgpu_machine *machine, struct vgpu_cpu *cpu);

#endif
