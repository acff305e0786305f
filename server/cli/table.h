/* Lists for people. Texts come from sessions and so from clients: whatever could
 * move a terminal's cursor is shown as ?. */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <jansson.h>

enum table_kind {
	TABLE_TEXT,
	TABLE_NUMBER,
	TABLE_TIME, /* microseconds since 1970 */
	TABLE_SIZE, /* of two keys: width_px, height_px */
	TABLE_REAL,
	TABLE_SECONDS, /* of microseconds */
	TABLE_MIB,     /* of bytes */
};

struct table_column {
	const char *title, *key;
	enum table_kind kind;
};

/* rows: an array of objects. Ends with a column without title. */
void table_print(const struct table_column *columns, const json_t *rows);

/* text without control characters, C1 included; to standard output. */
void table_print_text(const char *text);

#endif
