#include "batch.h"

/* Numbers of the virgl protocol. */
enum {
	SET_DEBUG_FLAGS = 41,
	PIPE_RESOURCE_CREATE = 48,
	PIPE_RESOURCE_SET_TYPE = 49,
	LINK_SHADER = 52, /* what follows is video */
};

static bool command_allowed(uint32_t number)
{
	return number <= LINK_SHADER && number != SET_DEBUG_FLAGS && number != PIPE_RESOURCE_CREATE &&
			number != PIPE_RESOURCE_SET_TYPE;
}

bool batch_allowed(const uint32_t *words, uint32_t count)
{
	uint32_t len; /* of a command, without its header */

	for (uint32_t i = 0; i < count; i += 1 + len) {
		len = words[i] >> 16;
		if (len > count - i - 1 || !command_allowed(words[i] & 0xff))
			return false;
	}
	return true;
}
