/* Sealed shared memory: memfds that can neither shrink nor grow, so that mapping
 * one that a stranger made cannot end in SIGBUS. Thread-safe. */
#ifndef BASE_SHM_H
#define BASE_SHM_H

#include <base/err.h>
#include <stddef.h>
#include <stdint.h>

/* A new memfd of len bytes (zeroes), sealed against shrinking, growing and more
 * seals. Returns the descriptor, owned, close-on-exec; ERR_MEMORY; ERR_IO. */
MUST_USE int shm_create(const char *name, size_t len);

/* True size and seals of a descriptor that somebody passed: it must be a memfd of
 * at least len bytes, sealed against shrinking. 0, ERR_FORMAT, ERR_IO. */
MUST_USE int shm_check(int fd, size_t len);

/* Maps len bytes, shared, read and write; NULL when that fails. shm_check first
 * if somebody else made it. */
uint8_t *shm_map(int fd, size_t len);

/* NULL is fine. */
void shm_unmap(uint8_t *map, size_t len);

#endif
