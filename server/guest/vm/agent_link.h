/* The host's end of the agent's port (proto/agent.h). What the machine says is a
 * stranger's. What is to be said to it waits here while it does not listen: the newest
 * layout, keyboard layout and lock keys, the sum of wheel turns, and a bounded piece of
 * text. Loop thread only. */
#ifndef VM_AGENT_LINK_H
#define VM_AGENT_LINK_H

#include <proto/agent.h>
#include <systemd/sd-event.h>

enum {
	AGENT_TEXT_MAX = 256, /* characters that wait; more are dropped */
};

struct agent_ops {
	void (*layout_done)(void *user, const struct agent_layout_done *done);
	/* All text that agent_link_text took is typed, or will never be. */
	void (*typed)(void *user);
};

struct agent_link {
	const struct agent_ops *ops;
	void *user;
	int fd; /* owned; -1: closed */
	sd_event_source *io;
	struct agent_lines lines;
	bool there;                             /* it said hello */
	bool early;                             /* its hello came before the end of the last one */
	bool layout_due, keymap_due, locks_due; /* and these are known: below */
	bool keymap_known;
	struct agent_layout layout;
	uint32_t klid, locks;
	int32_t wheel_120; /* due; to the right */
	uint32_t text[AGENT_TEXT_MAX];
	size_t text_count;
	uint32_t texts, typed;       /* characters since hello: taken, and typed */
	char unsent[AGENT_LINE_MAX]; /* the rest of a line that QEMU took in part */
	size_t unsent_len;
};

/* Takes fd, a stream socket, also after a failure. ops is borrowed. 0 or ERR_MEMORY. */
MUST_USE int agent_link_init(
		struct agent_link *link, sd_event *event, int fd, const struct agent_ops *ops, void *user);
void agent_link_finish(struct agent_link *link);

/* QEMU says that the port was opened or closed in the machine. Closed: the agent is gone
 * until it says hello, or until the port is opened if it has: that comes by another way.
 * Openings and closings that follow each other fast are told as the last of them. */
void agent_link_port(struct agent_link *link, bool open);

/* Remembered, and said to an agent that starts later too. */
void agent_link_layout(struct agent_link *link, const struct agent_layout *layout);
void agent_link_keymap(struct agent_link *link, uint32_t klid);

/* Dropped when there is no agent. */
void agent_link_locks(struct agent_link *link, uint32_t flags);
void agent_link_text(struct agent_link *link, uint32_t code_point);
/* The horizontal wheel, which QEMU's tablet has not: its keymap_button in
 * hw/input/virtio-input-hid.c knows no wheel-left. */
void agent_link_wheel(struct agent_link *link, int32_t horizontal_120);

/* Whether ops.typed is still to come. */
bool agent_link_typing(const struct agent_link *link);

#endif
