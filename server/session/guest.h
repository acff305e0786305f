/* The session's end of the guest link (proto/link.h): lends the guest a memfd,
 * pulls frames, sends input. Nothing waits for the guest: what it does not read is
 * kept, bounded, and then it counts as gone. One thread. */
#ifndef SESSION_GUEST_H
#define SESSION_GUEST_H

#include <base/err.h>
#include <proto/link.h>
#include <systemd/sd-event.h>

struct guest;

/* All run in the loop thread. */
struct guest_handlers {
	void (*on_layout)(void *user, const struct link_layout *layout);
	/* The answer to the last pull: the lent pixels are ours until the next. */
	void (*on_frame)(void *user, const struct link_frame *frame);
	/* pixels: width * height * 4 bytes B, G, R, A; borrowed; NULL: hidden. */
	void (*on_cursor)(void *user, const struct link_cursor *cursor, const uint8_t *pixels);
	void (*on_cursor_moved)(void *user, uint32_t x, uint32_t y);
	/* The last call. reason: enum link_bye_reason, or 0 when the link broke. */
	void (*on_gone)(void *user, uint32_t reason, const char *text);
	void *user;
};

/* Pixels lent to the guest, XRGB8888. */
struct guest_picture {
	const uint8_t *pixels;
	uint32_t width_px, height_px, stride_bytes;
};

/* Takes link_fd, also after a failure; says HELLO. handlers are copied. NULL on failure. */
struct guest *guest_create(sd_event *event, int link_fd, const struct link_hello *hello,
		const struct guest_handlers *handlers);

/* NULL is fine. The guest keeps the desktop. */
void guest_destroy(struct guest *guest);

/* Lends new pixels of that size in place of the old ones. 0; ERR_MEMORY; ERR_IO. */
MUST_USE int guest_lend(struct guest *guest, uint32_t width_px, uint32_t height_px);

/* The lent pixels; all zero before guest_lend. */
struct guest_picture guest_picture(const struct guest *guest);

/* Asks for a frame; on_frame follows once there is damage. full: the whole picture,
 * at once. Not while another pull is open. */
void guest_pull(struct guest *guest, bool full);

/* A pull waits for its frame. */
bool guest_pulling(const struct guest *guest);

/* Waits up to timeout_ms for messages and handles them, outside the loop: for the
 * log-in, which has nothing else to do. False: none came, or the guest is gone. */
bool guest_turn(struct guest *guest, int timeout_ms);

/* Input and layout requests. Borrowed. */
void guest_send(struct guest *guest, const struct link_message *message);

#endif
