#include "fake.h"
#include <setjmp.h> /* cmocka.h needs these four */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <base/loop.h>
#include <base/shm.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fake_buffer {
	uint8_t *map;
	size_t len, stride_bytes;
};

static void __attribute__((format(printf, 2, 3))) note(struct fake *fake, const char *format, ...)
{
	size_t len = strlen(fake->notes);
	va_list args;

	va_start(args, format);
	vsnprintf(fake->notes + len, sizeof fake->notes - len, format, args);
	va_end(args);
}

static void *on_buffer_attach(void *user, int memfd, const struct link_buffer *buffer)
{
	struct fake *fake = user;
	struct fake_buffer *b = calloc(1, sizeof *b);

	if (fake->attach_fails || !b) {
		free(b);
		return NULL;
	}
	b->stride_bytes = buffer->stride_bytes;
	b->len = b->stride_bytes * buffer->height_px;
	b->map = shm_map(memfd, b->len);
	fake->buffers++;
	return b;
}

static void on_buffer_detach(void *user, void *handle)
{
	struct fake *fake = user;
	struct fake_buffer *b = handle;

	if (fake->pending == b)
		fake->pending = NULL;
	shm_unmap(b->map, b->len);
	free(b);
	fake->buffers--;
}

static void paint(struct fake *fake, const struct fake_buffer *b, const struct link_rect *rects, size_t count)
{
	fake->captures++;
	for (size_t i = 0; i < count; i++) {
		for (uint32_t y = 0; y < rects[i].height; y++)
			memset(b->map + (rects[i].y + y) * b->stride_bytes + rects[i].x * 4UL, fake->captures,
					rects[i].width * 4UL);
	}
}

void fake_captured(struct fake *fake, int result)
{
	struct fake_buffer *b = fake->pending;

	assert_non_null(b);
	fake->pending = NULL;
	if (result == 0)
		paint(fake, b, fake->pending_rects, fake->pending_count);
	guest_link_captured(fake->link, b, result);
}

static int on_capture(void *user, void *handle, const struct link_rect *rects, size_t count)
{
	struct fake *fake = user;
	struct fake_buffer *b = handle;
	struct link_rect damage = fake->damage_in_capture;
	struct link_layout layout = fake->layout_in_capture;

	fake->damage_in_capture = (struct link_rect){ 0 };
	fake->layout_in_capture = (struct link_layout){ 0 };
	if (layout.count)
		guest_link_layout_changed(fake->link, &layout);
	if (damage.width)
		guest_link_damage(fake->link, &damage, 1);
	if (fake->capture_result < 0)
		return fake->capture_result;
	if (fake->capture_result == GUEST_CAPTURE_LATER) {
		assert_null(fake->pending);
		fake->pending = b;
		fake->pending_count = count;
		memcpy(fake->pending_rects, rects, count * sizeof *rects);
		return GUEST_CAPTURE_LATER;
	}
	paint(fake, b, rects, count);
	return 0;
}

static void on_await(void *user, void *handle)
{
	struct fake *fake = user;

	fake->awaits++;
}

static int on_layout_set(void *user, const struct link_layout *layout)
{
	struct fake *fake = user;

	fake->request = layout->serial;
	if (fake->layout_result == 0 && fake->answer_now)
		guest_link_layout_changed(fake->link, layout);
	return fake->layout_result;
}

static void on_key(void *user, const struct link_key *key)
{
	note(user, "key:%u%s%s%s ", key->scancode, key->flags & LINK_KEY_EXTENDED ? "e" : "",
			key->flags & LINK_KEY_EXTENDED1 ? "E" : "", key->flags & LINK_KEY_UP ? "^" : "");
}

static void on_unicode(void *user, uint32_t code_point)
{
	note(user, "unicode:%x ", code_point);
}

static void on_pointer(void *user, uint32_t x, uint32_t y)
{
	note(user, "pointer:%u,%u ", x, y);
}

static void on_button(void *user, enum link_button_name button, bool down)
{
	note(user, "button:%d%s ", button, down ? "" : "^");
}

static void on_wheel(void *user, int32_t vertical_120, int32_t horizontal_120)
{
	note(user, "wheel:%d,%d ", vertical_120, horizontal_120);
}

static void on_locks(void *user, uint32_t flags)
{
	note(user, "locks:%u ", flags);
}

static void on_keymap(void *user, const struct link_keymap *keymap)
{
	note(user, "keymap:%x ", keymap->klid);
}

static void on_attended(void *user, bool attended)
{
	note(user, "%cattended ", attended ? '+' : '-');
}

static const struct guest_ops ops = {
	.kind = "fake",
	.buffer_attach = on_buffer_attach,
	.buffer_detach = on_buffer_detach,
	.capture = on_capture,
	.await = on_await,
	.layout_set = on_layout_set,
	.key = on_key,
	.unicode = on_unicode,
	.pointer = on_pointer,
	.button = on_button,
	.wheel = on_wheel,
	.locks = on_locks,
	.keymap = on_keymap,
	.attended = on_attended,
};

void fake_init(struct fake *fake)
{
	struct link_layout layout = link_layout_single(640, 480);

	*fake = (struct fake){ .dir = "/tmp/oriel-guest-XXXXXX" };
	assert_non_null(mkdtemp(fake->dir));
	snprintf(fake->path, sizeof fake->path, "%s/link", fake->dir);
	fake->event = loop_create();
	assert_non_null(fake->event);
	fake->link = guest_link_create(fake->event, fake->path, &ops, fake, &layout);
	assert_non_null(fake->link);
}

void fake_finish(struct fake *fake)
{
	guest_link_destroy(fake->link);
	assert_int_equal(fake->buffers, 0);
	sd_event_unref(fake->event);
	assert_int_equal(rmdir(fake->dir), 0); /* the socket is gone too */
}

void fake_run(struct fake *fake)
{
	while (sd_event_run(fake->event, 0) > 0)
		;
}

void fake_expect(struct fake *fake, const char *notes)
{
	fake_run(fake);
	assert_string_equal(fake->notes, notes);
	fake->notes[0] = 0;
}
