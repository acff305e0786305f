/* oriel-guest-pattern: a guest that shows a test picture. */
#include "pattern.h"
#include <base/log.h>
#include <base/loop.h>
#include <server/guest_options.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	EXIT_USAGE = 2,
	RATE_DEFAULT_HZ = 30,
};

struct options {
	struct guest_options common;
	uint32_t heads, rate_hz;
	bool running, still;
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

enum { OPT_SCALE = 1, OPT_HEADS, OPT_RATE, OPT_STILL };

static bool take_option(void *user, int option, const char *value)
{
	struct options *options = user;

	switch (option) {
	case OPT_SCALE: return true; /* the picture has no text that would scale */
	case OPT_HEADS: return guest_options_number(value, 1, LINK_MONITORS_MAX, &options->heads);
	case OPT_RATE:
		options->running = true;
		return guest_options_number(value, 1, PATTERN_RATE_MAX, &options->rate_hz);
	case OPT_STILL: options->still = true; return true;
	default: return false;
	}
}

/* False after a line that says why. */
static bool parse_options(struct options *options, int argc, char **argv)
{
	static const struct option own[] = {
		{ "scale", required_argument, NULL, OPT_SCALE },
		{ "heads", required_argument, NULL, OPT_HEADS },
		{ "rate", required_argument, NULL, OPT_RATE },
		{ "still", no_argument, NULL, OPT_STILL },
		{ NULL, 0, NULL, 0 },
	};
	static const struct guest_options_program program = { "oriel-guest-pattern", 1, own, take_option };

	if (guest_options_parse(&options->common, &program, options, argc, argv) < 0)
		return false;
	options->running &= !options->still;
	return true;
}

/* false: that many of that size are too wide. */
static bool make_layout(const struct options *options, struct link_layout *layout)
{
	*layout = link_layout_single(options->common.width_px, options->common.height_px);
	layout->count = options->heads;
	for (uint32_t i = 1; i < options->heads; i++) {
		layout->monitors[i] = layout->monitors[0];
		layout->monitors[i].x = (int32_t)(i * options->common.width_px);
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
		.common = { .width_px = 1920, .height_px = 1080 }, .heads = 1, .rate_hz = RATE_DEFAULT_HZ
	};
	struct link_layout layout;
	char path[GUEST_OPTIONS_PATH_CAP];

	log_init("guest-pattern", LOG_LEVEL_INFO);
	if (!parse_options(&options, argc, argv))
		return EXIT_USAGE;
	if (options.common.help) {
		fputs(help, stdout);
		return EXIT_SUCCESS;
	}
	if (!make_layout(&options, &layout)) {
		fprintf(stderr, "oriel-guest-pattern: %u monitors of %ux%u are more than %d pixels wide\n",
				options.heads, options.common.width_px, options.common.height_px,
				LINK_SIZE_MAX_PX);
		return EXIT_USAGE;
	}
	if (snprintf(path, sizeof path, "%s/link", options.common.dir) >= (int)sizeof path) {
		fprintf(stderr, "oriel-guest-pattern: %s is too long for a socket\n", options.common.dir);
		return EXIT_USAGE;
	}
	return run(&options, &layout, path);
}
