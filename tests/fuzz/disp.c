/* A request for other monitors. What is granted is a valid layout of the link. */
#include <proto/disp.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	struct disp_layout layout;
	struct link_layout link;

	if (!copy)
		return 0;
	memcpy(copy, data, len);
	if (disp_layout_parse(&layout, copy, len) == 0 && disp_layout_to_link(&link, &layout) == 0) {
		uint32_t width_px, height_px;

		link_layout_bounds(&link, &width_px, &height_px, NULL, NULL);
		if (link_layout_check(&link) < 0 || width_px < DISP_SIZE_MIN_PX ||
				width_px > LINK_SIZE_MAX_PX || height_px < DISP_SIZE_MIN_PX ||
				height_px > LINK_SIZE_MAX_PX)
			abort();
	}
	free(copy);
	return 0;
}
