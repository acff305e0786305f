/* A look at the commands of a batch before virglrenderer decodes it. Thread-safe. */
#ifndef VGPU_BATCH_H
#define VGPU_BATCH_H

#include <stdbool.h>
#include <stdint.h>

/* Every command ends inside the batch and is one of those a guest is offered: none makes
 * resources past our account of video memory (blobs), runs decoders of video or turns on
 * virglrenderer's log. words are shared with the front, which may be trusted not to
 * change them; a guest cannot. */
bool batch_allowed(const uint32_t *words, uint32_t count);

#endif
