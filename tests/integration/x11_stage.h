/* A running oriel-guest-x11 for tests: started as an ordinary user in a folder of
 * its own, with a session attached and an X client connected. Any failure here
 * fails the cmocka test. */
#ifndef TESTS_X11_STAGE_H
#define TESTS_X11_STAGE_H

#include "peer.h"
#include <stdbool.h>
#include <sys/types.h>
#include <xcb/xcb.h>

enum {
	STAGE_TIMEOUT_MS = 120000, /* of each wait; long, as sanitizers and neighbours are slow */
};

struct stage {
	char dir[64];
	pid_t pid;
	int log_fd;      /* what the guest says */
	char said[2048]; /* the last of it, once it has ended */
	/* Before stage_spawn: an empty folder over this one, as the guest sees it. */
	const char *hidden;
	struct peer peer;
	xcb_connection_t *conn;
	xcb_screen_t *screen;
};

/* The folder; before stage_start a test can put files there (chown: stage_own). */
void stage_prepare(struct stage *stage);

/* Gives a file or folder to the user that the guest runs as. */
void stage_own(const char *path);

/* Starts it with --desktop command (NULL: Xfce) and --size, waits until it serves,
 * attaches and connects. */
void stage_start(struct stage *stage, const char *command, const char *size);

/* Only starts it: for tests of how it fails. */
void stage_spawn(struct stage *stage, const char *command, const char *size);

/* Waits for its end. Returns the exit code. */
int stage_wait_exit(struct stage *stage);

/* SIGTERM, if it runs; it must end with 0. Removes the folder. Again: does nothing. */
void stage_finish(struct stage *stage);

/* Runs a shell command on the desktop as its user, in the background. */
void stage_run(struct stage *stage, const char *command);

/* Leaves and attaches again. */
void stage_reattach(struct stage *stage);

/* Input, as a session sends it. */
void stage_send(struct stage *stage, const struct link_message *msg);
void stage_key(struct stage *stage, uint32_t scancode, uint32_t flags);
void stage_tap(struct stage *stage, uint32_t scancode, uint32_t flags); /* down and up */
void stage_text(struct stage *stage, uint32_t code_point);
void stage_keymap(struct stage *stage, uint32_t klid);
void stage_pointer(struct stage *stage, uint32_t x, uint32_t y);

/* Reads from a FIFO until want has come; fails on anything else. */
void stage_expect_text(struct stage *stage, int fifo_fd, const char *want);

/* The next X event of that type; the others are dropped. Owned. */
xcb_generic_event_t *stage_event(struct stage *stage, uint8_t type);

/* Waits for everything that was sent to be done by the guest: a full frame. */
void stage_full_frame(struct stage *stage);

/* Fails unless the lent buffer shows what the X server has. Draw nothing meanwhile. */
void stage_check_picture(struct stage *stage);

#endif
