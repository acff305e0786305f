/* The named quantiser tables, and what is checked of the caller's. */
#include "scratch.h"

static const struct rfx_quant presets[RFX_QUALITIES] = {
	[RFX_QUALITY_LOW] = {
		.luma = { .ll3 = 6, 7, 7, 8, 8, 8, 9, 9, 9, 10 },
		.chroma = { .ll3 = 7, 8, 8, 9, 9, 9, 10, 10, 10, 11 },
	},
	[RFX_QUALITY_MEDIUM] = {
		.luma = { .ll3 = 6, 6, 6, 6, 7, 7, 8, 8, 8, 9 },
		.chroma = { .ll3 = 6, 6, 6, 6, 7, 7, 8, 8, 8, 9 },
	},
	[RFX_QUALITY_HIGH] = {
		.luma = { .ll3 = 6, 6, 6, 6, 6, 6, 7, 7, 7, 8 },
		.chroma = { .ll3 = 6, 6, 6, 6, 6, 6, 7, 7, 7, 8 },
	},
	[RFX_QUALITY_FINEST] = {
		.luma = { .ll3 = 6, 6, 6, 6, 6, 6, 6, 6, 6, 6 },
		.chroma = { .ll3 = 6, 6, 6, 6, 6, 6, 6, 6, 6, 6 },
	},
};

const struct rfx_quant *rfx_quant_preset(enum rfx_quality quality)
{
	return (unsigned)quality < RFX_QUALITIES ? &presets[quality] : NULL;
}

struct rfx_shifts rfx_bands_shifts(const struct rfx_bands *b)
{
	const uint8_t factors[BANDS] = { b->hl1, b->lh1, b->hh1, b->hl2, b->lh2, b->hh2, b->hl3, b->lh3,
		b->hh3, b->ll3 };
	struct rfx_shifts shifts;

	for (int i = 0; i < BANDS; i++)
		shifts.of[i] = (uint8_t)(factors[i] - 1);
	return shifts;
}

static bool bands_valid(const struct rfx_bands *bands)
{
	struct rfx_shifts shifts = rfx_bands_shifts(bands);

	for (int i = 0; i < BANDS; i++)
		if (shifts.of[i] < 5 || shifts.of[i] > 14)
			return false;
	return true;
}

int rfx_quant_check(const struct rfx_quant *quant)
{
	return quant && bands_valid(&quant->luma) && bands_valid(&quant->chroma) ? 0 : ERR_ARGUMENT;
}
