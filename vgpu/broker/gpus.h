/* The host's GPUs: its render nodes, or, without any, one that is software. */
#ifndef BROKER_GPUS_H
#define BROKER_GPUS_H

#include <proto/broker.h>
#include <stdbool.h>

enum {
	GPUS_MAX = 16,
};

struct gpu {
	char name[BROKER_NAME_CAP]; /* "renderD128", "software" */
	char path[BROKER_NAME_CAP]; /* "/dev/dri/renderD128", "" */
};

static inline bool gpu_is_hardware(const struct gpu *gpu)
{
	return gpu->path[0] != 0;
}

/* Looks into folder ("/dev/dri"). Returns how many there are, 1..GPUS_MAX. */
int gpus_find(struct gpu gpus[GPUS_MAX], const char *folder);

#endif
