/* A window of our own in the guest's desktop, for painting something at a known
 * time. One thread. */
#ifndef BENCH_DESKTOP_H
#define BENCH_DESKTOP_H

#include "stack.h"
#include <base/err.h>
#include <stdbool.h>

struct desktop;

/* Connects to the X server of the stack's guest and maps a window of 64x64 pixels.
 * Call it again after ERR_AGAIN: the desktop does not run or composite yet.
 * 0 with *desktop returned owned; ERR_AGAIN; ERR_IO; ERR_MEMORY. */
MUST_USE int desktop_open(struct desktop **desktop, const struct stack *stack);

/* NULL is fine. */
void desktop_close(struct desktop *desktop);

/* Paints another picture into the window; the requests are with the X server when
 * this returns. */
MUST_USE int desktop_paint(struct desktop *desktop, int step);

#endif
