#include "typist.h"
#include <base/log.h>
#include <base/loop.h>
#include <string.h>
#include <xcb/xtest.h>
#include <xkbcommon/xkbcommon.h>

enum {
	NOT_FOUND = -1,
	CONTROL_END = 0x20, /* characters below it, and 0x7f to 0x9f, are no text */
	DELETE = 0x7f,
	CONTROL_1_END = 0xa0,
	/* Control, Alt, Super: shortcuts. */
	HARMLESS_MODIFIERS = XCB_MOD_MASK_CONTROL | XCB_MOD_MASK_1 | XCB_MOD_MASK_4,
};

static int on_rested(sd_event_source *source, uint64_t now_us, void *user);

int typist_init(struct typist *typist, struct keymap *keymap, sd_event *event)
{
	*typist = (struct typist){ .keymap = keymap };
	for (uint32_t scancode = 0; scancode < SCANCODE_COUNT; scancode++) {
		typist->typable[scancode_to_keycode(scancode, false)] = true;
		typist->typable[scancode_to_keycode(scancode, true)] = true;
	}
	typist->typable[KEYCODE_PAUSE] = true;
	typist_reset(typist);
	return loop_timer_add(event, &typist->timer, on_rested, typist);
}

void typist_finish(struct typist *typist)
{
	typist->timer = sd_event_source_disable_unref(typist->timer);
}

/* Empties the spare keys: what the map has there (brightness, lid, radio) no RDP
 * client can press. One request for each run of neighbours. */
static void empty_spares(struct typist *typist)
{
	static const xcb_keysym_t none[TYPIST_SPARES_MAX];
	int first = 0;

	for (int i = 1; i <= typist->spare_count; i++) {
		const struct typist_spare *spares = typist->spares;

		if (i < typist->spare_count && spares[i].keycode == spares[i - 1].keycode + 1)
			continue;
		keymap_bind(typist->keymap, spares[first].keycode, i - first, none);
		first = i;
	}
}

void typist_reset(struct typist *typist)
{
	typist->spare_count = 0;
	for (int keycode = KEYCODE_MIN; keycode <= KEYCODE_MAX; keycode++) {
		if (typist->typable[keycode] || typist->keymap->modifiers[keycode] ||
				typist->spare_count == TYPIST_SPARES_MAX)
			continue;
		typist->spares[typist->spare_count++] = (struct typist_spare){ .keycode = (uint8_t)keycode };
	}
	empty_spares(typist);
}

static void send_key(struct typist *typist, uint8_t keycode, bool down)
{
	xcb_test_fake_input(typist->keymap->display->conn, down ? XCB_KEY_PRESS : XCB_KEY_RELEASE, keycode,
			XCB_CURRENT_TIME, XCB_NONE, 0, 0, 0);
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
	send_key(typist, keycode, true);
	send_key(typist, keycode, false);
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

/* Returns 0, or how long the oldest spare key has to rest first. */
static uint64_t type_by_spare(struct typist *typist, xcb_keysym_t symbol, const struct keymap_state *state)
{
	uint64_t now_us = loop_now_us();
	int at = find_spare(typist, symbol);
	struct typist_spare *spare;
	/* Programs capitalise what a key gives while Caps Lock is on. */
	uint8_t caps = state->locked & KEYMAP_CAPS;

	if (at == NOT_FOUND) {
		at = find_oldest_spare(typist);
		if (at == NOT_FOUND)
			return 0;
		spare = &typist->spares[at];
		if (spare->symbol != XCB_NO_SYMBOL && now_us < spare->used_us + TYPIST_REST_US)
			return spare->used_us + TYPIST_REST_US - now_us;
		spare->symbol = symbol;
		keymap_bind(typist->keymap, spare->keycode, 1, &symbol);
	}
	spare = &typist->spares[at];
	spare->used_us = now_us;
	if (caps)
		keymap_lock(typist->keymap, KEYMAP_CAPS, 0);
	send_key(typist, spare->keycode, true);
	send_key(typist, spare->keycode, false);
	if (caps)
		keymap_lock(typist->keymap, KEYMAP_CAPS, caps);
	return 0;
}

/* Returns 0, or in how many microseconds it can be typed. */
static uint64_t type_now(struct typist *typist, const struct typist_key *key)
{
	struct keymap_state state;
	xcb_keysym_t symbol;

	if (!key->is_text) {
		send_key(typist, (uint8_t)key->code, key->down);
		return 0;
	}
	symbol = symbol_of(key->code);
	if (symbol == XCB_NO_SYMBOL || keymap_get_state(typist->keymap, &state) < 0)
		return 0;
	if (type_plainly(typist, symbol, &state))
		return 0;
	return type_by_spare(typist, symbol, &state);
}

static void enqueue(struct typist *typist, const struct typist_key *key)
{
	int at = (typist->first_waiting + typist->waiting_count) % TYPIST_WAITING_MAX;
	int room = TYPIST_WAITING_MAX - (key->is_text ? TYPIST_RESERVE : 0) - typist->waiting_count;

	if (room <= 0)
		return;
	typist->waiting[at] = *key;
	typist->waiting_count++;
	if (room == 1)
		log_warn("%d keys wait to be typed; the next ones are lost", typist->waiting_count);
}

static void submit(struct typist *typist, struct typist_key key)
{
	uint64_t delay_us;

	if (typist->waiting_count > 0) {
		enqueue(typist, &key);
		return;
	}
	delay_us = type_now(typist, &key);
	if (delay_us > 0) {
		enqueue(typist, &key);
		loop_timer_arm(typist->timer, delay_us);
	}
}

static int on_rested(sd_event_source *source, uint64_t now_us, void *user)
{
	struct typist *typist = user;

	while (typist->waiting_count > 0) {
		uint64_t delay_us = type_now(typist, &typist->waiting[typist->first_waiting]);

		if (delay_us > 0) {
			loop_timer_arm(typist->timer, delay_us);
			break;
		}
		typist->first_waiting = (typist->first_waiting + 1) % TYPIST_WAITING_MAX;
		typist->waiting_count--;
	}
	return 0;
}

void typist_key(struct typist *typist, uint8_t keycode, bool down)
{
	submit(typist, (struct typist_key){ .code = keycode, .down = down });
}

void typist_text(struct typist *typist, uint32_t code_point)
{
	submit(typist, (struct typist_key){ .code = code_point, .is_text = true });
}
