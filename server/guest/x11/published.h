/* The two texts in which a desktop publishes its settings: the XSETTINGS property
 * (freedesktop.org, XSETTINGS 0.5) and X resources. Both come from other programs.
 * No state, thread-safe. */
#ifndef X11_PUBLISHED_H
#define X11_PUBLISHED_H

#include <base/err.h>
#include <stddef.h>
#include <stdint.h>

struct published_int {
	size_t value_at, changed_at; /* offsets of its two CARD32 */
	uint32_t value;
};

/* Finds an integer setting in a little-endian XSETTINGS property. 0; ERR_MISSING;
 * ERR_FORMAT. */
MUST_USE int published_find_int(
		const uint8_t *data, size_t len, const char *name, struct published_int *found);

/* The resources text[0..len) with the line for name saying value, added if it is
 * not there. Returns owned (NUL-terminated), or NULL: no memory, or it says so already. */
char *published_set_resource(const char *text, size_t len, const char *name, uint32_t value);

#endif
