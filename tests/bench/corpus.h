/* Five sequences of pictures, 1920x1080, taken from real programs under a headless X
 * server (Xvfb), for measuring codecs:
 *
 *   typing  English typed into an xterm, two keys a frame
 *   scroll  less in an xterm as large as the screen goes through a header file, three
 *           lines a frame
 *   drag    an xterm with text is dragged over a photograph, about 30 pixels a frame
 *   video   a film in a window of 1280x720: a camera moves over the photograph
 *   3d      glxgears, as large as the screen, drawn by Mesa's llvmpipe
 *
 * Photograph and film are computed, since none may be brought along; they go through the
 * X server like everything else. The pictures are kept as raw BGRX in a directory, and
 * made again only when they are missing, so that runs can be repeated on the same ones. */
#ifndef BENCH_CORPUS_H
#define BENCH_CORPUS_H

#include <base/err.h>
#include <stdbool.h>
#include <stddef.h>

enum {
	CORPUS_COUNT = 5,
	CORPUS_W_PX = 1920,
	CORPUS_H_PX = 1080,
	CORPUS_FRAMES = 30,
};

/* In the order above. */
extern const char *const corpus_names[CORPUS_COUNT];

/* Makes sure that dir/NAME.bgrx is there with CORPUS_FRAMES frames, and tells its path.
 * Says on stderr when it records. Returns 0 or ERR_*: ERR_MISSING without Xvfb or one of
 * the programs, ERR_TIMEOUT when a program draws nothing. */
MUST_USE int corpus_make(const char *dir, int which, char *path, size_t cap);

/* What moved in picture number i + 1 since number i, where all that happened is a move;
 * NULL for the other corpora. true: it moved by dx, dy. */
typedef bool corpus_motion(int i, int dx, int dy);
corpus_motion *corpus_motion_of(const char *name);

#endif
