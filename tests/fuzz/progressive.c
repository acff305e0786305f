/* progressive_decoder_paint: the length of a first message, then two of one frame. */
#include <codec/cpu.h>
#include <codec/progressive.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void paint(struct progressive_decoder *decoder, const uint8_t *data, size_t size,
		const struct rfx_picture *picture)
{
	uint8_t *exact = malloc(size ? size : 1);
	int err;

	memcpy(exact, data, size);
	err = progressive_decoder_paint(decoder, 7, exact, size, picture);
	(void)err;
	free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { W = 150, H = 100 };
	struct progressive_decoder *decoder = progressive_decoder_create(W, H, cpu_flags_detect());
	uint8_t *pixels = calloc(H, W * 4);
	struct rfx_picture picture = { pixels, W * 4, W, H };
	size_t cut = 2;

	if (size >= 2) {
		cut += (size_t)(data[0] | data[1] << 8) % (size - 1);
		paint(decoder, data + 2, cut - 2, &picture);
		paint(decoder, data + cut, size - cut, &picture);
	}
	progressive_decoder_destroy(decoder);
	free(pixels);
	return 0;
}
