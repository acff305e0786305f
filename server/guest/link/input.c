/* What each packet of a session means. */
#include "guest_link.h"
#include <base/log.h>
#include <base/loop.h>
#include <base/shm.h>
#include <string.h>

/* Returns NULL, or what is wrong. */
typedef const char *on_message(struct attachment *a, const struct link_message *msg, int fd);

static const char *on_hello(struct attachment *a, const struct link_message *msg, int fd)
{
	if (a->greeted)
		return "a second HELLO";
	memcpy(a->from, msg->hello.from, sizeof a->from);
	if (msg->hello.version != LINK_VERSION) {
		log_warn("session %s: speaks version %u of the link, not %d, closed", a->from,
				msg->hello.version, LINK_VERSION);
		attachment_end(a, LINK_BYE_VERSION, "version");
		return NULL;
	}
	guest_link_greet(a->link, a, !(msg->hello.flags & LINK_HELLO_SHARED));
	return NULL;
}

static void damage_all(struct attachment *a)
{
	struct link_rect all = { .width = a->link->width_px, .height = a->link->height_px };

	attachment_damage(a, &all, loop_now_us());
}

static const char *on_buffer(struct attachment *a, const struct link_message *msg, int fd)
{
	struct guest_link *link = a->link;
	const struct link_buffer *buffer = &msg->buffer;

	if (fd < 0)
		return "BUFFER without a descriptor";
	if (shm_check(fd, (size_t)buffer->stride_bytes * buffer->height_px) < 0)
		return "BUFFER that is no sealed memory of its size";
	/* Sent before the session heard of the present layout: another one follows. */
	if (buffer->width_px != link->width_px || buffer->height_px != link->height_px)
		return NULL;
	attachment_buffer_detach(a);
	a->pulled = false;
	region_clear(&a->damage);
	a->buffer = *buffer;
	a->buffer_handle = link->ops->buffer_attach(link->user, fd, buffer);
	if (!a->buffer_handle)
		return "BUFFER that the guest cannot use";
	damage_all(a);
	return NULL;
}

static const char *on_pull(struct attachment *a, const struct link_message *msg, int fd)
{
	if (!a->buffer_handle || a->buffer_stale)
		return NULL; /* the layout changed while it was on its way */
	a->pulled = true;
	a->awaited = false;
	a->capture_refused = false;
	a->pull_serial = msg->pull.serial;
	if (msg->pull.flags & LINK_PULL_FULL)
		damage_all(a);
	guest_link_settle_later(a->link);
	return NULL;
}

static const char *on_layout_set(struct attachment *a, const struct link_message *msg, int fd)
{
	struct guest_link *link = a->link;
	struct link_layout layout = msg->layout;

	a->layout_serial = layout.serial;
	a->layout_request = layout.serial = ++link->layout_requests;
	if (link->ops->layout_set && link->ops->layout_set(link->user, &layout) >= 0)
		return NULL;
	layout = link->layout;
	layout.serial = a->layout_request;
	guest_link_layout_changed(link, &layout);
	return NULL;
}

static const char *on_key(struct attachment *a, const struct link_message *msg, int fd)
{
	held_key(&a->held, &msg->key);
	if (a->link->ops->key)
		a->link->ops->key(a->link->user, &msg->key);
	return NULL;
}

static const char *on_unicode(struct attachment *a, const struct link_message *msg, int fd)
{
	if (a->link->ops->unicode && !(msg->unicode.flags & LINK_KEY_UP))
		a->link->ops->unicode(a->link->user, msg->unicode.code_point);
	return NULL;
}

static const char *on_pointer(struct attachment *a, const struct link_message *msg, int fd)
{
	struct guest_link *link = a->link;
	uint32_t x = msg->pointer.x < link->width_px ? msg->pointer.x : link->width_px - 1;
	uint32_t y = msg->pointer.y < link->height_px ? msg->pointer.y : link->height_px - 1;

	if (link->ops->pointer)
		link->ops->pointer(link->user, x, y);
	return NULL;
}

static const char *on_button(struct attachment *a, const struct link_message *msg, int fd)
{
	held_button(&a->held, &msg->button);
	if (a->link->ops->button)
		a->link->ops->button(
				a->link->user, (enum link_button_name)msg->button.button, msg->button.down);
	return NULL;
}

static const char *on_wheel(struct attachment *a, const struct link_message *msg, int fd)
{
	if (a->link->ops->wheel)
		a->link->ops->wheel(a->link->user, msg->wheel.vertical_120, msg->wheel.horizontal_120);
	return NULL;
}

static const char *on_locks(struct attachment *a, const struct link_message *msg, int fd)
{
	if (a->link->ops->locks)
		a->link->ops->locks(a->link->user, msg->locks.flags);
	return NULL;
}

static const char *on_keymap(struct attachment *a, const struct link_message *msg, int fd)
{
	if (a->link->ops->keymap)
		a->link->ops->keymap(a->link->user, &msg->keymap);
	return NULL;
}

static const char *on_release_all(struct attachment *a, const struct link_message *msg, int fd)
{
	held_release(&a->held, a->link->ops, a->link->user);
	return NULL;
}

static on_message *const handlers[] = {
	[LINK_HELLO] = on_hello,
	[LINK_BUFFER] = on_buffer,
	[LINK_PULL] = on_pull,
	[LINK_LAYOUT_SET] = on_layout_set,
	[LINK_KEY] = on_key,
	[LINK_UNICODE] = on_unicode,
	[LINK_POINTER] = on_pointer,
	[LINK_BUTTON] = on_button,
	[LINK_WHEEL] = on_wheel,
	[LINK_LOCKS] = on_locks,
	[LINK_KEYMAP] = on_keymap,
	[LINK_RELEASE_ALL] = on_release_all,
};

const char *input_handle(struct attachment *a, const struct link_message *msg, int fd)
{
	if ((size_t)msg->type >= sizeof handlers / sizeof *handlers || !handlers[msg->type])
		return "a message of the guest's";
	if (!a->greeted && msg->type != LINK_HELLO)
		return "no HELLO first";
	if (fd >= 0 && msg->type != LINK_BUFFER)
		return "a descriptor that nobody asked for";
	return handlers[msg->type](a, msg, fd);
}
