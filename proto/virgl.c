#include <proto/virgl.h>

int virgl_next(const uint32_t *words, size_t count, size_t *at, struct virgl_entry *entry)
{
	uint32_t header;

	if (*at >= count)
		return 0;
	header = words[*at];
	*entry = (struct virgl_entry){ .words = words + *at,
		.len = header >> 16,
		.command = header & 0xff,
		.object = header >> 8 & 0xff };
	if (entry->command >= VIRGL_COMMANDS || entry->len > count - *at - 1)
		return ERR_FORMAT;
	*at += entry->len + 1;
	return 1;
}

struct virgl_upload virgl_upload(const struct virgl_entry *entry)
{
	const uint32_t *w = entry->words;

	/* w[3] is a hint about its use. */
	return (struct virgl_upload){ .resource = w[1],
		.level = w[2],
		.stride_bytes = w[4],
		.layer_stride_bytes = w[5],
		.x = w[6],
		.y = w[7],
		.z = w[8],
		.width = w[9],
		.height = w[10],
		.depth = w[11] };
}
