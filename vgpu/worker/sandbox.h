/* The worker's cage. Linux only. Not thread-safe: in main. */
#ifndef VGPU_SANDBOX_H
#define VGPU_SANDBOX_H

#include <base/err.h>
#include <stdbool.h>
#include <stdint.h>

/* Before EGL is loaded, with one thread: becomes nobody when it is root, takes
 * namespaces of its own where the kernel gives them, and limits memory to what the
 * quota needs. 0, ERR_DENIED, ERR_IO. */
MUST_USE int sandbox_enter(uint64_t video_memory_bytes);

/* When everything is loaded and every thread runs: no file system, no capabilities, and
 * only the system calls that drawing needs. hardware: ioctls on the render node are
 * among them. 0 or ERR_IO. */
MUST_USE int sandbox_close(bool hardware);

#endif
