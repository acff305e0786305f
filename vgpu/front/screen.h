/* The front's end of the screen socket (proto/screen.h). Loop thread only. */
#ifndef FRONT_SCREEN_H
#define FRONT_SCREEN_H

#include <base/err.h>
#include <proto/screen.h>
#include <stdbool.h>
#include <systemd/sd-event.h>

struct screen_ops {
	/* HEADS, TARGET, DROP, READ, AWAIT. Takes fd (-1: none came). */
	void (*message)(void *user, const struct screen_message *msg, int fd);
	void (*closed)(void *user);
};

struct screen;

/* Takes fd, also after a failure; -1: nobody looks, what is sent is dropped. ops is
 * borrowed for ever. NULL without memory. */
struct screen *screen_create(sd_event *event, int fd, const struct screen_ops *ops, void *user);
void screen_destroy(struct screen *screen);

/* pass_fd (-1: none) is borrowed. While the socket takes nothing, only the last is kept of
 * what the guest can say as often as it likes: each head's scanout, the cursor, resets. */
void screen_send(struct screen *screen, const struct screen_message *msg, int pass_fd);

/* Whether what is sent goes out at once. */
bool screen_ready(const struct screen *screen);

/* Damage of a head, in pixels of its scanout, now. What the socket does not take at
 * once is joined with what follows. */
void screen_damage(struct screen *screen, uint32_t head, const struct link_rect *rect);

/* The same for the cursor's place. */
void screen_cursor_moved(struct screen *screen, uint32_t head, uint32_t x, uint32_t y);

#endif
