#include "driver.h"
#include <string.h>

enum {
	HOUR_S = 3600,
};

static struct machine machine;
bool driver_timers_come;

void __real_loop_timer_arm(sd_event_source *source, uint64_t delay_us);
void __wrap_loop_timer_arm(sd_event_source *source, uint64_t delay_us);

void __wrap_loop_timer_arm(sd_event_source *source, uint64_t delay_us)
{
	__real_loop_timer_arm(source, delay_us + (driver_timers_come ? 0 : HOUR_S * 1000000ull));
}

int driver_set_up(void **state)
{
	driver_timers_come = false;
	*state = &machine;
	return machine_start(&machine) ? 0 : -1;
}

int driver_tear_down(void **state)
{
	machine_stop(&machine);
	return 0;
}

uint32_t driver_words(struct machine *m, uint32_t type, uint32_t flags, uint32_t context,
		const uint32_t *rest, size_t count, void *answer, size_t len)
{
	static uint32_t fence;
	uint32_t command[64] = { type, flags, flags ? ++fence : 0, 0, context, 0 };

	memcpy(command + 6, rest, count * sizeof *rest);
	return machine_command(m, command, (6 + count) * sizeof *command, answer, len);
}

uint32_t driver_create_2d(struct machine *m, uint32_t id, uint32_t width_px, uint32_t height_px)
{
	return DRIVER_COMMAND(m, VIRTIO_GPU_RESOURCE_CREATE_2D, 0, 0, id, 1, width_px, height_px);
}

uint32_t driver_attach(struct machine *m, uint32_t id, uint64_t guest_addr, uint32_t len)
{
	return DRIVER_COMMAND(m, VIRTIO_GPU_ATTACH_BACKING, 0, 0, id, 1, (uint32_t)guest_addr,
			(uint32_t)(guest_addr >> 32), len, 0);
}

uint32_t driver_create_context(struct machine *m, uint32_t id)
{
	uint32_t rest[18] = { 0 };

	return driver_words(m, VIRTIO_GPU_CONTEXT_CREATE, 0, id, rest, 18, NULL, 0);
}

uint32_t driver_submit(
		struct machine *m, uint32_t flags, uint32_t context, const uint32_t *batch, uint32_t count)
{
	uint32_t rest[58] = { count * 4, 0 };

	memcpy(rest + 2, batch, count * 4);
	return driver_words(m, VIRTIO_GPU_SUBMIT_3D, flags, context, rest, 2 + count, NULL, 0);
}
