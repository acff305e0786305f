#include "name.h"
#include <string.h>

static bool ends_with(const char *name, const char *end)
{
	size_t len = strlen(name), end_len = strlen(end);

	return len >= end_len && strcmp(name + len - end_len, end) == 0;
}

bool name_valid(const char *name)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
	size_t len = strlen(name);

	if (len == 0 || len >= NAME_CAP || !strchr(first, name[0]))
		return false;
	for (const char *p = name; *p; p++) {
		if (!strchr(first, *p) && !strchr(".@-", *p))
			return false;
	}
	return !ends_with(name, ".json") && !ends_with(name, ".log");
}
