#include <server/pattern.h>
#include <string.h>

enum {
	CELL_WIDTH_PX = 8,
	CELL_HEIGHT_PX = 4,
	COLUMNS = PATTERN_TILE_PX / CELL_WIDTH_PX,
	CELLS = COLUMNS * (PATTERN_TILE_PX / CELL_HEIGHT_PX),
	CRC_AT = 1 + 32 + 4 + 16 + 32 + 13 + 13, /* cell where the checksum starts */
};

/* One byte a bit: 128 of them a frame are not worth packing. */
struct cells {
	uint8_t bits[CELLS];
	size_t at;
};

static void put(struct cells *cells, uint32_t value, int bits)
{
	while (bits-- > 0)
		cells->bits[cells->at++] = value >> bits & 1;
}

static uint32_t get(struct cells *cells, int bits)
{
	uint32_t value = 0;

	while (bits-- > 0)
		value = value << 1 | cells->bits[cells->at++];
	return value;
}

static uint32_t checksum(const struct cells *cells)
{
	uint32_t crc = 0xffff;

	for (size_t i = 0; i < CRC_AT; i++) {
		uint32_t top = (crc >> 15 & 1) ^ cells->bits[i];

		crc = (crc << 1 & 0xffff) ^ (top ? 0x1021 : 0);
	}
	return crc;
}

static void fill_cell(uint8_t *xrgb, ptrdiff_t stride_bytes, uint8_t value)
{
	for (int y = 0; y < CELL_HEIGHT_PX; y++)
		memset(xrgb + y * stride_bytes, value, CELL_WIDTH_PX * 4);
}

void pattern_draw(const struct pattern_state *state, uint8_t *xrgb, ptrdiff_t stride_bytes)
{
	struct cells cells = { .at = 0 };
	uint8_t inverted = state->frame & 1;

	put(&cells, inverted, 1);
	put(&cells, state->frame, 32);
	put(&cells, state->event, 4);
	put(&cells, state->serial, 16);
	put(&cells, state->code, 32);
	put(&cells, state->x, 13);
	put(&cells, state->y, 13);
	put(&cells, checksum(&cells), 16);
	put(&cells, 1, 1);
	for (ptrdiff_t i = 0; i < CELLS; i++) {
		uint8_t bit = i ? cells.bits[i] ^ inverted : inverted;

		fill_cell(xrgb + i / COLUMNS * CELL_HEIGHT_PX * stride_bytes +
						i % COLUMNS * CELL_WIDTH_PX * 4,
				stride_bytes, bit ? 255 : 0);
	}
}

/* The cell's inside only: at its edge codecs blur. Green is most of the luma. */
static uint8_t read_cell(const uint8_t *xrgb, ptrdiff_t stride_bytes)
{
	unsigned sum = 0, count = 0;

	for (int y = 1; y < CELL_HEIGHT_PX - 1; y++) {
		for (int x = 1; x < CELL_WIDTH_PX - 1; x++, count++)
			sum += xrgb[y * stride_bytes + x * 4 + 1];
	}
	return sum / count >= 128;
}

int pattern_read(struct pattern_state *state, const uint8_t *xrgb, ptrdiff_t stride_bytes)
{
	struct cells cells = { .at = 1 };

	for (ptrdiff_t i = 0; i < CELLS; i++) {
		cells.bits[i] = read_cell(xrgb + i / COLUMNS * CELL_HEIGHT_PX * stride_bytes +
						i % COLUMNS * CELL_WIDTH_PX * 4,
				stride_bytes);
		if (i)
			cells.bits[i] ^= cells.bits[0];
	}
	state->frame = get(&cells, 32);
	state->event = (enum pattern_event)get(&cells, 4);
	state->serial = (uint16_t)get(&cells, 16);
	state->code = get(&cells, 32);
	state->x = get(&cells, 13);
	state->y = get(&cells, 13);
	if (get(&cells, 16) != checksum(&cells) || get(&cells, 1) != 1)
		return ERR_FORMAT;
	return 0;
}
