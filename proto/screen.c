#include "fields.h"
#include <proto/screen.h>

int screen_parse(struct screen_message *msg, const void *packet, size_t len)
{
	return ERR_FORMAT;
}

int screen_write(const struct screen_message *msg, void *dst, size_t cap)
{
	return ERR_ARGUMENT;
}
