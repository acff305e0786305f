#include "store.h"
#include <base/log.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	LINE_CAP = NAME_CAP + 2 * NTLM_HASH_LEN + 2,
	FILE_MAX = 1 << 20,
};

static const char comment[] =
		"# oriel: user:NT hash. As secret as /etc/shadow. Change it with `oriel user`.\n";

struct store {
	int dir_fd;
	char only_user[NAME_CAP]; /* "": any */
	uint8_t nobody[NTLM_HASH_LEN];
	struct store_user *users;
	size_t count;
};

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int parse_line(struct store_user *user, const char *text, size_t len)
{
	const char *colon = memchr(text, ':', len), *hex = colon ? colon + 1 : text;
	size_t name_len = colon ? (size_t)(colon - text) : 0;

	if (!colon || name_len >= NAME_CAP || len != name_len + 1 + 2 * NTLM_HASH_LEN)
		return ERR_FORMAT;
	*user = (struct store_user){ 0 };
	memcpy(user->name, text, name_len);
	if (strlen(user->name) != name_len || !name_valid(user->name))
		return ERR_FORMAT;
	for (size_t i = 0; i < NTLM_HASH_LEN; i++) {
		int high = hex_value(hex[2 * i]), low = hex_value(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return ERR_FORMAT;
		user->hash[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

static const struct store_user *find(const struct store_user *users, size_t count, const char *name)
{
	const struct store_user *found = NULL;

	/* To the end, so that the time says nothing about who is there. */
	for (size_t i = 0; i < count; i++) {
		if (strcasecmp(users[i].name, name) == 0)
			found = &users[i];
	}
	return found;
}

int store_parse(const char *text, size_t len, struct store_user *users, size_t cap, size_t *line)
{
	const char *end = text + len, *next;
	size_t count = 0;

	*line = 1;
	for (const char *at = text; at < end; at = next, (*line)++) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t line_len = (size_t)((stop ? stop : end) - at);
		struct store_user user;

		next = stop ? stop + 1 : end;
		if (line_len == 0 || *at == '#')
			continue;
		if (count == cap)
			return ERR_SPACE;
		if (parse_line(&user, at, line_len) < 0 || find(users, count, user.name))
			return ERR_FORMAT;
		users[count++] = user;
		explicit_bzero(&user, sizeof user);
	}
	return (int)count;
}

/* Wipes and frees. */
static void drop_users(struct store_user *users, size_t count)
{
	if (users)
		explicit_bzero(users, count * sizeof *users);
	free(users);
}

static void skip_others(struct store *store)
{
	size_t kept = 0;

	for (size_t i = 0; i < store->count; i++) {
		if (strcmp(store->users[i].name, store->only_user) == 0)
			store->users[kept++] = store->users[i];
		else
			log_warn("store: %s is skipped: this oriel-host was started by %s and serves nobody else",
					store->users[i].name, store->only_user);
	}
	store->count = kept;
}

static int take_text(struct store *store, const char *dir, const char *text, size_t len)
{
	struct store_user *users = calloc(STORE_USERS_MAX, sizeof *users);
	size_t line;
	int count;

	if (!users) {
		log_error("store: no memory");
		return ERR_MEMORY;
	}
	count = store_parse(text, len, users, STORE_USERS_MAX, &line);
	if (count == ERR_SPACE)
		log_error("store: %s/users:%zu: more than %d users", dir, line, STORE_USERS_MAX);
	else if (count < 0)
		log_error("store: %s/users:%zu: expected NAME:32 hex digits, each name once", dir, line);
	store->users = users;
	store->count = count < 0 ? 0 : (size_t)count;
	if (count >= 0 && store->only_user[0])
		skip_others(store);
	return count < 0 ? count : 0;
}

/* Whoever else could write the file could log in as anybody. */
static int check_file(int fd, const char *dir)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (st.st_uid != geteuid() && st.st_uid != 0)) {
		log_error("store: %s/users is not a file of our own", dir);
		return ERR_DENIED;
	}
	if (st.st_mode & 077) {
		log_warn("store: %s/users had mode %03o; others could read it; now 600", dir,
				(unsigned)st.st_mode & 0777);
		if (fchmod(fd, 0600) < 0)
			return ERR_IO;
	}
	return 0;
}

static int load(struct store *store, const char *dir)
{
	int fd = openat(store->dir_fd, "users", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), result;
	char *text = NULL;
	ssize_t len = -1;

	if (fd < 0 && errno == ENOENT)
		return take_text(store, dir, "", 0);
	if (fd >= 0 && (result = check_file(fd, dir)) < 0) {
		close(fd);
		return result;
	}
	text = malloc(FILE_MAX);
	if (fd >= 0 && text)
		len = read(fd, text, FILE_MAX);
	if (len < 0)
		log_error("store: %s/users: %s", dir, strerror(errno));
	else if (len == FILE_MAX)
		log_error("store: %s/users is larger than %d bytes", dir, FILE_MAX);
	result = len < 0 || len == FILE_MAX ? ERR_IO : take_text(store, dir, text, (size_t)len);
	if (text)
		explicit_bzero(text, FILE_MAX);
	free(text);
	if (fd >= 0)
		close(fd);
	return result;
}

struct store *store_create(const char *dir, const char *only_user)
{
	struct store *store = calloc(1, sizeof *store);

	if (!store)
		return NULL;
	snprintf(store->only_user, sizeof store->only_user, "%s", only_user ? only_user : "");
	store->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->dir_fd < 0) {
		log_error("store: %s: %s", dir, strerror(errno));
		goto fail;
	}
	if (RAND_bytes(store->nobody, sizeof store->nobody) != 1) {
		log_error("store: no random numbers");
		goto fail;
	}
	if (load(store, dir) < 0)
		goto fail;
	return store;
fail:
	store_destroy(store);
	return NULL;
}

void store_destroy(struct store *store)
{
	if (!store)
		return;
	drop_users(store->users, STORE_USERS_MAX);
	if (store->dir_fd >= 0)
		close(store->dir_fd);
	free(store);
}

bool store_find(const struct store *store, const char *name, struct store_user *user)
{
	struct store_user nobody = { 0 };
	const struct store_user *found = find(store->users, store->count, name);

	snprintf(nobody.name, sizeof nobody.name, "%s", name);
	memcpy(nobody.hash, store->nobody, sizeof nobody.hash);
	*user = found ? *found : nobody;
	return found != NULL;
}

size_t store_count(const struct store *store)
{
	return store->count;
}

const char *store_name(const struct store *store, size_t i)
{
	return store->users[i].name;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0)
			return ERR_IO;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int write_users(int fd, const struct store *store)
{
	int result = write_all(fd, comment, strlen(comment));

	for (size_t i = 0; result == 0 && i < store->count; i++) {
		const struct store_user *user = &store->users[i];
		char line[LINE_CAP + 1];
		int len = snprintf(line, sizeof line, "%s:", user->name);

		for (int j = 0; j < NTLM_HASH_LEN; j++)
			len += snprintf(line + len, sizeof line - (size_t)len, "%02x", user->hash[j]);
		len += snprintf(line + len, sizeof line - (size_t)len, "\n");
		result = write_all(fd, line, (size_t)len);
		explicit_bzero(line, sizeof line);
	}
	return result;
}

/* ERR_IO keeps the errno of what failed. */
static int save(const struct store *store)
{
	int fd = openat(store->dir_fd, "users.new", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
			0600);
	bool fine = fd >= 0 && fchmod(fd, 0600) == 0 && write_users(fd, store) == 0 && fsync(fd) == 0 &&
			renameat(store->dir_fd, "users.new", store->dir_fd, "users") == 0;
	int saved = errno;

	if (!fine)
		unlinkat(store->dir_fd, "users.new", 0);
	else if (fsync(store->dir_fd) < 0)
		log_warn("store: the folder could not be synced: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	errno = saved;
	return fine ? 0 : ERR_IO;
}

/* Index of a name as it is spelled, or ERR_MISSING. */
static int index_of(const struct store *store, const char *name)
{
	for (size_t i = 0; i < store->count; i++) {
		if (strcmp(store->users[i].name, name) == 0)
			return (int)i;
	}
	return ERR_MISSING;
}

int store_add(struct store *store, const char *name, const uint8_t hash[NTLM_HASH_LEN])
{
	struct store_user *user = &store->users[store->count];
	int result;

	if (!name_valid(name))
		return ERR_ARGUMENT;
	if (store->only_user[0] && strcmp(store->only_user, name) != 0)
		return ERR_DENIED;
	if (find(store->users, store->count, name))
		return ERR_BUSY;
	if (store->count == STORE_USERS_MAX)
		return ERR_SPACE;
	*user = (struct store_user){ 0 };
	snprintf(user->name, sizeof user->name, "%s", name);
	memcpy(user->hash, hash, NTLM_HASH_LEN);
	store->count++;
	result = save(store);
	if (result < 0) {
		store->count--;
		explicit_bzero(user, sizeof *user);
	}
	return result;
}

int store_change(struct store *store, const char *name, const uint8_t hash[NTLM_HASH_LEN])
{
	int i = index_of(store, name), result;
	struct store_user before;

	if (i < 0)
		return i;
	before = store->users[i];
	memcpy(store->users[i].hash, hash, NTLM_HASH_LEN);
	result = save(store);
	if (result < 0)
		store->users[i] = before;
	explicit_bzero(&before, sizeof before);
	return result;
}

int store_remove(struct store *store, const char *name)
{
	int i = index_of(store, name), result;
	struct store_user before, *last;

	if (i < 0)
		return i;
	last = &store->users[store->count - 1];
	before = store->users[i];
	store->users[i] = *last;
	store->count--;
	result = save(store);
	if (result < 0) {
		store->users[i] = before;
		store->count++;
	} else {
		explicit_bzero(last, sizeof *last);
	}
	explicit_bzero(&before, sizeof before);
	return result;
}
