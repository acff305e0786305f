/* Batches of virgl commands for tests: what a guest's driver would send. */
#ifndef TESTS_VGPU_SCENE_H
#define TESTS_VGPU_SCENE_H

#include <stdint.h>

enum {
	SCENE_WORDS_MAX = 1024,
	SCENE_VERTICES_BYTES = 3 * 8 * 4, /* a resource for these must be attached */
};

struct scene {
	uint32_t words[SCENE_WORDS_MAX];
	uint32_t count;
};

struct scene_target {
	uint32_t resource, format, width_px, height_px;
};

/* Everything but the vertices: object handles from base_handle on. Binds the target and
 * clears it to that colour (red, green, blue, alpha). */
void scene_clear(struct scene *scene, const struct scene_target *target, uint32_t base_handle,
		const float color[4]);

/* After scene_clear: a triangle of one colour. vertices: a buffer resource. points: x, y
 * of clip space (-1..1). */
void scene_triangle(struct scene *scene, const struct scene_target *target, uint32_t base_handle,
		uint32_t vertices, float points[3][2], const float color[4]);

/* The same with a shader that does not end in time, where the target is large. */
void scene_endless(struct scene *scene, const struct scene_target *target, uint32_t base_handle,
		uint32_t vertices, float points[3][2]);

/* A triangle as scene_triangle's, in the colour of the texture's first pixel. */
void scene_textured(struct scene *scene, const struct scene_target *target, uint32_t base_handle,
		uint32_t vertices, float points[3][2], const struct scene_target *texture);

/* The last triangle once more, with all that is bound. */
void scene_again(struct scene *scene);

/* Any command: header and fields. */
void scene_command(struct scene *scene, uint32_t command, uint32_t object, const uint32_t *fields,
		uint32_t count);

#endif
