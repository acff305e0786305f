/* Anything on the vhost-user socket: requests (a byte each for which, how long, and how
 * many descriptors), then raw bytes. */
#include "../vgpu/front/machine.h"
#include <base/reader.h>
#include <string.h>
#include <unistd.h>

enum {
	PAYLOAD_MAX = 300,
	FDS_MAX = 3,
};

static void request(struct machine *m, struct reader *r)
{
	uint32_t which = reader_u8(r) % 40;
	size_t len = reader_u8(r);
	uint8_t payload[PAYLOAD_MAX] = { 0 };
	const uint8_t *bytes = reader_take(r, len < reader_left(r) ? len : reader_left(r));
	const int fds[FDS_MAX] = { m->memory_fd, m->call[0], STDIN_FILENO };

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
