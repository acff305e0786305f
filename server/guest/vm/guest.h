/* The VM guest: a virtual machine, joined to the guest link. */
#ifndef VM_GUEST_H
#define VM_GUEST_H

#include "agent_link.h"
#include "gpu.h"
#include "heads.h"
#include "input.h"
#include "machine.h"
#include "qmp.h"
#include <server/guest.h>

enum {
	/* How long a session waits for the guest to follow a layout before it gets the one
	 * that there is; later ones come unasked. */
	GUEST_LAYOUT_TIME_MS = 3000,
	/* How long keys wait behind text that the agent does not say is typed, on a slow
	 * machine too: before it, Return would send half a line. An agent that is gone is
	 * not waited for. */
	GUEST_TEXT_TIME_MS = 15000,
	/* How long QEMU and the front may take to be gone after their sockets are. */
	GUEST_QEMU_TIME_MS = 1000,
	GUEST_FRONT_TIME_MS = 1000,
};

enum guest_state {
	GUEST_RUNS,
	GUEST_GOES_DOWN, /* the power button was pressed, by us or inside */
	GUEST_QUITS,     /* QEMU was told to quit */
};

struct guest {
	sd_event *event;         /* borrowed */
	struct guest_link *link; /* owned */
	struct machine machine;
	const struct image *image; /* borrowed */
	struct gpu *gpu;           /* owned */
	struct qmp qmp;
	struct agent_link agent;
	struct heads heads;
	struct input input;
	uint32_t width_px, height_px; /* of the picture that sessions have */
	/* A layout that the guest has yet to follow. */
	uint32_t layout_serial; /* the session's request; 0: nobody waits */
	uint32_t agent_serial;  /* of what the agent was told last */
	sd_event_source *layout_timer, *text_timer;
	sd_event_source *room_timer; /* until the disk is tried again */
	/* The cursor: which head has it, and its hot spot. */
	uint32_t cursor_head, hot_x, hot_y;
	enum guest_state state;
	sd_event_source *down_timer;
	int exit_code;
	char why[IMAGE_WHY_CAP + 128]; /* it ended: a sentence; "" as it should */
};

/* Listens at path and starts the machine. layout: the monitors at first. Returns 0 or
 * one of exits.h with why filled; guest_finish in either case. image is borrowed until
 * then. */
int guest_init(struct guest *guest, sd_event *event, const char *path, const struct link_layout *layout,
		const struct machine_settings *settings, const struct image *image);

/* Presses the power button; the loop exits when the machine is off, or when its time is
 * up. Once more: at once. */
void guest_power_down(struct guest *guest);

/* Nothing when all of it is zero. */
void guest_finish(struct guest *guest);

#endif
