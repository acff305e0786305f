/* The command stream of a virgl context: what SUBMIT_3D carries. A batch is a run of
 * commands; a command is one word (command, object type, length in words) and that many
 * words. As virglrenderer 0.10 reads them. No state, no I/O; thread-safe. */
#ifndef PROTO_VIRGL_H
#define PROTO_VIRGL_H

#include <base/err.h>
#include <stddef.h>
#include <stdint.h>

enum virgl_command {
	VIRGL_NOP = 0,
	VIRGL_CREATE_OBJECT = 1,
	VIRGL_BIND_OBJECT = 2,
	VIRGL_DESTROY_OBJECT = 3,
	VIRGL_SET_VIEWPORT = 4,
	VIRGL_SET_FRAMEBUFFER = 5,
	VIRGL_SET_VERTEX_BUFFERS = 6,
	VIRGL_CLEAR = 7,
	VIRGL_DRAW_VBO = 8,
	VIRGL_INLINE_WRITE = 9,
	VIRGL_SET_SAMPLER_VIEWS = 10,
	VIRGL_SET_INDEX_BUFFER = 11,
	VIRGL_SET_CONSTANT_BUFFER = 12,
	VIRGL_SET_STENCIL_REF = 13,
	VIRGL_SET_BLEND_COLOR = 14,
	VIRGL_SET_SCISSOR = 15,
	VIRGL_BLIT = 16,
	VIRGL_COPY_REGION = 17,
	VIRGL_BIND_SAMPLER_STATES = 18,
	VIRGL_BEGIN_QUERY = 19,
	VIRGL_END_QUERY = 20,
	VIRGL_GET_QUERY_RESULT = 21,
	VIRGL_SET_POLYGON_STIPPLE = 22,
	VIRGL_SET_CLIP = 23,
	VIRGL_SET_SAMPLE_MASK = 24,
	VIRGL_SET_STREAMOUT_TARGETS = 25,
	VIRGL_SET_RENDER_CONDITION = 26,
	VIRGL_SET_UNIFORM_BUFFER = 27,
	VIRGL_SET_SUB_CONTEXT = 28,
	VIRGL_CREATE_SUB_CONTEXT = 29,
	VIRGL_DESTROY_SUB_CONTEXT = 30,
	VIRGL_BIND_SHADER = 31,
	VIRGL_SET_TESS_STATE = 32,
	VIRGL_SET_MIN_SAMPLES = 33,
	VIRGL_SET_SHADER_BUFFERS = 34,
	VIRGL_SET_SHADER_IMAGES = 35,
	VIRGL_SET_FRAMEBUFFER_NO_ATTACH = 38,
	VIRGL_SET_ATOMIC_BUFFERS = 40,
	VIRGL_TRANSFER = 43,
	VIRGL_COPY_TRANSFER = 45,
	VIRGL_SET_TWEAKS = 46,
	VIRGL_COMMANDS = 60, /* from here on there are none */
};

enum virgl_object {
	VIRGL_BLEND = 1,
	VIRGL_RASTERIZER = 2,
	VIRGL_DSA = 3,
	VIRGL_SHADER = 4,
	VIRGL_VERTEX_ELEMENTS = 5,
	VIRGL_SAMPLER_VIEW = 6,
	VIRGL_SAMPLER_STATE = 7,
	VIRGL_SURFACE = 8,
	VIRGL_QUERY = 9,
	VIRGL_STREAMOUT_TARGET = 10,
	VIRGL_MSAA_SURFACE = 11,
	VIRGL_OBJECTS = 12, /* from here on there are none */
};

enum {
	VIRGL_SHADER_TYPES = 6,
	VIRGL_LEN_MAX_WORDS = 0xffff,
	VIRGL_BLIT_WORDS = 21,
};

/* words[0] is the header; len words follow it. */
struct virgl_entry {
	const uint32_t *words; /* borrowed from the batch */
	uint32_t len;
	uint8_t command; /* below VIRGL_COMMANDS */
	uint8_t object;  /* whatever the guest wrote there */
};

static inline uint32_t virgl_header(enum virgl_command command, uint32_t object, uint32_t len)
{
	return (uint32_t)command | object << 8 | len << 16;
}

/* The command at *at, which moves on behind it. Returns 1; 0 at the end of the batch;
 * ERR_FORMAT for an unknown command or one that does not end within the batch: the
 * renderer stops there too. */
MUST_USE int virgl_next(const uint32_t *words, size_t count, size_t *at, struct virgl_entry *entry);

/* Where bytes go: INLINE_WRITE, TRANSFER and COPY_TRANSFER begin with the same fields. */
struct virgl_upload {
	uint32_t resource, level;
	uint32_t stride_bytes, layer_stride_bytes; /* 0: as the level has them */
	uint32_t x, y, z, width, height, depth;
};

enum {
	VIRGL_UPLOAD_WORDS = 11, /* that many belong to those fields */
	VIRGL_TRANSFER_TO_HOST = 1,
};

/* entry has at least VIRGL_UPLOAD_WORDS. */
struct virgl_upload virgl_upload(const struct virgl_entry *entry);

#endif
