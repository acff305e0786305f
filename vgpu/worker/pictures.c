#include "pictures.h"
#include "virgl.h"
#include <proto/virgl_format.h>
#include <string.h>

enum {
	TARGET_2D = 2, /* gallium's PIPE_TEXTURE_2D */
	TARGET_RECT = 5,
	PIXEL_BYTES = 4,
};

static bool span_inside(uint32_t at, uint32_t len, uint32_t size)
{
	return len >= 1 && len <= size && at <= size - len;
}

static bool rects_inside(const struct render_target *target, const struct resource *from,
		const struct render_read *read)
{
	for (uint32_t i = 0; i < read->count; i++) {
		const struct render_rect *r = &read->rects[i];

		if (!span_inside(r->dst_x, r->width, target->width_px) ||
				!span_inside(r->dst_y, r->height, target->height_px))
			return false;
		if (from &&
				(!span_inside(r->src_x, r->width, from->shape.width) ||
						!span_inside(r->src_y, r->height, from->shape.height)))
			return false;
	}
	return true;
}

/* B, G, R and the fourth byte to their places, in place. */
static void reorder(uint8_t *at, const struct render_rect *r, uint32_t stride_bytes, const uint8_t order[4])
{
	for (uint32_t y = 0; y < r->height; y++) {
		uint8_t *p = at + (size_t)y * stride_bytes;

		for (uint32_t x = 0; x < r->width; x++, p += PIXEL_BYTES) {
			uint8_t was[PIXEL_BYTES];

			memcpy(was, p, sizeof was);
			p[0] = was[order[0]];
			p[1] = was[order[1]];
			p[2] = was[order[2]];
			p[3] = was[order[3]];
		}
	}
}

static void fill_black(uint8_t *at, const struct render_rect *r, uint32_t stride_bytes)
{
	for (uint32_t y = 0; y < r->height; y++)
		memset(at + (size_t)y * stride_bytes, 0, (size_t)r->width * PIXEL_BYTES);
}

static int read_rect(const struct memory_target *target, uint8_t *at, const struct resource *from,
		const struct render_rect *r)
{
	struct iovec rest = { at, target->map.len - (size_t)(at - target->map.at) };
	struct virgl_box box = { r->src_x, r->src_y, 0, r->width, r->height, 1 };

	return virgl_renderer_transfer_read_iov(
			from->shape.resource, 0, 0, target->shape.stride_bytes, 0, &box, 0, &rest, 1);
}

static bool is_picture(const struct resource *from, uint8_t order[4])
{
	const struct render_resource *s = &from->shape;

	return (s->target == TARGET_2D || s->target == TARGET_RECT) && s->samples <= 1 &&
			virgl_format_order(s->format, order);
}

enum render_result pictures_read(
		struct memory *memory, const struct resources *resources, const struct render_read *read)
{
	const struct resource *from = read->resource ? resources_find(resources, read->resource) : NULL;
	struct memory_target *target = memory_target(memory, read->handle);
	uint8_t order[4] = { 0, 1, 2, 3 };
	bool in_order;

	if (!target || (read->resource && !from) || !rects_inside(&target->shape, from, read))
		return RENDER_INVALID;
	if (from && !is_picture(from, order))
		return RENDER_FAILED;
	in_order = order[0] == 0 && order[1] == 1;
	for (uint32_t i = 0; i < read->count; i++) {
		const struct render_rect *r = &read->rects[i];
		uint8_t *at = target->map.at + (size_t)r->dst_y * target->shape.stride_bytes +
				(size_t)r->dst_x * PIXEL_BYTES;

		if (!from)
			fill_black(at, r, target->shape.stride_bytes);
		else if (read_rect(target, at, from, r) != 0)
			return RENDER_FAILED;
		else if (!in_order)
			reorder(at, r, target->shape.stride_bytes, order);
	}
	return RENDER_OK;
}
