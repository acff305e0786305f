/* PC scancodes (set 1, as RDP clients send them) to X keycodes of the evdev
 * numbering: evdev's code plus 8. No state, thread-safe. */
#ifndef X11_SCANCODE_H
#define X11_SCANCODE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	SCANCODE_COUNT = 128,
	SCANCODE_NUM_LOCK = 0x45,
	SCANCODE_PAUSE = 0x1d, /* after 0xE1; 0x45 follows */
	KEYCODE_MIN = 8,
	KEYCODE_MAX = 255,
	KEYCODE_NUM_LOCK = 77,
	KEYCODE_PAUSE = 127,
};

/* extended: 0xE0 came before the code. Returns 8..255, or 0 for a code that no
 * keyboard has, and for power and sleep keys, which are the client machine's. */
uint8_t scancode_to_keycode(uint32_t scancode, bool extended);

#endif
