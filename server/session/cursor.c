#include "cursor.h"
#include <freerdp/pointer.h>
#include <freerdp/update.h>
#include <stdlib.h>
#include <string.h>

enum {
	CACHE_MAX = 32,
	SIDE_PLAIN_PX = 32, /* without the large pointer capability, 2.2.7.2.7 */
	SIDE_96_PX = 96,
};

struct cursor {
	rdpContext *context;
	bool active, hidden;
	bool shape_due, place_due; /* newer than what the client was sent */
	uint32_t place[2];
	uint32_t side_px[2], hot[2]; /* of the present shape, x and y */
	uint8_t *image;              /* B, G, R, A; bottom row first, as RDP wants it */
	uint8_t *mask;               /* one bit a pixel, rows padded to 2 bytes, bottom first */
	uint64_t cache[CACHE_MAX];   /* hash of what the client keeps at each index; 0: nothing */
	uint32_t next_index;
};

struct cursor *cursor_create(rdpContext *context)
{
	struct cursor *c = calloc(1, sizeof *c);

	if (c)
		c->context = context;
	return c;
}

void cursor_destroy(struct cursor *c)
{
	if (!c)
		return;
	free(c->image);
	free(c->mask);
	free(c);
}

static uint32_t setting(const struct cursor *c, FreeRDP_Settings_Keys_UInt32 key)
{
	return freerdp_settings_get_uint32(c->context->settings, key);
}

static uint32_t side_max(const struct cursor *c)
{
	uint32_t large = setting(c, FreeRDP_LargePointerFlag);

	if (large & LARGE_POINTER_FLAG_384x384)
		return LINK_CURSOR_MAX_PX;
	return large & LARGE_POINTER_FLAG_96x96 ? SIDE_96_PX : SIDE_PLAIN_PX;
}

static bool has_alpha(const struct cursor *c)
{
	return setting(c, FreeRDP_PointerCacheSize) > 0 && setting(c, FreeRDP_ColorDepth) >= 24;
}

static size_t mask_stride(uint32_t width_px)
{
	return (width_px + 15) / 16 * 2;
}

/* Fills image and mask from the guest's pixels, taking every step-th of them. */
static void convert(struct cursor *c, const struct link_cursor *shape, const uint8_t *pixels, uint32_t step)
{
	size_t stride = mask_stride(c->side_px[0]);

	memset(c->mask, 0, stride * c->side_px[1]);
	for (uint32_t y = 0; y < c->side_px[1]; y++) {
		uint8_t *image = c->image + (size_t)(c->side_px[1] - 1 - y) * c->side_px[0] * 4;
		uint8_t *mask = c->mask + (c->side_px[1] - 1 - y) * stride;

		for (uint32_t x = 0; x < c->side_px[0]; x++) {
			const uint8_t *src =
					pixels + ((size_t)y * step * shape->width_px + (size_t)x * step) * 4;

			/* A set mask bit over anything but black would invert the screen. */
			if (src[3] == 0 || (!has_alpha(c) && src[3] < 128)) {
				mask[x / 8] |= (uint8_t)(0x80 >> x % 8);
				memset(image + (size_t)x * 4, 0, 4);
			} else {
				memcpy(image + (size_t)x * 4, src, 4);
			}
		}
	}
}

static int take_shape(struct cursor *c, const struct link_cursor *shape, const uint8_t *pixels)
{
	uint32_t side = shape->width_px > shape->height_px ? shape->width_px : shape->height_px;
	uint32_t step = (side + side_max(c) - 1) / side_max(c);

	c->side_px[0] = (shape->width_px + step - 1) / step;
	c->side_px[1] = (shape->height_px + step - 1) / step;
	c->hot[0] = shape->hot_x / step;
	c->hot[1] = shape->hot_y / step;
	free(c->image);
	free(c->mask);
	c->image = malloc((size_t)c->side_px[0] * c->side_px[1] * 4);
	c->mask = malloc(mask_stride(c->side_px[0]) * c->side_px[1]);
	if (!c->image || !c->mask) {
		free(c->image);
		free(c->mask);
		c->image = c->mask = NULL;
		return ERR_MEMORY;
	}
	convert(c, shape, pixels, step);
	return 0;
}

/* FNV-1a over the picture, its size and its hot spot. Never 0. */
static uint64_t hash_of(const struct cursor *c)
{
	uint64_t hash = 0xcbf29ce484222325u;
	size_t len = (size_t)c->side_px[0] * c->side_px[1] * 4;
	uint32_t head[4] = { c->side_px[0], c->side_px[1], c->hot[0], c->hot[1] };

	for (size_t i = 0; i < sizeof head; i++)
		hash = (hash ^ ((const uint8_t *)head)[i]) * 0x100000001b3u;
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ c->image[i]) * 0x100000001b3u;
	return hash ? hash : 1;
}

static BOOL send_large(struct cursor *c, uint32_t index, UINT32 mask_len, UINT32 image_len)
{
	const POINTER_LARGE_UPDATE update = { .xorBpp = 32,
		.cacheIndex = (UINT16)index,
		.hotSpotX = (UINT16)c->hot[0],
		.hotSpotY = (UINT16)c->hot[1],
		.width = (UINT16)c->side_px[0],
		.height = (UINT16)c->side_px[1],
		.lengthAndMask = mask_len,
		.lengthXorMask = image_len,
		.xorMaskData = c->image,
		.andMaskData = c->mask };

	return c->context->update->pointer->PointerLarge(c->context, &update);
}

/* 24 bits a pixel, rows padded to 2 bytes, for clients without alpha. */
static int send_color(struct cursor *c, POINTER_COLOR_UPDATE *color)
{
	size_t row = ((size_t)c->side_px[0] * 3 + 1) & ~(size_t)1;
	uint8_t *image = calloc(c->side_px[1], row);
	BOOL ok;

	if (!image)
		return ERR_MEMORY;
	for (uint32_t y = 0; y < c->side_px[1]; y++) {
		for (uint32_t x = 0; x < c->side_px[0]; x++)
			memcpy(image + y * row + (size_t)x * 3,
					c->image + ((size_t)y * c->side_px[0] + x) * 4, 3);
	}
	color->xorMaskData = image;
	color->lengthXorMask = (UINT16)(row * c->side_px[1]);
	ok = c->context->update->pointer->PointerColor(c->context, color);
	free(image);
	return ok ? 0 : ERR_CLOSED;
}

static int send_shape(struct cursor *c, uint32_t index)
{
	rdpPointerUpdate *pointer = c->context->update->pointer;
	UINT32 mask_len = (UINT32)(mask_stride(c->side_px[0]) * c->side_px[1]);
	UINT32 image_len = c->side_px[0] * c->side_px[1] * 4;
	POINTER_NEW_UPDATE update = { .xorBpp = 32 };
	POINTER_COLOR_UPDATE *color = &update.colorPtrAttr;

	if (c->side_px[0] > SIDE_96_PX || c->side_px[1] > SIDE_96_PX)
		return send_large(c, index, mask_len, image_len) ? 0 : ERR_CLOSED;
	*color = (POINTER_COLOR_UPDATE){ .cacheIndex = (UINT16)index,
		.hotSpotX = (UINT16)c->hot[0],
		.hotSpotY = (UINT16)c->hot[1],
		.width = (UINT16)c->side_px[0],
		.height = (UINT16)c->side_px[1],
		.lengthAndMask = (UINT16)mask_len,
		.lengthXorMask = (UINT16)image_len,
		.xorMaskData = c->image,
		.andMaskData = c->mask };
	if (has_alpha(c))
		return pointer->PointerNew(c->context, &update) ? 0 : ERR_CLOSED;
	return send_color(c, color);
}

static int send_hidden(struct cursor *c)
{
	const POINTER_SYSTEM_UPDATE update = { .type = SYSPTR_NULL };

	return c->context->update->pointer->PointerSystem(c->context, &update) ? 0 : ERR_CLOSED;
}

static uint32_t cache_size(const struct cursor *c)
{
	uint32_t size = has_alpha(c) ? setting(c, FreeRDP_PointerCacheSize)
				     : setting(c, FreeRDP_ColorPointerCacheSize);

	return size > CACHE_MAX ? CACHE_MAX : size ? size : 1;
}

static int send_present(struct cursor *c)
{
	uint64_t hash = hash_of(c);
	uint32_t size = cache_size(c), index = c->next_index;

	for (uint32_t i = 0; i < size; i++) {
		const POINTER_CACHED_UPDATE update = { .cacheIndex = i };

		if (c->cache[i] == hash)
			return c->context->update->pointer->PointerCached(c->context, &update) ? 0
											       : ERR_CLOSED;
	}
	c->cache[index] = hash;
	c->next_index = (index + 1) % size;
	return send_shape(c, index);
}

int cursor_set(struct cursor *c, const struct link_cursor *shape, const uint8_t *pixels)
{
	c->shape_due = true;
	c->hidden = !pixels;
	return pixels ? take_shape(c, shape, pixels) : 0;
}

void cursor_move(struct cursor *c, uint32_t x, uint32_t y)
{
	c->place_due = true;
	c->place[0] = x;
	c->place[1] = y;
}

void cursor_activate(struct cursor *c)
{
	c->active = true;
	c->shape_due = true;
	memset(c->cache, 0, sizeof c->cache);
	c->next_index = 0;
}

static int send_place(struct cursor *c)
{
	const POINTER_POSITION_UPDATE update = { .xPos = c->place[0], .yPos = c->place[1] };

	return c->context->update->pointer->PointerPosition(c->context, &update) ? 0 : ERR_CLOSED;
}

int cursor_flush(struct cursor *c)
{
	bool shape = c->active && c->shape_due, place = c->active && c->place_due;
	int err = 0;

	if (shape && c->hidden)
		err = send_hidden(c);
	else if (shape && c->image)
		err = send_present(c);
	if (place && err == 0)
		err = send_place(c);
	if (c->active)
		c->shape_due = c->place_due = false;
	return err;
}
