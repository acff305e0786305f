/* The worker's cage: what virglrenderer and Mesa could be brought to do for a guest ends
 * here. Descriptors that were handed over, memory within the quota, CPU time; nothing
 * else. */
#ifndef VGPU_SANDBOX_H
#define VGPU_SANDBOX_H

#include <base/err.h>
#include <stdbool.h>
#include <stdint.h>

/* Before EGL is loaded, with one thread: no new privileges, no core dumps, nobody in
 * place of root; namespaces where the kernel gives them. 0, ERR_IO. */
MUST_USE int sandbox_enter(void);

bool sandbox_has_namespaces(void);

/* When everything is loaded and all threads run: an empty root, no capabilities, and
 * only the system calls of drawing; others answer EACCES. hardware: a GPU's ioctls are
 * among them. There is no way back. 0 or ERR_IO. */
MUST_USE int sandbox_close(bool hardware);

/* Once it is known whose worker this is: memory of our own is limited to the quota and
 * what the renderer itself needs. */
void sandbox_limit_memory(uint64_t video_memory_bytes);

#endif
