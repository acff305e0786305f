/* Both directions of the agent's port: any bytes as lines. What is taken can be
 * written, and is the same line again. */
#include <proto/agent.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_line(const char *line, size_t len)
{
	static struct agent_message msg;
	char *copy = malloc(len ? len : 1), again[AGENT_LINE_MAX];

	if (!copy)
		return;
	memcpy(copy, line, len);
	if (agent_parse(&msg, copy, len) == 0) {
		if (agent_write(&msg, again, sizeof again) != (int)len + 1 || memcmp(again, copy, len) != 0)
			abort();
	}
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct agent_lines lines = { .len = 0 };
	size_t line_len;

	for (size_t i = 0; i < len; i++) {
		if (agent_lines_take(&lines, (char)data[i], &line_len))
			check_line(lines.line, line_len);
	}
	return 0;
}
