#include "vectors.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

void *vector_load(const char *name, size_t len)
{
	char path[4096];
	uint8_t *bytes = malloc(len + 1);
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", TEST_VECTORS, name);
	file = fopen(path, "rb");
	assert_non_null(file);
	assert_int_equal(fread(bytes, 1, len + 1, file), len);
	fclose(file);
	return bytes;
}
