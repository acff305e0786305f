#ifndef TESTS_CODEC_VECTORS_H
#define TESTS_CODEC_VECTORS_H

#include <stddef.h>

/* A file of tests/vectors of exactly len bytes, returned owned; fails the test if it is
 * not there. */
void *vector_load(const char *name, size_t len);

#endif
