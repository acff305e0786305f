#include "snapshots.h"
#include "front.h"
#include <base/log.h>
#include <base/loop.h>
#include <base/shm.h>
#include <proto/virgl_format.h>
#include <unistd.h>

enum {
	TICK_US = 50 * 1000,
	SETTLED_US = 80 * 1000,  /* left alone for so long */
	OVERDUE_US = 500 * 1000, /* drawn into again and again for so long */
	TICK_MAX_BYTES = 8 << 20,
	SIZE_MAX_PX = 4096,
	TARGET_2D = 2,
	TARGET_RECT = 5,
	PIXEL_BYTES = 4,
};

static bool can_be_read(const struct render_resource *r)
{
	uint8_t order[4];

	return (r->target == TARGET_2D || r->target == TARGET_RECT) && r->samples <= 1 &&
			r->width <= SIZE_MAX_PX && r->height <= SIZE_MAX_PX &&
			virgl_format_order(r->format, order);
}

void snapshots_drawn(struct front *front, struct resource *resource)
{
	if (!can_be_read(&resource->create))
		return;
	resource->drawn_us = loop_now_us();
	if (!resource->unsaved_us)
		resource->unsaved_us = resource->drawn_us;
	if (!front->snapshots.ticking)
		loop_timer_arm(front->snapshots.tick, TICK_US);
	front->snapshots.ticking = true;
}

static void drop_target(struct snapshots *s)
{
	if (!s->map)
		return;
	shm_unmap(s->map, (size_t)s->width_px * s->height_px * PIXEL_BYTES);
	close(s->fd);
	s->map = NULL;
	s->width_px = s->height_px = 0;
}

static void tell_target_drop(struct front *front)
{
	struct render_message msg = { .type = RENDER_TARGET_DROP,
		.target_drop = { front->snapshots.target } };

	if (front->snapshots.target)
		front_send(front, &msg, -1);
	front->snapshots.target = 0;
}

/* Memory for a picture of that size, which the worker knows. */
static int make_target(struct front *front, uint32_t width, uint32_t height)
{
	struct snapshots *s = &front->snapshots;
	struct render_message msg = { .type = RENDER_TARGET };

	if (width > s->width_px || height > s->height_px) {
		uint32_t w = width > s->width_px ? width : s->width_px;
		uint32_t h = height > s->height_px ? height : s->height_px;

		tell_target_drop(front);
		drop_target(s);
		s->fd = shm_create("oriel-snapshot", (size_t)w * h * PIXEL_BYTES);
		if (s->fd < 0)
			return s->fd;
		s->map = shm_map(s->fd, (size_t)w * h * PIXEL_BYTES);
		if (!s->map) {
			close(s->fd);
			return ERR_MEMORY;
		}
		s->width_px = w;
		s->height_px = h;
	}
	if (s->target)
		return 0;
	s->target = front_new_target(front);
	msg.target = (struct render_target){ s->target, s->width_px, s->height_px,
		s->width_px * PIXEL_BYTES };
	front_send(front, &msg, s->fd);
	return 0;
}

static void read_back(struct front *front, struct resource *resource)
{
	struct snapshots *s = &front->snapshots;
	uint32_t width = resource->create.width, height = resource->create.height;
	struct render_message msg = { .type = RENDER_READ, .flags = RENDER_WANT_DONE };

	resource->unsaved_us = 0;
	if (make_target(front, width, height) < 0)
		return;
	msg.read = (struct render_read){ s->target, resource->create.resource, 1,
		{ { 0, 0, 0, 0, width, height } } };
	front_send(front, &msg, -1);
	s->reading = msg.serial;
	s->resource = resource->create.resource;
	s->command = resource->command;
	s->tick_bytes += (uint64_t)width * height * PIXEL_BYTES;
}

/* Who waits longest of those whose time has come; *any: somebody waits. */
static struct resource *choose(const struct front *front, bool *any)
{
	struct resource *resource, *chosen = NULL;
	uint64_t now = loop_now_us();

	*any = false;
	for (size_t at = 0; (resource = table_next(&front->resources, &at, NULL));) {
		if (!resource->unsaved_us)
			continue;
		*any = true;
		if (now - resource->drawn_us < SETTLED_US && now - resource->unsaved_us < OVERDUE_US)
			continue;
		if (!chosen || resource->unsaved_us < chosen->unsaved_us)
			chosen = resource;
	}
	return chosen;
}

/* Reads the next one, if this tick has not read enough. */
static void go_on(struct front *front)
{
	struct snapshots *s = &front->snapshots;
	struct resource *resource;
	bool any;

	if (s->reading || s->tick_bytes >= TICK_MAX_BYTES || !front_running(front) ||
			renderer_full(front->renderer))
		return;
	resource = choose(front, &any);
	if (resource)
		read_back(front, resource);
	s->ticking = any;
}

static int on_tick(sd_event_source *source, uint64_t now_us, void *user)
{
	struct front *front = user;

	front->snapshots.tick_bytes = 0;
	go_on(front);
	if (front->snapshots.ticking)
		loop_timer_arm(source, TICK_US);
	return 0;
}

/* From blue, green, red, fourth, as they are read, to the order of the resource. */
static void copy_row(uint8_t *to, const uint8_t *from, uint32_t width, const uint8_t order[4])
{
	for (uint32_t x = 0; x < width; x++) {
		for (int channel = 0; channel < PIXEL_BYTES; channel++)
			to[x * PIXEL_BYTES + order[channel]] = from[x * PIXEL_BYTES + channel];
	}
}

static void keep(struct front *front, struct resource *resource)
{
	const struct snapshots *s = &front->snapshots;
	const struct render_resource *r = &resource->create;
	uint8_t *picture = uploads_picture(&resource->uploads, &front->uploads, r);
	uint8_t order[4];

	if (!picture || !virgl_format_order(r->format, order))
		return;
	for (uint32_t y = 0; y < r->height; y++)
		copy_row(picture + (size_t)y * r->width * PIXEL_BYTES,
				s->map + (size_t)y * s->width_px * PIXEL_BYTES, r->width, order);
}

void snapshots_done(struct front *front, uint32_t serial, enum render_result result)
{
	struct snapshots *s = &front->snapshots;
	struct resource *resource;

	if (!s->reading || s->reading != serial)
		return;
	s->reading = 0;
	resource = table_get(&front->resources, s->resource);
	if (resource && resource->command == s->command && result == RENDER_OK)
		keep(front, resource);
	go_on(front);
}

void snapshots_lost(struct snapshots *snapshots)
{
	snapshots->reading = snapshots->target = 0;
}

int snapshots_init(struct front *front)
{
	return loop_timer_add(front->event, &front->snapshots.tick, on_tick, front);
}

void snapshots_finish(struct snapshots *snapshots)
{
	sd_event_source_disable_unref(snapshots->tick);
	drop_target(snapshots);
}
