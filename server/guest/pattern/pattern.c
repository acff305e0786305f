#include "pattern.h"
#include "scene.h"
#include <base/log.h>
#include <base/loop.h>
#include <base/shm.h>
#include <stdlib.h>
#include <string.h>

/* Set 1 scancodes of the keys with a meaning; --help lists them. */
enum {
	KEY_F1 = 0x3b,
	KEY_F2 = 0x3c,
	KEY_F3 = 0x3d,
	KEY_F4 = 0x3e,
	KEY_F5 = 0x3f,
	KEY_F12 = 0x58,
};

struct lent_buffer {
	uint8_t *map;
	size_t len, stride_bytes;
};

static ptrdiff_t canvas_stride(const struct canvas *canvas)
{
	return (ptrdiff_t)canvas->width_px * 4;
}

static bool has_tile(const struct canvas *canvas)
{
	return canvas->width_px >= PATTERN_TILE_PX && canvas->height_px >= PATTERN_TILE_PX;
}

static void draw_all(struct pattern_guest *guest)
{
	scene_draw(&guest->canvas, &guest->layout, guest->seed);
	if (has_tile(&guest->canvas))
		pattern_draw(&guest->state, (uint8_t *)guest->canvas.pixels, canvas_stride(&guest->canvas));
}

static void step(struct pattern_guest *guest)
{
	struct link_rect tile = { .width = PATTERN_TILE_PX, .height = PATTERN_TILE_PX };

	guest->state.frame++;
	if (!has_tile(&guest->canvas))
		return;
	pattern_draw(&guest->state, (uint8_t *)guest->canvas.pixels, canvas_stride(&guest->canvas));
	guest_link_damage(guest->link, &tile, 1);
}

static void note_event(struct pattern_guest *guest, enum pattern_event event, uint32_t code)
{
	guest->state.event = event;
	guest->state.code = code;
	guest->state.serial++;
}

static void on_event(struct pattern_guest *guest, enum pattern_event event, uint32_t code)
{
	note_event(guest, event, code);
	step(guest);
}

static void change_all(struct pattern_guest *guest)
{
	struct link_rect all = { .width = guest->canvas.width_px, .height = guest->canvas.height_px };

	guest->seed++;
	guest->state.frame++;
	draw_all(guest);
	guest_link_damage(guest->link, &all, 1);
}

/* Runs while somebody looks. A frame that comes late is not made up for. */
static void timer_update(struct pattern_guest *guest)
{
	if (guest->running && guest->attended) {
		guest->next_us = loop_now_us();
		loop_timer_arm(guest->timer, 0);
	} else {
		loop_timer_disarm(guest->timer);
	}
}

static int on_timer(sd_event_source *source, uint64_t time_us, void *user)
{
	struct pattern_guest *guest = user;
	uint64_t now_us = loop_now_us();

	step(guest);
	guest->next_us += 1000000 / guest->rate_hz;
	if (guest->next_us < now_us)
		guest->next_us = now_us;
	loop_timer_arm(source, guest->next_us - now_us);
	return 0;
}

static void show_cursor(struct pattern_guest *guest)
{
	static uint8_t pixels[SHAPE_SIZE_MAX_PX * SHAPE_SIZE_MAX_PX * 4];
	struct link_cursor cursor;
	int rc;

	shape_draw(guest->shape, &cursor, pixels);
	rc = guest_link_cursor(guest->link, &cursor, pixels);
	if (rc < 0)
		log_error("cannot show the cursor: %s", err_text(rc));
}

/* Keys that do more than a step. */
static void on_special_key(struct pattern_guest *guest, uint32_t scancode)
{
	switch (scancode) {
	case KEY_F2:
		guest->running = !guest->running;
		timer_update(guest);
		break;
	case KEY_F3:
		guest->shape = (guest->shape + 1) % SHAPE_COUNT;
		show_cursor(guest);
		break;
	case KEY_F4: guest->releases_step = !guest->releases_step; break;
	case KEY_F5:
		guest->state.x = guest->canvas.width_px / 2;
		guest->state.y = guest->canvas.height_px / 2;
		guest_link_cursor_moved(guest->link, guest->state.x, guest->state.y);
		break;
	case KEY_F12:
		log_info("log-out asked for");
		guest_link_end(guest->link, LINK_BYE_ENDED, "logged out");
		sd_event_exit(guest->event, 0);
		break;
	}
}

static void on_key(void *user, const struct link_key *key)
{
	struct pattern_guest *guest = user;
	uint32_t code = key->scancode | (key->flags & LINK_KEY_EXTENDED ? 0x80 : 0) |
			(key->flags & LINK_KEY_EXTENDED1 ? 0x100 : 0);

	if (key->flags & LINK_KEY_UP) {
		if (guest->releases_step)
			on_event(guest, PATTERN_EVENT_KEY_UP, code);
		return;
	}
	if (code == KEY_F1) {
		note_event(guest, PATTERN_EVENT_KEY_DOWN, code);
		change_all(guest);
		return;
	}
	on_special_key(guest, code);
	on_event(guest, PATTERN_EVENT_KEY_DOWN, code);
}

static void on_unicode(void *user, uint32_t code_point)
{
	on_event(user, PATTERN_EVENT_UNICODE, code_point);
}

static void on_pointer(void *user, uint32_t x, uint32_t y)
{
	struct pattern_guest *guest = user;

	guest->state.x = x; /* seen with the next step */
	guest->state.y = y;
}

static void on_button(void *user, enum link_button_name button, bool down)
{
	struct pattern_guest *guest = user;

	if (down)
		on_event(guest, PATTERN_EVENT_BUTTON_DOWN, button);
	else if (guest->releases_step)
		on_event(guest, PATTERN_EVENT_BUTTON_UP, button);
}

static void on_wheel(void *user, int32_t vertical_120, int32_t horizontal_120)
{
	on_event(user, PATTERN_EVENT_WHEEL,
			(uint16_t)vertical_120 | (uint32_t)(uint16_t)horizontal_120 << 16);
}

static void on_locks(void *user, uint32_t flags)
{
	on_event(user, PATTERN_EVENT_LOCKS, flags);
}

static void on_keymap(void *user, const struct link_keymap *keymap)
{
	on_event(user, PATTERN_EVENT_KEYMAP, keymap->klid);
}

static void on_attended(void *user, bool attended)
{
	struct pattern_guest *guest = user;

	guest->attended = attended;
	timer_update(guest);
}

static void *on_buffer_attach(void *user, int memfd, const struct link_buffer *buffer)
{
	struct lent_buffer *lent = malloc(sizeof *lent);

	if (!lent)
		return NULL;
	lent->stride_bytes = buffer->stride_bytes;
	lent->len = lent->stride_bytes * buffer->height_px;
	lent->map = shm_map(memfd, lent->len);
	if (!lent->map) {
		free(lent);
		return NULL;
	}
	return lent;
}

static void on_buffer_detach(void *user, void *handle)
{
	struct lent_buffer *lent = handle;

	shm_unmap(lent->map, lent->len);
	free(lent);
}

static int on_capture(void *user, void *handle, const struct link_rect *rects, size_t count)
{
	const struct pattern_guest *guest = user;
	const struct lent_buffer *lent = handle;
	const uint8_t *src = (const uint8_t *)guest->canvas.pixels;
	size_t stride = (size_t)guest->canvas.width_px * 4;

	for (size_t i = 0; i < count; i++) {
		const struct link_rect *r = &rects[i];

		for (uint32_t y = r->y; y < r->y + r->height; y++)
			memcpy(lent->map + y * lent->stride_bytes + r->x * 4UL, src + y * stride + r->x * 4UL,
					r->width * 4UL);
	}
	return 0;
}

/* Takes a layout and draws it; on failure everything is as before. */
static int layout_take(struct pattern_guest *guest, const struct link_layout *layout)
{
	struct canvas canvas;

	link_layout_bounds(layout, &canvas.width_px, &canvas.height_px, NULL, NULL);
	canvas.pixels = malloc((size_t)canvas.width_px * canvas.height_px * 4);
	if (!canvas.pixels) {
		log_error("no memory for a picture of %ux%u", canvas.width_px, canvas.height_px);
		return ERR_MEMORY;
	}
	free(guest->canvas.pixels);
	guest->canvas = canvas;
	guest->layout = *layout;
	draw_all(guest);
	return 0;
}

static int on_layout_set(void *user, const struct link_layout *layout)
{
	struct pattern_guest *guest = user;
	int rc = layout_take(guest, layout);

	if (rc < 0)
		return rc;
	guest_link_layout_changed(guest->link, layout);
	return 0;
}

static const struct guest_ops ops = {
	.kind = "pattern",
	.buffer_attach = on_buffer_attach,
	.buffer_detach = on_buffer_detach,
	.capture = on_capture,
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

int pattern_guest_init(struct pattern_guest *guest, sd_event *event, const char *path,
		const struct link_layout *layout, uint32_t rate_hz, bool running)
{
	int rc;

	guest->event = event;
	guest->rate_hz = rate_hz;
	guest->running = running;
	rc = layout_take(guest, layout);
	if (rc == 0)
		rc = loop_timer_add(event, &guest->timer, on_timer, guest);
	if (rc < 0)
		return rc;
	guest->link = guest_link_create(event, path, &ops, guest, layout);
	if (!guest->link)
		return ERR_IO;
	show_cursor(guest);
	return 0;
}

void pattern_guest_finish(struct pattern_guest *guest)
{
	guest_link_destroy(guest->link);
	sd_event_source_disable_unref(guest->timer);
	free(guest->canvas.pixels);
}
