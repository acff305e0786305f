#include "keymap.h"
#include "klid.h"
#include <base/log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <xcb/xcbext.h>
#include <xcb/xkb.h>
#include <xcb/xtest.h>

enum {
	NAMES_CAP = 256,
	COMPONENTS = 6, /* keymap, keycodes, types, compat, symbols, geometry */
	MODIFIERS = 8,
	LEVELS = 2, /* without and with Shift */
	PARTS_NEEDED = XCB_XKB_GBN_DETAIL_TYPES | XCB_XKB_GBN_DETAIL_COMPAT_MAP |
			XCB_XKB_GBN_DETAIL_CLIENT_SYMBOLS | XCB_XKB_GBN_DETAIL_SERVER_SYMBOLS,
};

/* libxcb's own call leaves the names out, so the request is built here: XKB
 * protocol, 16.3.11 GetKbdByName. The server compiles the map itself; its answer
 * means that the map is in force. */
static bool load_components(struct display *display, const char *const names[COMPONENTS])
{
	xcb_protocol_request_t request = {
		.count = 2, .ext = &xcb_xkb_id, .opcode = XCB_XKB_GET_KBD_BY_NAME, .isvoid = 0
	};
	struct xcb_xkb_get_kbd_by_name_request_t head = {
		.deviceSpec = XCB_XKB_ID_USE_CORE_KBD, .need = PARTS_NEEDED, .want = PARTS_NEEDED, .load = 1
	};
	uint8_t text[NAMES_CAP] = { 0 };
	size_t len = 0;
	xcb_xkb_get_kbd_by_name_reply_t *reply;
	/* xcb uses the two before the first for itself. */
	struct iovec parts[4];
	bool loaded;

	for (int i = 0; i < COMPONENTS; i++) {
		size_t n = strlen(names[i]);

		text[len++] = (uint8_t)n;
		memcpy(text + len, names[i], n);
		len += n;
	}
	parts[2] = (struct iovec){ &head, sizeof head };
	parts[3] = (struct iovec){ text, (len + 3) & ~(size_t)3 };
	reply = xcb_wait_for_reply(display->conn,
			xcb_send_request(display->conn, XCB_REQUEST_CHECKED, parts + 2, &request), NULL);
	loaded = reply && reply->loaded;
	free(reply);
	return loaded;
}

static bool load_layout(struct display *display, const struct klid_layout *layout, bool plain)
{
	bool japanese = strcmp(layout->layout, "jp") == 0;
	char symbols[KLID_SYMBOLS_CAP];
	const char *const names[COMPONENTS] = { "", klid_keycodes(layout), "complete",
		japanese ? "complete+japan" : "complete", symbols, "" };

	klid_symbols(layout, plain, symbols);
	return load_components(display, names);
}

/* What setxkbmap -query and programs that embed a keyboard (QEMU, VNC) look at. */
static void publish_names(struct display *display, const struct klid_layout *layout)
{
	char text[NAMES_CAP];
	const char *latin = layout->add_latin ? "," : "";
	int len = snprintf(text, sizeof text, "evdev%cpc105%c%s%s%s%c%s%s%c%s", 0, 0, layout->layout, latin,
			layout->add_latin ? "us" : "", 0, layout->variant, latin, 0,
			layout->add_latin ? "grp:alt_shift_toggle" : "");
	xcb_atom_t atom = display_atom(display, "_XKB_RULES_NAMES");

	xcb_change_property(display->conn, XCB_PROP_MODE_REPLACE, display->root, atom, XCB_ATOM_STRING, 8,
			(uint32_t)len + 1, text);
}

int keymap_load(struct keymap *keymap, uint32_t klid)
{
	const struct klid_layout *layout = klid_find(klid);

	if (load_layout(keymap->display, layout, false) ||
			(layout->variant[0] && load_layout(keymap->display, layout, true))) {
		publish_names(keymap->display, layout);
		return keymap_read(keymap);
	}
	log_warn("the X server cannot load the keyboard layout %s (%08x)", layout->layout, klid);
	return ERR_MISSING;
}

int keymap_init(struct keymap *keymap, struct display *display)
{
	xcb_connection_t *c = display->conn;
	const uint32_t repeat = XCB_AUTO_REPEAT_MODE_OFF;
	const uint16_t events = XCB_XKB_EVENT_TYPE_NEW_KEYBOARD_NOTIFY | XCB_XKB_EVENT_TYPE_MAP_NOTIFY;
	const uint16_t parts = XCB_XKB_MAP_PART_KEY_SYMS | XCB_XKB_MAP_PART_MODIFIER_MAP;

	*keymap = (struct keymap){ .display = display };
	xcb_xkb_select_events(c, XCB_XKB_ID_USE_CORE_KBD, events, 0, events, parts, parts, NULL);
	xcb_change_keyboard_control(c, XCB_KB_AUTO_REPEAT_MODE, &repeat);
	return keymap_load(keymap, KLID_US) == 0 ? 0 : keymap_read(keymap);
}

enum keymap_change keymap_event(const struct keymap *keymap, const xcb_generic_event_t *event)
{
	/* All XKB events have one number and tell their kind in the next byte. */
	if ((event->response_type & 0x7f) != keymap->display->xkb_event)
		return KEYMAP_SAME;
	switch (event->pad0) {
	case XCB_XKB_NEW_KEYBOARD_NOTIFY: return KEYMAP_REPLACED;
	case XCB_XKB_MAP_NOTIFY: return KEYMAP_CHANGED;
	default: return KEYMAP_SAME;
	}
}

static void take_symbols(struct keymap *keymap, const xcb_get_keyboard_mapping_reply_t *reply)
{
	const xcb_keysym_t *symbols = xcb_get_keyboard_mapping_keysyms(reply);
	int per_key = reply->keysyms_per_keycode;
	int count = per_key ? xcb_get_keyboard_mapping_keysyms_length(reply) / per_key : 0;

	memset(keymap->symbols, 0, sizeof keymap->symbols);
	for (int i = 0; i < count && KEYCODE_MIN + i <= KEYCODE_MAX; i++)
		keymap->symbols[KEYCODE_MIN + i] = symbols[i * per_key];
}

static void take_modifiers(struct keymap *keymap, const xcb_get_modifier_mapping_reply_t *reply)
{
	const xcb_keycode_t *codes = xcb_get_modifier_mapping_keycodes(reply);
	int per_modifier = reply->keycodes_per_modifier;

	memset(keymap->modifiers, 0, sizeof keymap->modifiers);
	for (int i = 0; i < MODIFIERS * per_modifier; i++) {
		if (codes[i])
			keymap->modifiers[codes[i]] |= (uint8_t)(1 << (i / per_modifier));
	}
	keymap->num_lock = keymap->modifiers[KEYCODE_NUM_LOCK];
}

int keymap_read(struct keymap *keymap)
{
	xcb_connection_t *c = keymap->display->conn;
	xcb_get_keyboard_mapping_cookie_t map_cookie =
			xcb_get_keyboard_mapping(c, KEYCODE_MIN, KEYCODE_MAX - KEYCODE_MIN + 1);
	xcb_get_modifier_mapping_cookie_t modifier_cookie = xcb_get_modifier_mapping(c);
	xcb_get_keyboard_mapping_reply_t *map = xcb_get_keyboard_mapping_reply(c, map_cookie, NULL);
	xcb_get_modifier_mapping_reply_t *modifiers =
			xcb_get_modifier_mapping_reply(c, modifier_cookie, NULL);
	int err = map && modifiers ? 0 : ERR_IO;

	if (err == 0) {
		take_symbols(keymap, map);
		take_modifiers(keymap, modifiers);
	}
	free(map);
	free(modifiers);
	return err;
}

void keymap_bind(struct keymap *keymap, uint8_t first, int count, const xcb_keysym_t *symbols)
{
	xcb_keysym_t levels[KEYMAP_KEYS * LEVELS];

	for (int i = 0; i < count * LEVELS; i++)
		levels[i] = symbols[i / LEVELS];
	xcb_change_keyboard_mapping(keymap->display->conn, (uint8_t)count, first, LEVELS, levels);
}

void keymap_send_key(struct keymap *keymap, uint8_t keycode, bool down)
{
	xcb_test_fake_input(keymap->display->conn, down ? XCB_KEY_PRESS : XCB_KEY_RELEASE, keycode,
			XCB_CURRENT_TIME, XCB_NONE, 0, 0, 0);
}

int keymap_get_state(struct keymap *keymap, struct keymap_state *state)
{
	xcb_connection_t *c = keymap->display->conn;
	xcb_xkb_get_state_reply_t *reply =
			xcb_xkb_get_state_reply(c, xcb_xkb_get_state(c, XCB_XKB_ID_USE_CORE_KBD), NULL);

	if (!reply)
		return ERR_IO;
	*state = (struct keymap_state){ reply->mods, reply->group, reply->lockedMods };
	free(reply);
	return 0;
}

void keymap_lock(struct keymap *keymap, uint8_t affect, uint8_t locked)
{
	xcb_xkb_latch_lock_state(
			keymap->display->conn, XCB_XKB_ID_USE_CORE_KBD, affect, locked, 0, 0, 0, 0, 0);
}

void keymap_scroll_lamp(struct keymap *keymap, bool on)
{
	xcb_atom_t name = display_atom(keymap->display, "Scroll Lock");

	xcb_xkb_set_named_indicator(keymap->display->conn, XCB_XKB_ID_USE_CORE_KBD,
			XCB_XKB_LED_CLASS_DFLT_XI_CLASS, XCB_XKB_ID_DFLT_XI_ID, name, 1, on, 0, 0, 0, 0, 0, 0,
			0, 0, 0);
}
