/* Made-up pictures for codec tests, XRGB8888, the same for the same seed. */
#ifndef TESTS_PICTURES_H
#define TESTS_PICTURES_H

#include <stddef.h>
#include <stdint.h>

enum picture_kind {
	PICTURE_FLAT,  /* one colour, a few boxes */
	PICTURE_TEXT,  /* small repeated glyphs on lines, two or three colours */
	PICTURE_PHOTO, /* smooth shades with a little noise */
	PICTURE_NOISE,
	PICTURE_STRIPES, /* short runs of a few colours, hard on run-length coders */
	PICTURE_KINDS,
};

/* Numbers for tests: *state must not be 0. */
uint32_t picture_random(uint32_t *state);

/* Fills w x h pixels; the X bytes are noise, the gap after each row stays. */
void picture_make(enum picture_kind kind, uint32_t seed, uint8_t *dst, size_t stride_bytes, int w, int h);

#endif
