#include "profiles.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LINE_CAP = 512,
	SIZE_MIN_PX = 64,
	SIZE_MAX_PX = 8192,
	MEMORY_MIN_MIB = 16,
	MEMORY_MAX_MIB = 1 << 20,
};

void profiles_init(struct profiles *profiles)
{
	profiles->count = 1;
	profiles->list[0] = (struct profile){
		.name = "default",
		.limits = { .heads_max = 2,
				.width_px = 3840,
				.height_px = 2160,
				.video_memory_bytes = 512ULL << 20,
				.weight = 100 },
	};
}

/* Decimal digits to the end or to stop. 0, or ERR_FORMAT. */
static int parse_number(const char *text, char stop, uint32_t min, uint32_t max, uint32_t *number)
{
	char *end;
	unsigned long value;

	if (*text < '0' || *text > '9')
		return ERR_FORMAT;
	value = strtoul(text, &end, 10);
	if (*end != stop || value < min || value > max)
		return ERR_FORMAT;
	*number = (uint32_t)value;
	return 0;
}

static int parse_size(const char *text, struct broker_limits *limits)
{
	const char *x = strchr(text, 'x');

	if (!x || parse_number(text, 'x', SIZE_MIN_PX, SIZE_MAX_PX, &limits->width_px) < 0)
		return ERR_FORMAT;
	return parse_number(x + 1, '\0', SIZE_MIN_PX, SIZE_MAX_PX, &limits->height_px);
}

static int parse_memory(const char *text, struct broker_limits *limits)
{
	uint32_t mib;
	int err = parse_number(text, '\0', MEMORY_MIN_MIB, MEMORY_MAX_MIB, &mib);

	if (err == 0)
		limits->video_memory_bytes = (uint64_t)mib << 20;
	return err;
}

static int copy_name(char name[BROKER_NAME_CAP], const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");

	if (len == 0 || len >= BROKER_NAME_CAP || text[len])
		return ERR_FORMAT;
	strcpy(name, text);
	return 0;
}

/* One "key=value". */
static int parse_word(struct profile *profile, char *word)
{
	char *value = strchr(word, '=');

	if (!value)
		return ERR_FORMAT;
	*value++ = '\0';
	if (strcmp(word, "heads") == 0)
		return parse_number(value, '\0', 1, 4, &profile->limits.heads_max);
	if (strcmp(word, "size") == 0)
		return parse_size(value, &profile->limits);
	if (strcmp(word, "memory") == 0)
		return parse_memory(value, &profile->limits);
	if (strcmp(word, "weight") == 0)
		return parse_number(value, '\0', 1, 1000, &profile->limits.weight);
	if (strcmp(word, "gpu") == 0)
		return copy_name(profile->gpu, value);
	return ERR_FORMAT;
}

/* Where a line's profile goes; NULL: it was there already, or there is no room. */
static struct profile *place(struct profiles *profiles, const char *name)
{
	if (strcmp(name, "default") == 0)
		return profiles->list;
	if (profiles->count == PROFILES_MAX || profiles_find(profiles, name))
		return NULL;
	return &profiles->list[profiles->count];
}

static int parse_line(struct profiles *profiles, char *line)
{
	struct profile profile = profiles->list[0], *at;
	char *rest, *word = strtok_r(line, " \t\r", &rest);

	if (!word || *word == '#')
		return 0;
	at = place(profiles, word);
	if (!at)
		return profiles->count == PROFILES_MAX ? ERR_SPACE : ERR_FORMAT;
	if (copy_name(profile.name, word) < 0)
		return ERR_FORMAT;
	while ((word = strtok_r(NULL, " \t\r", &rest))) {
		if (parse_word(&profile, word) < 0)
			return ERR_FORMAT;
	}
	*at = profile;
	profiles->count += at != profiles->list;
	return 0;
}

int profiles_parse(struct profiles *profiles, const char *text, size_t len, int *line)
{
	const char *end = text + len;
	int err = 0;

	for (*line = 1; err == 0 && text < end; ++*line) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		size_t line_len = (size_t)((stop ? stop : end) - text);
		char copy[LINE_CAP];

		if (line_len >= sizeof copy || memchr(text, '\0', line_len))
			return ERR_FORMAT;
		memcpy(copy, text, line_len);
		copy[line_len] = '\0';
		err = parse_line(profiles, copy);
		if (err < 0)
			return err;
		text += line_len + 1;
	}
	return 0;
}

const struct profile *profiles_find(const struct profiles *profiles, const char *name)
{
	for (size_t i = 0; i < profiles->count; i++) {
		if (!*name || strcmp(profiles->list[i].name, name) == 0)
			return &profiles->list[i];
	}
	return NULL;
}
