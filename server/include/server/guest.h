/* The guest's end of the guest link (proto/link.h), for programs that draw: it
 * listens, accepts several sessions at once (attachments), says WELCOME, gathers
 * damage for each until it is asked for a frame, and turns input into calls.
 *
 * The guest gives struct guest_ops and tells what changed with guest_link_damage,
 * _cursor, _cursor_moved, _layout_changed. Everything runs in the loop thread and
 * nothing waits: a session that does not read gets the newest state later, and is
 * dropped after GUEST_MISSED_MAX things that it did not take. A session that sends
 * something malformed is closed with one log line (and LINK_BYE_PROTOCOL).
 *
 * Ops are called from the loop only, never from inside a guest_link_* call, so an
 * op may call any of them except guest_link_destroy. */
#ifndef SERVER_GUEST_H
#define SERVER_GUEST_H

#include <proto/link.h>
#include <systemd/sd-event.h>

enum {
	/* More are refused: each costs a descriptor and 8 KiB. */
	GUEST_ATTACHMENTS_MAX = 128,
	/* Messages that a session with a full socket may miss; the socket itself holds
	 * a few hundred. */
	GUEST_MISSED_MAX = 256,
	/* What capture returns when guest_link_captured will follow. */
	GUEST_CAPTURE_LATER = 1,
};

struct guest_link;

/* buffer_attach, buffer_detach and capture are needed; any other may be NULL, then
 * the message is dropped (layout_set: refused). user is that of guest_link_create. */
struct guest_ops {
	/* LINK_WELCOME's kind: "x11". Static. */
	const char *kind;

	/* A memfd that the session lends: already checked, of the picture's present
	 * size, contents undefined. memfd is borrowed for this call (dup or map it).
	 * Returns a handle of the guest's own, or NULL (the session is then ended). */
	void *(*buffer_attach)(void *user, int memfd, const struct link_buffer *buffer);

	/* The memfd's end: replaced, stale after a resize, or the session left. A capture
	 * into it that is under way needs no guest_link_captured any more. */
	void (*buffer_detach)(void *user, void *handle);

	/* Copies these rectangles of the picture to the same place in the buffer.
	 * Rectangles are inside the picture and may overlap. Returns 0: the pixels are
	 * there; GUEST_CAPTURE_LATER: guest_link_captured will tell when they are, and
	 * until then nothing else is captured into that buffer; or negative: not now, it
	 * is asked again (with all of the damage) after the next guest_link_damage or
	 * _layout_changed. */
	int (*capture)(void *user, void *handle, const struct link_rect *rects, size_t count);

	/* A session waits for the next damage: until capture comes, the guest may write
	 * into the buffer what it will tell of with guest_link_damage. Once for each pull. */
	void (*await)(void *user, void *handle);

	/* A session wants these monitors. Returns 0: the guest answers now or later with
	 * guest_link_layout_changed, passing on layout->serial, whether it got that
	 * layout, another, or none; only the newest request needs an answer.
	 * Negative: refused, and the present layout is the answer. */
	int (*layout_set)(void *user, const struct link_layout *layout);

	/* Keys and buttons that a session still holds when it leaves, or at
	 * LINK_RELEASE_ALL, come as ordinary releases: nothing to track in the guest. */
	void (*key)(void *user, const struct link_key *key);
	void (*unicode)(void *user, uint32_t code_point);    /* type it once: press and release */
	void (*pointer)(void *user, uint32_t x, uint32_t y); /* inside the picture */
	void (*button)(void *user, enum link_button_name button, bool down);
	void (*wheel)(void *user, int32_t vertical_120, int32_t horizontal_120);
	void (*locks)(void *user, uint32_t flags); /* LINK_LOCK_* */
	void (*keymap)(void *user, const struct link_keymap *keymap);

	/* true: the first attachment came (before anything else of it); false: the last
	 * one left. In between there is no need to look for damage. */
	void (*attended)(void *user, bool attended);
};

/* Listens on path (mode 0700; peers must be root or our own uid). ops and user are
 * borrowed until destroy; layout is the present one. Returns owned, or NULL after
 * a log line that says why. */
struct guest_link *guest_link_create(sd_event *event, const char *path, const struct guest_ops *ops,
		void *user, const struct link_layout *layout);

/* Ends what is left as guest_link_end(LINK_BYE_ENDED) does, removes the socket.
 * Calls no ops but buffer_detach. NULL is fine. */
void guest_link_destroy(struct guest_link *link);

/* These parts of the picture changed, now. Rectangles are clipped to the picture
 * and empty ones skipped. They are gathered; sessions that wait are answered at the
 * end of this turn of the loop, so many small calls make one frame. */
void guest_link_damage(struct guest_link *link, const struct link_rect *rects, size_t count);

/* Ends the capture into that buffer for which capture returned GUEST_CAPTURE_LATER.
 * result: 0, or negative as capture returns it; then damage that came since the
 * capture began counts as the next. handle: one whose buffer_detach has not come. */
void guest_link_captured(struct guest_link *link, const void *handle, int result);

/* The picture is now this (valid by link_layout_check). serial: of the layout_set
 * that it answers, 0: none. When the size is another, buffers become stale here:
 * buffer_detach comes at the turn's end, and no capture. A layout that differs
 * counts as damaged in whole; others hear of it only then. */
void guest_link_layout_changed(struct guest_link *link, const struct link_layout *layout);

/* The cursor: pixels has width * height * 4 bytes (B, G, R, A, premultiplied),
 * borrowed for the call; NULL when cursor->hidden. Before the first call it counts
 * as hidden. 0, ERR_ARGUMENT (sizes), ERR_MEMORY, ERR_IO; then the old one stays. */
MUST_USE int guest_link_cursor(
		struct guest_link *link, const struct link_cursor *cursor, const uint8_t *pixels);

/* A program, not a session, moved the pointer there. */
void guest_link_cursor_moved(struct guest_link *link, uint32_t x, uint32_t y);

/* LINK_BYE to every attachment, and no new ones from here on. text may be NULL. */
void guest_link_end(struct guest_link *link, enum link_bye_reason reason, const char *text);

#endif
