#include "procfs.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static FILE *open_of(pid_t pid, const char *name)
{
	char path[96];

	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
	return fopen(path, "re");
}

int procfs_cpu_ns(pid_t pid, uint64_t *ns)
{
	char path[96];
	DIR *tasks;
	int err = ERR_MISSING;

	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	if (!tasks)
		return ERR_MISSING;
	*ns = 0;
	for (struct dirent *entry; (entry = readdir(tasks));) {
		char file[64];
		unsigned long long run = 0;
		FILE *stat;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(file, sizeof file, "task/%.16s/schedstat", entry->d_name);
		stat = open_of(pid, file);
		if (stat && fscanf(stat, "%llu", &run) == 1) {
			*ns += run;
			err = 0;
		}
		if (stat)
			fclose(stat);
	}
	closedir(tasks);
	return err;
}

/* Sums one field of smaps over the mappings whose header line has the word. */
static uint64_t sum_of_mappings(FILE *smaps, const char *word, const char *field)
{
	uint64_t sum = 0;
	bool inside = false;
	char line[512];

	while (fgets(line, sizeof line, smaps)) {
		unsigned long long from, to, kib;

		if (sscanf(line, "%llx-%llx ", &from, &to) == 2)
			inside = strstr(line, word) != NULL;
		else if (inside && strncmp(line, field, strlen(field)) == 0 &&
				sscanf(line + strlen(field), " %llu", &kib) == 1)
			sum += kib;
	}
	return sum;
}

int procfs_memory(pid_t pid, struct procfs_memory *memory)
{
	FILE *file = open_of(pid, "smaps");

	if (!file)
		return errno == EACCES ? ERR_DENIED : ERR_MISSING;
	*memory = (struct procfs_memory){ .pss_kib = sum_of_mappings(file, "-", "Pss:") };
	rewind(file);
	memory->shared_kib = sum_of_mappings(file, "memfd:", "Pss:");
	rewind(file);
	memory->shared_all_kib = sum_of_mappings(file, "memfd:", "Rss:");
	fclose(file);
	return memory->pss_kib ? 0 : ERR_DENIED;
}

void procfs_name(pid_t pid, char name[16])
{
	FILE *file = open_of(pid, "comm");

	name[0] = 0;
	if (!file)
		return;
	if (fscanf(file, "%15s", name) != 1)
		name[0] = 0;
	fclose(file);
}

bool procfs_alive(pid_t pid, pid_t *parent)
{
	FILE *file = open_of(pid, "stat");
	char line[512], *end, state;
	int above;
	bool alive = false;

	if (!file)
		return false;
	if (fgets(line, sizeof line, file) && (end = strrchr(line, ')')) &&
			sscanf(end + 1, " %c %d", &state, &above) == 2) {
		alive = state != 'Z' && state != 'X';
		if (parent)
			*parent = above;
	}
	fclose(file);
	return alive;
}
