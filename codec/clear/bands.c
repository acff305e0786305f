/* A band is a line of text. Its columns are looked up in copies of the client's two caches, rings whose places the client
 * knows. A whole column is remembered as (which ink, where in it, height, background),
 * so the pixels are stored only once. Look-ups go through tables with one place per
 * hash; a column that lost its place is sent again, never mistaken: what is found is
 * compared in full. */
#include "bands.h"
#include "format.h"
#include <stdlib.h>

enum {
	HASH_BITS = 16,
};

struct short_vbar {
	uint32_t serial; /* new with each use of the place, 0 for never used */
	uint32_t hash;
	uint8_t len;
	uint8_t colours[3 * CLEAR_BAND_MAX_PX];
};

struct vbar {
	uint32_t serial; /* of its ink */
	uint32_t background;
	uint8_t on, height;
};

struct clear_bands {
	struct short_vbar shorts[CLEAR_SHORT_VBARS];
	struct vbar vbars[CLEAR_VBARS];
	uint16_t short_places[1 << HASH_BITS];
	uint16_t vbar_places[1 << HASH_BITS];
	uint32_t serials;
	uint16_t short_cursor, vbar_cursor;
};

/* One column of a band */
struct column {
	uint8_t colours[3 * CLEAR_BAND_MAX_PX]; /* its ink */
	uint8_t on, len, height;
	uint32_t background;
	uint32_t hash; /* of the ink */
};

/* Where a column is known; -1 for not */
struct place {
	int vbar, ink;
};

struct clear_bands *clear_bands_create(void)
{
	return calloc(1, sizeof(struct clear_bands));
}

void clear_bands_destroy(struct clear_bands *bands)
{
	free(bands);
}

static uint32_t mix(uint32_t hash, uint32_t v)
{
	hash = (hash ^ v) * 0x9e3779b1;
	return hash ^ hash >> 15;
}

static void read_column(struct column *col, const struct pixels *block, uint32_t background, int x)
{
	int on = 0, off = block->h_px;
	uint8_t *at = col->colours;

	while (on < off && pixel_at(block, x, on) == background)
		on++;
	while (off > on && pixel_at(block, x, off - 1) == background)
		off--;
	col->hash = (uint32_t)(off - on);
	for (int y = on; y < off; y++) {
		uint32_t px = pixel_at(block, x, y);

		col->hash = mix(col->hash, px);
		*at++ = (uint8_t)px;
		*at++ = (uint8_t)(px >> 8);
		*at++ = (uint8_t)(px >> 16);
	}
	col->len = (uint8_t)(off - on);
	col->on = (uint8_t)(off > on ? on : 0);
	col->height = (uint8_t)block->h_px;
	col->background = background;
}

static uint32_t vbar_slot(const struct column *col, uint32_t serial)
{
	uint32_t hash = mix(mix(serial, col->background), (uint32_t)(col->on << 8 | col->height));

	return hash >> (32 - HASH_BITS);
}

static struct place find_column(const struct clear_bands *bands, const struct column *col)
{
	struct place place = { -1, bands->short_places[col->hash >> (32 - HASH_BITS)] };
	const struct short_vbar *ink = &bands->shorts[place.ink];
	const struct vbar *vbar;

	if (!ink->serial || ink->hash != col->hash || ink->len != col->len ||
			memcmp(ink->colours, col->colours, 3 * (size_t)col->len))
		return (struct place){ -1, -1 };
	place.vbar = bands->vbar_places[vbar_slot(col, ink->serial)];
	vbar = &bands->vbars[place.vbar];
	if (vbar->serial != ink->serial || vbar->background != col->background || vbar->on != col->on ||
			vbar->height != col->height)
		place.vbar = -1;
	return place;
}

static int add_ink(struct clear_bands *bands, const struct column *col)
{
	int at = bands->short_cursor;
	struct short_vbar *ink = &bands->shorts[at];

	ink->serial = ++bands->serials;
	ink->hash = col->hash;
	ink->len = col->len;
	memcpy(ink->colours, col->colours, 3 * (size_t)col->len);
	bands->short_places[col->hash >> (32 - HASH_BITS)] = (uint16_t)at;
	bands->short_cursor = (uint16_t)((at + 1) % CLEAR_SHORT_VBARS);
	return at;
}

static void add_vbar(struct clear_bands *bands, const struct column *col, int ink)
{
	uint32_t serial = bands->shorts[ink].serial;
	int at = bands->vbar_cursor;

	bands->vbars[at] = (struct vbar){ serial, col->background, col->on, col->height };
	bands->vbar_places[vbar_slot(col, serial)] = (uint16_t)at;
	bands->vbar_cursor = (uint16_t)((at + 1) % CLEAR_VBARS);
}

static void put_column(struct clear_bands *bands, const struct column *col, struct writer *w)
{
	struct place place = find_column(bands, col);

	if (place.vbar >= 0) {
		writer_u16(w, (uint16_t)(CLEAR_VBAR_HIT | place.vbar));
		return;
	}
	if (place.ink >= 0) {
		writer_u16(w, (uint16_t)(CLEAR_SHORT_HIT | place.ink));
		writer_u8(w, col->on);
	} else {
		writer_u16(w, (uint16_t)(col->on | (col->on + col->len) << 8));
		writer_copy(w, col->colours, 3 * (size_t)col->len);
		place.ink = add_ink(bands, col);
	}
	add_vbar(bands, col, place.ink);
}

static int expect_column(const struct clear_bands *bands, const struct column *col)
{
	struct place place = find_column(bands, col);

	if (place.vbar >= 0)
		return 2;
	return place.ink >= 0 ? 3 : 2 + 3 * col->len;
}

struct clear_bands_cost clear_bands_estimate(
		const struct clear_bands *bands, const struct pixels *block, uint32_t background)
{
	struct clear_bands_cost cost = { CLEAR_BAND_HEADER_BYTES, CLEAR_BAND_HEADER_BYTES };
	struct column col;

	for (int x = 0; x < block->w_px; x++) {
		read_column(&col, block, background, x);
		cost.bytes += expect_column(bands, &col);
		cost.worst += 2 + 3 * col.len;
	}
	return cost;
}

void clear_bands_put(struct clear_bands *bands, const struct pixels *block, uint32_t background, int x, int y,
		struct writer *w)
{
	struct column col;

	writer_u16(w, (uint16_t)x);
	writer_u16(w, (uint16_t)(x + block->w_px - 1));
	writer_u16(w, (uint16_t)y);
	writer_u16(w, (uint16_t)(y + block->h_px - 1));
	put_colour(w, background);
	for (int i = 0; i < block->w_px; i++) {
		read_column(&col, block, background, i);
		put_column(bands, &col, w);
	}
}
