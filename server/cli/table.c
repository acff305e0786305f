#include "table.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
	CELL_CAP = 128,
};

/* Copies, with ? for C0, DEL and C1 (U+0080..9F in UTF-8). */
static void clean(char *dst, size_t cap, const char *text)
{
	size_t len = 0;

	for (const unsigned char *p = (const unsigned char *)text; *p && len + 1 < cap; p++) {
		if (*p < 0x20 || *p == 0x7f) {
			dst[len++] = '?';
		} else if (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0) {
			dst[len++] = '?';
			p++;
		} else {
			dst[len++] = (char)*p;
		}
	}
	dst[len] = 0;
}

static void put_time(char cell[CELL_CAP], json_int_t us)
{
	time_t seconds = (time_t)(us / 1000000);
	struct tm tm;

	if (!localtime_r(&seconds, &tm) || strftime(cell, CELL_CAP, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		strcpy(cell, "?");
}

static void fill(char cell[CELL_CAP], const struct table_column *column, const json_t *row)
{
	json_int_t number = json_integer_value(json_object_get(row, column->key));
	json_int_t height = json_integer_value(json_object_get(row, "height_px"));

	switch (column->kind) {
	case TABLE_TEXT:
		clean(cell, CELL_CAP, json_string_value(json_object_get(row, column->key)) ?: "");
		break;
	case TABLE_NUMBER: snprintf(cell, CELL_CAP, "%" JSON_INTEGER_FORMAT, number); break;
	case TABLE_TIME: put_time(cell, number); break;
	case TABLE_REAL:
		snprintf(cell, CELL_CAP, "%.1f", json_number_value(json_object_get(row, column->key)));
		break;
	case TABLE_SECONDS: snprintf(cell, CELL_CAP, "%.2f s", (double)number / 1e6); break;
	case TABLE_MIB:
		snprintf(cell, CELL_CAP, "%" JSON_INTEGER_FORMAT " MiB", (number + 524288) >> 20);
		break;
	case TABLE_SIZE:
		snprintf(cell, CELL_CAP, "%" JSON_INTEGER_FORMAT "x%" JSON_INTEGER_FORMAT, number, height);
		break;
	}
	if (!cell[0])
		strcpy(cell, "-");
}

/* Characters, not bytes; good enough for names. */
static int width_of(const char *text)
{
	int width = 0;

	for (; *text; text++)
		width += (*text & 0xc0) != 0x80;
	return width;
}

static int column_width(const struct table_column *column, const json_t *rows)
{
	int width = width_of(column->title);
	char cell[CELL_CAP];
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		fill(cell, column, row);
		width = width_of(cell) > width ? width_of(cell) : width;
	}
	return width;
}

void table_print(const struct table_column *columns, const json_t *rows)
{
	char cell[CELL_CAP];
	size_t count = json_array_size(rows);

	for (size_t i = 0; i <= count; i++) {
		for (const struct table_column *c = columns; c->title; c++) {
			int width = c[1].title ? column_width(c, rows) : 0;

			if (i == 0)
				strcpy(cell, c->title);
			else
				fill(cell, c, json_array_get(rows, i - 1));
			printf("%s%*s", cell, c[1].title ? width - width_of(cell) + 2 : 0, "");
		}
		putchar('\n');
	}
}

void table_print_text(const char *text)
{
	char line[1024];

	clean(line, sizeof line, text);
	puts(line);
}
