/* What oriel-guest-vm and the agent inside its machine say to each other, over a
 * virtio-serial port. Lines of ASCII, so that either end finds its place again after
 * the other was restarted in the middle of one: words separated by single blanks, a
 * newline at the end; numbers are decimal without leading zeroes.
 *
 * To the agent:
 *   layout SERIAL SCALE WxH+X+Y...   the monitors, SCALE in percent
 *   keymap KLID                      the keyboard layout ([MS-RDPBCGR] 2.2.1.3.2)
 *   locks FLAGS                      LINK_LOCK_* as they shall be
 *   text CODEPOINT                   to be typed once
 *   wheel LEFT RIGHT                 a turn of the horizontal wheel, 120 a notch; one is 0
 * From the agent:
 *   hello VERSION                    it has started and knows nothing
 *   layout-done SERIAL RESULT        0: set; 1: could not be
 *   typed COUNT                      characters since hello that are typed, or lost
 *
 * Both ends ignore lines that they do not understand: the machine is a stranger, and
 * an image may be older than the host. No I/O, no state, no allocation; thread-safe. */
#ifndef PROTO_AGENT_H
#define PROTO_AGENT_H

#include <proto/link.h>

#define AGENT_PORT_NAME "org.oriel.agent.0" /* of the virtio-serial port */

enum {
	AGENT_VERSION = 1,
	AGENT_HEADS_MAX = 4,  /* SCREEN_HEADS_MAX */
	AGENT_LINE_MAX = 160, /* bytes with the newline; longer ones are skipped */
};

enum agent_type {
	AGENT_LAYOUT,
	AGENT_KEYMAP,
	AGENT_LOCKS,
	AGENT_TEXT,
	AGENT_WHEEL,
	AGENT_HELLO,
	AGENT_LAYOUT_DONE,
	AGENT_TYPED,
};

struct agent_layout {
	uint32_t serial;
	uint32_t scale_percent; /* 100..500 */
	uint32_t count;         /* 1..AGENT_HEADS_MAX */
	struct link_rect heads[AGENT_HEADS_MAX];
};

struct agent_layout_done {
	uint32_t serial;
	uint32_t result;
};

struct agent_message {
	enum agent_type type;
	union {
		struct agent_layout layout;
		uint32_t klid;
		uint32_t locks;
		uint32_t code_point;    /* a scalar value, not 0 */
		int32_t horizontal_120; /* to the right; not 0, LINK_WHEEL_MAX_120 either way */
		uint32_t version;
		struct agent_layout_done layout_done;
		uint32_t typed; /* goes round */
	};
};

/* One line without its newline. Bounds named here and in link.h are checked.
 * 0 or ERR_FORMAT. */
MUST_USE int agent_parse(struct agent_message *msg, const char *line, size_t len);

/* One line with its newline, no NUL. Returns the length; ERR_SPACE (never with a cap
 * of AGENT_LINE_MAX); ERR_ARGUMENT when msg breaks a bound. */
MUST_USE int agent_write(const struct agent_message *msg, char *dst, size_t cap);

/* Bytes that come in any pieces, to lines. Zeroes to begin with. */
struct agent_lines {
	char line[AGENT_LINE_MAX];
	size_t len;
	bool skipping; /* the line is too long */
};

/* Takes a byte. Returns true when it ended a line; line[0..*len) is that line until
 * the next call. */
bool agent_lines_take(struct agent_lines *lines, char byte, size_t *len);

#endif
