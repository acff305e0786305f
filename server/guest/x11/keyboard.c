#include "keyboard.h"
#include <string.h>

int keyboard_init(struct keyboard *keyboard, struct display *display)
{
	int err = keymap_init(&keyboard->keymap, display);

	if (err == 0)
		typist_init(&keyboard->typist, &keyboard->keymap);
	return err;
}

/* Pause is E1 1D 45 on the wire; clients send it as two keys: [MS-RDPBCGR]
 * 2.2.8.1.1.3.1.1.1. */
static bool is_rest_of_pause(struct keyboard *keyboard, const struct link_key *key)
{
	bool up = key->flags & LINK_KEY_UP;
	bool rest = keyboard->pause_pending && keyboard->pause_up == up &&
			key->scancode == SCANCODE_NUM_LOCK && !(key->flags & LINK_KEY_EXTENDED);

	keyboard->pause_pending = false;
	return rest;
}

static uint8_t keycode_of(struct keyboard *keyboard, const struct link_key *key)
{
	if (is_rest_of_pause(keyboard, key))
		return 0;
	if (!(key->flags & LINK_KEY_EXTENDED1))
		return scancode_to_keycode(key->scancode, key->flags & LINK_KEY_EXTENDED);
	if (key->scancode != SCANCODE_PAUSE)
		return 0;
	keyboard->pause_pending = true;
	keyboard->pause_up = key->flags & LINK_KEY_UP;
	return KEYCODE_PAUSE;
}

/* The client repeats a held key by sending it down again; XTEST drops that, so it
 * goes up first. Held modifiers are no news. */
void keyboard_key(struct keyboard *keyboard, const struct link_key *key)
{
	uint8_t keycode = keycode_of(keyboard, key);
	bool down = !(key->flags & LINK_KEY_UP);

	if (keycode == 0)
		return;
	if (down && keyboard->down[keycode]) {
		if (keyboard->keymap.modifiers[keycode])
			return;
		keymap_send_key(&keyboard->keymap, keycode, false);
	}
	keyboard->down[keycode] = down;
	keymap_send_key(&keyboard->keymap, keycode, down);
}

void keyboard_locks(struct keyboard *keyboard, uint32_t flags)
{
	uint8_t num_lock = keyboard->keymap.num_lock;
	uint8_t locked = (flags & LINK_LOCK_CAPS ? KEYMAP_CAPS : 0) | (flags & LINK_LOCK_NUM ? num_lock : 0);

	keymap_lock(&keyboard->keymap, KEYMAP_CAPS | num_lock, locked);
	keymap_scroll_lamp(&keyboard->keymap, flags & LINK_LOCK_SCROLL);
}

void keyboard_layout(struct keyboard *keyboard, uint32_t klid)
{
	if (keymap_load(&keyboard->keymap, klid) == 0)
		typist_reset(&keyboard->typist);
}

/* The event comes for our own load too, and after keys that were typed since:
 * emptying the spare keys then would change those. */
static bool is_ours(const struct keyboard *keyboard, const xcb_keysym_t *before)
{
	const struct typist *typist = &keyboard->typist;
	const xcb_keysym_t *now = keyboard->keymap.symbols;

	for (int k = KEYCODE_MIN; k <= KEYCODE_MAX; k++) {
		if (typist->typable[k] && now[k] != before[k])
			return false;
	}
	for (int i = 0; i < typist->spare_count; i++) {
		if (now[typist->spares[i].keycode] != typist->spares[i].symbol)
			return false;
	}
	return true;
}

void keyboard_reread(struct keyboard *keyboard, enum keymap_change change)
{
	xcb_keysym_t before[KEYMAP_KEYS];

	memcpy(before, keyboard->keymap.symbols, sizeof before);
	if (keymap_read(&keyboard->keymap) < 0)
		return;
	if (change == KEYMAP_CHANGED)
		typist_adopt(&keyboard->typist);
	else if (!is_ours(keyboard, before))
		typist_reset(&keyboard->typist);
}
