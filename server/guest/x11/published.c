#include "published.h"
#include <base/reader.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ORDER_LITTLE = 0,
	TYPE_INT = 0,
	TYPE_TEXT = 1,
	TYPE_COLOUR = 2,
	COLOUR_LEN = 8,
};

static const uint8_t *take_padded(struct reader *r, size_t len)
{
	const uint8_t *at = reader_take(r, len);

	reader_take(r, (4 - len % 4) % 4);
	return at;
}

static void skip_value(struct reader *r, uint8_t type)
{
	if (type == TYPE_INT)
		reader_u32(r);
	else if (type == TYPE_TEXT)
		take_padded(r, reader_u32(r));
	else if (type == TYPE_COLOUR)
		reader_take(r, COLOUR_LEN);
	else
		reader_fail(r);
}

int published_find_int(const uint8_t *data, size_t len, const char *name, struct published_int *found)
{
	struct reader r = reader_init(data, len);
	uint8_t order = reader_u8(&r);
	uint32_t count;

	reader_take(&r, 3 + 4); /* padding, serial */
	count = reader_u32(&r);
	if (order != ORDER_LITTLE)
		return ERR_FORMAT;
	for (uint32_t i = 0; i < count && reader_ok(&r); i++) {
		uint8_t type = reader_u8(&r);
		uint16_t name_len = (reader_take(&r, 1), reader_u16(&r));
		const uint8_t *at = take_padded(&r, name_len);

		if (reader_ok(&r) && type == TYPE_INT && name_len == strlen(name) &&
				memcmp(at, name, name_len) == 0) {
			found->changed_at = (size_t)(r.at - data);
			found->value_at = found->changed_at + 4;
			reader_u32(&r);
			found->value = reader_u32(&r);
			return reader_ok(&r) ? 0 : ERR_FORMAT;
		}
		reader_u32(&r);
		skip_value(&r, type);
	}
	return reader_ok(&r) ? ERR_MISSING : ERR_FORMAT;
}

/* The line that begins with "name:", or NULL. */
static const char *find_line(const char *text, size_t len, const char *name)
{
	size_t name_len = strlen(name);
	const char *end = text + len;

	for (const char *at = text; at < end;) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		if ((size_t)(end - at) > name_len && memcmp(at, name, name_len) == 0 && at[name_len] == ':')
			return at;
		if (!newline)
			break;
		at = newline + 1;
	}
	return NULL;
}

char *published_set_resource(const char *text, size_t len, const char *name, uint32_t value)
{
	const char *end = text + len, *line = find_line(text, len, name);
	const char *newline = line ? memchr(line, '\n', (size_t)(end - line)) : NULL;
	const char *rest = !line ? end : newline ? newline + 1 : end;
	size_t before = line ? (size_t)(line - text) : len;
	char entry[96], *fresh;
	int entry_len = snprintf(entry, sizeof entry, "%s%s:\t%u\n",
			!line && len > 0 && text[len - 1] != '\n' ? "\n" : "", name, value);

	if (line && (size_t)(rest - line) == (size_t)entry_len && memcmp(line, entry, (size_t)entry_len) == 0)
		return NULL;
	if (asprintf(&fresh, "%.*s%s%.*s", (int)before, text, entry, (int)(end - rest), rest) < 0)
		return NULL;
	return fresh;
}
