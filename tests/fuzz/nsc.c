/* Input: width, height; then an NSCodec bitmap. */
#include "edits.h"
#include <clear/nsc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t head[2];
	uint8_t *stream, *scratch, *got;
	int w, h;

	fuzz_take(&data, &len, sizeof head, head);
	w = head[0] % 64 + 1;
	h = head[1] % 64 + 1;
	stream = fuzz_copy_edited(data, len, NULL, 0);
	scratch = malloc(clear_nsc_scratch(w, h));
	got = malloc((size_t)(w * h) * 4);
	if (clear_nsc_decode(reader_init(stream, len), w, h, scratch, got, w * 4) > 0)
		abort();
	free(got);
	free(scratch);
	free(stream);
	return 0;
}
