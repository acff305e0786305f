/* What every program's event loop has in common, on sd-event. */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <base/err.h>
#include <stdint.h>
#include <systemd/sd-event.h>

/* A loop that ends with code 0 on SIGTERM and SIGINT; SIGPIPE is ignored. Call
 * before the first thread (signals are blocked here). Returns owned, or NULL. */
sd_event *loop_create(void);

/* CLOCK_MONOTONIC, microseconds. */
uint64_t loop_now_us(void);

/* One-shot timer, off until loop_timer_arm. Accuracy 1 ms. The source is returned
 * owned (sd_event_source_unref). 0, ERR_MEMORY, ERR_IO. */
MUST_USE int loop_timer_add(
		sd_event *event, sd_event_source **source, sd_event_time_handler_t on_time, void *user);

/* Fires once, delay_us from now; replaces an earlier time. */
void loop_timer_arm(sd_event_source *source, uint64_t delay_us);

void loop_timer_disarm(sd_event_source *source);

#endif
