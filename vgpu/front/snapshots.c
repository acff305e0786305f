#include "snapshots.h"
#include "renderer.h"
#include "table.h"
#include <base/log.h>
#include <base/loop.h>
#include <base/shm.h>
#include <proto/virgl_format.h>
#include <string.h>
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

void snapshots_drawn(struct snapshots *s, struct resource *resource)
{
	if (!can_be_read(&resource->create))
		return;
	resource->drawn_us = loop_now_us();
	if (!resource->unsaved_us)
		resource->unsaved_us = resource->drawn_us;
	if (!s->ticking)
		loop_timer_arm(s->tick, TICK_US);
	s->ticking = s->any = true;
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

static void send(struct snapshots *s, struct render_message *msg, int fd)
{
	int err = renderer_send(s->source.renderer, msg, fd);

	if (err < 0 && err != ERR_CLOSED)
		log_warn("a picture is not kept: %s", err_text(err));
}

static void tell_target_drop(struct snapshots *s)
{
	struct render_message msg = { .type = RENDER_TARGET_DROP, .target_drop = { SNAPSHOTS_TARGET } };

	if (s->known)
		send(s, &msg, -1);
	s->known = false;
}

/* Memory for a picture of that size, which the worker knows. */
static int make_target(struct snapshots *s, uint32_t width, uint32_t height)
{
	struct render_message msg = { .type = RENDER_TARGET };

	if (width > s->width_px || height > s->height_px) {
		uint32_t w = width > s->width_px ? width : s->width_px;
		uint32_t h = height > s->height_px ? height : s->height_px;

		tell_target_drop(s);
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
	if (s->known)
		return 0;
	s->known = true;
	msg.target = (struct render_target){ SNAPSHOTS_TARGET, s->width_px, s->height_px,
		s->width_px * PIXEL_BYTES };
	send(s, &msg, s->fd);
	return 0;
}

static void read_back(struct snapshots *s, struct resource *resource)
{
	uint32_t width = resource->create.width, height = resource->create.height;
	struct render_message msg = { .type = RENDER_READ, .flags = RENDER_WANT_DONE };

	resource->unsaved_us = 0;
	if (make_target(s, width, height) < 0)
		return;
	msg.read = (struct render_read){ SNAPSHOTS_TARGET, resource->create.resource, 1,
		{ { 0, 0, 0, 0, width, height } } };
	send(s, &msg, -1);
	s->reading = msg.serial;
	s->resource = resource->create.resource;
	s->command = resource->command;
	s->tick_bytes += (uint64_t)width * height * PIXEL_BYTES;
}

/* Goes on through the table for a while, in rounds, so that nobody is left out. */
static void look(struct snapshots *s)
{
	uint64_t now = loop_now_us();
	struct resource *resource;
	uint32_t id;

	for (unsigned i = 0; i < SNAPSHOTS_LOOK_MAX && s->due_count < SNAPSHOTS_READ_MAX; i++) {
		resource = table_next(s->source.resources, &s->at, &id);
		if (!resource) { /* the end of a round: another one if somebody waits */
			s->ticking = s->any;
			s->any = false;
			s->at = 0;
			return;
		}
		if (!resource->unsaved_us)
			continue;
		s->any = true;
		if (now - resource->drawn_us >= SETTLED_US || now - resource->unsaved_us >= OVERDUE_US)
			s->due[s->due_count++] = id;
	}
}

/* Reads the next one, if this tick has not read enough. */
static void go_on(struct snapshots *s)
{
	while (s->due_count && !s->reading && s->tick_bytes < TICK_MAX_BYTES &&
			s->source.running(s->source.user) && !renderer_full(s->source.renderer)) {
		struct resource *resource = table_get(s->source.resources, s->due[--s->due_count]);

		if (resource && resource->unsaved_us)
			read_back(s, resource);
	}
}

static int on_tick(sd_event_source *source, uint64_t now_us, void *user)
{
	struct snapshots *s = user;

	s->tick_bytes = 0;
	if (!s->due_count)
		look(s);
	go_on(s);
	if (s->ticking)
		loop_timer_arm(source, TICK_US);
	return 0;
}

/* From blue, green, red, fourth, as they are read, to the order of the resource. */
static void copy_row(uint8_t *to, const uint8_t *from, uint32_t width, const uint8_t order[4])
{
	if (order[0] == 0 && order[1] == 1) {
		memcpy(to, from, (size_t)width * PIXEL_BYTES);
		return;
	}
	for (uint32_t x = 0; x < width; x++) {
		for (int channel = 0; channel < PIXEL_BYTES; channel++)
			to[x * PIXEL_BYTES + order[channel]] = from[x * PIXEL_BYTES + channel];
	}
}

static void keep(const struct snapshots *s, struct resource *resource)
{
	const struct render_resource *r = &resource->create;
	uint8_t *picture = uploads_picture(&resource->uploads, s->source.budget, r);
	uint8_t order[4];

	if (!picture || !virgl_format_order(r->format, order))
		return;
	for (uint32_t y = 0; y < r->height; y++)
		copy_row(picture + (size_t)y * r->width * PIXEL_BYTES,
				s->map + (size_t)y * s->width_px * PIXEL_BYTES, r->width, order);
}

void snapshots_done(struct snapshots *s, uint32_t serial, enum render_result result)
{
	struct resource *resource;

	if (!s->reading || s->reading != serial)
		return;
	s->reading = 0;
	resource = table_get(s->source.resources, s->resource);
	if (resource && resource->command == s->command && result == RENDER_OK)
		keep(s, resource);
	go_on(s);
}

void snapshots_lost(struct snapshots *snapshots)
{
	snapshots->reading = 0;
	snapshots->known = false;
}

int snapshots_init(struct snapshots *snapshots, sd_event *event, const struct snapshots_source *source)
{
	snapshots->source = *source;
	return loop_timer_add(event, &snapshots->tick, on_tick, snapshots);
}

void snapshots_finish(struct snapshots *snapshots)
{
	sd_event_source_disable_unref(snapshots->tick);
	drop_target(snapshots);
}
