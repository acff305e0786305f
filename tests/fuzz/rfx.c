/* rfx_decoder_paint: any bytes, onto a picture smaller than a tile's grid. */
#include <codec/cpu.h>
#include <codec/rfx.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { W = 150, H = 100 };
	struct rfx_decoder *decoder = rfx_decoder_create(cpu_flags_detect());
	uint8_t *exact = malloc(size ? size : 1), *pixels = calloc(H, W * 4);
	struct rfx_picture picture = { pixels, W * 4, W, H };
	size_t count;

	memcpy(exact, data, size);
	if (rfx_decoder_paint(decoder, exact, size, &picture, size % 3 * 40, -(int)(size % 2) * 10) == 0)
		rfx_decoder_rects(decoder, &count);
	rfx_decoder_destroy(decoder);
	free(exact);
	free(pixels);
	return 0;
}
