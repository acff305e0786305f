#include "fields.h"
#include <proto/render.h>

enum {
	/* A buffer's width is its length in bytes. */
	BUFFER_MAX_BYTES = 1 << 30,
	LEVELS_MAX = 15, /* 2^14 pixels have 15 levels */
	SAMPLES_MAX = 32,
	LAYERS_MAX = 2048,
};

static void context_fields(struct fields *f, struct render_context *c)
{
	field_u32(f, &c->context);
	field_u32(f, &c->resource);
	field_text(f, c->name, sizeof c->name);
}

static void resource_fields(struct fields *f, struct render_resource *r)
{
	field_u32(f, &r->resource);
	field_u32(f, &r->target);
	field_u32(f, &r->format);
	field_u32(f, &r->bind);
	field_u32(f, &r->width);
	field_u32(f, &r->height);
	field_u32(f, &r->depth);
	field_u32(f, &r->array_size);
	field_u32(f, &r->last_level);
	field_u32(f, &r->samples);
	field_u32(f, &r->flags);
}

static void transfer_fields(struct fields *f, struct render_transfer *t)
{
	field_u32(f, &t->context);
	field_u32(f, &t->resource);
	field_u32(f, &t->level);
	field_u32(f, &t->stride_bytes);
	field_u32(f, &t->layer_stride_bytes);
	field_u32(f, &t->box.x);
	field_u32(f, &t->box.y);
	field_u32(f, &t->box.z);
	field_u32(f, &t->box.width);
	field_u32(f, &t->box.height);
	field_u32(f, &t->box.depth);
	field_u64(f, &t->offset_bytes);
}

static void read_fields(struct fields *f, struct render_read *read)
{
	field_u32(f, &read->handle);
	field_u32(f, &read->resource);
	field_u32(f, &read->count);
	if (read->count > RENDER_RECTS_MAX) {
		fields_fail(f);
		return;
	}
	for (uint32_t i = 0; i < read->count; i++) {
		struct render_rect *r = &read->rects[i];

		field_u32(f, &r->src_x);
		field_u32(f, &r->src_y);
		field_u32(f, &r->dst_x);
		field_u32(f, &r->dst_y);
		field_u32(f, &r->width);
		field_u32(f, &r->height);
	}
}

static void caps_data_fields(struct fields *f, struct render_caps_data *c)
{
	field_u32(f, &c->set);
	field_u32(f, &c->version);
	field_u32(f, &c->max_version);
	field_block(f, c->data, &c->len, sizeof c->data);
}

static void three_u32(struct fields *f, uint32_t *a, uint32_t *b, uint32_t *c)
{
	field_u32(f, a);
	field_u32(f, b);
	field_u32(f, c);
}

/* The whole format but for the header. False: no such type. */
static bool message_fields(struct fields *f, struct render_message *m)
{
	switch (m->type) {
	case RENDER_ARENA:
	case RENDER_REGIONS_CLEAR:
	case RENDER_FRAME: break;
	case RENDER_CAPS:
		field_u32(f, &m->caps.set);
		field_u32(f, &m->caps.version);
		break;
	case RENDER_REGION:
		field_u32(f, &m->region.index);
		field_u64(f, &m->region.guest_addr);
		field_u64(f, &m->region.size_bytes);
		field_u64(f, &m->region.fd_offset);
		break;
	case RENDER_CONTEXT_CREATE:
	case RENDER_CONTEXT_DESTROY:
	case RENDER_CONTEXT_ATTACH:
	case RENDER_CONTEXT_DETACH: context_fields(f, &m->context); break;
	case RENDER_RESOURCE_CREATE: resource_fields(f, &m->resource); break;
	case RENDER_RESOURCE_UNREF:
	case RENDER_BACKING_DETACH: field_u32(f, &m->resource_id.resource); break;
	case RENDER_BACKING:
		three_u32(f, &m->backing.resource, &m->backing.count, &m->backing.arena_offset);
		break;
	case RENDER_BACKING_FD:
		field_u32(f, &m->backing_fd.resource);
		field_u64(f, &m->backing_fd.size_bytes);
		break;
	case RENDER_TRANSFER_TO:
	case RENDER_TRANSFER_FROM: transfer_fields(f, &m->transfer); break;
	case RENDER_SUBMIT:
		three_u32(f, &m->submit.context, &m->submit.arena_offset, &m->submit.len_bytes);
		break;
	case RENDER_FENCE:
	case RENDER_FENCED:
		field_u64(f, &m->fence.fence);
		field_u32(f, &m->fence.context);
		break;
	case RENDER_TARGET:
		field_u32(f, &m->target.handle);
		three_u32(f, &m->target.width_px, &m->target.height_px, &m->target.stride_bytes);
		break;
	case RENDER_TARGET_DROP: field_u32(f, &m->target_drop.handle); break;
	case RENDER_READ: read_fields(f, &m->read); break;
	case RENDER_SHADERS: field_u32(f, &m->shaders.part); break;
	case RENDER_DONE:
		field_u32(f, &m->done.result);
		field_u64(f, &m->done.done_us);
		break;
	case RENDER_CAPS_DATA: caps_data_fields(f, &m->caps_data); break;
	default: return false;
	}
	return true;
}

/* Not empty and inside size, without overflow. */
static bool span_ok(uint64_t at, uint64_t len, uint64_t size)
{
	return len >= 1 && len <= size && at <= size - len;
}

static bool region_ok(const struct render_region *r)
{
	return r->index < RENDER_REGIONS_MAX && span_ok(r->guest_addr, r->size_bytes, UINT64_MAX) &&
			span_ok(r->fd_offset, r->size_bytes, INT64_MAX);
}

static bool context_ok(enum render_type type, const struct render_context *c)
{
	bool takes_resource = type == RENDER_CONTEXT_ATTACH || type == RENDER_CONTEXT_DETACH;

	return c->context != 0 && (c->resource != 0) == takes_resource;
}

/* Drivers say 0 layers for some. */
static bool buffer_ok(const struct render_resource *r)
{
	return r->width >= 1 && r->width <= BUFFER_MAX_BYTES && r->height == 1 && r->depth == 1 &&
			r->array_size <= 1 && r->last_level == 0 && r->samples <= SAMPLES_MAX;
}

static bool texture_ok(const struct render_resource *r)
{
	return r->width >= 1 && r->width <= RENDER_SIZE_MAX_PX && r->height >= 1 &&
			r->height <= RENDER_SIZE_MAX_PX && r->depth >= 1 && r->depth <= LAYERS_MAX &&
			r->array_size <= LAYERS_MAX && r->last_level < LEVELS_MAX &&
			r->samples <= SAMPLES_MAX;
}

/* What is possible at all, so that its bytes can be counted in 64 bits; what the format
 * and target allow is virglrenderer's to say. */
static bool resource_ok(const struct render_resource *r)
{
	return r->resource != 0 && (r->target == 0 ? buffer_ok(r) : texture_ok(r));
}

static bool backing_ok(const struct render_backing *b)
{
	return b->resource != 0 && b->count >= 1 && b->count <= RENDER_ENTRIES_MAX &&
			b->arena_offset % 8 == 0 &&
			span_ok(b->arena_offset, 16 * (uint64_t)b->count, RENDER_ARENA_BYTES);
}

static bool box_ok(const struct render_box *b)
{
	return span_ok(b->x, b->width, BUFFER_MAX_BYTES) && span_ok(b->y, b->height, RENDER_SIZE_MAX_PX) &&
			span_ok(b->z, b->depth, LAYERS_MAX);
}

/* An empty batch is allowed: drivers send one to get a fence. */
static bool submit_ok(const struct render_submit *s)
{
	return s->context != 0 && s->arena_offset % 8 == 0 && s->len_bytes % 4 == 0 &&
			s->len_bytes <= RENDER_BATCH_MAX_BYTES &&
			s->arena_offset <= RENDER_ARENA_BYTES - s->len_bytes;
}

static bool target_ok(const struct render_target *t)
{
	return t->handle != 0 && t->width_px >= 1 && t->width_px <= RENDER_SIZE_MAX_PX && t->height_px >= 1 &&
			t->height_px <= RENDER_SIZE_MAX_PX && t->stride_bytes % 4 == 0 &&
			t->stride_bytes >= 4 * t->width_px && t->stride_bytes <= 4 * RENDER_SIZE_MAX_PX;
}

static bool read_ok(const struct render_read *read)
{
	if (read->handle == 0 || read->count < 1 || read->count > RENDER_RECTS_MAX)
		return false;
	for (uint32_t i = 0; i < read->count; i++) {
		const struct render_rect *r = &read->rects[i];

		if (!span_ok(r->src_x, r->width, RENDER_SIZE_MAX_PX) ||
				!span_ok(r->src_y, r->height, RENDER_SIZE_MAX_PX) ||
				!span_ok(r->dst_x, r->width, RENDER_SIZE_MAX_PX) ||
				!span_ok(r->dst_y, r->height, RENDER_SIZE_MAX_PX))
			return false;
	}
	return true;
}

static bool message_ok(const struct render_message *m)
{
	bool answer = m->type >= RENDER_DONE;

	if (m->flags > (answer ? 0 : RENDER_WANT_DONE))
		return false;
	switch (m->type) {
	case RENDER_REGION: return region_ok(&m->region);
	case RENDER_CONTEXT_CREATE:
	case RENDER_CONTEXT_DESTROY:
	case RENDER_CONTEXT_ATTACH:
	case RENDER_CONTEXT_DETACH: return context_ok(m->type, &m->context);
	case RENDER_RESOURCE_CREATE: return resource_ok(&m->resource);
	case RENDER_RESOURCE_UNREF:
	case RENDER_BACKING_DETACH: return m->resource_id.resource != 0;
	case RENDER_BACKING: return backing_ok(&m->backing);
	case RENDER_BACKING_FD:
		return m->backing_fd.resource != 0 && span_ok(0, m->backing_fd.size_bytes, BUFFER_MAX_BYTES);
	case RENDER_TRANSFER_TO:
	case RENDER_TRANSFER_FROM:
		return m->transfer.resource != 0 && m->transfer.level < LEVELS_MAX &&
				box_ok(&m->transfer.box);
	case RENDER_SUBMIT: return submit_ok(&m->submit);
	case RENDER_TARGET: return target_ok(&m->target);
	case RENDER_TARGET_DROP: return m->target_drop.handle != 0;
	case RENDER_READ: return read_ok(&m->read);
	case RENDER_SHADERS: return m->shaders.part < RENDER_SHADERS_PARTS;
	case RENDER_DONE: return m->done.result <= RENDER_FAILED;
	default: return true;
	}
}

int render_parse(struct render_message *msg, const void *packet, size_t len)
{
	struct fields f = { .r = reader_init(packet, len) };

	memset(msg, 0, sizeof *msg);
	msg->type = (enum render_type)reader_u16(&f.r);
	msg->flags = reader_u16(&f.r);
	msg->serial = reader_u32(&f.r);
	if (len > RENDER_PACKET_MAX || !message_fields(&f, msg))
		return ERR_FORMAT;
	return reader_done(&f.r) && message_ok(msg) ? 0 : ERR_FORMAT;
}

int render_write(const struct render_message *msg, void *dst, size_t cap)
{
	struct fields f = { .writing = true, .w = writer_init(dst, cap) };

	if (!message_ok(msg) || (msg->type == RENDER_CAPS_DATA && msg->caps_data.len > RENDER_CAPS_MAX_BYTES))
		return ERR_ARGUMENT;
	writer_u16(&f.w, (uint16_t)msg->type);
	writer_u16(&f.w, msg->flags);
	writer_u32(&f.w, msg->serial);
	/* Writing leaves the fields as they are. */
	if (!message_fields(&f, (struct render_message *)msg))
		return ERR_ARGUMENT;
	return writer_len(&f.w);
}
