#include "registry.h"
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

int registry_entry_parse(struct registry_entry *entry, const char *text, size_t len)
{
	json_t *object = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	const char *name, *user, *kind;
	json_int_t uid, keeper, started_us;
	int result = ERR_FORMAT;

	if (json_unpack(object, "{s:s, s:s, s:s, s:I, s:I, s:I}", "name", &name, "user", &user, "kind", &kind,
			    "uid", &uid, "keeper", &keeper, "started_us", &started_us) < 0)
		goto out;
	if (!name_valid(name) || !name_valid(user) || strlen(kind) >= sizeof entry->kind)
		goto out;
	if (uid < 0 || uid >= UINT32_MAX || keeper < 2 || keeper > INT_MAX || started_us < 0)
		goto out;
	*entry = (struct registry_entry){
		.uid = (uid_t)uid, .keeper = (pid_t)keeper, .started_us = (uint64_t)started_us
	};
	strcpy(entry->name, name);
	strcpy(entry->user, user);
	strcpy(entry->kind, kind);
	result = 0;
out:
	json_decref(object);
	return result;
}

int registry_entry_write(const struct registry_entry *entry, char *text, size_t cap)
{
	json_t *object = json_pack("{s:s, s:s, s:s, s:I, s:I, s:I}", "name", entry->name, "user", entry->user,
			"kind", entry->kind, "uid", (json_int_t)entry->uid, "keeper",
			(json_int_t)entry->keeper, "started_us", (json_int_t)entry->started_us);
	size_t len;

	if (!object)
		return ERR_MEMORY;
	len = json_dumpb(object, text, cap, 0);
	json_decref(object);
	return len == 0 || len > cap ? ERR_SPACE : (int)len;
}
