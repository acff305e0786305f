/* A guest that puts anything on the control and cursor queues of its virtual GPU. The
 * input is a list of steps: a byte that says what, then two bytes of length and so many
 * bytes of a command. Half of the commands get a header with a type that there is, small
 * ids and a place in guest memory, so that not all end at the first check. */
#include "../vgpu/front/machine.h"
#include <base/log.h>
#include <base/reader.h>
#include <string.h>

enum {
	COMMAND_MAX = 2048,
	STEP_CURSOR = 1,
	STEP_KILL = 2,   /* the worker dies */
	STEP_RESULT = 3, /* the worker answers otherwise from now on */
	STEP_SCREEN = 4,
	STEP_RESET = 5,
	STEP_AWAIT = 6,
};

static void step_command(struct machine *m, unsigned queue, bool likely, struct reader *r)
{
	size_t len = reader_u16(r) % COMMAND_MAX;
	uint8_t command[COMMAND_MAX] = { 0 };
	const uint8_t *bytes = reader_take(r, len < reader_left(r) ? len : reader_left(r));

	if (bytes)
		memcpy(command, bytes, (size_t)(r->at - bytes));
	if (likely)
		machine_make_likely(command, len);
	if (queue == VHOST_CONTROL) {
		machine_command(m, command, len, NULL, 0);
	} else {
		machine_put(m, VHOST_CURSOR, command, len, 0x20000, 0, 0);
		machine_run(m);
	}
	while (machine_take(m, queue) >= 0)
		;
}

static void step(struct machine *m, uint8_t what, struct reader *r)
{
	struct screen_message msg = { .type = SCREEN_READ, .read = { 1, 1, 1, { { 0, 0, 8, 8 } } } };

	struct screen_message await = { .type = SCREEN_AWAIT, .await = { 2, 1 } };

	switch (what & 15) {
	case STEP_CURSOR: step_command(m, VHOST_CURSOR, what & 128, r); break;
	case STEP_KILL: machine_kill_worker(m); break;
	case STEP_RESULT:
		m->results = reader_u8(r) % 4;
		m->unfenced = reader_u8(r) & 1;
		m->reason = reader_u8(r) & 1;
		break;
	case STEP_SCREEN: machine_screen_send(m, &msg, -1); break;
	case STEP_AWAIT: machine_screen_send(m, &await, -1); break;
	case STEP_RESET: machine_request(m, VHOST_USER_RESET_DEVICE, NULL, 0, NULL, 0); break;
	default: step_command(m, VHOST_CONTROL, what & 128, r); break;
	}
	while (machine_screen(m, SCREEN_RESET, &msg, NULL))
		;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct machine machine;
	struct reader r = reader_init(data, size);

	if (!machine_start(&machine))
		__builtin_trap();
	/* Commands that wait for their fence fill the ring. */
	for (int i = 0; i < MACHINE_RING_SIZE / 2 - 2 && reader_left(&r); i++)
		step(&machine, reader_u8(&r), &r);
	if (machine.exit_code >= 0)
		__builtin_trap(); /* no guest ends its front */
	machine_stop(&machine);
	return 0;
}
