/* headless-client: the headless client for the tests' scripts. The password is the
 * first line of stdin (empty: none is sent), then one command a line:
 *
 *   state                       what came so far
 *   save FILE                   the picture, 4 bytes a pixel (B, G, R, X); answers its size
 *   key HEX[e] down|up          scancode, e: extended
 *   unicode HEX down|up         one UTF-16 code unit
 *   move X Y; button 1..3 down|up X Y; wheel N; hwheel N
 *   layout WxH+X+Y...           monitors; the first is the primary, at +0+0
 *   quit
 *
 * Every command is answered by one line of JSON on stdout. Lines with "event" come
 * by themselves: "connected", "refused" and "closed" (the last line). */
#include "headless.h"

#include <getopt.h>
#include <poll.h>
#include <server/pattern.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct watch {
	struct pattern_state state;
	bool seen;
	uint64_t frames;   /* of the client, when looked at last */
	uint32_t first;    /* number of the first picture */
	uint64_t steps;    /* different numbers seen */
	uint64_t disorder; /* numbers that went back */
};

struct input {
	char buffer[1024];
	size_t used;
};

/* The next whole line without its newline; NULL: not within timeout_ms (-1: for
 * ever), or *closed: no more will come. */
static char *input_line(struct input *in, char *line, size_t cap, bool *closed, int timeout_ms)
{
	char *end;

	while (!(end = memchr(in->buffer, '\n', in->used))) {
		struct pollfd poll_fd = { .fd = 0, .events = POLLIN };
		ssize_t got;

		if (poll(&poll_fd, 1, timeout_ms) <= 0)
			return NULL;
		got = read(0, in->buffer + in->used, sizeof in->buffer - in->used);
		if (got <= 0) { /* a line that does not fit ends it too */
			*closed = true;
			return NULL;
		}
		in->used += (size_t)got;
	}
	*end = 0;
	snprintf(line, cap, "%s", in->buffer);
	in->used -= (size_t)(end + 1 - in->buffer);
	memmove(in->buffer, end + 1, in->used);
	return line;
}

static void watch_look(struct watch *watch, struct headless *client)
{
	uint64_t frames = headless_counts(client).frames;
	uint32_t width_px, height_px, stride_bytes;
	const uint8_t *picture = headless_picture(client, &width_px, &height_px, &stride_bytes);
	struct pattern_state state;

	if (frames == watch->frames || !picture || width_px < PATTERN_TILE_PX || height_px < PATTERN_TILE_PX)
		return;
	watch->frames = frames;
	if (pattern_read(&state, picture, stride_bytes) != 0)
		return;
	if (watch->seen && state.frame < watch->state.frame)
		watch->disorder++;
	if (!watch->seen)
		watch->first = state.frame;
	if (!watch->seen || state.frame != watch->state.frame)
		watch->steps++;
	watch->seen = true;
	watch->state = state;
}

static void print_state(struct headless *client, const struct watch *watch)
{
	struct headless_counts c = headless_counts(client);
	const char *fault = headless_fault(client);
	uint32_t width_px, height_px, stride_bytes;

	headless_picture(client, &width_px, &height_px, &stride_bytes);
	printf("{\"frames\":%lu,\"bytes_in\":%lu,\"packets_in\":%lu,\"heartbeats\":%lu,\"resizes\":%lu,"
	       "\"pointers\":%lu,\"tiles\":%lu,\"width\":%u,\"height\":%u,\"can_resize\":%s",
			c.frames, c.bytes_in, c.packets_in, c.heartbeats, c.resizes, c.pointers, c.tiles,
			width_px, height_px, headless_can_resize(client) ? "true" : "false");
	if (fault)
		printf(",\"fault\":\"%s\"", fault);
	if (watch->seen)
		printf(",\"pattern\":{\"frame\":%u,\"event\":%d,\"serial\":%u,\"code\":%u,\"x\":%u,\"y\":%u,"
		       "\"first\":%u,\"steps\":%lu,\"disorder\":%lu}",
				watch->state.frame, (int)watch->state.event, watch->state.serial,
				watch->state.code, watch->state.x, watch->state.y, watch->first, watch->steps,
				watch->disorder);
	printf("}\n");
}

static int save(struct headless *client, const char *path)
{
	uint32_t width_px, height_px, stride_bytes;
	const uint8_t *picture = headless_picture(client, &width_px, &height_px, &stride_bytes);
	FILE *file = picture ? fopen(path, "wb") : NULL;
	int err = file ? 0 : ERR_IO;

	for (uint32_t y = 0; !err && y < height_px; y++) {
		if (fwrite(picture + (size_t)y * stride_bytes, 4, width_px, file) != width_px)
			err = ERR_IO;
	}
	if (file && fclose(file) != 0)
		err = ERR_IO;
	if (!err)
		printf("{\"width\":%u,\"height\":%u}\n", width_px, height_px);
	return err;
}

static int send_layout(struct headless *client, const char *words)
{
	struct headless_monitor monitors[HEADLESS_MONITORS_MAX];
	size_t count = 0;
	int used;

	while (count < HEADLESS_MONITORS_MAX &&
			sscanf(words, " %ux%u%d%d%n", &monitors[count].width_px, &monitors[count].height_px,
					&monitors[count].x, &monitors[count].y, &used) == 4) {
		words += used;
		count++;
	}
	return *words ? ERR_ARGUMENT : headless_layout(client, monitors, count);
}

static int send_input(struct headless *client, const char *line)
{
	unsigned code, x, y;
	int number;
	char way[5], extended[2] = "";

	if (sscanf(line, "key %x%1[e] %4s", &code, extended, way) == 3 ||
			sscanf(line, "key %x %4s", &code, way) == 2)
		return headless_scancode(client, (uint8_t)code, extended[0], strcmp(way, "down") == 0);
	if (sscanf(line, "unicode %x %4s", &code, way) == 2)
		return headless_unicode(client, (uint16_t)code, strcmp(way, "down") == 0);
	if (sscanf(line, "move %u %u", &x, &y) == 2)
		return headless_pointer(client, (uint16_t)x, (uint16_t)y);
	if (sscanf(line, "button %u %4s %u %u", &code, way, &x, &y) == 4 && code >= 1 && code <= 3)
		return headless_button(client, (int)code, strcmp(way, "down") == 0, (uint16_t)x, (uint16_t)y);
	if (sscanf(line, "wheel %d", &number) == 1)
		return headless_wheel(client, number, false);
	if (sscanf(line, "hwheel %d", &number) == 1)
		return headless_wheel(client, number, true);
	if (strncmp(line, "layout ", 7) == 0)
		return send_layout(client, line + 6);
	return ERR_ARGUMENT;
}

static void answer(struct headless *client, const struct watch *watch, const char *line)
{
	bool is_save = strncmp(line, "save ", 5) == 0;
	int err;

	if (strcmp(line, "state") == 0) {
		print_state(client, watch);
		return;
	}
	err = is_save ? save(client, line + 5) : send_input(client, line);
	if (err)
		printf("{\"error\":\"%s\"}\n", err_text(err));
	else if (!is_save)
		printf("{}\n");
}

static void say_end(struct headless *client, const char *event, const char *why)
{
	uint32_t code;
	const char *info = headless_error_info(client, &code);

	printf("{\"event\":\"%s\",\"why\":\"%s\",\"info\":\"%s\",\"code\":%u}\n", event, why, info, code);
}

static void serve(struct headless *client, struct input *in)
{
	struct watch watch = { 0 };
	char line[1024];
	bool closed = false;

	while (!closed) {
		int err = headless_step(client, 1000);

		watch_look(&watch, client);
		/* Commands that wait still get an answer about what came. */
		for (char *next; (next = input_line(in, line, sizeof line, &closed, 0));) {
			if (strcmp(next, "quit") == 0)
				return;
			answer(client, &watch, next);
		}
		if (err) {
			say_end(client, "closed", err_text(err));
			return;
		}
	}
}

static bool parse_pictures(enum headless_pictures *pictures, const char *word)
{
	static const char *const names[] = {
		[HEADLESS_PROGRESSIVE] = "progressive",
		[HEADLESS_GFX_THIN] = "thin",
		[HEADLESS_RFX] = "rfx",
		[HEADLESS_BITMAP] = "bitmap",
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strcmp(names[i], word) == 0) {
			*pictures = (enum headless_pictures)i;
			return true;
		}
	}
	return false;
}

static bool parse_options(struct headless_options *o, int argc, char **argv)
{
	static const struct option names[] = {
		{ "host", required_argument, NULL, 'h' },
		{ "port", required_argument, NULL, 'p' },
		{ "user", required_argument, NULL, 'u' },
		{ "pictures", required_argument, NULL, 'g' },
		{ "depth", required_argument, NULL, 'd' },
		{ "size", required_argument, NULL, 's' },
		{ "klid", required_argument, NULL, 'k' },
		{ "build", required_argument, NULL, 'b' },
		{ "link", required_argument, NULL, 'l' },
		{ "tls", no_argument, NULL, 't' },
		{ "no-acks", no_argument, NULL, 'n' },
		{ NULL, 0, NULL, 0 },
	};
	bool fine = true;

	for (int c; fine && (c = getopt_long(argc, argv, "", names, NULL)) != -1;) {
		switch (c) {
		case 'h': o->host = optarg; break;
		case 'p': o->port = atoi(optarg); break;
		case 'u': o->user = optarg; break;
		case 'g': fine = parse_pictures(&o->pictures, optarg); break;
		case 'd': o->depth_bpp = atoi(optarg); break;
		case 's': fine = sscanf(optarg, "%ux%u", &o->width_px, &o->height_px) == 2; break;
		case 'k': o->klid = (uint32_t)strtoul(optarg, NULL, 16); break;
		case 'b': o->client_build = atoi(optarg); break;
		case 'l': o->link_type = (uint32_t)atoi(optarg); break;
		case 't': o->nla = false; break;
		case 'n': o->no_acks = true; break;
		default: fine = false;
		}
	}
	return fine && optind == argc;
}

int main(int argc, char **argv)
{
	struct headless_options options = headless_defaults();
	struct input in = { .used = 0 };
	char password[512];
	bool closed = false;
	struct headless *client;
	int err;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!parse_options(&options, argc, argv)) {
		fprintf(stderr,
				"usage: headless-client --port P --user U [--host H] [--tls] [--pictures "
				"progressive|thin|rfx|bitmap] [--depth N] [--size WxH] [--klid HEX] "
				"[--build N] [--link TYPE] [--no-acks]\n");
		return 2;
	}
	while (!input_line(&in, password, sizeof password, &closed, -1)) {
		if (closed)
			return 2;
	}
	options.password = password[0] ? password : NULL;
	client = headless_create(&options);
	if (!client || headless_also(client, 0) != 0)
		return 1;
	err = headless_connect(client);
	if (err) {
		say_end(client, "refused", err_text(err));
	} else {
		printf("{\"event\":\"connected\"}\n");
		serve(client, &in);
	}
	headless_destroy(client);
	return err ? 3 : 0;
}
