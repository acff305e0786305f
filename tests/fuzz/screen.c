/* Both directions of the screen socket. What is taken can be written, and is the same
 * when it comes back. */
#include <proto/screen.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t packet[SCREEN_PACKET_MAX];
	static struct screen_message msg, back;
	uint8_t *copy = malloc(len ? len : 1);
	int written;

	if (!copy)
		return 0;
	memcpy(copy, data, len);
	if (screen_parse(&msg, copy, len) == 0) {
		written = screen_write(&msg, packet, sizeof packet);
		if (written != (int)len || screen_parse(&back, packet, len) < 0 ||
				memcmp(&msg, &back, sizeof msg) != 0)
			abort();
	}
	free(copy);
	return 0;
}
