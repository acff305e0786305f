#include "context.h"
#include <base/text.h>
#include <stdlib.h>

struct context *context_create(uint32_t id, const char *name, struct journal_budget *journals)
{
	struct context *context = calloc(1, sizeof *context);

	if (!context)
		return NULL;
	context->journal = journal_create(journals);
	if (!context->journal) {
		free(context);
		return NULL;
	}
	context->id = id;
	text_copy(context->name, sizeof context->name, name);
	return context;
}

void context_destroy(struct context *context)
{
	if (!context)
		return;
	journal_destroy(context->journal);
	table_finish(&context->attached);
	free(context);
}
