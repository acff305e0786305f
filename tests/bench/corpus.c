#include "corpus.h"

#include "corpus_display.h"
#include "corpus_photo.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A text that the tests' packages bring along (libxcb1-dev). */
#define SOURCE_TEXT "/usr/include/xcb/xproto.h"

#define XTERM                                                                                                \
	"xterm", "-fa", "DejaVu Sans Mono", "-fs", "11", "-bg", "white", "-fg", "black", "+sb", "-b", "2",   \
			"-geometry"

enum {
	FILM_W_PX = 1280,
	FILM_H_PX = 720,
	KEYS_PER_FRAME = 2,
	LINES_PER_FRAME = 3,
	SETTLE_FRAMES = 10,   /* glxgears starts with an empty window */
	START_REST_MS = 1500, /* a program that has drawn nothing for so long has started */
	REST_MS = 40,
};

/* What the steps of a scene need. */
struct scene {
	struct corpus_display d;
	uint8_t *now, *before, *spare; /* one picture each */
	uint8_t *photo;
	xcb_window_t window;
};

struct scene_kind {
	int (*open)(struct scene *s);
	void (*step)(struct scene *s, int number);
	int rest_ms; /* as long without change a picture counts as finished */
};

const char *const corpus_names[CORPUS_COUNT] = { "typing", "scroll", "drag", "video", "3d" };

static int open_xterm(struct scene *s, const char *const argv[])
{
	static const uint32_t grey = 0x00305070;
	int err;

	xcb_change_window_attributes(s->d.x, s->d.screen->root, XCB_CW_BACK_PIXEL, &grey);
	xcb_clear_area(s->d.x, 0, s->d.screen->root, 0, 0, 0, 0);
	err = corpus_display_run(&s->d, argv);
	return err ? err : corpus_display_window(&s->d, &s->window);
}

static int typing_open(struct scene *s)
{
	static const char *const argv[] = { XTERM, "130x48+300+80", "-e", "sh", "-c",
		"head -n 45 " SOURCE_TEXT "; exec cat", NULL };

	return open_xterm(s, argv);
}

static void typing_step(struct scene *s, int number)
{
	static const char text[] =
			"the quick brown fox\njumps over the lazy dog while\nfive boxing wizards\n";

	for (int i = 0; i < KEYS_PER_FRAME; i++)
		corpus_display_type(&s->d, text[(size_t)(number * KEYS_PER_FRAME + i) % (sizeof text - 1)]);
}

static int scroll_open(struct scene *s)
{
	static const char *const argv[] = { XTERM, "211x59+0+0", "-e", "less", SOURCE_TEXT, NULL };

	return open_xterm(s, argv);
}

static void scroll_step(struct scene *s, int number)
{
	for (int i = 0; i < LINES_PER_FRAME; i++)
		corpus_display_type(&s->d, 'j');
}

static int drag_open(struct scene *s)
{
	static const char *const argv[] = { XTERM, "100x35+100+100", "-e", "less", SOURCE_TEXT, NULL };
	int err;

	corpus_photo(s->photo, s->d.w_px, s->d.h_px);
	corpus_display_background(&s->d, s->photo);
	err = corpus_display_run(&s->d, argv);
	return err ? err : corpus_display_window(&s->d, &s->window);
}

/* As a hand moves it: never twice by the same distance. */
static int drag_x(int number)
{
	return 120 + 27 * number + number * 7 % 11;
}

static int drag_y(int number)
{
	return 110 + 9 * number + number * 5 % 13;
}

static bool is_drag(int i, int dx, int dy)
{
	return dx == drag_x(i + 1) - drag_x(i) && dy == drag_y(i + 1) - drag_y(i);
}

/* The height of a line is the font's. */
static bool is_scroll(int i, int dx, int dy)
{
	return dx == 0 && dy < 0 && dy % LINES_PER_FRAME == 0;
}

corpus_motion *corpus_motion_of(const char *name)
{
	return strcmp(name, "scroll") == 0 ? is_scroll : strcmp(name, "drag") == 0 ? is_drag : NULL;
}

static void drag_step(struct scene *s, int number)
{
	const int32_t place[] = { drag_x(number), drag_y(number) };

	xcb_configure_window(s->d.x, s->window, XCB_CONFIG_WINDOW_X | XCB_CONFIG_WINDOW_Y, place);
	xcb_flush(s->d.x);
}

static int video_open(struct scene *s)
{
	static const uint32_t grey = 0x00202020;

	xcb_change_window_attributes(s->d.x, s->d.screen->root, XCB_CW_BACK_PIXEL, &grey);
	xcb_clear_area(s->d.x, 0, s->d.screen->root, 0, 0, 0, 0);
	corpus_photo(s->photo, s->d.w_px, s->d.h_px);
	s->window = xcb_generate_id(s->d.x);
	xcb_create_window(s->d.x, XCB_COPY_FROM_PARENT, s->window, s->d.screen->root, 300, 150, FILM_W_PX,
			FILM_H_PX, 0, XCB_WINDOW_CLASS_INPUT_OUTPUT, s->d.screen->root_visual, 0, NULL);
	xcb_map_window(s->d.x, s->window);
	return 0;
}

static void video_step(struct scene *s, int number)
{
	corpus_film(s->spare, FILM_W_PX, FILM_H_PX, s->photo, s->d.w_px, s->d.h_px, number);
	corpus_display_paint(&s->d, s->window, s->spare, FILM_W_PX, FILM_H_PX);
}

static int gears_open(struct scene *s)
{
	static const char *const argv[] = { "glxgears", "-geometry", "1920x1080+0+0", NULL };
	int err = corpus_display_run(&s->d, argv);

	if (!err)
		err = corpus_display_window(&s->d, &s->window);
	for (int i = 0; !err && i < SETTLE_FRAMES; i++) {
		err = corpus_display_next(&s->d, s->before, 0, s->now, s->spare);
		memcpy(s->before, s->now, s->d.frame_bytes);
	}
	return err;
}

static void gears_step(struct scene *s, int number)
{
}

static const struct scene_kind kinds[CORPUS_COUNT] = {
	{ typing_open, typing_step, REST_MS },
	{ scroll_open, scroll_step, REST_MS },
	{ drag_open, drag_step, REST_MS },
	{ video_open, video_step, REST_MS },
	{ gears_open, gears_step, 0 },
};

static int write_frames(struct scene *s, const struct scene_kind *kind, FILE *file)
{
	int err = kind->open(s);

	if (!err) /* the first picture, at rest */
		err = corpus_display_next(
				&s->d, NULL, kind->rest_ms ? START_REST_MS : 0, s->before, s->spare);
	for (int i = 0; !err && i < CORPUS_FRAMES; i++) {
		uint8_t *swap = s->now;

		kind->step(s, i);
		err = corpus_display_next(&s->d, s->before, kind->rest_ms, s->now, s->spare);
		if (!err && fwrite(s->now, s->d.frame_bytes, 1, file) != 1)
			err = ERR_IO;
		s->now = s->before;
		s->before = swap;
	}
	return err;
}

static int record(const struct scene_kind *kind, FILE *file)
{
	struct scene s = { .window = 0 };
	int err = corpus_display_open(&s.d, CORPUS_W_PX, CORPUS_H_PX);

	s.now = calloc(1, s.d.frame_bytes);
	s.before = calloc(1, s.d.frame_bytes);
	s.spare = calloc(1, s.d.frame_bytes);
	s.photo = calloc(1, s.d.frame_bytes);
	if (!err)
		err = s.now && s.before && s.spare && s.photo ? write_frames(&s, kind, file) : ERR_MEMORY;
	corpus_display_close(&s.d);
	free(s.now);
	free(s.before);
	free(s.spare);
	free(s.photo);
	return err;
}

static bool is_there(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_size == (off_t)CORPUS_W_PX * CORPUS_H_PX * 4 * CORPUS_FRAMES;
}

int corpus_make(const char *dir, int which, char *path, size_t cap)
{
	char part[4096];
	FILE *file;
	int err;

	if (mkdir(dir, 0777) < 0 && errno != EEXIST)
		return ERR_IO;
	if (snprintf(path, cap, "%s/%s.bgrx", dir, corpus_names[which]) >= (int)cap)
		return ERR_SPACE;
	if (is_there(path))
		return 0;
	fprintf(stderr, "oriel-bench: recording %s\n", path);
	if (snprintf(part, sizeof part, "%s.part", path) >= (int)sizeof part)
		return ERR_SPACE;
	file = fopen(part, "we");
	if (!file)
		return ERR_IO;
	err = record(&kinds[which], file);
	if (fclose(file) != 0 && !err)
		err = ERR_IO;
	if (!err && rename(part, path) < 0)
		err = ERR_IO;
	if (err)
		unlink(part);
	return err;
}
