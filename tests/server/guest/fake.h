/* A guest for tests of the link: it notes what it is told and paints each captured
 * rectangle with the number of the capture. */
#ifndef TESTS_SERVER_GUEST_FAKE_H
#define TESTS_SERVER_GUEST_FAKE_H

#include <server/guest.h>

enum {
	FAKE_NOTES = 4096,
};

struct fake {
	sd_event *event;
	struct guest_link *link;
	char dir[32], path[64];

	char notes[FAKE_NOTES]; /* one word a call: "+attended", "key:30", "key:30^", ... */
	int buffers, captures, awaits;
	int capture_result, layout_result;
	void *pending; /* the buffer of a capture put off: capture_result was GUEST_CAPTURE_LATER */
	struct link_rect pending_rects[LINK_RECTS_MAX];
	size_t pending_count;
	bool attach_fails;
	uint32_t request; /* serial of the last layout_set */
	bool answer_now;  /* layout_set answers itself, with what was asked */
	/* Told from inside the next capture, unless empty. */
	struct link_rect damage_in_capture;
	struct link_layout layout_in_capture;
};

/* Layout 640x480. The cursor is hidden. */
void fake_init(struct fake *fake);
void fake_finish(struct fake *fake);

/* Ends the capture that was put off, painting when result is 0. */
void fake_captured(struct fake *fake, int result);

/* Runs the loop until nothing is left to do. */
void fake_run(struct fake *fake);

/* Compares with the notes since the last call, and forgets them. */
void fake_expect(struct fake *fake, const char *notes);

#endif
