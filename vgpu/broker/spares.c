#include "spares.h"
#include "broker.h"
#include <base/log.h>
#include <base/loop.h>

enum {
	LATER_US = 300 * 1000, /* the guest that took the last spare comes first */
};

static void on_spare_end(void *user)
{
	struct broker *broker = user;

	/* Not followed by another: where one dies by itself the next would. */
	for (int i = 0; i < broker->gpu_count; i++) {
		if (broker->spares[i] && worker_ended(broker->spares[i])) {
			log_warn("the spare worker of %s died", broker->gpus[i].name);
			worker_destroy(broker->spares[i]);
			broker->spares[i] = NULL;
		}
	}
}

static struct worker *start(struct broker *broker, int gpu)
{
	return worker_start(broker->event, broker->settings.worker_program, &broker->gpus[gpu], on_spare_end,
			broker);
}

static bool has_guests(const struct broker *broker, int gpu)
{
	const struct vgpu *vgpu;

	TAILQ_FOREACH(vgpu, &broker->list, entry)
	{
		if (vgpu->worker && vgpu->gpu == gpu)
			return true;
	}
	return false;
}

static void review(struct broker *broker, int gpu)
{
	struct worker **spare = &broker->spares[gpu];

	if (!has_guests(broker, gpu)) {
		worker_destroy(*spare);
		*spare = NULL;
	} else if (!*spare) {
		*spare = start(broker, gpu);
		if (*spare)
			worker_start_slowly(*spare);
	}
}

static int on_later(sd_event_source *source, uint64_t now_us, void *user)
{
	struct broker *broker = user;

	for (int i = 0; i < broker->gpu_count; i++)
		review(broker, i);
	return 0;
}

void spares_review(struct broker *broker)
{
	loop_timer_arm(broker->spares_due, LATER_US);
}

struct worker *spares_take(struct broker *broker, int gpu)
{
	struct worker *worker = broker->spares[gpu];

	broker->spares[gpu] = NULL;
	spares_review(broker);
	return worker ? worker : start(broker, gpu);
}

int spares_init(struct broker *broker)
{
	return loop_timer_add(broker->event, &broker->spares_due, on_later, broker) < 0 ? ERR_MEMORY : 0;
}

void spares_finish(struct broker *broker)
{
	for (int i = 0; i < broker->gpu_count; i++) {
		worker_destroy(broker->spares[i]);
		broker->spares[i] = NULL;
	}
	sd_event_source_disable_unref(broker->spares_due);
}
