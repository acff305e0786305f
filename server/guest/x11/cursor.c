#include "cursor.h"
#include <stdlib.h>
#include <string.h>
#include <xcb/xfixes.h>

enum {
	PIXEL_BYTES = 4,
	ALPHA_SHIFT = 24,
};

void cursor_watch(struct display *display)
{
	xcb_xfixes_select_cursor_input(
			display->conn, display->root, XCB_XFIXES_CURSOR_NOTIFY_MASK_DISPLAY_CURSOR);
}

bool cursor_is_event(const struct display *display, uint8_t type)
{
	return type == display->xfixes_event + XCB_XFIXES_CURSOR_NOTIFY;
}

static bool is_visible(const uint32_t *pixels, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (pixels[i] >> ALPHA_SHIFT)
			return true;
	}
	return false;
}

static uint16_t at_most(uint16_t value, uint16_t limit)
{
	return value < limit ? value : limit;
}

/* XFixes gives one word of premultiplied A, R, G, B a pixel: on a little-endian
 * machine these are the link's bytes. */
static int take_image(const xcb_xfixes_get_cursor_image_reply_t *reply, struct cursor_image *image)
{
	const uint32_t *src = xcb_xfixes_get_cursor_image_cursor_image(reply);
	size_t count = (size_t)xcb_xfixes_get_cursor_image_cursor_image_length(reply);
	uint16_t width = at_most(reply->width, LINK_CURSOR_MAX_PX);
	uint16_t height = at_most(reply->height, LINK_CURSOR_MAX_PX);
	size_t row_bytes = (size_t)width * PIXEL_BYTES;

	if (width == 0 || height == 0 || count < (size_t)reply->width * reply->height ||
			!is_visible(src, count)) {
		image->head.hidden = 1;
		return 0;
	}
	image->pixels = malloc(row_bytes * height);
	if (!image->pixels)
		return ERR_MEMORY;
	for (size_t row = 0; row < height; row++)
		memcpy(image->pixels + row * row_bytes, src + row * reply->width, row_bytes);
	image->head = (struct link_cursor){
		.width_px = width,
		.height_px = height,
		.hot_x = at_most(reply->xhot, width - 1),
		.hot_y = at_most(reply->yhot, height - 1),
	};
	return 0;
}

int cursor_fetch(struct display *display, struct cursor_image *image)
{
	xcb_xfixes_get_cursor_image_reply_t *reply = xcb_xfixes_get_cursor_image_reply(
			display->conn, xcb_xfixes_get_cursor_image(display->conn), NULL);
	int err;

	*image = (struct cursor_image){ 0 };
	if (!reply) { /* no cursor at all is an error to the server */
		image->head.hidden = 1;
		return xcb_connection_has_error(display->conn) ? ERR_IO : 0;
	}
	err = take_image(reply, image);
	free(reply);
	return err;
}

void cursor_release(struct cursor_image *image)
{
	free(image->pixels);
	image->pixels = NULL;
}
