/* A computed landscape that has what matters in a photograph to a codec: soft skies,
 * fine leaves, edges out of focus, and the noise of a sensor. */
#ifndef BENCH_CORPUS_PHOTO_H
#define BENCH_CORPUS_PHOTO_H

#include <stdint.h>

/* w x h pixels, BGRX without gaps; the same each time. */
void corpus_photo(uint8_t *pixels, int w, int h);

/* A film's picture: what a camera sees that moves over a photograph of pw x ph pixels,
 * with a ball that crosses the scene. */
void corpus_film(uint8_t *pixels, int w, int h, const uint8_t *photo, int pw, int ph, int step);

#endif
