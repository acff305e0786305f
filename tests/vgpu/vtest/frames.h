/* What the drawing program (draw_frames.c) and the test that looks at it agree on. */
#ifndef TESTS_VGPU_FRAMES_H
#define TESTS_VGPU_FRAMES_H

enum {
	FRAME_WIDTH = 160,
	FRAME_HEIGHT = 120,
	FRAME_BYTES = 4 * FRAME_WIDTH * FRAME_HEIGHT,
	FILL_PX = 1024, /* of a texture; 4 MiB, and as much for its upload */
};

#endif
