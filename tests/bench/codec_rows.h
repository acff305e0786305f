/* Measured values of oriel-bench codec: printed at once, as a table or as one JSON object
 * a line, and kept for the summary. */
#ifndef BENCH_CODEC_ROWS_H
#define BENCH_CODEC_ROWS_H

#include <stdbool.h>
#include <stddef.h>

struct codec_row {
	char name[48]; /* the case: TOOL/CORPUS */
	char metric[32];
	char peer[16]; /* "" is ours */
	double value;
};

struct codec_rows {
	bool json;
	struct codec_row *rows;
	size_t count, room;
};

void codec_rows_finish(struct codec_rows *rows);

void codec_rows_add(struct codec_rows *rows, const char *name, const char *metric, double value,
		const char *unit, const char *peer);

/* NULL when there is no such row. */
const struct codec_row *codec_rows_find(
		const struct codec_rows *rows, const char *name, const char *metric, const char *peer);

#endif
