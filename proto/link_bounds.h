/* Bounds that the guest link shares with the screen socket. */
#ifndef PROTO_LINK_BOUNDS_H
#define PROTO_LINK_BOUNDS_H

#include <proto/link.h>

/* Not empty and within the limit, without overflow. */
static inline bool link_span_ok(uint32_t at, uint32_t len)
{
	return len >= 1 && len <= LINK_SIZE_MAX_PX && at <= LINK_SIZE_MAX_PX - len;
}

static inline bool link_rect_ok(const struct link_rect *r)
{
	return link_span_ok(r->x, r->width) && link_span_ok(r->y, r->height);
}

static inline bool link_buffer_ok(const struct link_buffer *b)
{
	return b->serial != 0 && b->width_px >= 1 && b->width_px <= LINK_SIZE_MAX_PX && b->height_px >= 1 &&
			b->height_px <= LINK_SIZE_MAX_PX && b->stride_bytes % 64 == 0 &&
			b->stride_bytes >= 4 * b->width_px && b->stride_bytes <= 4 * LINK_SIZE_MAX_PX;
}

static inline bool link_cursor_ok(const struct link_cursor *c)
{
	if (c->hidden)
		return c->hidden == 1 && !(c->width_px | c->height_px | c->hot_x | c->hot_y);
	return c->width_px <= LINK_CURSOR_MAX_PX && c->height_px <= LINK_CURSOR_MAX_PX &&
			c->hot_x < c->width_px && c->hot_y < c->height_px;
}

#endif
