/* Requests of vhost-user: header and payload. */
#include <proto/vhost_user.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t bytes[VHOST_USER_HEADER_BYTES + VHOST_USER_PAYLOAD_MAX], *payload;
	static struct vhost_user_message msg;

	memset(&msg, 0, sizeof msg);
	if (len < VHOST_USER_HEADER_BYTES || vhost_user_header_parse(&msg.header, data) < 0)
		return 0;
	len -= VHOST_USER_HEADER_BYTES;
	payload = malloc(len ? len : 1);
	if (!payload)
		return 0;
	memcpy(payload, data + VHOST_USER_HEADER_BYTES, len);
	if (vhost_user_payload_parse(&msg, payload, len) == 0 &&
			vhost_user_answer_write(&msg, bytes, sizeof bytes) < 0)
		abort();
	free(payload);
	return 0;
}
