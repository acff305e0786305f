/* The names in a batch: rewriting touches nothing but names, and nothing outside. */
#include <stdlib.h>
#include <string.h>
#include <vtest/handles.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static uint32_t exchange(void *user, uint32_t name)
{
	return name ^ 0x55555555;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t count = len / 4;
	uint32_t *words = malloc(count ? 4 * count : 1);

	if (!words)
		return 0;
	memcpy(words, data, 4 * count);
	/* Exchanged twice it is as it was, unless a name became none or none a name. */
	if (handles_rewrite(words, count, exchange, NULL) == 0 &&
			handles_rewrite(words, count, exchange, NULL) < 0)
		abort();
	free(words);
	return 0;
}
