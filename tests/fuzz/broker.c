/* The broker's sockets. What is taken can be written, and is the same when it comes back. */
#include <proto/broker.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1), bytes[BROKER_PACKET_MAX];
	static struct broker_message msg, back;

	if (!copy)
		return 0;
	memcpy(copy, data, len);
	if (broker_parse(&msg, copy, len) == 0) {
		int n = broker_write(&msg, bytes, sizeof bytes);

		if (n < 0 || broker_parse(&back, bytes, (size_t)n) < 0 ||
				memcmp(&msg, &back, sizeof msg) != 0)
			abort();
	}
	free(copy);
	return 0;
}
