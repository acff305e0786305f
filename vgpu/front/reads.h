/* Reads of what the guest shows. The supervisor lends memfds, the targets, and asks for
 * rectangles of the picture, which the worker reads into them (proto/screen.h: TARGET, DROP,
 * READ, AWAIT). A read is one RENDER_READ or more, sent at once; the worker takes them in
 * order, so reads are answered in order. One that cannot begin, or that the worker refuses
 * or does not live to finish, is answered with SCREEN_READ_LATER. Loop thread only. */
#ifndef FRONT_READS_H
#define FRONT_READS_H

#include "table.h"
#include <proto/render.h>
#include <proto/screen.h>
#include <stdbool.h>

struct front;
struct read;

struct reads {
	struct table targets;       /* by the supervisor's handles; owned */
	struct read *first, **last; /* under way, in order; owned */
	struct screen_await await;  /* serial 0: nobody waits */
};

void reads_init(struct reads *reads);
void reads_finish(struct reads *reads);

/* A message of the supervisor's; others than those four are ignored. Takes fd (-1: none).
 * A target that is not usable is logged, and is as if it had not come. */
void reads_message(struct front *front, const struct screen_message *msg, int fd);

/* Somebody looks, and does not wait for damage: what is told now is asked for later. */
bool reads_busy(const struct reads *reads);

/* Damage of a head: rect in pixels of its scanout, in_picture the same in pixels of the
 * picture. If somebody waits for it, its read begins and the supervisor is told of both.
 * False: nothing is begun or told, as nobody waits or it cannot be read at once. */
bool reads_damage(struct front *front, uint32_t head, const struct link_rect *rect,
		const struct link_rect *in_picture);

/* A command was answered, which may have been one of a read or a drop. */
void reads_done(struct front *front, uint32_t serial, enum render_result result);

/* The worker is lost, and with it the reads under way and the targets it knew. */
void reads_lost(struct front *front);

/* The worker can be given work: it is told of the targets that it does not know. */
void reads_restored(struct front *front);

#endif
