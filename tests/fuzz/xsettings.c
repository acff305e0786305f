/* published_find_int, published_set_resource: what other programs of the desktop publish. */
#include "published.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct published_int found;
	uint8_t *copy = malloc(len ? len : 1);

	if (!copy)
		return 0;
	memcpy(copy, data, len);
	if (published_find_int(copy, len, "Xft/DPI", &found) == 0 &&
			(found.changed_at + 8 > len || found.value_at != found.changed_at + 4))
		abort();
	free(published_set_resource((const char *)copy, len, "Xft.dpi", 144));
	free(copy);
	return 0;
}
