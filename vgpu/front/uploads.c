#include "uploads.h"
#include <stdlib.h>
#include <string.h>

enum {
	TEXEL_MAX_BYTES = 16,
};

static void drop(struct uploads *uploads, struct uploads_budget *budget, uint32_t index)
{
	struct upload *upload = &uploads->list[index];

	if (upload->data)
		budget->used_bytes -= upload->len;
	free(upload->data);
	uploads->count--;
	memmove(upload, upload + 1, (uploads->count - index) * sizeof *upload);
}

void uploads_finish(struct uploads *uploads, struct uploads_budget *budget)
{
	while (uploads->count)
		drop(uploads, budget, uploads->count - 1);
	free(uploads->list);
	uploads->list = NULL;
}

static bool covers_axis(uint32_t at, uint32_t size, uint32_t old_at, uint32_t old_size)
{
	return at <= old_at && (uint64_t)at + size >= (uint64_t)old_at + old_size;
}

static bool covers(const struct virgl_upload *a, const struct virgl_upload *old)
{
	return a->level == old->level && covers_axis(a->x, a->width, old->x, old->width) &&
			covers_axis(a->y, a->height, old->y, old->height) &&
			covers_axis(a->z, a->depth, old->z, old->depth);
}

static void drop_covered(
		struct uploads *uploads, struct uploads_budget *budget, const struct virgl_upload *by)
{
	for (uint32_t i = uploads->count; i-- > 0;) {
		if (covers(by, &uploads->list[i].to))
			drop(uploads, budget, i);
	}
}

/* Takes upload->data. */
static void add(struct uploads *uploads, struct uploads_budget *budget, const struct upload *upload)
{
	if (!uploads->list)
		uploads->list = malloc(UPLOADS_MAX * sizeof *uploads->list);
	if (!uploads->list) {
		if (upload->data)
			budget->used_bytes -= upload->len;
		free(upload->data);
		return;
	}
	if (uploads->count == UPLOADS_MAX)
		drop(uploads, budget, 0);
	uploads->list[uploads->count++] = *upload;
}

/* Two ranges of a buffer that come from the same place of the backing make one: what
 * lies between them may be uploaded too early, but not wrongly. The older data must not
 * be in between. */
static bool join(struct uploads *uploads, const struct virgl_upload *to, uint64_t offset_bytes)
{
	struct upload *last = uploads->count ? &uploads->list[uploads->count - 1] : NULL;
	uint64_t end;
	uint32_t begin;

	if (!last || last->data || last->offset_bytes - last->to.x != offset_bytes - to->x)
		return false;
	begin = to->x < last->to.x ? to->x : last->to.x;
	end = (uint64_t)last->to.x + last->to.width;
	if ((uint64_t)to->x + to->width > end)
		end = (uint64_t)to->x + to->width;
	if (end - begin > UINT32_MAX)
		return false;
	last->offset_bytes -= last->to.x - begin;
	last->to.x = begin;
	last->to.width = (uint32_t)(end - begin);
	return true;
}

void uploads_add_backing(struct uploads *uploads, struct uploads_budget *budget,
		const struct virgl_upload *to, uint64_t offset_bytes, bool is_buffer)
{
	const struct upload upload = { .to = *to, .offset_bytes = offset_bytes };

	drop_covered(uploads, budget, to);
	if (!is_buffer || !join(uploads, to, offset_bytes))
		add(uploads, budget, &upload);
}

void uploads_add_data(struct uploads *uploads, struct uploads_budget *budget, const struct virgl_upload *to,
		const void *data, size_t len)
{
	struct upload upload = { .to = *to, .len = len };

	drop_covered(uploads, budget, to);
	if (!len || len > UPLOADS_BUDGET_BYTES - budget->used_bytes)
		return;
	upload.data = malloc(len);
	if (!upload.data)
		return;
	memcpy(upload.data, data, len);
	budget->used_bytes += len;
	add(uploads, budget, &upload);
}

uint64_t uploads_reach_bytes(const struct virgl_upload *to)
{
	uint64_t row = (uint64_t)to->width * TEXEL_MAX_BYTES, layer;

	/* With a stride, a row is no longer than that; without one, rows are tight. */
	if (to->stride_bytes)
		row = to->stride_bytes;
	if (to->height && row > UINT64_MAX / to->height)
		return UINT64_MAX;
	layer = row * to->height;
	if (to->layer_stride_bytes && to->depth > 1)
		layer = to->layer_stride_bytes > layer ? to->layer_stride_bytes : layer;
	if (to->depth && layer > UINT64_MAX / to->depth)
		return UINT64_MAX;
	return layer * to->depth;
}
