#include "typist.h"
#include <base/loop.h>
#include <string.h>
#include <xkbcommon/xkbcommon.h>

enum {
	NOT_FOUND = -1,
	CONTROL_END = 0x20, /* characters below it, and 0x7f to 0x9f, are no text */
	DELETE = 0x7f,
	CONTROL_1_END = 0xa0,
	/* Control, Alt, Super: shortcuts. */
	HARMLESS_MODIFIERS = XCB_MOD_MASK_CONTROL | XCB_MOD_MASK_1 | XCB_MOD_MASK_4,
};

void typist_init(struct typist *typist, struct keymap *keymap)
{
	*typist = (struct typist){ .keymap = keymap };
	for (uint32_t scancode = 0; scancode < SCANCODE_COUNT; scancode++) {
		typist->typable[scancode_to_keycode(scancode, false)] = true;
		typist->typable[scancode_to_keycode(scancode, true)] = true;
	}
	typist->typable[KEYCODE_PAUSE] = true;
	typist_reset(typist);
}

/* Tells the server what these spare keys give now, one request for each run of
 * neighbours. */
static void publish(struct typist *typist, const bool *changed)
{
	const struct typist_spare *spares = typist->spares;
	xcb_keysym_t symbols[TYPIST_SPARES_MAX];
	int count = 0;

	for (int i = 0; i < typist->spare_count; i++) {
		bool run_ends = i + 1 == typist->spare_count || !changed[i + 1] ||
				spares[i + 1].keycode != spares[i].keycode + 1;

		if (!changed[i])
			continue;
		symbols[count++] = spares[i].symbol;
		if (run_ends) {
			keymap_bind(typist->keymap, (uint8_t)(spares[i].keycode - count + 1), count, symbols);
			count = 0;
		}
	}
}

/* What the map has on the spare keys (brightness, lid, radio) no RDP client can
 * press; a program that has one of them as a shortcut must not take text for it. */
void typist_reset(struct typist *typist)
{
	bool all[TYPIST_SPARES_MAX];

	memset(all, true, sizeof all);
	typist->spare_count = 0;
	typist->bound_us = 0;
	for (int keycode = KEYCODE_MIN; keycode <= KEYCODE_MAX; keycode++) {
		if (typist->typable[keycode] || typist->keymap->modifiers[keycode] ||
				typist->spare_count == TYPIST_SPARES_MAX)
			continue;
		typist->spares[typist->spare_count++] = (struct typist_spare){ .keycode = (uint8_t)keycode };
	}
	publish(typist, all);
}

static void tap(struct typist *typist, uint8_t keycode)
{
	keymap_send_key(typist->keymap, keycode, true);
	keymap_send_key(typist->keymap, keycode, false);
}

static xcb_keysym_t symbol_of(uint32_t code_point)
{
	switch (code_point) {
	case '\b': return XKB_KEY_BackSpace;
	case '\t': return XKB_KEY_Tab;
	case '\n':
	case '\r': return XKB_KEY_Return;
	case 0x1b: return XKB_KEY_Escape;
	case DELETE: return XKB_KEY_Delete;
	default: break;
	}
	if (code_point < CONTROL_END || (code_point > DELETE && code_point < CONTROL_1_END))
		return XCB_NO_SYMBOL;
	return xkb_utf32_to_keysym(code_point);
}

static uint8_t find_key(const struct typist *typist, xcb_keysym_t symbol)
{
	for (int k = KEYCODE_MIN; k <= KEYCODE_MAX; k++) {
		if (typist->keymap->symbols[k] == symbol && typist->typable[k])
			return (uint8_t)k;
	}
	return 0;
}

/* By a key of the map, where that gives the same in every program: unshifted, first
 * group, no modifier that changes the character. */
static bool type_plainly(struct typist *typist, xcb_keysym_t symbol, const struct keymap_state *state)
{
	uint8_t harmless = HARMLESS_MODIFIERS | typist->keymap->num_lock;
	uint8_t keycode = find_key(typist, symbol);

	if (keycode == 0 || state->group != 0 || (state->modifiers & ~harmless))
		return false;
	tap(typist, keycode);
	return true;
}

static int find_spare(const struct typist *typist, xcb_keysym_t symbol)
{
	for (int i = 0; i < typist->spare_count; i++) {
		if (typist->spares[i].symbol == symbol)
			return i;
	}
	return NOT_FOUND;
}

static int find_oldest_spare(const struct typist *typist)
{
	int oldest = NOT_FOUND;

	for (int i = 0; i < typist->spare_count; i++) {
		if (oldest == NOT_FOUND || typist->spares[i].used_us < typist->spares[oldest].used_us)
			oldest = i;
	}
	return oldest;
}

void typist_adopt(struct typist *typist)
{
	for (int i = 0; i < typist->spare_count; i++) {
		struct typist_spare *spare = &typist->spares[i];
		xcb_keysym_t symbol = typist->keymap->symbols[spare->keycode];

		if (symbol == spare->symbol)
			continue;
		spare->symbol = symbol;
		spare->used_us = loop_now_us();
	}
}

uint64_t typist_rest_us(const struct typist *typist)
{
	uint64_t now_us = loop_now_us(), rest_us = 0;

	for (int i = 0; i < typist->spare_count; i++) {
		uint64_t until_us = typist->spares[i].used_us + TYPIST_REST_US;

		if (typist->spares[i].symbol != XCB_NO_SYMBOL && until_us > now_us + rest_us)
			rest_us = until_us - now_us;
	}
	return rest_us;
}

/* Gives the symbol the spare key that rests longest. Returns 0, or how long it must
 * rest first. */
static uint64_t take_spare(struct typist *typist, xcb_keysym_t symbol, uint64_t now_us, bool *changed)
{
	int at = find_oldest_spare(typist);
	struct typist_spare *spare = &typist->spares[at];

	if (spare->symbol != XCB_NO_SYMBOL && now_us < spare->used_us + TYPIST_REST_US)
		return spare->used_us + TYPIST_REST_US - now_us;
	spare->symbol = symbol;
	spare->used_us = now_us;
	changed[at] = true;
	return 0;
}

/* Binds text[0] and, with the same change of the map, what waits behind it. Returns
 * 0, or when to try again. */
static uint64_t bind(struct typist *typist, const uint32_t *text, int count, uint64_t now_us)
{
	bool changed[TYPIST_SPARES_MAX] = { 0 };
	uint64_t wait_us = take_spare(typist, symbol_of(text[0]), now_us, changed);

	if (wait_us > 0)
		return wait_us;
	for (int i = 1; i < count && i < TYPIST_BATCH && wait_us == 0; i++) {
		xcb_keysym_t symbol = symbol_of(text[i]);

		if (symbol != XCB_NO_SYMBOL && !find_key(typist, symbol) &&
				find_spare(typist, symbol) == NOT_FOUND)
			wait_us = take_spare(typist, symbol, now_us, changed);
	}
	publish(typist, changed);
	typist->bound_us = now_us;
	return 0;
}

static void type_by_spare(struct typist *typist, struct typist_spare *spare, uint8_t locked)
{
	/* Programs capitalise what a key gives while Caps Lock is on. */
	uint8_t caps = locked & KEYMAP_CAPS;

	if (caps)
		keymap_lock(typist->keymap, KEYMAP_CAPS, 0);
	tap(typist, spare->keycode);
	if (caps)
		keymap_lock(typist->keymap, KEYMAP_CAPS, caps);
}

uint64_t typist_type(struct typist *typist, const uint32_t *text, int count)
{
	xcb_keysym_t symbol = symbol_of(text[0]);
	uint64_t now_us = loop_now_us(), wait_us = 0;
	struct keymap_state state;
	int at;

	if (symbol == XCB_NO_SYMBOL || keymap_get_state(typist->keymap, &state) < 0 ||
			typist->spare_count == 0 || type_plainly(typist, symbol, &state))
		return 0;
	at = find_spare(typist, symbol);
	if (at == NOT_FOUND) {
		if (now_us < typist->bound_us + TYPIST_BIND_US)
			return typist->bound_us + TYPIST_BIND_US - now_us;
		wait_us = bind(typist, text, count, now_us);
		if (wait_us > 0)
			return wait_us;
		at = find_spare(typist, symbol);
	}
	typist->spares[at].used_us = now_us;
	type_by_spare(typist, &typist->spares[at], state.locked);
	return 0;
}
