/* The credential store STATE/users: names and NT hashes, never passwords. A text
 * file, mode 0600, a line `name:32 hex digits` each; lines that begin with # are
 * comments. Every change writes a new file, syncs it and renames it, so a full disk
 * or a crash leaves the old one. One oriel-host writes it; the file is read once.
 *
 * An NT hash is as good as a password for NTLM: the file is as secret as
 * /etc/shadow. Loop thread only. Logs what it refuses. */
#ifndef HOST_STORE_H
#define HOST_STORE_H

#include "name.h"
#include "ntlm.h"
#include <base/err.h>
#include <stdbool.h>
#include <stddef.h>

enum {
	STORE_USERS_MAX = 10000,
};

struct store_user {
	char name[NAME_CAP];
	uint8_t hash[NTLM_HASH_LEN];
};

struct store;

/* dir: state_dir; borrowed for the call. only_user: the one name that may be in it
 * (others in the file are skipped with a log line), NULL: any. A file that is not
 * there is an empty store. Returns owned, or NULL after a log line that says why. */
struct store *store_create(const char *dir, const char *only_user);

/* Wipes the hashes. NULL is fine. */
void store_destroy(struct store *store);

/* Names in a log-in are compared without case, as Windows has it. Fills *user with
 * the entry; or, false, with that name and a hash nobody knows, so that the caller's
 * way and time are the same. The caller wipes *user. */
bool store_find(const struct store *store, const char *name, struct store_user *user);

size_t store_count(const struct store *store);

/* i < store_count; sorted by nothing, stable between changes. */
const char *store_name(const struct store *store, size_t i);

/* ERR_BUSY: it is there (in whatever case); ERR_ARGUMENT: not a valid name;
 * ERR_DENIED: not only_user; ERR_SPACE: STORE_USERS_MAX; ERR_MEMORY; ERR_IO with
 * errno, nothing changed. */
MUST_USE int store_add(struct store *store, const char *name, const uint8_t hash[NTLM_HASH_LEN]);

/* ERR_MISSING, ERR_MEMORY, ERR_IO with errno. */
MUST_USE int store_change(struct store *store, const char *name, const uint8_t hash[NTLM_HASH_LEN]);

/* ERR_MISSING, ERR_MEMORY, ERR_IO with errno. */
MUST_USE int store_remove(struct store *store, const char *name);

/* The file's parser alone. users has room for cap entries. Returns how many, or
 * ERR_FORMAT or ERR_SPACE with *line set (from 1). */
MUST_USE int store_parse(const char *text, size_t len, struct store_user *users, size_t cap, size_t *line);

#endif
