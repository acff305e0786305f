#include "front.h"
#include <base/loop.h>

enum {
	WIDTH_PX = 1280, /* of the one head before the supervisor says more */
	HEIGHT_PX = 800,
	LATE_US = 40 * 1000, /* of a flush that does not come */
};

void picture_finish(struct picture *picture)
{
	sd_event_source_disable_unref(picture->late);
}

/* False: they have nothing in common. */
static bool intersect(const struct link_rect *a, const struct link_rect *b, struct link_rect *both)
{
	uint32_t right = a->x + a->width < b->x + b->width ? a->x + a->width : b->x + b->width;
	uint32_t bottom = a->y + a->height < b->y + b->height ? a->y + a->height : b->y + b->height;

	both->x = a->x > b->x ? a->x : b->x;
	both->y = a->y > b->y ? a->y : b->y;
	if (both->x >= right || both->y >= bottom)
		return false;
	both->width = right - both->x;
	both->height = bottom - both->y;
	return true;
}

/* Where a head's scanout lies in the picture. False: it shows nothing. */
static bool place_head(const struct picture *picture, uint32_t head, struct link_rect *place)
{
	const struct screen_heads *heads = &picture->heads;
	const struct scanout *scanout = &picture->scanouts[head];
	uint32_t left = UINT32_MAX, top = UINT32_MAX;

	if (head >= heads->count || !scanout->resource)
		return false;
	for (uint32_t i = 0; i < heads->count; i++) {
		left = heads->heads[i].x < left ? heads->heads[i].x : left;
		top = heads->heads[i].y < top ? heads->heads[i].y : top;
	}
	*place = (struct link_rect){ heads->heads[head].x - left, heads->heads[head].y - top,
		scanout->rect.width, scanout->rect.height };
	return true;
}

bool picture_part(const struct picture *picture, uint32_t head, const struct link_rect *rect,
		struct render_rect *part)
{
	const struct scanout *scanout = &picture->scanouts[head];
	struct link_rect place, shown;

	if (!place_head(picture, head, &place) || !intersect(rect, &place, &shown))
		return false;
	*part = (struct render_rect){ scanout->rect.x + shown.x - place.x,
		scanout->rect.y + shown.y - place.y, shown.x, shown.y, shown.width, shown.height };
	return true;
}

/* rect: in pixels of the head's scanout. */
static void tell_damage(struct front *front, uint32_t head, const struct link_rect *rect)
{
	struct link_rect place, in_picture = *rect;
	bool told = false;

	if (place_head(&front->picture, head, &place)) {
		in_picture.x += place.x;
		in_picture.y += place.y;
		told = reads_damage(front, head, rect, &in_picture);
	}
	if (!told)
		screen_damage(front->screen, head, rect);
}

void picture_limit_heads(struct front *front)
{
	struct screen_heads *mine = &front->picture.heads;

	if (mine->count > front->limits.heads_max)
		mine->count = front->limits.heads_max;
	for (uint32_t i = 0; i < mine->count; i++) {
		if (mine->heads[i].width > front->limits.width_px)
			mine->heads[i].width = front->limits.width_px;
		if (mine->heads[i].height > front->limits.height_px)
			mine->heads[i].height = front->limits.height_px;
	}
}

void picture_set_heads(struct front *front, const struct screen_heads *heads)
{
	front->picture.heads = *heads;
	picture_limit_heads(front);
}

static void show(struct front *front, uint32_t head, uint32_t resource, const struct virtio_gpu_rect *rect)
{
	struct scanout *scanout = &front->picture.scanouts[head];
	struct screen_message msg = { .type = SCREEN_SCANOUT,
		.scanout = { head, rect->width, rect->height } };
	bool same = !scanout->resource == !resource && scanout->rect.width == rect->width &&
			scanout->rect.height == rect->height;

	scanout->resource = resource;
	scanout->rect = *rect;
	if (!same)
		screen_send(front->screen, &msg, -1);
}

static uint32_t at_most(uint32_t side_px, uint32_t limit_px)
{
	if (limit_px > LINK_SIZE_MAX_PX)
		limit_px = LINK_SIZE_MAX_PX;
	return side_px < limit_px ? side_px : limit_px;
}

enum virtio_gpu_type picture_set_scanout(
		struct front *front, uint32_t head, uint32_t id, const struct virtio_gpu_rect *rect)
{
	static const struct virtio_gpu_rect nothing;
	const struct resource *resource = table_get(&front->resources, id);
	uint32_t right, bottom;

	if (head >= SCREEN_HEADS_MAX || head >= front->limits.heads_max)
		return VIRTIO_GPU_ERR_SCANOUT;
	if (id == 0) {
		show(front, head, 0, &nothing);
		return VIRTIO_GPU_OK;
	}
	if (!resource)
		return VIRTIO_GPU_ERR_RESOURCE;
	if (rect->width < 1 || rect->height < 1 || __builtin_add_overflow(rect->x, rect->width, &right) ||
			__builtin_add_overflow(rect->y, rect->height, &bottom) ||
			right > resource->create.width || bottom > resource->create.height ||
			right > RENDER_SIZE_MAX_PX) /* buffers may be wider, and cannot be read */
		return VIRTIO_GPU_ERR_PARAMETER;
	/* Who drives a larger mode than it was told of sees a part, not nothing. */
	show(front, head, id,
			&(struct virtio_gpu_rect){ rect->x, rect->y,
					at_most(rect->width, front->limits.width_px),
					at_most(rect->height, front->limits.height_px) });
	return VIRTIO_GPU_OK;
}

static void damage_all(struct front *front, uint32_t head)
{
	const struct virtio_gpu_rect *rect = &front->picture.scanouts[head].rect;

	tell_damage(front, head, &(struct link_rect){ 0, 0, rect->width, rect->height });
}

/* Has a picture that is shown counted. Returns the serial. */
static uint32_t send_frame(struct front *front, uint32_t flags)
{
	struct render_message msg = { .type = RENDER_FRAME, .flags = flags };

	front_send(front, &msg, -1);
	return msg.serial;
}

bool picture_may_flush(struct front *front, uint32_t resource)
{
	struct picture *picture = &front->picture;
	bool shown = false;

	for (uint32_t head = 0; head < SCREEN_HEADS_MAX; head++)
		shown |= picture->scanouts[head].resource == resource;
	if (!shown || !reads_busy(&front->reads))
		return true;
	if (!picture->frame) {
		picture->frame = send_frame(front, RENDER_WANT_DONE);
		picture->frame_done = !picture->frame; /* it could not be sent */
	}
	return picture->frame_done;
}

void picture_flush(struct front *front, uint32_t resource, const struct virtio_gpu_rect *rect)
{
	bool seen = false;

	for (uint32_t head = 0; head < SCREEN_HEADS_MAX; head++) {
		struct scanout *scanout = &front->picture.scanouts[head];
		struct link_rect shown = { scanout->rect.x, scanout->rect.y, scanout->rect.width,
			scanout->rect.height };
		struct link_rect flushed = { rect->x, rect->y, rect->width, rect->height }, part;

		if (scanout->resource != resource)
			continue;
		scanout->flushed_us = loop_now_us();
		scanout->unflushed_us = 0;
		if (!intersect(&shown, &flushed, &part))
			continue;
		part.x -= shown.x;
		part.y -= shown.y;
		tell_damage(front, head, &part);
		seen = true;
	}
	if (seen && !front->picture.frame) /* or it was counted while it was held */
		send_frame(front, 0);
	front->picture.frame = 0;
}

void picture_drawn(struct front *front, uint32_t resource, uint64_t sent_us)
{
	for (uint32_t head = 0; head < SCREEN_HEADS_MAX; head++) {
		struct scanout *scanout = &front->picture.scanouts[head];

		if (scanout->resource != resource || scanout->flushed_us >= sent_us || scanout->unflushed_us)
			continue;
		scanout->unflushed_us = sent_us;
		loop_timer_arm(front->picture.late, LATE_US);
	}
}

static int on_late(sd_event_source *source, uint64_t now_us, void *user)
{
	struct front *front = user;
	bool seen = false;

	for (uint32_t head = 0; head < SCREEN_HEADS_MAX; head++) {
		struct scanout *scanout = &front->picture.scanouts[head];

		if (scanout->resource && scanout->unflushed_us) {
			damage_all(front, head);
			seen = true;
		}
		scanout->unflushed_us = 0;
	}
	if (seen)
		send_frame(front, 0);
	return 0;
}

int picture_init(struct front *front)
{
	struct picture *picture = &front->picture;

	*picture = (struct picture){ .heads = { 1, { { 0, 0, WIDTH_PX, HEIGHT_PX } } } };
	return loop_timer_add(front->event, &picture->late, on_late, front);
}

void picture_forget(struct front *front, uint32_t resource)
{
	static const struct virtio_gpu_rect nothing;

	for (uint32_t head = 0; head < SCREEN_HEADS_MAX; head++) {
		if (front->picture.scanouts[head].resource == resource)
			show(front, head, 0, &nothing);
	}
}

void picture_done(struct picture *picture, uint32_t serial)
{
	picture->frame_done |= serial == picture->frame;
}

void picture_lost(struct picture *picture)
{
	picture->frame = 0;
}

void picture_restored(struct front *front)
{
	for (uint32_t head = 0; head < SCREEN_HEADS_MAX; head++) {
		if (front->picture.scanouts[head].resource)
			damage_all(front, head);
	}
}
