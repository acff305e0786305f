/* Which monitors the machine has: what the session asked for, and what the guest's
 * driver shows. A head stands where it was asked to be and is as large as its scanout,
 * or, without one, as it was asked to be (proto/screen.h). No I/O, no allocation. */
#ifndef VM_HEADS_H
#define VM_HEADS_H

#include <proto/agent.h>
#include <proto/screen.h>

struct heads {
	uint32_t max;              /* heads that the virtual GPU has, 1..SCREEN_HEADS_MAX */
	struct link_layout wanted; /* valid, at most max monitors */
	struct {
		uint32_t width_px, height_px; /* 0: no scanout */
	} scanouts[SCREEN_HEADS_MAX];
};

/* Takes a valid layout; monitors beyond the last head are left out (the primary one is
 * kept). Never fails. */
void heads_want(struct heads *heads, const struct link_layout *layout);

/* The guest's driver set a scanout. */
void heads_scanout(struct heads *heads, const struct screen_scanout *scanout);

/* The guest shows what is wanted, on every head that it uses and on no other; or it
 * shows nothing yet. */
bool heads_settled(const struct heads *heads);

/* What the monitors are now; serial 0. Always valid. */
void heads_layout(const struct heads *heads, struct link_layout *layout);

/* The wanted ones, for the front and for the agent. */
void heads_for_front(const struct heads *heads, struct screen_heads *wanted);
void heads_for_agent(const struct heads *heads, struct agent_layout *wanted);

/* A rectangle of a head in pixels of the picture, clipped to the head. False: nothing
 * is left of it, or there is no such head. */
bool heads_rect(const struct heads *heads, uint32_t head, const struct link_rect *rect,
		struct link_rect *picture);

#endif
