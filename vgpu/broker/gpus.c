#include "gpus.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct gpu *)a)->name, ((const struct gpu *)b)->name);
}

int gpus_find(struct gpu gpus[GPUS_MAX], const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	int count = 0;

	while (dir && count < GPUS_MAX && (entry = readdir(dir))) {
		struct gpu *gpu = &gpus[count];

		if (strncmp(entry->d_name, "renderD", 7) != 0)
			continue;
		if ((size_t)snprintf(gpu->path, sizeof gpu->path, "%s/%s", folder, entry->d_name) <
				sizeof gpu->path) {
			snprintf(gpu->name, sizeof gpu->name, "%.63s", entry->d_name);
			count++;
		}
	}
	if (dir)
		closedir(dir);
	if (count == 0) {
		gpus[0] = (struct gpu){ .name = "software" };
		return 1;
	}
	qsort(gpus, (size_t)count, sizeof *gpus, compare);
	return count;
}
