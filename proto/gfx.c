/* RDPGFX commands from server to client. Every length is known before a command is
 * written, but for the bitmaps whose encoder tells it only afterwards
 * (gfx_wire_set_len). */
#include <proto/gfx.h>

/* pduLength, and where the bitmap's own length stands. */
enum {
	AT_PDU_LENGTH = 4,
	AT_WIRE_1_LENGTH = 21,
	AT_WIRE_2_LENGTH = 17,
};

static void write_header(struct writer *w, enum gfx_command command, uint32_t body_len)
{
	writer_u16(w, (uint16_t)command);
	writer_u16(w, 0); /* flags */
	writer_u32(w, GFX_HEADER_BYTES + body_len);
}

static void write_rect(struct writer *w, struct gfx_rect rect)
{
	writer_u16(w, rect.left);
	writer_u16(w, rect.top);
	writer_u16(w, rect.right);
	writer_u16(w, rect.bottom);
}

static void write_points(struct writer *w, const struct gfx_point *points, size_t count)
{
	writer_u16(w, (uint16_t)count);
	for (size_t i = 0; i < count; i++) {
		writer_u16(w, (uint16_t)points[i].x);
		writer_u16(w, (uint16_t)points[i].y);
	}
}

/* False, and the writer failed: a count that 16 bits cannot hold. */
static bool count_fits(struct writer *w, size_t count)
{
	if (count > GFX_COUNT_MAX)
		w->failed = true;
	return !w->failed;
}

void gfx_caps_confirm_write(struct writer *w, const struct gfx_caps_set *set)
{
	uint32_t data_len = set->version == GFX_VERSION_101 ? 16 : 4;

	write_header(w, GFX_CAPS_CONFIRM, 8 + data_len);
	writer_u32(w, set->version);
	writer_u32(w, data_len);
	writer_u32(w, set->flags);
	writer_zero(w, data_len - 4);
}

/* TS_MONITOR_DEF, [MS-RDPBCGR] 2.2.1.3.6.1: right and bottom are the last inside. */
static void write_monitor(struct writer *w, const struct link_monitor *m)
{
	writer_u32(w, (uint32_t)m->x);
	writer_u32(w, (uint32_t)m->y);
	writer_u32(w, (uint32_t)m->x + m->width_px - 1);
	writer_u32(w, (uint32_t)m->y + m->height_px - 1);
	writer_u32(w, m->flags & LINK_MONITOR_PRIMARY); /* the same bit there */
}

void gfx_reset_graphics_write(struct writer *w, const struct link_layout *layout)
{
	enum { FIXED = GFX_HEADER_BYTES + 12, MONITOR = 20 };
	uint32_t width_px, height_px;

	if (link_layout_check(layout) < 0) {
		w->failed = true;
		return;
	}
	link_layout_bounds(layout, &width_px, &height_px, NULL, NULL);
	write_header(w, GFX_RESET_GRAPHICS, GFX_RESET_BYTES - GFX_HEADER_BYTES);
	writer_u32(w, width_px);
	writer_u32(w, height_px);
	writer_u32(w, layout->count);
	for (uint32_t i = 0; i < layout->count; i++)
		write_monitor(w, &layout->monitors[i]);
	writer_zero(w, GFX_RESET_BYTES - FIXED - MONITOR * layout->count);
}

void gfx_create_surface_write(struct writer *w, uint16_t surface, uint16_t width_px, uint16_t height_px,
		enum gfx_format format)
{
	write_header(w, GFX_CREATE_SURFACE, 7);
	writer_u16(w, surface);
	writer_u16(w, width_px);
	writer_u16(w, height_px);
	writer_u8(w, (uint8_t)format);
}

void gfx_delete_surface_write(struct writer *w, uint16_t surface)
{
	write_header(w, GFX_DELETE_SURFACE, 2);
	writer_u16(w, surface);
}

void gfx_map_surface_write(struct writer *w, uint16_t surface, uint32_t x_px, uint32_t y_px)
{
	write_header(w, GFX_MAP_SURFACE_TO_OUTPUT, 12);
	writer_u16(w, surface);
	writer_u16(w, 0); /* reserved */
	writer_u32(w, x_px);
	writer_u32(w, y_px);
}

/* Hours, minutes, seconds, milliseconds of the day, from the high bits down. 2.2.2.11 */
static uint32_t timestamp(uint64_t utc_us)
{
	uint32_t ms = (uint32_t)(utc_us / 1000 % (24 * 3600 * 1000));

	return ms / 3600000 << 22 | ms / 60000 % 60 << 16 | ms / 1000 % 60 << 10 | ms % 1000;
}

void gfx_start_frame_write(struct writer *w, uint32_t frame_id, uint64_t utc_us)
{
	write_header(w, GFX_START_FRAME, 8);
	writer_u32(w, timestamp(utc_us));
	writer_u32(w, frame_id);
}

void gfx_end_frame_write(struct writer *w, uint32_t frame_id)
{
	write_header(w, GFX_END_FRAME, 4);
	writer_u32(w, frame_id);
}

void gfx_wire_1_write(struct writer *w, uint16_t surface, enum gfx_codec codec, enum gfx_format format,
		struct gfx_rect rect, uint32_t bitmap_len)
{
	write_header(w, GFX_WIRE_TO_SURFACE_1, GFX_WIRE_1_BYTES - GFX_HEADER_BYTES + bitmap_len);
	writer_u16(w, surface);
	writer_u16(w, (uint16_t)codec);
	writer_u8(w, (uint8_t)format);
	write_rect(w, rect);
	writer_u32(w, bitmap_len);
}

void gfx_wire_2_write(struct writer *w, uint16_t surface, enum gfx_codec codec, uint32_t context,
		enum gfx_format format, uint32_t bitmap_len)
{
	write_header(w, GFX_WIRE_TO_SURFACE_2, GFX_WIRE_2_BYTES - GFX_HEADER_BYTES + bitmap_len);
	writer_u16(w, surface);
	writer_u16(w, (uint16_t)codec);
	writer_u32(w, context);
	writer_u8(w, (uint8_t)format);
	writer_u32(w, bitmap_len);
}

void gfx_wire_set_len(uint8_t *command, uint32_t bitmap_len)
{
	bool first = command[0] == GFX_WIRE_TO_SURFACE_1;

	store_u32(command + AT_PDU_LENGTH, (first ? GFX_WIRE_1_BYTES : GFX_WIRE_2_BYTES) + bitmap_len);
	store_u32(command + (first ? AT_WIRE_1_LENGTH : AT_WIRE_2_LENGTH), bitmap_len);
}

void gfx_delete_context_write(struct writer *w, uint16_t surface, uint32_t context)
{
	write_header(w, GFX_DELETE_ENCODING_CONTEXT, 6);
	writer_u16(w, surface);
	writer_u32(w, context);
}

void gfx_solid_fill_write(struct writer *w, uint16_t surface, uint32_t pixel, const struct gfx_rect *rects,
		size_t count)
{
	if (!count_fits(w, count))
		return;
	write_header(w, GFX_SOLID_FILL, 8 + 8 * (uint32_t)count);
	writer_u16(w, surface);
	writer_u32(w, pixel); /* bytes B, G, R, A */
	writer_u16(w, (uint16_t)count);
	for (size_t i = 0; i < count; i++)
		write_rect(w, rects[i]);
}

void gfx_surface_to_surface_write(struct writer *w, uint16_t source, uint16_t target, struct gfx_rect from,
		const struct gfx_point *to, size_t count)
{
	if (!count_fits(w, count))
		return;
	write_header(w, GFX_SURFACE_TO_SURFACE, 14 + 4 * (uint32_t)count);
	writer_u16(w, source);
	writer_u16(w, target);
	write_rect(w, from);
	write_points(w, to, count);
}

void gfx_surface_to_cache_write(
		struct writer *w, uint16_t surface, uint64_t key, uint16_t slot, struct gfx_rect from)
{
	write_header(w, GFX_SURFACE_TO_CACHE, 20);
	writer_u16(w, surface);
	writer_u64(w, key);
	writer_u16(w, slot);
	write_rect(w, from);
}

void gfx_cache_to_surface_write(
		struct writer *w, uint16_t slot, uint16_t surface, const struct gfx_point *to, size_t count)
{
	if (!count_fits(w, count))
		return;
	write_header(w, GFX_CACHE_TO_SURFACE, 6 + 4 * (uint32_t)count);
	writer_u16(w, slot);
	writer_u16(w, surface);
	write_points(w, to, count);
}

void gfx_evict_cache_write(struct writer *w, uint16_t slot)
{
	write_header(w, GFX_EVICT_CACHE_ENTRY, 2);
	writer_u16(w, slot);
}

void gfx_cache_reply_write(struct writer *w, const uint16_t *slots, size_t count)
{
	if (!count_fits(w, count))
		return;
	write_header(w, GFX_CACHE_IMPORT_REPLY, 2 + 2 * (uint32_t)count);
	writer_u16(w, (uint16_t)count);
	for (size_t i = 0; i < count; i++)
		writer_u16(w, slots[i]);
}
