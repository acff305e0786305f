#include "picture.h"
#include <base/log.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <xcb/damage.h>
#include <xcb/shm.h>

enum {
	PIXEL_BYTES = 4,
	PIXMAP_MAX_PX = 32767,
};

struct picture_buffer {
	xcb_shm_seg_t segment;
	xcb_pixmap_t pixmap;
};

int picture_init(struct picture *picture, struct display *display)
{
	/* IncludeInferiors: the windows' pixels too, not only the root's own. */
	const uint32_t values[] = { XCB_SUBWINDOW_MODE_INCLUDE_INFERIORS, 0 };

	*picture = (struct picture){ .display = display, .gc = xcb_generate_id(display->conn) };
	return display_check(display,
			       xcb_create_gc_checked(display->conn, picture->gc, display->root,
					       XCB_GC_SUBWINDOW_MODE | XCB_GC_GRAPHICS_EXPOSURES, values))
			? 0
			: ERR_IO;
}

/* Delta rectangles: each drawing outside of what is reported already is an event of
 * its own, so nothing has to be asked for, and a storm of drawing in one place is
 * one event until picture_rearm. */
void picture_watch(struct picture *picture, bool watch)
{
	xcb_connection_t *c = picture->display->conn;

	if (watch && picture->damage == XCB_NONE) {
		picture->damage = xcb_generate_id(c);
		xcb_damage_create(c, picture->damage, picture->display->root,
				XCB_DAMAGE_REPORT_LEVEL_DELTA_RECTANGLES);
	} else if (!watch && picture->damage != XCB_NONE) {
		xcb_damage_destroy(c, picture->damage);
		picture->damage = XCB_NONE;
	}
}

bool picture_on_damage(
		const struct picture *picture, const xcb_generic_event_t *event, struct link_rect *rect)
{
	const xcb_rectangle_t *area = &((const xcb_damage_notify_event_t *)event)->area;
	int left = area->x - picture->left, top = area->y - picture->top;
	int right = left + area->width, bottom = top + area->height;

	if (left < 0)
		left = 0;
	if (top < 0)
		top = 0;
	if (right <= left || bottom <= top)
		return false;
	*rect = (struct link_rect){ (uint32_t)left, (uint32_t)top, (uint32_t)(right - left),
		(uint32_t)(bottom - top) };
	return true;
}

void picture_rearm(struct picture *picture)
{
	if (picture->damage != XCB_NONE)
		xcb_damage_subtract(picture->display->conn, picture->damage, XCB_NONE, XCB_NONE);
}

struct picture_buffer *picture_buffer_create(
		struct picture *picture, int memfd, const struct link_buffer *size)
{
	xcb_connection_t *c = picture->display->conn;
	uint32_t width = size->stride_bytes / PIXEL_BYTES;
	int fd = fcntl(memfd, F_DUPFD_CLOEXEC, 0); /* xcb closes it */
	struct picture_buffer *buffer = malloc(sizeof *buffer);
	xcb_void_cookie_t attached, created;

	if (!buffer || fd < 0 || width > PIXMAP_MAX_PX) {
		free(buffer);
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	*buffer = (struct picture_buffer){ xcb_generate_id(c), xcb_generate_id(c) };
	attached = xcb_shm_attach_fd_checked(c, buffer->segment, fd, 0);
	created = xcb_shm_create_pixmap_checked(c, buffer->pixmap, picture->display->root, (uint16_t)width,
			(uint16_t)size->height_px, picture->display->screen->root_depth, buffer->segment, 0);
	if (!display_check(picture->display, attached) || !display_check(picture->display, created)) {
		log_warn("the X server refused a buffer of %ux%u", size->width_px, size->height_px);
		picture_buffer_destroy(picture, buffer);
		return NULL;
	}
	return buffer;
}

void picture_buffer_destroy(struct picture *picture, struct picture_buffer *buffer)
{
	xcb_connection_t *c = picture->display->conn;

	/* One of them may not exist; the error event that this makes is dropped. */
	xcb_free_pixmap(c, buffer->pixmap);
	xcb_shm_detach(c, buffer->segment);
	free(buffer);
}

int picture_capture(struct picture *picture, struct picture_buffer *buffer, const struct link_rect *rects,
		size_t count, struct picture_pointer *pointer)
{
	xcb_connection_t *c = picture->display->conn;
	xcb_query_pointer_reply_t *reply;

	for (size_t i = 0; i < count; i++) {
		const struct link_rect *r = &rects[i];

		xcb_copy_area(c, picture->display->root, buffer->pixmap, picture->gc,
				(int16_t)(picture->left + (int)r->x), (int16_t)(picture->top + (int)r->y),
				(int16_t)r->x, (int16_t)r->y, (uint16_t)r->width, (uint16_t)r->height);
	}
	/* The server works in order: its answer means that the copies are done. */
	reply = xcb_query_pointer_reply(c, xcb_query_pointer(c, picture->display->root), NULL);
	if (!reply)
		return ERR_IO;
	*pointer = (struct picture_pointer){ reply->root_x, reply->root_y };
	free(reply);
	return 0;
}
