/* The numbers are those of the virgl protocol: command in bits 0..7, object type in
 * 8..15, count of words that follow in 16..31. */
#include "scene.h"
#include <assert.h>
#include <string.h>

enum {
	CREATE_OBJECT = 1,
	BIND_OBJECT = 2,
	SET_VIEWPORT = 4,
	SET_FRAMEBUFFER = 5,
	SET_VERTEX_BUFFERS = 6,
	CLEAR = 7,
	DRAW = 8,
	INLINE_WRITE = 9,
	SET_SAMPLER_VIEWS = 10,
	BIND_SAMPLER_STATES = 18,
	BIND_SHADER = 31,
};

enum {
	BLEND = 1,
	RASTERIZER = 2,
	DSA = 3,
	SHADER = 4,
	VERTEX_ELEMENTS = 5,
	SAMPLER_VIEW = 6,
	SAMPLER_STATE = 7,
	SURFACE = 8,
};

enum {
	VERTEX = 0,
	FRAGMENT = 1,
	R32G32B32A32_FLOAT = 31,
	CLEAR_COLOR = 4,
	TRIANGLES = 4,
};

static uint32_t bits(float value)
{
	uint32_t word;

	memcpy(&word, &value, sizeof word);
	return word;
}

void scene_command(struct scene *s, uint32_t command, uint32_t object, const uint32_t *fields, uint32_t count)
{
	assert(s->count + 1 + count <= SCENE_WORDS_MAX);
	s->words[s->count++] = command | object << 8 | count << 16;
	if (count)
		memcpy(s->words + s->count, fields, count * sizeof *fields);
	s->count += count;
}

void scene_clear(struct scene *s, const struct scene_target *target, uint32_t base_handle,
		const float color[4])
{
	uint32_t surface[] = { base_handle, target->resource, target->format, 0, 0 };
	uint32_t framebuffer[] = { 1, 0, base_handle };
	uint32_t clear[] = { CLEAR_COLOR, bits(color[0]), bits(color[1]), bits(color[2]), bits(color[3]), 0,
		0, 0 };

	scene_command(s, CREATE_OBJECT, SURFACE, surface, 5);
	scene_command(s, SET_FRAMEBUFFER, 0, framebuffer, 3);
	scene_command(s, CLEAR, 0, clear, 8);
}

static void add_shader(struct scene *s, uint32_t handle, uint32_t stage, const char *text)
{
	uint32_t fields[256] = { handle, stage, (uint32_t)strlen(text) + 1, 300, 0 };
	uint32_t bind[] = { handle, stage };

	memcpy(fields + 5, text, strlen(text) + 1);
	scene_command(s, CREATE_OBJECT, SHADER, fields, 5 + (uint32_t)(strlen(text) + 4) / 4);
	scene_command(s, BIND_SHADER, 0, bind, 2);
}

/* Of the vertices' colours. */
static const char plain[] = "FRAG\nDCL IN[0], COLOR, LINEAR\nDCL OUT[0], COLOR\n"
			    "  0: MOV OUT[0], IN[0]\n  1: END\n";

/* Of the texture's first pixel. */
static const char textured[] = "FRAG\nDCL IN[0], COLOR, LINEAR\nDCL OUT[0], COLOR\nDCL SAMP[0]\n"
			       "DCL SVIEW[0], 2D, FLOAT\nDCL TEMP[0]\nIMM[0] FLT32 { 0.0, 0.0, 0.0, 0.0}\n"
			       "  0: TEX TEMP[0], IMM[0], SAMP[0], 2D\n  1: MOV OUT[0], TEMP[0]\n  2: END\n";

/* llvmpipe lets no loop go around more than 65535 times: a large picture takes minutes. */
static const char endless[] = "FRAG\nDCL IN[0], COLOR, LINEAR\nDCL OUT[0], COLOR\nDCL TEMP[0..1]\n"
			      "IMM[0] FLT32 { 2.0, 0.5, 0.0, 0.0}\n"
			      "  0: MOV TEMP[0], IN[0]\n"
			      "  1: BGNLOOP\n"
			      "  2: MAD TEMP[0], TEMP[0], IMM[0].yyyy, IN[0]\n"
			      "  3: SGE TEMP[1].x, TEMP[0].xxxx, IMM[0].xxxx\n"
			      "  4: IF TEMP[1].xxxx\n  5: BRK\n  6: ENDIF\n"
			      "  7: ENDLOOP\n"
			      "  8: MOV OUT[0], TEMP[0]\n  9: END\n";

static void add_shaders(struct scene *s, uint32_t base_handle, const char *fragment)
{
	add_shader(s, base_handle + 1, VERTEX,
			"VERT\nDCL IN[0]\nDCL IN[1]\nDCL OUT[0], POSITION\nDCL OUT[1], COLOR\n"
			"  0: MOV OUT[1], IN[1]\n  1: MOV OUT[0], IN[0]\n  2: END\n");
	add_shader(s, base_handle + 2, FRAGMENT, fragment);
}

static void add_state(struct scene *s, uint32_t base_handle, const struct scene_target *target)
{
	/* All four channels are written; no depth; clip, fill, pixel centres at halves. */
	uint32_t blend[11] = { base_handle + 3, 0, 0, 0xfu << 27 };
	uint32_t dsa[5] = { base_handle + 4 };
	uint32_t rasterizer[9] = { base_handle + 5, 1u << 1 | 1u << 29, bits(1), 0, 0xffff, bits(1) };
	uint32_t elements[] = { base_handle + 6, 0, 0, 0, R32G32B32A32_FLOAT, 16, 0, 0, R32G32B32A32_FLOAT };
	float half_w = (float)target->width_px / 2, half_h = (float)target->height_px / 2;
	uint32_t viewport[] = { 0, bits(half_w), bits(half_h), bits(0.5f), bits(half_w), bits(half_h),
		bits(0.5f) };

	scene_command(s, CREATE_OBJECT, BLEND, blend, 11);
	scene_command(s, BIND_OBJECT, BLEND, blend, 1);
	scene_command(s, CREATE_OBJECT, DSA, dsa, 5);
	scene_command(s, BIND_OBJECT, DSA, dsa, 1);
	scene_command(s, CREATE_OBJECT, RASTERIZER, rasterizer, 9);
	scene_command(s, BIND_OBJECT, RASTERIZER, rasterizer, 1);
	scene_command(s, CREATE_OBJECT, VERTEX_ELEMENTS, elements, 9);
	scene_command(s, BIND_OBJECT, VERTEX_ELEMENTS, elements, 1);
	scene_command(s, SET_VIEWPORT, 0, viewport, 7);
}

static void add_vertices(struct scene *s, uint32_t resource, float points[3][2], const float color[4])
{
	uint32_t write[11 + SCENE_VERTICES_BYTES / 4] = { resource, 0, 0, 0, 0, 0, 0, 0, SCENE_VERTICES_BYTES,
		1, 1 };
	uint32_t buffers[] = { 32, 0, resource };

	for (int i = 0; i < 3; i++) {
		uint32_t *v = write + 11 + 8 * i;

		v[0] = bits(points[i][0]);
		v[1] = bits(points[i][1]);
		v[2] = bits(0);
		v[3] = bits(1);
		for (int c = 0; c < 4; c++)
			v[4 + c] = bits(color[c]);
	}
	scene_command(s, INLINE_WRITE, 0, write, sizeof write / sizeof *write);
	scene_command(s, SET_VERTEX_BUFFERS, 0, buffers, 3);
}

static void add_triangle(struct scene *s, const struct scene_target *target, uint32_t base_handle,
		uint32_t vertices, float points[3][2], const float color[4], const char *fragment)
{
	add_shaders(s, base_handle, fragment);
	add_state(s, base_handle, target);
	add_vertices(s, vertices, points, color);
	scene_again(s);
}

void scene_again(struct scene *s)
{
	uint32_t draw[12] = { 0, 3, TRIANGLES, 0, 1, 0, 0, 0, 0, 0, 2, 0 };

	scene_command(s, DRAW, 0, draw, 12);
}

void scene_textured(struct scene *s, const struct scene_target *target, uint32_t base_handle,
		uint32_t vertices, float points[3][2], const struct scene_target *texture)
{
	static const float unused[4];
	/* Red, green, blue, alpha as they are; nearest, no mipmaps. */
	uint32_t view[] = { base_handle + 7, texture->resource, texture->format, 0, 0,
		0 | 1 << 3 | 2 << 6 | 3 << 9 };
	uint32_t sampler[9] = { base_handle + 8, 2u << 11 };
	uint32_t views[] = { FRAGMENT, 0, base_handle + 7 }, samplers[] = { FRAGMENT, 0, base_handle + 8 };

	scene_command(s, CREATE_OBJECT, SAMPLER_VIEW, view, 6);
	scene_command(s, CREATE_OBJECT, SAMPLER_STATE, sampler, 9);
	scene_command(s, SET_SAMPLER_VIEWS, 0, views, 3);
	scene_command(s, BIND_SAMPLER_STATES, 0, samplers, 3);
	add_triangle(s, target, base_handle, vertices, points, unused, textured);
}

void scene_triangle(struct scene *s, const struct scene_target *target, uint32_t base_handle,
		uint32_t vertices, float points[3][2], const float color[4])
{
	add_triangle(s, target, base_handle, vertices, points, color, plain);
}

void scene_endless(struct scene *s, const struct scene_target *target, uint32_t base_handle,
		uint32_t vertices, float points[3][2])
{
	static const float dark[] = { 0.1f, 0.1f, 0.1f, 1 };

	add_triangle(s, target, base_handle, vertices, points, dark, endless);
}
