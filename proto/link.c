#include "fields.h"
#include "link_bounds.h"
#include <proto/link.h>
#include <string.h>

static void frame_fields(struct fields *f, struct link_frame *frame)
{
	field_u32(f, &frame->pull_serial);
	field_u32(f, &frame->buffer_serial);
	field_u64(f, &frame->damage_us);
	field_u64(f, &frame->capture_us);
	field_u32(f, &frame->count);
	if (frame->count > LINK_RECTS_MAX) {
		fields_fail(f);
		return;
	}
	for (uint32_t i = 0; i < frame->count; i++) {
		field_u32(f, &frame->rects[i].x);
		field_u32(f, &frame->rects[i].y);
		field_u32(f, &frame->rects[i].width);
		field_u32(f, &frame->rects[i].height);
	}
}

static void layout_fields(struct fields *f, struct link_layout *layout)
{
	field_u32(f, &layout->serial);
	field_u32(f, &layout->count);
	if (layout->count > LINK_MONITORS_MAX) {
		fields_fail(f);
		return;
	}
	for (uint32_t i = 0; i < layout->count; i++) {
		struct link_monitor *m = &layout->monitors[i];

		field_s32(f, &m->x);
		field_s32(f, &m->y);
		field_u32(f, &m->width_px);
		field_u32(f, &m->height_px);
		field_u32(f, &m->scale_percent);
		field_u32(f, &m->flags);
	}
}

static void two_u32(struct fields *f, uint32_t *a, uint32_t *b)
{
	field_u32(f, a);
	field_u32(f, b);
}

static void four_u32(struct fields *f, uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d)
{
	two_u32(f, a, b);
	two_u32(f, c, d);
}

/* The whole format. False: no such type. */
static bool message_fields(struct fields *f, struct link_message *m)
{
	switch (m->type) {
	case LINK_HELLO:
		two_u32(f, &m->hello.version, &m->hello.flags);
		field_text(f, m->hello.from, sizeof m->hello.from);
		break;
	case LINK_WELCOME:
		field_u32(f, &m->welcome.version);
		field_text(f, m->welcome.kind, sizeof m->welcome.kind);
		break;
	case LINK_BUFFER:
		four_u32(f, &m->buffer.serial, &m->buffer.width_px, &m->buffer.height_px,
				&m->buffer.stride_bytes);
		break;
	case LINK_PULL: two_u32(f, &m->pull.serial, &m->pull.flags); break;
	case LINK_FRAME: frame_fields(f, &m->frame); break;
	case LINK_LAYOUT_SET:
	case LINK_LAYOUT: layout_fields(f, &m->layout); break;
	case LINK_KEY: two_u32(f, &m->key.scancode, &m->key.flags); break;
	case LINK_UNICODE: two_u32(f, &m->unicode.code_point, &m->unicode.flags); break;
	case LINK_POINTER: two_u32(f, &m->pointer.x, &m->pointer.y); break;
	case LINK_BUTTON: two_u32(f, &m->button.button, &m->button.down); break;
	case LINK_WHEEL:
		field_s32(f, &m->wheel.vertical_120);
		field_s32(f, &m->wheel.horizontal_120);
		break;
	case LINK_LOCKS: field_u32(f, &m->locks.flags); break;
	case LINK_KEYMAP:
		four_u32(f, &m->keymap.klid, &m->keymap.type, &m->keymap.subtype, &m->keymap.function_keys);
		break;
	case LINK_RELEASE_ALL: break;
	case LINK_CURSOR:
		field_u32(f, &m->cursor.hidden);
		four_u32(f, &m->cursor.width_px, &m->cursor.height_px, &m->cursor.hot_x, &m->cursor.hot_y);
		break;
	case LINK_CURSOR_MOVED: two_u32(f, &m->cursor_moved.x, &m->cursor_moved.y); break;
	case LINK_BYE:
		field_u32(f, &m->bye.reason);
		field_text(f, m->bye.text, sizeof m->bye.text);
		break;
	default: return false;
	}
	return true;
}

static bool frame_ok(const struct link_frame *f)
{
	if (f->buffer_serial == 0 || f->count < 1 || f->count > LINK_RECTS_MAX)
		return false;
	for (uint32_t i = 0; i < f->count; i++) {
		if (!link_rect_ok(&f->rects[i]))
			return false;
	}
	return true;
}

static bool key_ok(const struct link_key *k)
{
	return k->scancode <= 127 && k->flags <= (LINK_KEY_UP | LINK_KEY_EXTENDED | LINK_KEY_EXTENDED1);
}

static bool unicode_ok(const struct link_unicode *u)
{
	bool surrogate = u->code_point >= 0xd800 && u->code_point < 0xe000;

	return u->code_point <= 0x10ffff && !surrogate && u->flags <= LINK_KEY_UP;
}

static bool button_ok(const struct link_button *b)
{
	return b->button >= LINK_BUTTON_LEFT && b->button <= LINK_BUTTON_FORWARD && b->down <= 1;
}

static bool wheel_ok(int32_t turn_120)
{
	return turn_120 >= -LINK_WHEEL_MAX_120 && turn_120 <= LINK_WHEEL_MAX_120;
}

static bool message_ok(const struct link_message *m)
{
	switch (m->type) {
	case LINK_HELLO: return m->hello.version != LINK_VERSION || m->hello.flags <= LINK_HELLO_SHARED;
	case LINK_BUFFER: return link_buffer_ok(&m->buffer);
	case LINK_PULL: return m->pull.flags <= LINK_PULL_FULL;
	case LINK_FRAME: return frame_ok(&m->frame);
	case LINK_LAYOUT_SET:
	case LINK_LAYOUT: return link_layout_check(&m->layout) == 0;
	case LINK_KEY: return key_ok(&m->key);
	case LINK_UNICODE: return unicode_ok(&m->unicode);
	case LINK_POINTER: return link_span_ok(m->pointer.x, 1) && link_span_ok(m->pointer.y, 1);
	case LINK_BUTTON: return button_ok(&m->button);
	case LINK_WHEEL: return wheel_ok(m->wheel.vertical_120) && wheel_ok(m->wheel.horizontal_120);
	case LINK_LOCKS:
		return m->locks.flags <= (LINK_LOCK_SCROLL | LINK_LOCK_NUM | LINK_LOCK_CAPS | LINK_LOCK_KANA);
	case LINK_CURSOR: return link_cursor_ok(&m->cursor);
	case LINK_CURSOR_MOVED:
		return link_span_ok(m->cursor_moved.x, 1) && link_span_ok(m->cursor_moved.y, 1);
	case LINK_BYE: return m->bye.reason >= LINK_BYE_TAKEN_OVER && m->bye.reason <= LINK_BYE_PROTOCOL;
	default: return true;
	}
}

int link_parse(struct link_message *msg, const void *packet, size_t len)
{
	struct fields f = { .r = reader_init(packet, len) };
	uint16_t type = reader_u16(&f.r), zero = reader_u16(&f.r);

	if (!reader_ok(&f.r) || zero != 0 || len > LINK_PACKET_MAX)
		return ERR_FORMAT;
	memset(msg, 0, sizeof *msg);
	msg->type = (enum link_type)type;
	if (!message_fields(&f, msg))
		return ERR_ARGUMENT;
	return reader_done(&f.r) && message_ok(msg) ? 0 : ERR_FORMAT;
}

int link_write(const struct link_message *msg, void *dst, size_t cap)
{
	struct fields f = { .writing = true, .w = writer_init(dst, cap) };

	if (!message_ok(msg))
		return ERR_ARGUMENT;
	writer_u16(&f.w, (uint16_t)msg->type);
	writer_u16(&f.w, 0);
	/* Writing leaves the fields as they are. */
	if (!message_fields(&f, (struct link_message *)msg))
		return ERR_ARGUMENT;
	return writer_len(&f.w);
}
