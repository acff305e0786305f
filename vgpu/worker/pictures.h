/* Pictures read from resources straight into memory that somebody lent. */
#ifndef VGPU_PICTURES_H
#define VGPU_PICTURES_H

#include "resources.h"

/* RENDER_INVALID: no such target or resource, or a rectangle outside of either (then
 * the target is as it was); RENDER_FAILED: not a picture of 32 bits a pixel. */
enum render_result pictures_read(
		struct memory *memory, const struct resources *resources, const struct render_read *read);

#endif
