#include "fields.h"
#include "link_bounds.h"
#include <proto/screen.h>

static void rect_fields(struct fields *f, struct link_rect *r)
{
	field_u32(f, &r->x);
	field_u32(f, &r->y);
	field_u32(f, &r->width);
	field_u32(f, &r->height);
}

static void rects_fields(struct fields *f, struct link_rect *rects, uint32_t *count, uint32_t max)
{
	field_u32(f, count);
	if (*count > max) {
		fields_fail(f);
		return;
	}
	for (uint32_t i = 0; i < *count; i++)
		rect_fields(f, &rects[i]);
}

static void target_fields(struct fields *f, struct screen_target *target)
{
	field_u32(f, &target->handle);
	field_u32(f, &target->buffer.serial);
	field_u32(f, &target->buffer.width_px);
	field_u32(f, &target->buffer.height_px);
	field_u32(f, &target->buffer.stride_bytes);
}

static void cursor_fields(struct fields *f, struct screen_cursor *cursor)
{
	field_u32(f, &cursor->head);
	field_u32(f, &cursor->cursor.hidden);
	field_u32(f, &cursor->cursor.width_px);
	field_u32(f, &cursor->cursor.height_px);
	field_u32(f, &cursor->cursor.hot_x);
	field_u32(f, &cursor->cursor.hot_y);
}

static void three_u32(struct fields *f, uint32_t *a, uint32_t *b, uint32_t *c)
{
	field_u32(f, a);
	field_u32(f, b);
	field_u32(f, c);
}

/* The whole format. False: no such type. */
static bool message_fields(struct fields *f, struct screen_message *m)
{
	switch (m->type) {
	case SCREEN_HEADS: rects_fields(f, m->heads.heads, &m->heads.count, SCREEN_HEADS_MAX); break;
	case SCREEN_TARGET: target_fields(f, &m->target); break;
	case SCREEN_DROP:
	case SCREEN_DROPPED: field_u32(f, &m->drop.handle); break;
	case SCREEN_READ:
		field_u32(f, &m->read.serial);
		field_u32(f, &m->read.handle);
		rects_fields(f, m->read.rects, &m->read.count, LINK_RECTS_MAX);
		break;
	case SCREEN_AWAIT:
		field_u32(f, &m->await.serial);
		field_u32(f, &m->await.handle);
		break;
	case SCREEN_SCANOUT:
		three_u32(f, &m->scanout.head, &m->scanout.width_px, &m->scanout.height_px);
		break;
	case SCREEN_DAMAGE:
		field_u32(f, &m->damage.head);
		field_u64(f, &m->damage.damage_us);
		rect_fields(f, &m->damage.rect);
		field_u32(f, &m->damage.read_serial);
		rect_fields(f, &m->damage.read_rect);
		break;
	case SCREEN_READ_DONE:
		field_u32(f, &m->read_done.serial);
		field_u32(f, &m->read_done.result);
		field_u64(f, &m->read_done.capture_us);
		break;
	case SCREEN_CURSOR: cursor_fields(f, &m->cursor); break;
	case SCREEN_CURSOR_MOVED:
		three_u32(f, &m->cursor_moved.head, &m->cursor_moved.x, &m->cursor_moved.y);
		break;
	case SCREEN_RESET:
		field_u32(f, &m->reset.count);
		field_u32(f, &m->reset.reason);
		break;
	default: return false;
	}
	return true;
}

static bool rects_ok(const struct link_rect *rects, uint32_t count, uint32_t max)
{
	if (count < 1 || count > max)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (!link_rect_ok(&rects[i]))
			return false;
	}
	return true;
}

static bool scanout_ok(const struct screen_scanout *s)
{
	bool ended = s->width_px == 0 && s->height_px == 0;

	return s->head < SCREEN_HEADS_MAX &&
			(ended || (link_span_ok(0, s->width_px) && link_span_ok(0, s->height_px)));
}

static bool damage_ok(const struct screen_damage *d)
{
	return d->head < SCREEN_HEADS_MAX && link_rect_ok(&d->rect) &&
			(!d->read_serial || link_rect_ok(&d->read_rect));
}

static bool message_ok(const struct screen_message *m)
{
	switch (m->type) {
	case SCREEN_HEADS: return rects_ok(m->heads.heads, m->heads.count, SCREEN_HEADS_MAX);
	case SCREEN_TARGET: return link_buffer_ok(&m->target.buffer);
	case SCREEN_READ: return rects_ok(m->read.rects, m->read.count, LINK_RECTS_MAX);
	case SCREEN_SCANOUT: return scanout_ok(&m->scanout);
	case SCREEN_AWAIT: return m->await.serial != 0;
	case SCREEN_DAMAGE: return damage_ok(&m->damage);
	case SCREEN_READ_DONE: return m->read_done.result <= SCREEN_READ_LATER;
	case SCREEN_CURSOR: return m->cursor.head < SCREEN_HEADS_MAX && link_cursor_ok(&m->cursor.cursor);
	case SCREEN_CURSOR_MOVED:
		return m->cursor_moved.head < SCREEN_HEADS_MAX && link_span_ok(m->cursor_moved.x, 1) &&
				link_span_ok(m->cursor_moved.y, 1);
	case SCREEN_RESET: return m->reset.reason <= SCREEN_RESET_WATCHDOG;
	default: return true;
	}
}

int screen_parse(struct screen_message *msg, const void *packet, size_t len)
{
	struct fields f = { .r = reader_init(packet, len) };
	uint16_t type = reader_u16(&f.r), zero = reader_u16(&f.r);

	if (!reader_ok(&f.r) || zero != 0 || len > SCREEN_PACKET_MAX)
		return ERR_FORMAT;
	memset(msg, 0, sizeof *msg);
	msg->type = (enum screen_type)type;
	if (!message_fields(&f, msg))
		return ERR_ARGUMENT;
	return reader_done(&f.r) && message_ok(msg) ? 0 : ERR_FORMAT;
}

int screen_write(const struct screen_message *msg, void *dst, size_t cap)
{
	struct fields f = { .writing = true, .w = writer_init(dst, cap) };

	if (!message_ok(msg))
		return ERR_ARGUMENT;
	writer_u16(&f.w, (uint16_t)msg->type);
	writer_u16(&f.w, 0);
	/* Writing leaves the fields as they are. */
	if (!message_fields(&f, (struct screen_message *)msg))
		return ERR_ARGUMENT;
	return writer_len(&f.w);
}
