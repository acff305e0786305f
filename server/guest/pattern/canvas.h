/* A picture in memory and the plain things drawn on it. XRGB8888. Everything is
 * clipped to the picture. */
#ifndef SERVER_GUEST_PATTERN_CANVAS_H
#define SERVER_GUEST_PATTERN_CANVAS_H

#include <stdint.h>

struct canvas {
	uint32_t width_px, height_px;
	uint32_t *pixels; /* owned by whoever made it; width_px apart */
};

struct area {
	uint32_t x, y, width_px, height_px;
};

/* Cut down to what lies in the canvas (perhaps nothing: 0 wide). */
struct area canvas_clip(const struct canvas *canvas, struct area area);

void canvas_fill(struct canvas *canvas, struct area area, uint32_t colour);

/* A frame of that width inside the area's edge. */
void canvas_frame(struct canvas *canvas, struct area area, uint32_t width_px, uint32_t colour);

/* One character, each pixel of the font scale pixels wide and high. */
void canvas_glyph(struct canvas *canvas, uint32_t x, uint32_t y, char c, uint32_t scale, uint32_t colour);

#endif
