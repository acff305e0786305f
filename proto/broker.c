#include "fields.h"
#include <proto/broker.h>

int broker_parse(struct broker_message *msg, const void *packet, size_t len)
{
	return ERR_FORMAT;
}

int broker_write(const struct broker_message *msg, void *dst, size_t cap)
{
	return ERR_ARGUMENT;
}
