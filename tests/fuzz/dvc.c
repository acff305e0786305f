/* One PDU of the dynamic channels, from the client: what it lends lies in the input. */
#include <proto/dvc.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	struct dvc_pdu pdu;

	if (!copy)
		return 0;
	memcpy(copy, data, len);
	if (dvc_parse(&pdu, copy, len) == 0 && pdu.data_len > 0) {
		if (pdu.data <= copy || pdu.data + pdu.data_len != copy + len)
			abort();
	}
	free(copy);
	return 0;
}
