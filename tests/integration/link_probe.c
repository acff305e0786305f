/* link-probe: attaches to a guest beside its session (shared) and shows or changes
 * what the guest truly has, for the scripts here. See the usage below. */
#include "peer.h"
#include <server/pattern.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	WAIT_MS = 300000,
};

static const char usage[] =
		"usage: link-probe SOCKET COMMAND, one of\n"
		"  grab OUT.ppm     the whole picture\n"
		"  watch N          N frames of a pattern guest, a line each, the present one first:\n"
		"                   frame=N event=KIND serial=N code=N x=N y=N\n"
		"  cursor [OUT.pam] WxH hot X,Y or hidden; the image, not premultiplied any more\n"
		"  layout [WxH...]  asks for monitors side by side if given; prints what there is\n"
		"  sizes WxH...     asks for one size after the other without waiting, says \"sent\"\n"
		"                   and waits for the answer to the last\n"
		"  type TEXT        UTF-8, as Unicode input\n"
		"  key CODE...      scancodes, pressed and released one by one; 0xe0NN: extended\n"
		"  button N         1 left, 2 right, 3 middle, 4 back, 5 forward\n"
		"  pointer X Y\n"
		"Ends with 1 and a line when the guest does not answer in 300 s: on a busy machine a\n"
		"picture may wait for what the guest's programs draw.\n";

static struct peer peer;

static int fail(const char *what, int rc)
{
	fprintf(stderr, "link-probe: %s: %s\n", what, err_text(rc));
	return EXIT_FAILURE;
}

static int grab(int argc, char **argv)
{
	struct link_frame frame;
	FILE *out;
	int rc = peer_frame(&peer, LINK_PULL_FULL, &frame);

	if (rc < 0)
		return fail("no picture", rc);
	out = fopen(argv[0], "wb");
	if (!out) {
		perror(argv[0]);
		return EXIT_FAILURE;
	}
	fprintf(out, "P6\n%u %u\n255\n", peer.buffer.width_px, peer.buffer.height_px);
	for (uint32_t y = 0; y < peer.buffer.height_px; y++) {
		const uint8_t *p = peer.map + (size_t)y * peer.buffer.stride_bytes;

		for (uint32_t x = 0; x < peer.buffer.width_px; x++, p += 4)
			fwrite((uint8_t[]){ p[2], p[1], p[0] }, 1, 3, out);
	}
	return fclose(out) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int print_state(void)
{
	static const char *const names[] = { "none", "key-down", "key-up", "unicode", "button-down",
		"button-up", "wheel", "locks", "keymap" };
	struct pattern_state s;

	if (peer.buffer.width_px < PATTERN_TILE_PX || peer.buffer.height_px < PATTERN_TILE_PX ||
			pattern_read(&s, peer.map, peer.buffer.stride_bytes) < 0 ||
			(size_t)s.event >= sizeof names / sizeof *names) {
		fputs("link-probe: no numbers in the picture\n", stderr);
		return EXIT_FAILURE;
	}
	printf("frame=%u event=%s serial=%u code=%u x=%u y=%u\n", s.frame, names[s.event], s.serial, s.code,
			s.x, s.y);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int watch(int argc, char **argv)
{
	struct link_frame frame;
	int rc;

	for (long left = strtol(argv[0], NULL, 10); left > 0; left--) {
		rc = peer_frame(&peer, 0, &frame);
		if (rc < 0)
			return fail("no frame", rc);
		if (print_state() != EXIT_SUCCESS)
			return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

static int write_cursor(const char *name)
{
	static uint8_t pixels[LINK_CURSOR_MAX_PX * LINK_CURSOR_MAX_PX * 4];
	size_t len = (size_t)peer.cursor.width_px * peer.cursor.height_px * 4;
	FILE *out = fopen(name, "wb");

	if (!out || pread(peer.cursor_fd, pixels, len, 0) != (ssize_t)len) {
		perror(name);
		if (out)
			fclose(out);
		return EXIT_FAILURE;
	}
	fprintf(out, "P7\nWIDTH %u\nHEIGHT %u\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n",
			peer.cursor.width_px, peer.cursor.height_px);
	for (const uint8_t *p = pixels; p < pixels + len; p += 4) {
		unsigned a = p[3] ? p[3] : 1;

		fwrite((uint8_t[]){ (uint8_t)(p[2] * 255 / a), (uint8_t)(p[1] * 255 / a),
				       (uint8_t)(p[0] * 255 / a), p[3] },
				1, 4, out);
	}
	return fclose(out) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int cursor(int argc, char **argv)
{
	struct link_message msg;
	int rc = peer_expect(&peer, LINK_CURSOR, &msg);

	if (rc < 0)
		return fail("no cursor", rc);
	if (peer.cursor.hidden) {
		puts("hidden");
		return EXIT_SUCCESS;
	}
	printf("%ux%u hot %u,%u\n", peer.cursor.width_px, peer.cursor.height_px, peer.cursor.hot_x,
			peer.cursor.hot_y);
	return argc ? write_cursor(argv[0]) : EXIT_SUCCESS;
}

/* Monitors of these sizes, from left to right; the first is the primary. */
static int parse_layout(struct link_layout *layout, int argc, char **argv)
{
	int32_t x = 0;

	*layout = link_layout_single(1, 1);
	layout->serial = 1;
	if (argc > LINK_MONITORS_MAX)
		return ERR_ARGUMENT;
	for (int i = 0; i < argc; i++) {
		struct link_monitor *m = &layout->monitors[i];

		*m = layout->monitors[0];
		if (sscanf(argv[i], "%ux%u", &m->width_px, &m->height_px) != 2)
			return ERR_ARGUMENT;
		m->x = x;
		m->flags = i ? 0 : LINK_MONITOR_PRIMARY;
		x += (int32_t)m->width_px;
	}
	layout->count = (uint32_t)argc;
	return link_layout_check(layout);
}

static int layout(int argc, char **argv)
{
	struct link_message set = { .type = LINK_LAYOUT_SET }, msg;
	int rc = peer_expect(&peer, LINK_LAYOUT, &msg);

	if (rc == 0 && argc)
		rc = parse_layout(&set.layout, argc, argv);
	if (rc == 0 && argc)
		rc = peer_send(&peer, &set, -1);
	while (rc == 0 && argc && peer.layout.serial != 1)
		rc = peer_expect(&peer, LINK_LAYOUT, &msg);
	if (rc < 0)
		return fail("no layout", rc);
	for (uint32_t i = 0; i < peer.layout.count; i++) {
		const struct link_monitor *m = &peer.layout.monitors[i];

		printf("%ux%u%+d%+d scale %u%s\n", m->width_px, m->height_px, m->x, m->y, m->scale_percent,
				m->flags & LINK_MONITOR_PRIMARY ? " primary" : "");
	}
	return EXIT_SUCCESS;
}

static int sizes(int argc, char **argv)
{
	struct link_message set = { .type = LINK_LAYOUT_SET }, msg;
	int rc = 0;

	for (int i = 0; i < argc && rc == 0; i++) {
		rc = parse_layout(&set.layout, 1, argv + i);
		set.layout.serial = (uint32_t)i + 1;
		if (rc == 0)
			rc = peer_send(&peer, &set, -1);
	}
	if (rc == 0 && (puts("sent") < 0 || fflush(stdout) != 0))
		rc = ERR_IO;
	while (rc == 0 && peer.layout.serial != (uint32_t)argc)
		rc = peer_expect(&peer, LINK_LAYOUT, &msg);
	return rc < 0 ? fail("no layout", rc) : EXIT_SUCCESS;
}

/* Waits until the guest has read everything: it closes when it comes to the end. A
 * guest that logs out at a key (rc says closed) took what it wanted. */
static int finish_input(int rc)
{
	struct link_message msg;
	bool cut = rc == ERR_CLOSED, ended = false;

	if (rc < 0 && !cut)
		return fail("cannot send", rc);
	shutdown(peer.fd, SHUT_WR);
	do {
		rc = peer_receive(&peer, &msg);
		ended |= rc == 0 && msg.type == LINK_BYE && msg.bye.reason == LINK_BYE_ENDED;
	} while (rc == 0);
	return rc == ERR_CLOSED && (!cut || ended) ? EXIT_SUCCESS : fail("input not taken", rc);
}

/* One code point of well-formed UTF-8; 0 at the end. */
static uint32_t next_code_point(const char **text)
{
	const uint8_t *p = (const uint8_t *)*text;
	uint32_t code = p[0];
	int more = code >= 0xf0 ? 3 : code >= 0xe0 ? 2 : code >= 0xc0 ? 1 : 0;

	if (more)
		code &= 0x3fu >> more;
	for (int i = 1; i <= more && p[i]; i++)
		code = code << 6 | (p[i] & 0x3f);
	*text += code ? strnlen(*text, (size_t)more + 1) : 0;
	return code;
}

static int type(int argc, char **argv)
{
	const char *text = argv[0];
	uint32_t code;
	int rc = 0;

	while (rc == 0 && (code = next_code_point(&text)) != 0) {
		struct link_message msg = { .type = LINK_UNICODE, .unicode = { code, 0 } };

		rc = peer_send(&peer, &msg, -1);
		msg.unicode.flags = LINK_KEY_UP;
		if (rc == 0)
			rc = peer_send(&peer, &msg, -1);
	}
	return finish_input(rc);
}

static int key(int argc, char **argv)
{
	int rc = 0;

	for (int i = 0; i < argc && rc == 0; i++) {
		uint32_t code = (uint32_t)strtoul(argv[i], NULL, 0);
		struct link_message msg = { .type = LINK_KEY,
			.key = { code & 127, code >> 8 == 0xe0 ? LINK_KEY_EXTENDED : 0 } };

		rc = peer_send(&peer, &msg, -1);
		msg.key.flags |= LINK_KEY_UP;
		if (rc == 0)
			rc = peer_send(&peer, &msg, -1);
	}
	return finish_input(rc);
}

static int button(int argc, char **argv)
{
	struct link_message msg = { .type = LINK_BUTTON,
		.button = { (uint32_t)strtoul(argv[0], NULL, 10), 1 } };
	int rc = peer_send(&peer, &msg, -1);

	msg.button.down = 0;
	if (rc == 0)
		rc = peer_send(&peer, &msg, -1);
	return finish_input(rc);
}

static int pointer(int argc, char **argv)
{
	struct link_message msg = { .type = LINK_POINTER,
		.pointer = { (uint32_t)strtoul(argv[0], NULL, 10), (uint32_t)strtoul(argv[1], NULL, 10) } };

	return finish_input(peer_send(&peer, &msg, -1));
}

static const struct command {
	const char *name;
	int args_min, args_max;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "grab", 1, 1, grab },
	{ "watch", 1, 1, watch },
	{ "cursor", 0, 1, cursor },
	{ "layout", 0, LINK_MONITORS_MAX, layout },
	{ "sizes", 1, 16, sizes },
	{ "type", 1, 1, type },
	{ "key", 1, 1000, key },
	{ "button", 1, 1, button },
	{ "pointer", 2, 2, pointer },
};

static int run(const struct command *command, const char *path, int argc, char **argv)
{
	int rc = peer_attach(&peer, NULL, path, "link-probe", LINK_HELLO_SHARED), code;

	peer.timeout_ms = WAIT_MS;
	code = rc < 0 ? fail(path, rc) : command->run(argc, argv);
	peer_finish(&peer);
	return code;
}

int main(int argc, char **argv)
{
	int args = argc - 3;

	for (size_t i = 0; argc >= 3 && i < sizeof commands / sizeof *commands; i++) {
		const struct command *c = &commands[i];

		if (strcmp(argv[2], c->name) == 0 && args >= c->args_min && args <= c->args_max)
			return run(c, argv[1], args, argv + 3);
	}
	fputs(usage, stderr);
	return 2;
}
