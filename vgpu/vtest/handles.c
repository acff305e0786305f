#include "handles.h"
#include <proto/virgl.h>

/* Commands that proto/virgl.h has no name for, since nothing else looks at them. */
enum {
	LAUNCH_GRID = 37,
	QUERY_RESULT_TO_BUFFER = 42,
	CLEAR_TEXTURE = 47,
	PIPE_RESOURCE_CREATE = 48,
	PIPE_RESOURCE_SET_TYPE = 49,
	GET_MEMORY_INFO = 50,
	LAST_COMMAND = 52, /* behind it: video */
};

/* Which words of a command are names of resources; the header is word 0. */
struct names {
	uint8_t first, second; /* 0: none */
	uint8_t step;          /* from first on, every so many words, to the end; 0: only that */
};

static const struct names names_of[] = {
	[VIRGL_SET_VERTEX_BUFFERS] = { 3, 0, 3 },
	[VIRGL_DRAW_VBO] = { 15, 20, 0 },
	[VIRGL_INLINE_WRITE] = { 1, 0, 0 },
	[VIRGL_SET_INDEX_BUFFER] = { 1, 0, 0 },
	[VIRGL_BLIT] = { 4, 13, 0 },
	[VIRGL_COPY_REGION] = { 1, 6, 0 },
	[VIRGL_SET_UNIFORM_BUFFER] = { 5, 0, 0 },
	[VIRGL_SET_SHADER_BUFFERS] = { 5, 0, 3 },
	[VIRGL_SET_SHADER_IMAGES] = { 7, 0, 5 },
	[LAUNCH_GRID] = { 7, 0, 0 },
	[VIRGL_SET_ATOMIC_BUFFERS] = { 4, 0, 3 },
	[QUERY_RESULT_TO_BUFFER] = { 2, 0, 0 },
	[VIRGL_TRANSFER] = { 1, 0, 0 },
	[VIRGL_COPY_TRANSFER] = { 1, 12, 0 },
	[CLEAR_TEXTURE] = { 1, 0, 0 },
	[GET_MEMORY_INFO] = { 1, 0, 0 },
	[LAST_COMMAND] = { 0, 0, 0 },
};

static struct names names_in(const struct virgl_entry *e)
{
	if (e->command != VIRGL_CREATE_OBJECT)
		return names_of[e->command];
	switch (e->object) {
	case VIRGL_SAMPLER_VIEW:
	case VIRGL_SURFACE:
	case VIRGL_MSAA_SURFACE:
	case VIRGL_STREAMOUT_TARGET: return (struct names){ 2, 0, 0 };
	case VIRGL_QUERY: return (struct names){ 4, 0, 0 };
	default: return (struct names){ 0, 0, 0 };
	}
}

static void rewrite_word(uint32_t *words, uint32_t len, uint32_t at, handles_exchange *exchange, void *user)
{
	if (at && at <= len && words[at])
		words[at] = exchange(user, words[at]);
}

static void rewrite_command(
		uint32_t *words, uint32_t len, struct names names, handles_exchange *exchange, void *user)
{
	rewrite_word(words, len, names.first, exchange, user);
	rewrite_word(words, len, names.second, exchange, user);
	for (uint32_t at = names.first + names.step; names.step && at <= len; at += names.step)
		rewrite_word(words, len, at, exchange, user);
}

int handles_rewrite(uint32_t *words, size_t count, handles_exchange *exchange, void *user)
{
	struct virgl_entry e;
	size_t at = 0;
	int more;

	while ((more = virgl_next(words, count, &at, &e)) > 0) {
		if (e.command > LAST_COMMAND || e.command == PIPE_RESOURCE_CREATE ||
				e.command == PIPE_RESOURCE_SET_TYPE)
			return ERR_FORMAT;
		rewrite_command(words + (e.words - words), e.len, names_in(&e), exchange, user);
	}
	return more;
}
