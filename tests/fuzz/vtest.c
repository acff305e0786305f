/* The vtest stream: a message that is taken has its bytes, and less of them is "more to
 * come". */
#include <proto/vtest.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct vtest_message msg;
	uint8_t *copy = malloc(len ? len : 1);
	uint32_t sum = 0;
	size_t at = 0;
	int used;

	if (!copy)
		return 0;
	if (len)
		memcpy(copy, data, len);
	while ((used = vtest_parse(&msg, copy + at, len - at)) > 0) {
		if ((size_t)used > len - at || vtest_parse(&msg, copy + at, (size_t)used - 1) != 0 ||
				vtest_parse(&msg, copy + at, (size_t)used) != used)
			abort();
		if (msg.type == VTEST_CREATE_RENDERER && !memchr(msg.renderer.name, 0, RENDER_NAME_CAP))
			abort();
		for (uint32_t i = 0; msg.type == VTEST_SUBMIT && i < 4 * msg.submit.count; i++)
			sum += msg.submit.words[i];
		at += (size_t)used;
	}
	free(copy);
	return sum == 0xdeadbeef;
}
