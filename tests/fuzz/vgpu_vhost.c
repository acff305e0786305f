/* Anything on the vhost-user socket: requests (a byte each for which, how long, and how
 * many descriptors), then raw bytes. Between requests the driver flushes, which is
 * answered without a signal, the memory is another, and the time of the signal comes. */
#include "../vgpu/front/machine.h"
#include <base/reader.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	/* Numbers that no request has. */
	FLUSH = 36,
	MEMORY = 37,
	TELL = 38,
	REQUESTS = 40,
	PAYLOAD_MAX = 300,
	FDS_MAX = 3,
};

static void flush(struct machine *m)
{
	static const uint32_t command[12] = { VIRTIO_GPU_RESOURCE_FLUSH };

	machine_command(m, command, sizeof command, NULL, 0);
}

/* So many pages of another file; what was mapped is not there any more. */
static void other_memory(struct machine *m, uint32_t pages)
{
	uint64_t table[5] = { 1, machine_guest_addr, 4096 * (uint64_t)(pages + 1), machine_user_addr, 0 };
	int fd = memfd_create("other", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, (off_t)table[2]) < 0)
		__builtin_trap();
	machine_request(m, VHOST_USER_SET_MEM_TABLE, table, sizeof table, &fd, 1);
	close(fd);
}

static void request(struct machine *m, struct reader *r)
{
	uint32_t which = reader_u8(r) % REQUESTS;
	size_t len = reader_u8(r);
	uint8_t payload[PAYLOAD_MAX] = { 0 };
	const uint8_t *bytes;
	const int fds[FDS_MAX] = { m->memory_fd, m->call[0], STDIN_FILENO };

	switch (which) {
	case FLUSH: flush(m); return;
	case MEMORY: other_memory(m, (uint32_t)len); return;
	case TELL: vhost_tell(m->front.vhost); return;
	default: break;
	}
	bytes = reader_take(r, len < reader_left(r) ? len : reader_left(r));
	if (bytes)
		memcpy(payload, bytes, (size_t)(r->at - bytes));
	if (which == VHOST_USER_SET_MEM_TABLE && len >= 4)
		memset(payload + 1, 0, 3);
	machine_request(m, which, payload, len, fds, reader_u8(r) % (FDS_MAX + 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct machine machine;
	static const uint32_t display_info[6] = { VIRTIO_GPU_GET_DISPLAY_INFO };
	struct reader r = reader_init(data, size);
	bool raw = reader_u8(&r) % 4 == 0;

	if (!machine_start(&machine))
		__builtin_trap();
	while (!raw && reader_left(&r) && machine.exit_code < 0)
		request(&machine, &r);
	if (raw && reader_left(&r)) {
		size_t len = reader_left(&r);

		if (write(machine.vhost, reader_take(&r, len), len) < 0)
			__builtin_trap();
		machine_run(&machine);
	}
	if (machine.exit_code < 0)
		machine_command(&machine, display_info, sizeof display_info, NULL, 0);
	machine_stop(&machine);
	return 0;
}
