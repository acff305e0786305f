#include "texel.h"
#include <stddef.h>

/* Runs of formats of one size, by virglrenderer's numbers. */
static const struct {
	uint8_t first, last, bytes;
} runs[] = {
	{ 1, 4, 4 },                                       /* B8G8R8A8 and its orders */
	{ 5, 7, 2 },                                       /* 16 bits */
	{ 8, 8, 4 },                                       /* R10G10B10A2 */
	{ 9, 11, 1 },                                      /* L8 A8 I8 */
	{ 12, 13, 2 },                                     /* L8A8 L16 */
	{ 16, 16, 2 },                                     /* Z16 */
	{ 17, 22, 4 },                                     /* Z32, Z24 */
	{ 23, 23, 1 },                                     /* S8 */
	{ 28, 28, 4 },                                     /* R32 float */
	{ 29, 29, 8 },                                     /* R32G32 float */
	{ 30, 30, 12 },                                    /* R32G32B32 float */
	{ 31, 31, 16 },                                    /* R32G32B32A32 float */
	{ 48, 48, 2 },                                     /* R16 */
	{ 49, 49, 4 },                                     /* R16G16 */
	{ 51, 51, 8 },                                     /* R16G16B16A16 */
	{ 64, 64, 1 },                                     /* R8 */
	{ 65, 65, 2 },                                     /* R8G8 */
	{ 66, 66, 3 },                                     /* R8G8B8 */
	{ 67, 68, 4 },                                     /* R8G8B8A8 */
	{ 74, 74, 1 },                                     /* R8 signed */
	{ 75, 75, 2 },                                     /* R8G8 signed */
	{ 77, 77, 4 },                                     /* R8G8B8A8 signed */
	{ 91, 91, 2 },                                     /* R16 float */
	{ 92, 92, 4 },                                     /* R16G16 float */
	{ 94, 94, 8 },                                     /* R16G16B16A16 float */
	{ 95, 95, 1 },                                     /* L8 sRGB */
	{ 96, 96, 2 },                                     /* L8A8 sRGB */
	{ 97, 97, 3 },                                     /* R8G8B8 sRGB */
	{ 98, 104, 4 },                                    /* 32 bits sRGB */
	{ 121, 121, 4 },                                   /* A8B8G8R8 */
	{ 124, 125, 4 },                                   /* R11G11B10 float, R9G9B9E5 */
	{ 131, 131, 4 },                                   /* B10G10R10A2 */
	{ 134, 134, 4 },                                   /* R8G8B8X8 */
	{ 177, 177, 1 },                                   /* R8 integers */
	{ 178, 178, 2 },                                   /* R8G8 */
	{ 180, 180, 4 },                                   /* R8G8B8A8 */
	{ 181, 181, 1 },                                   /* signed */
	{ 182, 182, 2 }, { 184, 184, 4 }, { 185, 185, 2 }, /* R16 integers */
	{ 186, 186, 4 },                                   /* R16G16 */
	{ 188, 188, 8 },                                   /* R16G16B16A16 */
	{ 193, 193, 4 },                                   /* R32 integers */
	{ 194, 194, 8 },                                   /* R32G32 */
	{ 196, 196, 16 },                                  /* R32G32B32A32 */
	{ 230, 230, 4 },                                   /* R8G8B8X8 sRGB */
};

uint32_t texel_bytes(uint32_t format)
{
	for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
		if (format >= runs[i].first && format <= runs[i].last)
			return runs[i].bytes;
	}
	return 0;
}

enum texel_order texel_order(uint32_t format)
{
	switch (format) {
	case 1:   /* B8G8R8A8 */
	case 2:   /* B8G8R8X8 */
	case 100: /* the same as sRGB */
	case 101: return TEXEL_BGRX;
	case 67:  /* R8G8B8A8 */
	case 134: /* R8G8B8X8 */
	case 104: /* the same as sRGB */
	case 230: return TEXEL_RGBX;
	default: return TEXEL_OTHER;
	}
}
