/* The picture: damage of the root window, and copies of it into the sessions'
 * memfds, made by the X server itself (a shared pixmap on each memfd). */
#ifndef X11_PICTURE_H
#define X11_PICTURE_H

#include "display.h"
#include <proto/link.h>
#include <xcb/damage.h>

struct picture {
	struct display *display; /* borrowed */
	int16_t left, top;       /* of the picture in the root window */
	xcb_gcontext_t gc;
	xcb_damage_damage_t damage; /* XCB_NONE: nobody looks */
};

struct picture_buffer; /* one session's memfd */

/* 0 or ERR_IO. */
MUST_USE int picture_init(struct picture *picture, struct display *display);

/* Damage is reported while somebody looks; begins with the whole picture. */
void picture_watch(struct picture *picture, bool watch);

/* A damage event's rectangle in the picture; false: outside of it, above or left. */
bool picture_on_damage(
		const struct picture *picture, const xcb_generic_event_t *event, struct link_rect *rect);

/* After a batch of damage events: later drawing there is reported again. */
void picture_rearm(struct picture *picture);

/* memfd is borrowed, and checked. Returns owned, or NULL. */
struct picture_buffer *picture_buffer_create(
		struct picture *picture, int memfd, const struct link_buffer *buffer);

void picture_buffer_destroy(struct picture *picture, struct picture_buffer *buffer);

/* Where the server had the pointer when the copy was done. */
struct picture_pointer {
	int16_t x, y; /* in the root window */
};

/* Copies these parts; when it returns they are there. 0 or ERR_IO. */
MUST_USE int picture_capture(struct picture *picture, struct picture_buffer *buffer,
		const struct link_rect *rects, size_t count, struct picture_pointer *pointer);

#endif
