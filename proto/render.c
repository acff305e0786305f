#include "fields.h"
#include <proto/render.h>

int render_parse(struct render_message *msg, const void *packet, size_t len)
{
	return ERR_FORMAT;
}

int render_write(const struct render_message *msg, void *dst, size_t cap)
{
	return ERR_ARGUMENT;
}
