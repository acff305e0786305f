#include <base/loop.h>
#include <signal.h>
#include <time.h>

enum {
	TIMER_ACCURACY_US = 1000,
};

static int block_signals(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	return sigprocmask(SIG_BLOCK, &set, NULL);
}

sd_event *loop_create(void)
{
	sd_event *event = NULL;

	if (block_signals() < 0 || sd_event_new(&event) < 0)
		return NULL;
	/* No handler: the loop exits with 0. */
	if (sd_event_add_signal(event, NULL, SIGTERM, NULL, NULL) < 0 ||
			sd_event_add_signal(event, NULL, SIGINT, NULL, NULL) < 0)
		return sd_event_unref(event);
	return event;
}

uint64_t loop_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

int loop_timer_add(sd_event *event, sd_event_source **source, sd_event_time_handler_t on_time, void *user)
{
	if (sd_event_add_time(event, source, CLOCK_MONOTONIC, UINT64_MAX, TIMER_ACCURACY_US, on_time, user) <
			0)
		return ERR_MEMORY;
	return sd_event_source_set_enabled(*source, SD_EVENT_OFF) < 0 ? ERR_IO : 0;
}

void loop_timer_arm(sd_event_source *source, uint64_t delay_us)
{
	sd_event_source_set_time(source, loop_now_us() + delay_us);
	sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

void loop_timer_disarm(sd_event_source *source)
{
	sd_event_source_set_enabled(source, SD_EVENT_OFF);
}
