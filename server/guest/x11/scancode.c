#include "scancode.h"

enum {
	EVDEV_OFFSET = 8, /* X11 reserves 0..7 */
};

/* Values are evdev's (input-event-codes.h). Up to 0x53 they equal the scancode. */
static const uint8_t plain_codes[SCANCODE_COUNT] = {
	/* clang-format off */
	[0x54] = 99 /* SysRq: Alt and Print */, [0x56] = 86, [0x57] = 87, [0x58] = 88,
	[0x59] = 117 /* keypad = */, [0x5c] = 121 /* keypad , */,
	[0x64] = 183 /* F13 */, 184, 185, 186, 187, 188, 189, 190, 191, 192, 193,
	[0x70] = 93 /* Katakana/Hiragana */, [0x71] = 123 /* Hanja */, [0x72] = 122 /* Hangul */,
	[0x73] = 89 /* Ro, ABNT C1 */, [0x76] = 194 /* F24 */, [0x77] = 91, [0x78] = 90,
	[0x79] = 92 /* Henkan */, [0x7b] = 94 /* Muhenkan */, [0x7d] = 124 /* Yen */,
	[0x7e] = 121 /* ABNT C2 */,
	/* clang-format on */
};

static const uint8_t extended_codes[SCANCODE_COUNT] = {
	/* clang-format off */
	[0x10] = 165 /* previous track */, [0x19] = 163 /* next track */,
	[0x1c] = 96 /* keypad Enter */, [0x1d] = 97 /* right Control */,
	[0x20] = 113 /* mute */, [0x21] = 140 /* calculator */, [0x22] = 164 /* play */,
	[0x24] = 166 /* stop */, [0x2e] = 114 /* quieter */, [0x30] = 115 /* louder */,
	[0x32] = 172 /* home page */, [0x35] = 98 /* keypad / */, [0x36] = 54 /* right Shift */,
	[0x37] = 99 /* Print */, [0x38] = 100 /* right Alt */,
	[0x45] = 69 /* Num Lock as some clients send it */, [0x46] = 119 /* Control and Pause */,
	[0x47] = 102 /* Home */, 103, 104 /* Page Up */, [0x4b] = 105 /* Left */,
	[0x4d] = 106 /* Right */, [0x4f] = 107 /* End */, 108, 109 /* Page Down */, 110, 111,
	[0x5b] = 125 /* left Windows key */, 126, 127 /* Menu */,
	[0x65] = 217 /* search */, 156, 173 /* reload */, 128, 159, 158 /* back */, 157, 155 /* mail */,
	226 /* media player */,
	[0x71] = 123, [0x72] = 122,
	/* clang-format on */
};

uint8_t scancode_to_keycode(uint32_t scancode, bool extended)
{
	uint8_t code;

	if (scancode >= SCANCODE_COUNT)
		return 0;
	code = extended ? extended_codes[scancode] : plain_codes[scancode];
	if (!extended && scancode <= 0x53)
		code = (uint8_t)scancode;
	return code ? code + EVDEV_OFFSET : 0;
}
