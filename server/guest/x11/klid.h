/* Windows' keyboard layout identifiers to XKB layouts. No state, thread-safe. */
#ifndef X11_KLID_H
#define X11_KLID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	KLID_US = 0x00000409,
	KLID_SYMBOLS_CAP = 96,
};

struct klid_layout {
	uint32_t klid;
	const char *layout, *variant; /* of xkeyboard-config; variant may be "" */
	/* The layout has no Latin letters: "us" comes as second group, switched by
	 * Alt and Shift as on Windows, without which shortcuts such as Ctrl+C fail. */
	bool add_latin;
};

/* Never NULL: an unknown identifier counts as its language's first layout, an
 * unknown language as US. */
const struct klid_layout *klid_find(uint32_t klid);

/* The XKB symbols to load, e.g. "pc+de+inet(evdev)"; the same with no variant when
 * plain is true. dst has KLID_SYMBOLS_CAP bytes. */
void klid_symbols(const struct klid_layout *layout, bool plain, char *dst);

/* The XKB keycodes that go with it, e.g. "evdev+aliases(qwertz)". Static. */
const char *klid_keycodes(const struct klid_layout *layout);

/* All rows, for tests. */
const struct klid_layout *klid_table(size_t *count);

#endif
