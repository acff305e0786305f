/* A record of a session. What is taken can be written, and is the same when it comes
 * back. */
#include <proto/record.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1), bytes[RECORD_LEN];
	struct record rec, back;

	if (!copy)
		return 0;
	memcpy(copy, data, len);
	if (record_parse(&rec, copy, len) == 0) {
		record_write(&rec, bytes);
		if (record_parse(&back, bytes, sizeof bytes) < 0 || memcmp(&rec, &back, sizeof rec) != 0)
			abort();
	}
	free(copy);
	return 0;
}
