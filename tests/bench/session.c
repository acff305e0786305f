#include "session.h"

#include "desktop.h"
#include "frames.h"
#include "headless.h"
#include "procfs.h"
#include "results.h"
#include "stack.h"
#include <base/loop.h>
#include <getopt.h>
#include <server/pattern.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	WIDTH_PX = 1920,
	HEIGHT_PX = 1080,
	PATIENCE_MS = 30000,
	WARM_UP_MS = 1000,
	SAMPLES_MAX = 10000,
	SCANCODE_A = 0x1e,
	SCANCODE_F2 = 0x3c, /* the pattern guest starts and stops */
};

struct bench {
	bool json;
	int rate_hz, samples, rest_s;
	struct stack stack;
	struct headless *client;
	double *values; /* room for SAMPLES_MAX */
};

static void say(const struct bench *b, const char *name, const char *metric, double value, const char *unit)
{
	results_print(b->json, "session", name, metric, value, unit);
}

static bool never(void *user)
{
	return false;
}

/* Lets the client work for that long. */
static int spend(struct bench *b, int ms)
{
	int err = headless_wait(b->client, never, NULL, ms);

	return err == ERR_TIMEOUT ? 0 : err;
}

static bool read_pattern(struct bench *b, struct pattern_state *state)
{
	uint32_t width_px, height_px, stride_bytes;
	const uint8_t *picture = headless_picture(b->client, &width_px, &height_px, &stride_bytes);

	return picture && width_px >= PATTERN_TILE_PX && height_px >= PATTERN_TILE_PX &&
			pattern_read(state, picture, stride_bytes) == 0;
}

static bool pattern_is_there(void *user)
{
	struct pattern_state state;

	return read_pattern(user, &state);
}

static int connect_client(struct bench *b)
{
	struct headless_options options = headless_defaults();
	int err;

	options.port = b->stack.port;
	options.user = b->stack.user;
	options.password = b->stack.password;
	options.width_px = WIDTH_PX;
	options.height_px = HEIGHT_PX;
	b->client = headless_create(&options);
	if (!b->client)
		return ERR_MEMORY;
	err = headless_connect(b->client);
	if (err)
		fprintf(stderr, "oriel-bench: cannot log in: %s %s\n", err_text(err),
				headless_error_info(b->client, NULL));
	return err;
}

static void tell_stages(struct bench *b, const char *name, struct frame_times *frames, int count)
{
	static const struct {
		const char *metric;
		size_t from, to;
	} stages[] = {
		{ "damage_to_written", offsetof(struct frame_times, damage_us),
				offsetof(struct frame_times, written_us) },
		{ "damage_to_pulled", offsetof(struct frame_times, damage_us),
				offsetof(struct frame_times, pull_us) },
		{ "analysis", offsetof(struct frame_times, pull_us),
				offsetof(struct frame_times, analysed_us) },
		{ "encoding", offsetof(struct frame_times, analysed_us),
				offsetof(struct frame_times, encoded_us) },
		{ "writing", offsetof(struct frame_times, encoded_us),
				offsetof(struct frame_times, written_us) },
		{ "written_to_acknowledged", offsetof(struct frame_times, written_us),
				offsetof(struct frame_times, acked_us) },
	};

	for (size_t s = 0; s < sizeof stages / sizeof stages[0]; s++) {
		size_t n = 0;

		for (int i = 0; i < count && n < SAMPLES_MAX; i++) {
			uint64_t from_us, to_us;

			memcpy(&from_us, (char *)&frames[i] + stages[s].from, sizeof from_us);
			memcpy(&to_us, (char *)&frames[i] + stages[s].to, sizeof to_us);
			if (from_us && to_us >= from_us)
				b->values[n++] = (double)(to_us - from_us) / 1e3;
		}
		results_print_spread(b->json, "session", name, stages[s].metric, b->values, n, "ms");
	}
}

static int tell_frames(struct bench *b, const char *name, uint64_t from_us, uint64_t until_us)
{
	struct frame_times *frames;
	int count = frames_read(b->stack.trace, from_us, until_us, &frames);
	double bytes = 0;

	if (count <= 0) {
		fprintf(stderr, "oriel-bench: no frames in the trace: %s\n", err_text(count));
		return count ? count : ERR_MISSING;
	}
	for (int i = 0; i < count; i++)
		bytes += (double)frames[i].bytes;
	say(b, name, "frames", count, "");
	say(b, name, "bytes_per_frame", bytes / count, "B");
	tell_stages(b, name, frames, count);
	free(frames);
	return 0;
}

/* A 64x64 change, rate_hz times a second. */
static int case_change(struct bench *b)
{
	uint64_t from_us, until_us;
	int err = spend(b, WARM_UP_MS);

	from_us = loop_now_us();
	if (!err)
		err = spend(b, b->samples * 1000 / b->rate_hz);
	until_us = loop_now_us();
	if (!err)
		err = spend(b, WARM_UP_MS); /* the last acknowledges */
	return err ? err : tell_frames(b, "pattern-64x64", from_us, until_us);
}

struct key_wait {
	struct bench *bench;
	uint16_t serial;
};

static bool key_was_seen(void *user)
{
	struct key_wait *wait = user;
	struct pattern_state state;

	return read_pattern(wait->bench, &state) && state.serial != wait->serial;
}

static int tap(struct bench *b, uint8_t scancode)
{
	int err = headless_scancode(b->client, scancode, false, true);

	return err ? err : headless_scancode(b->client, scancode, false, false);
}

/* From a key's press leaving the client to its answer among the decoded pixels. */
static int case_input(struct bench *b)
{
	int err = 0, n = 0;

	for (; !err && n < b->samples && n < SAMPLES_MAX; n++) {
		struct key_wait wait = { .bench = b };
		struct pattern_state state;
		uint64_t begin_us;

		if (!read_pattern(b, &state))
			return ERR_FORMAT;
		wait.serial = state.serial;
		begin_us = loop_now_us();
		err = tap(b, SCANCODE_A);
		if (!err)
			err = headless_wait(b->client, key_was_seen, &wait, PATIENCE_MS);
		b->values[n] = (double)(loop_now_us() - begin_us) / 1e3;
		if (!err)
			err = spend(b, 5 + n % 7); /* not in step with anything */
	}
	if (!err)
		results_print_spread(b->json, "session", "input", "key_to_pixel", b->values, (size_t)n, "ms");
	return err;
}

static void tell_memory(struct bench *b)
{
	struct procfs_memory memory;
	int err = procfs_memory(stack_session(&b->stack), &memory);

	if (err) {
		fprintf(stderr, "oriel-bench: memory of oriel-session: %s (root can see it)\n",
				err_text(err));
		return;
	}
	say(b, "memory-1080p", "pss", (double)memory.pss_kib / 1024, "MiB");
	say(b, "memory-1080p", "pss_shared_in_full",
			(double)(memory.pss_kib - memory.shared_kib + memory.shared_all_kib) / 1024, "MiB");
}

static uint64_t cpu_ns(pid_t pid)
{
	uint64_t ns = 0;

	return procfs_cpu_ns(pid, &ns) == 0 ? ns : 0;
}

/* Nothing changes: what is sent and computed all the same. */
static int case_rest(struct bench *b)
{
	pid_t session = stack_session(&b->stack), guest = stack_find(&b->stack, "oriel-guest-pat");
	struct headless_counts before, after;
	uint64_t session_ns, guest_ns, begin_us;
	double ns;
	int err = spend(b, WARM_UP_MS);

	before = headless_counts(b->client);
	session_ns = cpu_ns(session);
	guest_ns = cpu_ns(guest);
	begin_us = loop_now_us();
	if (!err)
		err = spend(b, b->rest_s * 1000);
	if (err)
		return err;
	ns = (double)(loop_now_us() - begin_us) * 1e3;
	after = headless_counts(b->client);
	say(b, "rest", "seconds", ns / 1e9, "s");
	say(b, "rest", "frames", (double)(after.frames - before.frames), "");
	say(b, "rest", "bytes", (double)(after.bytes_in - before.bytes_in), "B");
	say(b, "rest", "heartbeats", (double)(after.heartbeats - before.heartbeats), "");
	say(b, "rest", "packets_not_heartbeats",
			(double)(after.packets_in - before.packets_in) -
					(double)(after.heartbeats - before.heartbeats),
			"");
	say(b, "rest", "session_cpu", 100 * (double)(cpu_ns(session) - session_ns) / ns, "% of a core");
	say(b, "rest", "guest_cpu", 100 * (double)(cpu_ns(guest) - guest_ns) / ns, "% of a core");
	return 0;
}

static int pattern_cases(struct bench *b)
{
	char options[32];
	int err;

	snprintf(options, sizeof options, "--rate %d", b->rate_hz);
	err = stack_start(&b->stack, "pattern", options);
	if (!err)
		err = connect_client(b);
	if (!err)
		err = headless_wait(b->client, pattern_is_there, b, PATIENCE_MS);
	if (!err)
		err = case_change(b);
	if (!err)
		err = tap(b, SCANCODE_F2);
	if (!err)
		err = spend(b, WARM_UP_MS);
	if (!err)
		err = case_input(b);
	if (!err) {
		tell_memory(b);
		err = case_rest(b);
	}
	headless_destroy(b->client);
	b->client = NULL;
	stack_stop(&b->stack, err != 0);
	return err;
}

/* Steps the client until the desktop composites. */
static int open_desktop(struct bench *b, struct desktop **desktop)
{
	uint64_t until_us = loop_now_us() + PATIENCE_MS * 1000ull;
	int err;

	while ((err = desktop_open(desktop, &b->stack)) == ERR_AGAIN && loop_now_us() < until_us) {
		err = spend(b, 100);
		if (err)
			break;
	}
	if (err)
		fprintf(stderr, "oriel-bench: no composited desktop: %s\n", err_text(err));
	return err;
}

/* From our drawing request to the last byte of the first frame damaged after it. */
static int tell_painted(struct bench *b, const uint64_t *painted_us)
{
	struct frame_times *frames;
	int count = frames_read(b->stack.trace, painted_us[0], UINT64_MAX, &frames), at = 0;
	size_t n = 0;

	for (int i = 0; i < b->samples && count > 0; i++) {
		while (at < count && frames[at].damage_us < painted_us[i])
			at++;
		if (at < count && (i + 1 == b->samples || frames[at].damage_us < painted_us[i + 1]))
			b->values[n++] = (double)(frames[at].written_us - painted_us[i]) / 1e3;
	}
	free(frames);
	results_print_spread(b->json, "session", "x11-xfwm4-64x64", "paint_to_written", b->values, n, "ms");
	return count < 0 ? count : 0;
}

static int paint_samples(struct bench *b, struct desktop *desktop, uint64_t *painted_us)
{
	int err = spend(b, 3 * WARM_UP_MS); /* the desktop comes to rest */

	for (int i = 0; !err && i < b->samples; i++) {
		painted_us[i] = loop_now_us();
		err = desktop_paint(desktop, i);
		if (!err)
			err = spend(b, 1000 / b->rate_hz);
	}
	return err ? err : spend(b, WARM_UP_MS); /* the last acknowledges */
}

/* The same change, painted by an X client into a window that xfwm4 composites. */
static int desktop_case(struct bench *b)
{
	uint64_t *painted_us = calloc((size_t)b->samples, sizeof *painted_us);
	struct desktop *desktop = NULL;
	int err = painted_us ? stack_start(&b->stack, "x11", "") : ERR_MEMORY;

	if (!err)
		err = connect_client(b);
	if (!err)
		err = open_desktop(b, &desktop);
	if (!err)
		err = paint_samples(b, desktop, painted_us);
	if (!err)
		err = tell_frames(b, "x11-xfwm4-64x64", painted_us[0], UINT64_MAX);
	if (!err)
		err = tell_painted(b, painted_us);
	desktop_close(desktop);
	headless_destroy(b->client);
	b->client = NULL;
	stack_stop(&b->stack, err != 0);
	free(painted_us);
	return err;
}

static const char help[] =
		"usage: oriel-bench session [--json] [--case pattern|x11] [--rate N] [--samples N] [--rest S]\n"
		"\n"
		"Starts a private server and measures one 1920x1080 session over the loopback with a\n"
		"headless client inside this program.\n"
		"\n"
		"  --json       one JSON object a line in place of the table\n"
		"  --case NAME  only the cases of this guest; both unless told otherwise\n"
		"  --rate N     changes a second (25)\n"
		"  --samples N  changes, and key presses, that are measured (300)\n"
		"  --rest S     seconds at rest (60)\n";

static bool parse(struct bench *b, const char **only, int argc, char **argv)
{
	static const struct option names[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "case", required_argument, NULL, 'c' },
		{ "rate", required_argument, NULL, 'r' },
		{ "samples", required_argument, NULL, 'n' },
		{ "rest", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};

	for (int c; (c = getopt_long(argc, argv, "", names, NULL)) != -1;) {
		switch (c) {
		case 'j': b->json = true; break;
		case 'c': *only = optarg; break;
		case 'r': b->rate_hz = atoi(optarg); break;
		case 'n': b->samples = atoi(optarg); break;
		case 's': b->rest_s = atoi(optarg); break;
		case 'h': fputs(help, stdout); exit(0);
		default: return false;
		}
	}
	if (*only && strcmp(*only, "pattern") != 0 && strcmp(*only, "x11") != 0)
		return false;
	return optind == argc && b->rate_hz > 0 && b->rate_hz <= 1000 && b->samples > 0 &&
			b->samples <= SAMPLES_MAX && b->rest_s >= 0;
}

int session_bench(int argc, char **argv)
{
	struct bench b = { .rate_hz = 25, .samples = 300, .rest_s = 60 };
	const char *only = NULL;
	int err = 0;

	if (!parse(&b, &only, argc, argv)) {
		fputs(help, stderr);
		return 2;
	}
	b.values = calloc(SAMPLES_MAX, sizeof *b.values);
	if (!b.values)
		return 1;
	if (!only || strcmp(only, "pattern") == 0)
		err = pattern_cases(&b);
	if (!err && (!only || strcmp(only, "x11") == 0))
		err = desktop_case(&b);
	free(b.values);
	if (err)
		fprintf(stderr, "oriel-bench: stopped: %s\n", err_text(err));
	return err ? 1 : 0;
}
