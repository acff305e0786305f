#include "codec_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void codec_rows_finish(struct codec_rows *rows)
{
	free(rows->rows);
}

static void keep(struct codec_rows *rows, const struct codec_row *row)
{
	if (rows->count == rows->room) {
		size_t room = rows->room ? 2 * rows->room : 64;
		struct codec_row *more = realloc(rows->rows, room * sizeof *more);

		if (!more)
			return;
		rows->rows = more;
		rows->room = room;
	}
	rows->rows[rows->count++] = *row;
}

void codec_rows_add(struct codec_rows *rows, const char *name, const char *metric, double value,
		const char *unit, const char *peer)
{
	struct codec_row row = { .value = value };

	snprintf(row.name, sizeof row.name, "%s", name);
	snprintf(row.metric, sizeof row.metric, "%s", metric);
	snprintf(row.peer, sizeof row.peer, "%s", peer);
	keep(rows, &row);
	if (rows->json)
		printf("{\"bench\":\"codec\",\"case\":\"%s\",\"metric\":\"%s\",\"value\":%.6g,\"unit\":\"%s\","
		       "\"peer\":\"%s\"}\n",
				name, metric, value, unit, peer);
	else
		printf("%-24s %-22s %14.3f %-7s %s\n", name, metric, value, unit, peer);
	fflush(stdout);
}

const struct codec_row *codec_rows_find(
		const struct codec_rows *rows, const char *name, const char *metric, const char *peer)
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct codec_row *row = &rows->rows[i];

		if (strcmp(row->name, name) == 0 && strcmp(row->metric, metric) == 0 &&
				strcmp(row->peer, peer) == 0)
			return row;
	}
	return NULL;
}
