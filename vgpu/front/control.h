/* The control queue: what the guest's driver orders. Each command is copied, parsed and
 * checked against what the guest has, then sent to the worker; the worker checks again. */
#ifndef FRONT_CONTROL_H
#define FRONT_CONTROL_H

struct front;

/* Takes commands as long as there are, up to some, and the worker has room. */
void control_look(struct front *front);

#endif
