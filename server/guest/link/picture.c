/* What the guest tells about its picture, passed on to every session. */
#include "guest_link.h"
#include <base/loop.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void guest_link_damage(struct guest_link *link, const struct link_rect *rects, size_t count)
{
	uint64_t now_us = link->count ? loop_now_us() : 0;

	for (size_t i = 0; i < count; i++) {
		struct link_rect rect = rects[i];

		if (!region_rect_clip(&rect, link->width_px, link->height_px))
			continue;
		for (size_t k = 0; k < link->count; k++)
			attachment_damage(link->attachments[k], &rect, now_us);
	}
}

void guest_link_captured(struct guest_link *link, const void *handle, int result)
{
	for (size_t i = 0; i < link->count; i++) {
		if (link->attachments[i]->buffer_handle == handle)
			attachment_captured(link->attachments[i], result);
	}
}

static bool layouts_equal(const struct link_layout *a, const struct link_layout *b)
{
	return a->count == b->count && memcmp(a->monitors, b->monitors, a->count * sizeof *a->monitors) == 0;
}

/* Takes the new layout. Returns whether it is one. */
static bool layout_replace(struct guest_link *link, const struct link_layout *layout)
{
	uint32_t width_px, height_px;
	bool resized;

	if (layouts_equal(layout, &link->layout))
		return false;
	link_layout_bounds(layout, &width_px, &height_px, NULL, NULL);
	resized = width_px != link->width_px || height_px != link->height_px;
	link->layout = *layout;
	link->width_px = width_px;
	link->height_px = height_px;
	for (size_t i = 0; resized && i < link->count; i++)
		attachment_buffer_stale(link->attachments[i]);
	return true;
}

void guest_link_layout_changed(struct guest_link *link, const struct link_layout *layout)
{
	uint32_t request = layout->serial;
	bool changed = layout_replace(link, layout);
	struct link_rect all = { .width = link->width_px, .height = link->height_px };

	for (size_t i = 0; i < link->count; i++) {
		struct attachment *a = link->attachments[i];
		bool answered = request && a->layout_request == request;

		if (answered) {
			a->layout_answer = a->layout_serial;
			a->layout_request = 0;
		}
		if (changed || answered)
			attachment_post(a, UNSENT_LAYOUT);
	}
	if (changed)
		guest_link_damage(link, &all, 1);
}

static void cursor_replace(struct guest_link *link, const struct link_cursor *cursor, int fd)
{
	if (link->cursor_fd >= 0)
		close(link->cursor_fd);
	link->cursor = *cursor;
	link->cursor_fd = fd;
	for (size_t i = 0; i < link->count; i++)
		attachment_post(link->attachments[i], UNSENT_CURSOR);
}

/* A memfd that nobody can change any more. */
static int sealed_copy(const uint8_t *pixels, size_t len)
{
	int fd = memfd_create("oriel-cursor", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return ERR_IO;
	if (pwrite(fd, pixels, len, 0) == (ssize_t)len &&
			fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
		return fd;
	close(fd);
	return errno == ENOMEM || errno == ENOSPC ? ERR_MEMORY : ERR_IO;
}

static bool cursor_valid(const struct link_cursor *cursor, const uint8_t *pixels)
{
	return pixels && cursor->width_px - 1 < LINK_CURSOR_MAX_PX &&
			cursor->height_px - 1 < LINK_CURSOR_MAX_PX && cursor->hot_x < cursor->width_px &&
			cursor->hot_y < cursor->height_px;
}

int guest_link_cursor(struct guest_link *link, const struct link_cursor *cursor, const uint8_t *pixels)
{
	int fd;

	if (cursor->hidden) {
		cursor_replace(link, &(struct link_cursor){ .hidden = 1 }, -1);
		return 0;
	}
	if (!cursor_valid(cursor, pixels))
		return ERR_ARGUMENT;
	fd = sealed_copy(pixels, (size_t)cursor->width_px * cursor->height_px * 4);
	if (fd < 0)
		return fd;
	cursor_replace(link, cursor, fd);
	return 0;
}

void guest_link_cursor_moved(struct guest_link *link, uint32_t x, uint32_t y)
{
	link->moved = (struct link_cursor_moved){ .x = x, .y = y };
	for (size_t i = 0; i < link->count; i++)
		attachment_post(link->attachments[i], UNSENT_CURSOR_MOVED);
}
