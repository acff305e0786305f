#include "status.h"
#include <base/log.h>
#include <base/text.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void status_init(struct status *status, int fd)
{
	uint8_t data[RECORD_LEN];

	*status = (struct status){ .fd = fd };
	if (pread(fd, data, sizeof data, 0) != sizeof data ||
			record_parse(&status->record, data, sizeof data) < 0)
		status->record = (struct record){ .state = RECORD_LOGIN };
	status->record.pid = (uint32_t)getpid();
}

void status_write(const struct status *status)
{
	uint8_t data[RECORD_LEN];

	record_write(&status->record, data);
	if (pwrite(status->fd, data, sizeof data, 0) != sizeof data)
		log_warn("cannot write the session record: %s", strerror(errno));
}

void status_end(struct status *status, enum record_state state, const char *reason)
{
	if (status->record.state == RECORD_REFUSED || status->record.state == RECORD_ENDED)
		return;
	status->record.state = state;
	text_copy(status->record.reason, sizeof status->record.reason, reason);
	status_write(status);
}
