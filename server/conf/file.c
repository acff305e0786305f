/* The file's parser: a table of settings, each with the function that takes its
 * value and the words for what is expected. */
#include <errno.h>
#include <fcntl.h>
#include <server/conf.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	LINE_MAX_LEN = 1024, /* longer than any value; keeps one line's work small */
	SHOWN_MAX = 80,      /* bytes of the file repeated in a message */
};

struct setting {
	const char *section, *key; /* section "": above the first one */
	int (*take)(void *field, const char *value, const struct setting *setting);
	size_t at;
	const char *expected;
	long low, high; /* of numbers; of texts high is the field's size */
};

static int take_number(void *field, const char *value, const struct setting *setting)
{
	char *end;
	long number;

	if (*value < '0' || *value > '9')
		return ERR_FORMAT;
	errno = 0;
	number = strtol(value, &end, 10);
	if (errno || *end || number < setting->low || number > setting->high)
		return ERR_FORMAT;
	*(int *)field = (int)number;
	return 0;
}

static int take_yes(void *field, const char *value, const struct setting *setting)
{
	bool yes = strcmp(value, "yes") == 0;

	if (!yes && strcmp(value, "no") != 0)
		return ERR_FORMAT;
	*(bool *)field = yes;
	return 0;
}

static int take_text(void *field, const char *value, const struct setting *setting)
{
	size_t len = strlen(value);

	if (len >= (size_t)setting->high || (long)len < setting->low)
		return ERR_FORMAT;
	memcpy(field, value, len + 1);
	return 0;
}

static int take_path(void *field, const char *value, const struct setting *setting)
{
	return value[0] == '/' ? take_text(field, value, setting) : ERR_FORMAT;
}

static int take_user(void *field, const char *value, const struct setting *setting)
{
	/* getpwnam decides whether there is one; this only keeps out what cannot be a name. */
	return strpbrk(value, " \t/:,") ? ERR_FORMAT : take_text(field, value, setting);
}

static int take_level(void *field, const char *value, const struct setting *setting)
{
	return log_level_parse(value, field) ? 0 : ERR_FORMAT;
}

static int take_kind(void *field, const char *value, const struct setting *setting)
{
	enum conf_guest_kind *kind = field;

	if (strcmp(value, "x11") == 0)
		*kind = CONF_GUEST_X11;
	else if (strcmp(value, "pattern") == 0)
		*kind = CONF_GUEST_PATTERN;
	else if (strcmp(value, "vm") == 0)
		*kind = CONF_GUEST_VM;
	else
		return ERR_FORMAT;
	return 0;
}

static int take_gpu(void *field, const char *value, const struct setting *setting)
{
	enum conf_guest_gpu *gpu = field;

	if (strcmp(value, "none") == 0)
		*gpu = CONF_GPU_NONE;
	else if (strcmp(value, "virtual") == 0)
		*gpu = CONF_GPU_VIRTUAL;
	else
		return ERR_FORMAT;
	return 0;
}

/* Copies the next word of a list (separated by blanks and commas) into word; moves
 * *list behind it. Returns its length, 0 at the end, ERR_SPACE. */
static int next_word(const char **list, char *word, size_t cap)
{
	const char *start = *list + strspn(*list, ", \t");
	size_t len = strcspn(start, ", \t");

	if (len >= cap)
		return ERR_SPACE;
	memcpy(word, start, len);
	word[len] = '\0';
	*list = start + len;
	return (int)len;
}

static int take_listen(void *field, const char *value, const struct setting *setting)
{
	struct conf_listen listen = { .count = 0 };
	char word[CONF_ADDRESS_CAP];
	int len;

	while ((len = next_word(&value, word, sizeof word)) > 0) {
		struct conf_address *address = &listen.at[listen.count];

		if (listen.count == CONF_LISTEN_MAX || conf_address_parse(address, word, CONF_PORT) < 0)
			return ERR_FORMAT;
		for (int i = 0; i < listen.count; i++) {
			if (strcmp(listen.at[i].text, address->text) == 0)
				return ERR_FORMAT;
		}
		listen.count++;
	}
	if (len < 0 || listen.count == 0)
		return ERR_FORMAT;
	memcpy(field, &listen, sizeof listen);
	return 0;
}

static int take_security(void *field, const char *value, const struct setting *setting)
{
	struct conf_server *server = field;
	char word[8];
	int len;

	server->nla = server->tls = false;
	while ((len = next_word(&value, word, sizeof word)) > 0) {
		if (strcmp(word, "nla") == 0)
			server->nla = true;
		else if (strcmp(word, "tls") == 0)
			server->tls = true;
		else
			return ERR_FORMAT;
	}
	return len == 0 && (server->nla || server->tls) ? 0 : ERR_FORMAT;
}

#define AT(field) offsetof(struct oriel_conf, field)

static const struct setting settings[] = {
	{ "", "log_level", take_level, AT(log_level), "error, warn, info or debug", 0, 0 },
	{ "", "run_dir", take_path, AT(run_dir), "an absolute path of at most 63 bytes", 2, CONF_DIR_MAX },
	{ "", "state_dir", take_path, AT(state_dir), "an absolute path", 2, CONF_PATH_CAP - 32 },
	{ "", "trace", take_path, AT(trace), "an absolute path", 2, CONF_PATH_CAP },
	{ "server", "listen", take_listen, AT(server.listen),
			"1 to 16 different addresses such as 192.0.2.1, 0.0.0.0:3389 or [::]:3389", 0, 0 },
	{ "server", "max_sessions", take_number, AT(server.max_sessions), "a number from 1 to 10000", 1,
			10000 },
	{ "server", "max_sessions_per_address", take_number, AT(server.max_sessions_per_address),
			"a number from 1 to 10000", 1, 10000 },
	{ "server", "login_timeout_s", take_number, AT(server.login_timeout_s), "a number from 1 to 600", 1,
			600 },
	{ "server", "security", take_security, AT(server), "nla, tls, or both", 0, 0 },
	{ "host", "pam", take_yes, AT(host.pam), "yes or no", 0, 0 },
	{ "host", "server_user", take_user, AT(host.server_user), "the name of a user", 1, CONF_NAME_CAP },
	{ "guest", "kind", take_kind, AT(guest.kind), "x11, pattern or vm", 0, 0 },
	{ "guest", "gpu", take_gpu, AT(guest.gpu), "none or virtual", 0, 0 },
	{ "guest", "options", take_text, AT(guest.options), "at most 511 bytes of arguments", 0,
			CONF_WORDS_CAP },
	{ "guest", "shared", take_yes, AT(guest.shared), "yes or no", 0, 0 },
};

enum {
	SETTING_COUNT = sizeof settings / sizeof *settings,
};

struct parser {
	struct oriel_conf *conf;
	struct conf_error *error;
	const char *name;
	int line;
	const char *section;     /* of the table, or "" */
	int seen[SETTING_COUNT]; /* line, or 0 */
};

/* "NAME:LINE: WHAT: TEXT"; always ERR_FORMAT. found is cut and cleaned. */
static int complain(const struct parser *p, const char *found, const char *text)
{
	char shown[SHOWN_MAX + 1];

	snprintf(shown, sizeof shown, "%.*s", SHOWN_MAX, found);
	for (char *c = shown; *c; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	}
	snprintf(p->error->text, sizeof p->error->text, "%s:%d: %s: %s", p->name, p->line, shown, text);
	return ERR_FORMAT;
}

/* Appends "a, b, c": keys of the section, or (section NULL) the sections. */
static void list_names(char *dst, size_t cap, const char *section)
{
	const char *last = "";

	for (int i = 0; i < SETTING_COUNT; i++) {
		const char *name = section ? settings[i].key : settings[i].section;

		if (section ? strcmp(settings[i].section, section) != 0 : strcmp(name, last) == 0)
			continue;
		snprintf(dst + strlen(dst), cap - strlen(dst), "%s%s", *last ? ", " : "", name);
		last = name;
	}
}

static int complain_unknown_key(const struct parser *p, const char *key)
{
	char text[300];

	for (int i = 0; i < SETTING_COUNT; i++) {
		if (strcmp(settings[i].key, key) != 0)
			continue;
		if (settings[i].section[0])
			snprintf(text, sizeof text, "this key belongs below [%s]", settings[i].section);
		else
			snprintf(text, sizeof text, "this key belongs above the first [section]");
		return complain(p, key, text);
	}
	if (p->section[0])
		snprintf(text, sizeof text, "unknown key in [%s], expected one of: ", p->section);
	else
		snprintf(text, sizeof text, "unknown key above the first [section], expected one of: ");
	list_names(text, sizeof text, p->section);
	return complain(p, key, text);
}

static int parse_section(struct parser *p, char *line)
{
	char text[200] = "unknown section, expected one of: ";
	size_t len = strlen(line);

	if (line[len - 1] != ']')
		return complain(p, line, "expected ] at the end of a section's name");
	for (int i = 0; i < SETTING_COUNT; i++) {
		const char *section = settings[i].section;

		if (section[0] && strlen(section) == len - 2 && memcmp(section, line + 1, len - 2) == 0) {
			p->section = section;
			return 0;
		}
	}
	list_names(text, sizeof text, NULL);
	return complain(p, line, text);
}

static int set(struct parser *p, const char *line, const char *key, const char *value)
{
	char text[160];

	for (int i = 0; i < SETTING_COUNT; i++) {
		const struct setting *setting = &settings[i];

		if (strcmp(setting->section, p->section) != 0 || strcmp(setting->key, key) != 0)
			continue;
		if (p->seen[i]) {
			snprintf(text, sizeof text, "given twice, first in line %d", p->seen[i]);
			return complain(p, key, text);
		}
		p->seen[i] = p->line;
		if (setting->take((char *)p->conf + setting->at, value, setting) == 0)
			return 0;
		snprintf(text, sizeof text, "expected %s", setting->expected);
		return complain(p, line, text);
	}
	return complain_unknown_key(p, key);
}

/* Cuts blanks at both ends, in place. */
static char *trim(char *text)
{
	size_t len;

	text += strspn(text, " \t\r");
	len = strlen(text);
	while (len && strchr(" \t\r", text[len - 1]))
		len--;
	text[len] = '\0';
	return text;
}

static int parse_line(struct parser *p, char *line)
{
	char whole[LINE_MAX_LEN], *equals;

	line = trim(line);
	if (!*line || *line == '#' || *line == ';')
		return 0;
	if (*line == '[')
		return parse_section(p, line);
	equals = strchr(line, '=');
	if (!equals)
		return complain(p, line, "expected `key = value`, `[section]` or a comment with #");
	strcpy(whole, line);
	*equals = '\0';
	return set(p, whole, trim(line), trim(equals + 1));
}

int conf_parse(struct oriel_conf *conf, const char *text, size_t len, const char *name,
		struct conf_error *error)
{
	struct parser p = { .conf = conf, .error = error, .name = name, .section = "" };
	const char *end = text + len;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t line_len = (size_t)((newline ? newline : end) - text);
		char line[LINE_MAX_LEN];

		p.line++;
		if (line_len >= sizeof line)
			return complain(&p, "line too long", "expected at most 1023 bytes");
		memcpy(line, text, line_len);
		line[line_len] = '\0';
		if (memchr(line, '\0', line_len))
			return complain(&p, "zero byte", "expected text");
		if (parse_line(&p, line) < 0)
			return ERR_FORMAT;
		text = newline ? newline + 1 : end;
	}
	return 0;
}

/* Returns the length, or an error with its sentence. */
static int read_file(const char *path, char *dst, size_t cap, struct conf_error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hang us */
	size_t len = 0;
	ssize_t n = -1;

	if (fd >= 0) {
		while (len < cap && (n = read(fd, dst + len, cap - len)) > 0)
			len += (size_t)n;
	}
	if (n < 0) {
		int err = errno == ENOENT ? ERR_MISSING : ERR_IO;

		snprintf(error->text, sizeof error->text, "%.300s: cannot read: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return err;
	}
	close(fd);
	if (len < cap)
		return (int)len;
	snprintf(error->text, sizeof error->text, "%.300s: longer than %d bytes", path, CONF_FILE_MAX);
	return ERR_FORMAT;
}

int conf_load(const char *path, bool system, struct oriel_conf *conf, struct conf_error *error)
{
	char text[CONF_FILE_MAX + 1], where[CONF_PATH_CAP];
	struct oriel_conf loaded;
	int len;

	conf_defaults(&loaded, system);
	if (!path && conf_default_path(where, system) < 0)
		return ERR_SPACE;
	len = read_file(path ? path : where, text, sizeof text, error);
	if (len < 0 && (path || len != ERR_MISSING))
		return len;
	if (len > 0 && conf_parse(&loaded, text, (size_t)len, path ? path : where, error) < 0)
		return ERR_FORMAT;
	*conf = loaded;
	return 0;
}
