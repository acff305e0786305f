/* What QEMU's monitor may say. The first byte says in how large pieces it comes. */
#include <base/log.h>
#include <qmp.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void on_ready(void *user)
{
}
static void on_shutdown(void *user, bool by_guest)
{
}
static void on_restarted(void *user)
{
}
static void on_port(void *user, bool open)
{
}
static void on_no_room(void *user)
{
}
static void on_closed(void *user)
{
}

static const struct qmp_ops ops = {
	.ready = on_ready,
	.shutdown = on_shutdown,
	.restarted = on_restarted,
	.port = on_port,
	.no_room = on_no_room,
	.closed = on_closed,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct qmp *qmp = calloc(1, sizeof *qmp);
	size_t piece = len ? data[0] + 1u : 1;

	log_init("fuzz", LOG_LEVEL_ERROR);
	qmp->ops = &ops;
	qmp->fd = -1; /* what it would answer goes nowhere */
	qmp->line = malloc(QMP_LINE_MAX);
	for (size_t at = 1; at < len; at += piece) {
		size_t n = len - at < piece ? len - at : piece;
		char *copy = malloc(n);

		memcpy(copy, data + at, n);
		if (qmp_take(qmp, copy, n) < 0)
			at = len;
		free(copy);
	}
	qmp_finish(qmp);
	free(qmp);
	return 0;
}
