#include "uploads.h"
#include "resource.h"
#include <proto/virgl_format.h>
#include <stdlib.h>
#include <string.h>

/* What painting costs, beside its bytes. */
enum {
	ROW_COST_BYTES = 128,
	PART_COST_BYTES = 4,
};

/* A level of a resource: its size, and how far apart its texels are in a picture. */
struct shape {
	uint32_t width, height, depth;
	uint32_t texel_bytes;
	uint64_t row_bytes, layer_bytes;
};

/* An upload, with the strides that are meant: where none is given, the level's own. */
struct box {
	const struct virgl_upload *to;
	uint64_t stride_bytes, layer_stride_bytes;
};

static struct shape shape_of(const struct render_resource *resource, uint32_t level)
{
	bool buffer = resource->target == UPLOADS_BUFFER;
	struct shape s = { .width = resource_level_px(resource->width, level),
		.height = resource_level_px(resource->height, level),
		.depth = resource_level_px(resource->depth, level),
		.texel_bytes = buffer ? 1 : virgl_format_texel_bytes(resource->format) };

	if (resource->array_size > s.depth)
		s.depth = resource->array_size;
	s.row_bytes = (uint64_t)s.width * s.texel_bytes;
	s.layer_bytes = s.row_bytes * s.height;
	return s;
}

static struct box box_of(const struct virgl_upload *to, const struct shape *shape)
{
	struct box box = {
		.to = to, .stride_bytes = to->stride_bytes, .layer_stride_bytes = to->layer_stride_bytes
	};

	if (!box.stride_bytes)
		box.stride_bytes = shape->row_bytes;
	if (!box.layer_stride_bytes)
		box.layer_stride_bytes = box.stride_bytes * shape->height;
	return box;
}

static bool fits_axis(uint32_t at, uint32_t size, uint32_t whole)
{
	return size > 0 && at <= whole && size <= whole - at;
}

static bool fits(const struct virgl_upload *to, const struct shape *shape)
{
	return fits_axis(to->x, to->width, shape->width) && fits_axis(to->y, to->height, shape->height) &&
			fits_axis(to->z, to->depth, shape->depth);
}

/* As the renderer has it: the strides hold the box, and the backing all of it. */
static bool lies_in(const struct box *box, const struct shape *shape, const struct uploads_backing *from,
		uint64_t offset_bytes)
{
	const struct virgl_upload *to = box->to;
	uint64_t row_bytes = (uint64_t)to->width * shape->texel_bytes,
		 len_bytes = (to->depth - 1) * box->layer_stride_bytes +
			(to->height - 1) * box->stride_bytes + row_bytes;

	return box->stride_bytes >= row_bytes && box->layer_stride_bytes >= box->stride_bytes * to->height &&
			offset_bytes <= from->len_bytes && len_bytes <= from->len_bytes - offset_bytes;
}

static bool is_whole(const struct virgl_upload *to, const struct shape *shape)
{
	return to->width == shape->width && to->height == shape->height && to->depth == shape->depth;
}

static void drop_picture(struct upload_level *level, struct uploads_budget *budget)
{
	budget->used_bytes -= level->picture_bytes;
	free(level->picture);
	level->picture = NULL;
	level->picture_bytes = 0;
}

void uploads_finish(struct uploads *uploads, struct uploads_budget *budget)
{
	for (uint32_t i = 0; uploads->levels && i < UPLOADS_LEVELS_MAX; i++)
		drop_picture(&uploads->levels[i], budget);
	free(uploads->levels);
	free(uploads->blits);
	*uploads = (struct uploads){ 0 };
}

void uploads_detached(struct uploads *uploads)
{
	for (uint32_t i = 0; uploads->levels && i < UPLOADS_LEVELS_MAX; i++)
		uploads->levels[i].known = uploads->levels[i].picture != NULL;
}

/* Row by row from the backing into the picture. */
static void paint(struct upload_level *level, const struct shape *shape, const struct box *box,
		const struct uploads_backing *from, uint64_t offset_bytes)
{
	const struct virgl_upload *to = box->to;
	size_t len = (size_t)to->width * shape->texel_bytes;

	for (uint32_t z = 0; z < to->depth; z++) {
		for (uint32_t y = 0; y < to->height; y++) {
			uint8_t *row = level->picture + (to->z + z) * shape->layer_bytes +
					(to->y + y) * shape->row_bytes + (uint64_t)to->x * shape->texel_bytes;

			from->read(from->user,
					offset_bytes + z * box->layer_stride_bytes + y * box->stride_bytes,
					row, len);
		}
	}
}

static uint64_t cost_of(
		const struct virgl_upload *to, const struct shape *shape, const struct uploads_backing *from)
{
	uint64_t rows = (uint64_t)to->height * to->depth,
		 row_bytes = (uint64_t)to->width * shape->texel_bytes;

	return rows * (row_bytes + ROW_COST_BYTES) + (uint64_t)from->parts * PART_COST_BYTES;
}

static bool spend(struct uploads_budget *budget, uint64_t cost_bytes)
{
	if (cost_bytes > UPLOADS_TURN_BYTES - budget->painted_bytes)
		return false;
	budget->painted_bytes += cost_bytes;
	return true;
}

void uploads_turn(struct uploads_budget *budget, uint64_t turn)
{
	if (budget->turn != turn)
		budget->painted_bytes = 0;
	budget->turn = turn;
}

/* False: there is no memory, or no budget. */
static bool make_picture(struct upload_level *level, struct uploads_budget *budget, const struct shape *shape,
		const struct uploads_backing *own)
{
	uint64_t bytes = shape->layer_bytes * shape->depth;
	struct box old = box_of(&level->to, shape);

	if (bytes > UPLOADS_BUDGET_BYTES - budget->used_bytes)
		return false;
	level->picture = calloc(1, (size_t)bytes);
	if (!level->picture)
		return false;
	level->picture_bytes = (size_t)bytes;
	budget->used_bytes += level->picture_bytes;
	if (level->known)
		paint(level, shape, &old, own, level->offset_bytes);
	level->known = true;
	level->to = (struct virgl_upload){ .resource = level->to.resource,
		.level = level->to.level,
		.stride_bytes = (uint32_t)shape->row_bytes,
		.layer_stride_bytes = (uint32_t)shape->layer_bytes,
		.width = shape->width,
		.height = shape->height,
		.depth = shape->depth };
	return true;
}

static void read_nothing(void *user, uint64_t offset_bytes, void *dst, size_t len)
{
	memset(dst, 0, len);
}

static void join_axis(uint32_t *at, uint32_t *size, uint32_t more_at, uint32_t more_size)
{
	uint32_t begin = *at < more_at ? *at : more_at;
	uint32_t end = *at + *size > more_at + more_size ? *at + *size : more_at + more_size;

	*at = begin;
	*size = end - begin;
}

/* Where the level's first texel would lie in the backing; wraps below 0, consistently. */
static uint64_t origin(const struct box *box, const struct shape *shape, uint64_t offset_bytes)
{
	return offset_bytes - (uint64_t)box->to->x * shape->texel_bytes - box->to->y * box->stride_bytes -
			box->to->z * box->layer_stride_bytes;
}

/* Two boxes that lie in the backing as in one picture make one box: what is between them
 * lies there too. */
static bool join(struct upload_level *level, const struct shape *shape, const struct box *box,
		uint64_t offset_bytes)
{
	struct box old = box_of(&level->to, shape);
	uint64_t at = origin(box, shape, offset_bytes);

	if (old.stride_bytes != box->stride_bytes &&
			(level->to.height > 1 || box->to->height > 1 || level->to.y != box->to->y))
		return false;
	if (old.layer_stride_bytes != box->layer_stride_bytes &&
			(level->to.depth > 1 || box->to->depth > 1 || level->to.z != box->to->z))
		return false;
	if (at != origin(&old, shape, level->offset_bytes))
		return false;
	join_axis(&level->to.x, &level->to.width, box->to->x, box->to->width);
	join_axis(&level->to.y, &level->to.height, box->to->y, box->to->height);
	join_axis(&level->to.z, &level->to.depth, box->to->z, box->to->depth);
	level->to.stride_bytes = (uint32_t)box->stride_bytes;
	level->to.layer_stride_bytes = (uint32_t)box->layer_stride_bytes;
	level->offset_bytes = at + (uint64_t)level->to.x * shape->texel_bytes +
			level->to.y * box->stride_bytes + level->to.z * box->layer_stride_bytes;
	return true;
}

static void set_backing(struct upload_level *level, struct uploads_budget *budget,
		const struct virgl_upload *to, uint64_t offset_bytes)
{
	drop_picture(level, budget);
	level->known = true;
	level->to = *to;
	level->offset_bytes = offset_bytes;
}

static void add_to_level(struct upload_level *level, struct uploads_budget *budget, const struct shape *shape,
		const struct box *box, uint64_t offset_bytes, const struct uploads_backing *own,
		const struct uploads_backing *foreign)
{
	const struct uploads_backing *from = foreign ? foreign : own;
	uint64_t cost_bytes = cost_of(box->to, shape, from);

	if (!foreign && (is_whole(box->to, shape) || !level->known)) {
		set_backing(level, budget, box->to, offset_bytes);
		return;
	}
	if (!foreign && !level->picture && join(level, shape, box, offset_bytes))
		return;
	if (!level->picture && level->known)
		cost_bytes += cost_of(&level->to, shape, own);
	if (!spend(budget, cost_bytes))
		return;
	level->to.resource = box->to->resource;
	level->to.level = box->to->level;
	if (level->picture || make_picture(level, budget, shape, own))
		paint(level, shape, box, from, offset_bytes);
}

void uploads_add(struct uploads *uploads, struct uploads_budget *budget,
		const struct render_resource *resource, const struct virgl_upload *to, uint64_t offset_bytes,
		const struct uploads_backing *own, const struct uploads_backing *foreign)
{
	struct shape shape = shape_of(resource, to->level);
	struct box box = box_of(to, &shape);

	if (to->level >= UPLOADS_LEVELS_MAX || !fits(to, &shape))
		return;
	if (shape.texel_bytes && !lies_in(&box, &shape, foreign ? foreign : own, offset_bytes))
		return;
	if (!uploads->levels)
		uploads->levels = calloc(UPLOADS_LEVELS_MAX, sizeof *uploads->levels);
	if (!uploads->levels)
		return;
	if (shape.texel_bytes)
		add_to_level(&uploads->levels[to->level], budget, &shape, &box, offset_bytes, own, foreign);
	else if (!foreign)
		set_backing(&uploads->levels[to->level], budget, to, offset_bytes);
}

uint8_t *uploads_picture(struct uploads *uploads, struct uploads_budget *budget,
		const struct render_resource *resource)
{
	static const struct uploads_backing none = { .read = read_nothing };
	struct shape shape = shape_of(resource, 0);
	struct upload_level *level;

	if (!shape.texel_bytes)
		return NULL;
	if (!uploads->levels)
		uploads->levels = calloc(UPLOADS_LEVELS_MAX, sizeof *uploads->levels);
	if (!uploads->levels)
		return NULL;
	level = &uploads->levels[0];
	level->known &= level->picture != NULL; /* all of it comes anew */
	level->to.resource = resource->resource;
	level->to.level = 0;
	if (!level->picture && !make_picture(level, budget, &shape, &none))
		return NULL;
	return level->picture;
}

void uploads_add_blit(struct uploads *uploads, const struct virgl_entry *blit)
{
	struct upload_blit b = { .level = blit->words[5], .z = blit->words[9] };
	uint32_t i = 0;

	if (!uploads->blits)
		uploads->blits = calloc(UPLOADS_BLITS_MAX, sizeof *uploads->blits);
	if (!uploads->blits)
		return;
	memcpy(b.words, blit->words, sizeof b.words);
	while (i < uploads->blit_count && (uploads->blits[i].level != b.level || uploads->blits[i].z != b.z))
		i++;
	if (i == UPLOADS_BLITS_MAX)
		return;
	if (i < uploads->blit_count)
		memmove(&uploads->blits[i], &uploads->blits[i + 1],
				(--uploads->blit_count - i) * sizeof *uploads->blits);
	uploads->blits[uploads->blit_count++] = b;
}

const struct upload_level *uploads_next(const struct uploads *uploads, uint32_t *level)
{
	while (uploads->levels && *level < UPLOADS_LEVELS_MAX) {
		const struct upload_level *found = &uploads->levels[(*level)++];

		if (found->known)
			return found;
	}
	return NULL;
}
