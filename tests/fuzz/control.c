/* Both directions of the control socket. What is taken can be written, and is the
 * same when it comes back. */
#include <proto/control.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t packet[CONTROL_PACKET_MAX];
	static struct control_message msg, back;
	uint8_t *copy = malloc(len ? len : 1);

	if (!copy)
		return 0;
	memcpy(copy, data, len);
	if (control_parse(&msg, copy, len) == 0) {
		if (control_write(&msg, packet, sizeof packet) != (int)len ||
				control_parse(&back, packet, len) < 0 || memcmp(&msg, &back, sizeof msg) != 0)
			abort();
	}
	free(copy);
	return 0;
}
