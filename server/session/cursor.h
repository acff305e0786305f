/* The guest's cursor as pointer updates, [MS-RDPBCGR] 2.2.9.1.1.4: 32 bit where the
 * client can, 24 bit with a mask otherwise, large ones, hidden, and cached by what
 * they show. One thread. */
#ifndef SESSION_CURSOR_H
#define SESSION_CURSOR_H

#include <base/err.h>
#include <freerdp/freerdp.h>
#include <proto/link.h>

struct cursor;

/* context is borrowed. NULL without memory. */
struct cursor *cursor_create(rdpContext *context);

/* NULL is fine. */
void cursor_destroy(struct cursor *cursor);

/* Takes over a new shape; cursor_flush sends it. pixels: B, G, R, A premultiplied,
 * borrowed; NULL: hidden. 0 or ERR_MEMORY. */
MUST_USE int cursor_set(struct cursor *cursor, const struct link_cursor *shape, const uint8_t *pixels);

/* A program in the guest moved the pointer; cursor_flush tells the client. */
void cursor_move(struct cursor *cursor, uint32_t x, uint32_t y);

/* The client is (again) ready: it has no shapes yet, the present one is to be sent. */
void cursor_activate(struct cursor *cursor);

/* Sends the newest shape and place, if the client does not have them. Call when the
 * socket takes bytes: so a guest that changes its cursor without end makes nothing
 * grow. 0 or ERR_CLOSED. */
MUST_USE int cursor_flush(struct cursor *cursor);

#endif
