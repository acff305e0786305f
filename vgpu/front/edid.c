#include "edid.h"
#include <base/writer.h>
#include <stdbool.h>
#include <stdio.h>

enum {
	SIZE_MAX_PX = 4095,
	REFRESH_HZ = 60,
	/* Blanking as small as reduced blanking has it; nothing here scans a tube. */
	H_BLANK = 160,
	H_FRONT = 48,
	H_SYNC = 32,
	V_BLANK = 32,
	V_FRONT = 3,
	V_SYNC = 6,
	DPI = 96,
	CLOCK_MAX_10KHZ = 65535,
};

static uint32_t size_mm(uint32_t px)
{
	return px * 254 / (10 * DPI);
}

static uint8_t high(uint32_t a, uint32_t b)
{
	return (uint8_t)((a >> 8 & 15) << 4 | (b >> 8 & 15));
}

/* Detailed timing, EDID 1.4, 3.10.2. */
static void timing_write(struct writer *w, uint32_t width, uint32_t height, uint32_t clock_10khz)
{
	uint32_t width_mm = size_mm(width), height_mm = size_mm(height);

	writer_u16(w, (uint16_t)clock_10khz);
	writer_u8(w, (uint8_t)width);
	writer_u8(w, H_BLANK);
	writer_u8(w, high(width, H_BLANK));
	writer_u8(w, (uint8_t)height);
	writer_u8(w, V_BLANK);
	writer_u8(w, high(height, V_BLANK));
	writer_u8(w, H_FRONT);
	writer_u8(w, H_SYNC);
	writer_u8(w, V_FRONT << 4 | V_SYNC);
	writer_u8(w, 0);
	writer_u8(w, (uint8_t)width_mm);
	writer_u8(w, (uint8_t)height_mm);
	writer_u8(w, high(width_mm, height_mm));
	writer_u8(w, 0); /* borders */
	writer_u8(w, 0);
	writer_u8(w, 0x1a); /* digital, positive horizontal sync */
}

/* Another descriptor: 3.10.3. Text of 13 bytes, ended by a newline and filled with blanks. */
static void text_write(struct writer *w, uint8_t tag, const char *text)
{
	size_t len = strlen(text);

	writer_zero(w, 3);
	writer_u8(w, tag);
	writer_u8(w, 0);
	for (size_t i = 0; i < 13; i++)
		writer_u8(w, (uint8_t)(i < len ? text[i] : i == len ? '\n' : ' '));
}

static void nothing_write(struct writer *w)
{
	writer_zero(w, 3);
	writer_u8(w, 0x10);
	writer_zero(w, 14);
}

static void head_write(struct writer *w, uint32_t head, uint32_t width, uint32_t height)
{
	static const uint8_t start[] = { 0, 255, 255, 255, 255, 255, 255, 0 };
	/* sRGB */
	static const uint8_t colours[] = { 0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54 };
	uint32_t width_cm = size_mm(width) / 10, height_cm = size_mm(height) / 10;

	writer_copy(w, start, sizeof start);
	writer_u8(w, ('O' - 64) << 2 | ('R' - 64) >> 3); /* three letters of five bits, big-endian */
	writer_u8(w, (uint8_t)(('R' - 64) << 5 | ('L' - 64)));
	writer_u16(w, 1); /* product */
	writer_u32(w, head + 1);
	writer_u8(w, 1);
	writer_u8(w, 36); /* week and year of manufacture, since 1990 */
	writer_u8(w, 1);
	writer_u8(w, 4);
	writer_u8(w, 0xa5); /* digital, 8 bits a colour, DisplayPort */
	writer_u8(w, width_cm < 255 ? (uint8_t)width_cm : 255);
	writer_u8(w, height_cm < 255 ? (uint8_t)height_cm : 255);
	writer_u8(w, 120);  /* gamma 2.2 */
	writer_u8(w, 0x06); /* sRGB, the first timing is the native one */
	writer_copy(w, colours, sizeof colours);
	writer_zero(w, 3); /* established timings */
	for (int i = 0; i < 16; i++)
		writer_u8(w, 1); /* standard timings */
}

void edid_write(uint8_t edid[EDID_BYTES], uint32_t head, uint32_t width_px, uint32_t height_px)
{
	struct writer w = writer_init(edid, EDID_BYTES);
	uint64_t clock_10khz = (uint64_t)(width_px + H_BLANK) * (height_px + V_BLANK) * REFRESH_HZ / 10000;
	bool fits = width_px <= SIZE_MAX_PX && height_px <= SIZE_MAX_PX && clock_10khz <= CLOCK_MAX_10KHZ;
	uint8_t sum = 0;
	char serial[13];

	head_write(&w, head, width_px, height_px);
	if (fits)
		timing_write(&w, width_px, height_px, (uint32_t)clock_10khz);
	else
		nothing_write(&w);
	text_write(&w, 0xfc, "Oriel");
	snprintf(serial, sizeof serial, "%u", head + 1);
	text_write(&w, 0xff, serial);
	nothing_write(&w);
	writer_u8(&w, 0); /* extensions */
	for (int i = 0; i < EDID_BYTES - 1; i++)
		sum += edid[i];
	edid[EDID_BYTES - 1] = (uint8_t)-sum;
}
