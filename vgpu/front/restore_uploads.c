#include "restore_uploads.h"
#include "front.h"
#include <proto/virgl_format.h>

enum {
	WRITE_WORDS = 1 + VIRGL_UPLOAD_WORDS,
	WRITE_MAX_BYTES = 4 * (VIRGL_LEN_MAX_WORDS - VIRGL_UPLOAD_WORDS), /* of one command */
};

static void send_context(struct front *front, enum render_type type, uint32_t context, uint32_t resource)
{
	struct render_message msg = { .type = type, .context = { .context = context, .resource = resource } };

	front_send(front, &msg, -1);
}

/* A context of an id that the guest does not use; virglrenderer takes no larger ones. */
static void make_context(struct front *front, struct restore_uploads *state)
{
	if (state->context)
		return;
	state->context = INT32_MAX;
	while (table_get(&front->contexts, state->context))
		state->context--;
	send_context(front, RENDER_CONTEXT_CREATE, state->context, 0);
}

void restore_uploads_end(struct front *front, struct restore_uploads *state)
{
	if (state->context)
		send_context(front, RENDER_CONTEXT_DESTROY, state->context, 0);
	*state = (struct restore_uploads){ 0 };
}

static void transfer(struct front *front, const struct upload_level *level, uint32_t resource,
		uint32_t level_index)
{
	const struct virgl_upload *to = &level->to;
	struct render_message msg = { .type = RENDER_TRANSFER_TO,
		.transfer = { 0, resource, level_index, to->stride_bytes, to->layer_stride_bytes,
				{ to->x, to->y, to->z, to->width, to->height, to->depth },
				level->offset_bytes } };

	front_send(front, &msg, -1);
}

/* The next part of a picture that one command can carry: rows, or part of one. */
struct part {
	uint32_t width, height;
	uint64_t row_bytes; /* of the part */
};

static struct part next_part(const struct restore_uploads *state, uint32_t texel)
{
	const struct virgl_upload *to = &state->level->to;
	uint32_t width_max = WRITE_MAX_BYTES / texel, left = to->width - state->x;
	struct part part = { left < width_max ? left : width_max, 1, 0 };
	uint32_t rows;

	part.row_bytes = (uint64_t)part.width * texel;
	rows = (uint32_t)(WRITE_MAX_BYTES / part.row_bytes);
	if (part.width == to->width)
		part.height = rows < to->height - state->y ? rows : to->height - state->y;
	return part;
}

static void fill(uint32_t *words, const struct restore_uploads *state, const struct part *part,
		uint32_t resource, uint32_t texel)
{
	const struct virgl_upload *to = &state->level->to;
	uint32_t bytes = (uint32_t)part->row_bytes * part->height, data_words = (bytes + 3) / 4;
	const uint32_t head[WRITE_WORDS] = { virgl_header(VIRGL_INLINE_WRITE, 0,
							     VIRGL_UPLOAD_WORDS + data_words),
		resource, state->next_level - 1, 0, (uint32_t)part->row_bytes, bytes, state->x, state->y,
		state->z, part->width, part->height, 1 };
	uint8_t *row = (uint8_t *)(words + WRITE_WORDS);

	memcpy(words, head, sizeof head);
	words[WRITE_WORDS + data_words - 1] = 0; /* what is beyond the last byte */
	for (uint32_t y = 0; y < part->height; y++, row += part->row_bytes)
		memcpy(row,
				state->level->picture + state->z * (uint64_t)to->layer_stride_bytes +
						(state->y + y) * (uint64_t)to->stride_bytes +
						(uint64_t)state->x * texel,
				part->row_bytes);
}

static void advance(struct restore_uploads *state, const struct part *part)
{
	const struct virgl_upload *to = &state->level->to;

	state->x += part->width;
	if (state->x < to->width)
		return;
	state->x = 0;
	state->y += part->height;
	if (state->y < to->height)
		return;
	state->y = 0;
	if (++state->z == to->depth)
		state->level = NULL;
}

static int write_part(struct front *front, struct restore_uploads *state, const struct resource *resource)
{
	bool buffer = resource->create.target == UPLOADS_BUFFER;
	uint32_t texel = buffer ? 1 : virgl_format_texel_bytes(resource->create.format),
		 id = resource->create.resource;
	struct part part = next_part(state, texel);
	uint32_t len = 4 * (WRITE_WORDS + ((uint32_t)part.row_bytes * part.height + 3) / 4);
	struct render_message msg = {
		.type = RENDER_SUBMIT, .flags = RENDER_WANT_DONE, .submit = { .len_bytes = len }
	};
	void *words = renderer_arena_take(front->renderer, len, &msg.submit.arena_offset);

	if (!words)
		return ERR_AGAIN;
	fill(words, state, &part, id, texel);
	msg.submit.context = state->context;
	front_send(front, &msg, -1);
	advance(state, &part);
	return 1;
}

static void attach(struct front *front, struct restore_uploads *state, const struct resource *resource)
{
	if (state->attached)
		return;
	make_context(front, state);
	send_context(front, RENDER_CONTEXT_ATTACH, state->context, resource->create.resource);
	state->attached = true;
}

static int blit(struct front *front, const struct restore_uploads *state, const struct uploads *uploads)
{
	uint32_t each = sizeof uploads->blits->words;
	struct render_message msg = { .type = RENDER_SUBMIT,
		.flags = RENDER_WANT_DONE,
		.submit = { .len_bytes = uploads->blit_count * each } };
	uint8_t *to = renderer_arena_take(front->renderer, msg.submit.len_bytes, &msg.submit.arena_offset);

	if (!to)
		return ERR_AGAIN;
	for (uint32_t i = 0; i < uploads->blit_count; i++)
		memcpy(to + i * each, uploads->blits[i].words, each);
	msg.submit.context = state->context;
	front_send(front, &msg, -1);
	return 0;
}

/* After the last level. */
static int finish(struct front *front, struct restore_uploads *state, const struct resource *resource)
{
	if (resource->uploads.blit_count) {
		attach(front, state, resource);
		if (blit(front, state, &resource->uploads) == ERR_AGAIN)
			return ERR_AGAIN;
	}
	if (state->attached)
		send_context(front, RENDER_CONTEXT_DETACH, state->context, resource->create.resource);
	state->attached = false;
	state->next_level = 0;
	return 0;
}

int restore_uploads_step(struct front *front, struct restore_uploads *state, const struct resource *resource)
{
	if (state->level)
		return write_part(front, state, resource);
	state->level = uploads_next(&resource->uploads, &state->next_level);
	if (!state->level)
		return finish(front, state, resource);
	if (state->level->picture) {
		state->x = state->y = state->z = 0;
		attach(front, state, resource);
		return 1;
	}
	transfer(front, state->level, resource->create.resource, state->next_level - 1);
	state->level = NULL;
	return 1;
}
