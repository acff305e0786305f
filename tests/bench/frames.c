#include "frames.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t number(const json_t *object, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(object, key));
}

static int parse(struct frame_times *frame, const char *line)
{
	json_t *row = json_loads(line, 0, NULL), *codecs, *codec;
	const char *name;

	if (!json_is_object(row)) {
		json_decref(row);
		return ERR_FORMAT;
	}
	*frame = (struct frame_times){
		.damage_us = number(row, "damage_us"),
		.pull_us = number(row, "pull_us"),
		.analysed_us = number(row, "analysed_us"),
		.encoded_us = number(row, "encoded_us"),
		.written_us = number(row, "written_us"),
		.acked_us = number(row, "acked_us"),
	};
	codecs = json_object_get(row, "codecs");
	json_object_foreach(codecs, name, codec)
	{
		frame->tiles += number(codec, "tiles");
		frame->bytes += number(codec, "bytes");
	}
	json_decref(row);
	return 0;
}

static int append(struct frame_times **frames, size_t *count, const struct frame_times *frame)
{
	if ((*count & (*count - 1)) == 0) { /* room is a power of two */
		struct frame_times *more = realloc(*frames, (*count ? 2 * *count : 1) * sizeof *more);

		if (!more)
			return ERR_MEMORY;
		*frames = more;
	}
	(*frames)[(*count)++] = *frame;
	return 0;
}

int frames_read(const char *path, uint64_t from_us, uint64_t until_us, struct frame_times **frames)
{
	FILE *file = fopen(path, "re");
	size_t count = 0, cap = 0;
	char *line = NULL;
	int err = file ? 0 : ERR_IO;

	*frames = NULL;
	while (!err && getline(&line, &cap, file) > 0) {
		struct frame_times frame;

		if (!strchr(line, '\n'))
			break; /* is being written */
		err = parse(&frame, line);
		if (!err && frame.damage_us >= from_us && frame.damage_us <= until_us)
			err = append(frames, &count, &frame);
	}
	free(line);
	if (file)
		fclose(file);
	if (err) {
		free(*frames);
		*frames = NULL;
	}
	return err ? err : (int)count;
}
