/* Runs a parser over a copy of exactly len bytes, so that the sanitizers see a read
 * beyond them. */
#ifndef TESTS_PROTO_EXACT_H
#define TESTS_PROTO_EXACT_H

#include <stdlib.h>
#include <string.h>

static inline void *exact_copy(const void *data, size_t len)
{
	void *copy = malloc(len ? len : 1);

	if (!copy)
		abort();
	if (len)
		memcpy(copy, data, len);
	return copy;
}

#endif
