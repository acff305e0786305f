/* The virtual GPUs of this host, as their broker (oriel-vgpu-broker) tells. */
#ifndef CLI_GPU_H
#define CLI_GPU_H

#include <base/err.h>
#include <jansson.h>

/* Asks at the broker's socket. *rows: returned owned, an array of objects. 0;
 * ERR_MISSING or ERR_CLOSED (no broker); ERR_DENIED; ERR_TIMEOUT; ERR_FORMAT (what
 * answers is no broker); ERR_MEMORY; ERR_IO. */
MUST_USE int gpu_list(const char *socket_path, json_t **rows);

#endif
