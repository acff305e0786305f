/* A headless X server of our own, programs in it, keys for them, and its picture. */
#ifndef BENCH_CORPUS_DISPLAY_H
#define BENCH_CORPUS_DISPLAY_H

#include <base/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <xcb/xcb.h>

enum {
	CORPUS_PROGRAMS_MAX = 4,
};

struct corpus_display {
	pid_t server;
	pid_t programs[CORPUS_PROGRAMS_MAX];
	int program_count;
	char name[16]; /* DISPLAY */
	xcb_connection_t *x;
	const xcb_screen_t *screen;
	xcb_gcontext_t gc;
	int w_px, h_px;
	size_t frame_bytes;
};

/* Starts Xvfb. Returns 0 or ERR_*; close in either case. */
MUST_USE int corpus_display_open(struct corpus_display *d, int w_px, int h_px);

/* Ends the server and all programs. */
void corpus_display_close(struct corpus_display *d);

/* Starts a program in it; argv ends with NULL. Returns 0 or ERR_*. */
MUST_USE int corpus_display_run(struct corpus_display *d, const char *const argv[]);

/* Waits for a program's first window on the screen. Returns 0 or ERR_TIMEOUT. */
MUST_USE int corpus_display_window(struct corpus_display *d, xcb_window_t *window);

/* Presses and releases the key of a character: a-z, space or '\n'. */
void corpus_display_type(struct corpus_display *d, char c);

/* Draws w x h pixels, BGRX without gaps, on a window or pixmap at 0, 0. */
void corpus_display_paint(
		struct corpus_display *d, xcb_drawable_t where, const uint8_t *pixels, int w, int h);

/* Makes a picture as large as the screen its background. Returns 0 or ERR_*. */
void corpus_display_background(struct corpus_display *d, const uint8_t *pixels);

/* The screen into frame_bytes bytes. Returns 0 or ERR_*. */
MUST_USE int corpus_display_grab(struct corpus_display *d, uint8_t *pixels);

/* Grabs until the screen differs from `before` (NULL: any) and has not changed for rest_ms
 * (0: at once). spare: another frame_bytes. Returns 0, ERR_TIMEOUT or ERR_*. */
MUST_USE int corpus_display_next(struct corpus_display *d, const uint8_t *before, int rest_ms,
		uint8_t *pixels, uint8_t *spare);

#endif
