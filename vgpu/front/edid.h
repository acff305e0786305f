/* What a monitor of a given size says about itself: one block of EDID 1.4, with that
 * size as the only mode, so that programs that take the largest take this one. */
#ifndef FRONT_EDID_H
#define FRONT_EDID_H

#include <stdint.h>

enum {
	EDID_BYTES = 128,
};

/* head: 0.., for its serial number. A size beyond what a timing of EDID 1.4 can say
 * (4095) is left out: the driver knows it from the display information. */
void edid_write(uint8_t edid[EDID_BYTES], uint32_t head, uint32_t width_px, uint32_t height_px);

#endif
