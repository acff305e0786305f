/* The files that oriel-host reads back: the store, and a guest's registry entry. */
#include "registry.h"
#include "store.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct store_user users[8];
	struct registry_entry entry, again;
	char *copy = malloc(size ? size : 1), text[REGISTRY_ENTRY_MAX];
	size_t line;
	int len;

	if (!copy)
		return 0;
	memcpy(copy, data, size);
	len = store_parse(copy, size, users, 8, &line);
	for (int i = 0; i < len; i++) {
		if (!name_valid(users[i].name))
			abort();
	}
	if (registry_entry_parse(&entry, copy, size) == 0) {
		len = registry_entry_write(&entry, text, sizeof text);
		if (len < 0 || registry_entry_parse(&again, text, (size_t)len) < 0 ||
				strcmp(entry.name, again.name) != 0)
			abort();
	}
	free(copy);
	return 0;
}
