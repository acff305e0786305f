/* oriel-guest-pattern: a guest that shows a test picture. */
#include "pattern.h"
#include <base/log.h>
#include <base/loop.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	EXIT_USAGE = 2,
	RATE_DEFAULT_HZ = 30,
};

struct options {
	const char *dir;
	uint32_t width_px, height_px, heads, rate_hz;
	bool running, help;
};

static const char help[] =
		"usage: oriel-guest-pattern --dir DIR [--size WxH] [--heads N] [--rate FPS] [--still]\n"
		"\n"
		"A guest that shows a test picture. Sessions attach at DIR/link.\n"
		"\n"
		"  --dir DIR    where the socket is made\n"
		"  --size WxH   size of each monitor at start (1920x1080)\n"
		"  --scale P    percent; taken for the sake of other guests, changes nothing\n"
		"  --heads N    monitors at start, side by side (1)\n"
		"  --rate FPS   frames a second when running (30); starts running\n"
		"  --still      starts standing still, also with --rate; this is the default\n"
		"  --help\n"
		"\n"
		"The 64x64 pixels at the top left carry the frame's number, the last input event\n"
		"and the place of the pointer. When the picture stands still, each press of a key\n"
		"or button, Unicode character, turn of the wheel, change of the lock keys and\n"
		"keyboard layout makes one frame. Moving the pointer and releasing do not.\n"
		"\n"
		"Keys that do more:\n"
		"  F1   the whole picture changes\n"
		"  F2   starts and stops running at the rate (only while a session is attached)\n"
		"  F3   next cursor: colours 32x32, large 128x128, hidden\n"
		"  F4   releases of keys and buttons make frames too; again: they do not\n"
		"  F5   moves the pointer to the middle of the picture, as a program would\n"
		"  F12  logs out: the guest ends\n";

/* A decimal number from min to max, up to the character end. */
static bool parse_number(
		const char *text, char end, uint32_t min, uint32_t max, uint32_t *value, const char **rest)
{
	char *stop;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &stop, 10);
	if (errno || *text < '0' || *text > '9' || *stop != end || n < min || n > max)
		return false;
	*value = (uint32_t)n;
	if (rest)
		*rest = stop + 1;
	return true;
}

static bool parse_size(const char *text, struct options *options)
{
	const char *height;

	return parse_number(text, 'x', 1, LINK_SIZE_MAX_PX, &options->width_px, &height) &&
			parse_number(height, 0, 1, LINK_SIZE_MAX_PX, &options->height_px, NULL);
}

/* One option; false: its value is wrong. */
static bool take_option(struct options *options, int option, const char *value)
{
	switch (option) {
	case 'd': options->dir = value; return true;
	case 's': return parse_size(value, options);
	case 'c': return true; /* the picture has no text that would scale */
	case 'n': return parse_number(value, 0, 1, LINK_MONITORS_MAX, &options->heads, NULL);
	case 'r':
		options->running = true;
		return parse_number(value, 0, 1, PATTERN_RATE_MAX, &options->rate_hz, NULL);
	case 'h': options->help = true; return true;
	default: return false;
	}
}

/* 0, or EXIT_USAGE after a line that says why. */
static int parse_options(struct options *options, int argc, char **argv)
{
	static const struct option known[] = {
		{ "dir", required_argument, NULL, 'd' },
		{ "size", required_argument, NULL, 's' },
		{ "scale", required_argument, NULL, 'c' },
		{ "heads", required_argument, NULL, 'n' },
		{ "rate", required_argument, NULL, 'r' },
		{ "still", no_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	bool still = false;
	int option, index = 0;

	while ((option = getopt_long(argc, argv, "", known, &index)) != -1) {
		if (option == '?')
			return EXIT_USAGE; /* getopt said why */
		if (option == 't') {
			still = true;
		} else if (!take_option(options, option, optarg)) {
			fprintf(stderr, "oriel-guest-pattern: --%s does not take \"%s\"\n", known[index].name,
					optarg);
			return EXIT_USAGE;
		}
	}
	if (still)
		options->running = false;
	if (options->help)
		return 0;
	if (optind < argc || !options->dir) {
		fputs("oriel-guest-pattern: expected --dir DIR; see --help\n", stderr);
		return EXIT_USAGE;
	}
	return 0;
}

/* false: that many of that size are too wide. */
static bool make_layout(const struct options *options, struct link_layout *layout)
{
	*layout = link_layout_single(options->width_px, options->height_px);
	layout->count = options->heads;
	for (uint32_t i = 1; i < options->heads; i++) {
		layout->monitors[i] = layout->monitors[0];
		layout->monitors[i].x = (int32_t)(i * options->width_px);
		layout->monitors[i].flags = 0;
	}
	return link_layout_check(layout) == 0;
}

static int run(const struct options *options, const struct link_layout *layout, const char *path)
{
	static struct pattern_guest guest;
	sd_event *event = loop_create();
	int code = EXIT_FAILURE;

	if (!event)
		log_error("cannot make an event loop");
	else if (pattern_guest_init(&guest, event, path, layout, options->rate_hz, options->running) == 0)
		code = sd_event_loop(event) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	pattern_guest_finish(&guest);
	sd_event_unref(event);
	return code;
}

int main(int argc, char **argv)
{
	struct options options = {
		.width_px = 1920, .height_px = 1080, .heads = 1, .rate_hz = RATE_DEFAULT_HZ
	};
	struct link_layout layout;
	char path[108]; /* as long as a socket's path can be */

	log_init("guest-pattern", LOG_LEVEL_INFO);
	if (parse_options(&options, argc, argv) != 0)
		return EXIT_USAGE;
	if (options.help) {
		fputs(help, stdout);
		return EXIT_SUCCESS;
	}
	if (!make_layout(&options, &layout)) {
		fprintf(stderr, "oriel-guest-pattern: %u monitors of %ux%u are more than %d pixels wide\n",
				options.heads, options.width_px, options.height_px, LINK_SIZE_MAX_PX);
		return EXIT_USAGE;
	}
	if (snprintf(path, sizeof path, "%s/link", options.dir) >= (int)sizeof path) {
		fprintf(stderr, "oriel-guest-pattern: %s is too long for a socket\n", options.dir);
		return EXIT_USAGE;
	}
	return run(&options, &layout, path);
}
