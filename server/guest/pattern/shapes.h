/* The cursors that the test picture can show. */
#ifndef SERVER_GUEST_PATTERN_SHAPES_H
#define SERVER_GUEST_PATTERN_SHAPES_H

#include <proto/link.h>

enum shape {
	SHAPE_ARROW, /* 32x32, colours, soft edge */
	SHAPE_LARGE, /* 128x128: beyond what clients without large pointers take */
	SHAPE_HIDDEN,
	SHAPE_COUNT,
};

enum {
	SHAPE_SIZE_MAX_PX = 128,
};

/* Fills cursor and, unless it is hidden, pixels (B, G, R, A, premultiplied). */
void shape_draw(enum shape shape, struct link_cursor *cursor,
		uint8_t pixels[SHAPE_SIZE_MAX_PX * SHAPE_SIZE_MAX_PX * 4]);

#endif
