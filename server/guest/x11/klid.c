#include "klid.h"
#include <stdio.h>
#include <string.h>

enum {
	LANGUAGE_MASK = 0xffff, /* of an identifier: what is above tells layouts of one language apart */
	PRIMARY_MASK = 0x3ff,   /* of a language: what is above is the country */
	PRIMARY_SPANISH = 0x0a,
	COUNTRY_FIRST = 0x400,
	COUNTRY_SPAIN_MODERN = 0xc00,
	LATIN_AMERICA = 0x080a,
};

/* Identifiers as Windows lists them under "Keyboard Layouts"; rows with a zero
 * upper half come first in their language, for the fall-backs. */
static const struct klid_layout table[] = {
	{ 0x00000401, "ara", "", true },
	{ 0x00010401, "ara", "", true },
	{ 0x00020401, "ara", "azerty", true },
	{ 0x00000402, "bg", "", true },
	{ 0x00010402, "us", "", false },
	{ 0x00020402, "bg", "phonetic", true },
	{ 0x00030402, "bg", "", true },
	{ 0x00040402, "bg", "phonetic", true },
	{ 0x00000403, "es", "cat", false },
	{ 0x00000404, "us", "", false },
	{ 0x00000405, "cz", "", false },
	{ 0x00010405, "cz", "qwerty", false },
	{ 0x00020405, "cz", "coder", false },
	{ 0x00000406, "dk", "", false },
	{ 0x00000407, "de", "", false },
	{ 0x00010407, "de", "", false },
	{ 0x00000408, "gr", "", true },
	{ 0x00060408, "gr", "polytonic", true },
	{ 0x00000409, "us", "", false },
	{ 0x00010409, "us", "dvorak", false },
	{ 0x00020409, "us", "intl", false },
	{ 0x00030409, "us", "dvorak-l", false },
	{ 0x00040409, "us", "dvorak-r", false },
	{ 0x0000040a, "es", "", false },
	{ 0x0001040a, "es", "", false },
	{ 0x0000040b, "fi", "", false },
	{ 0x0001083b, "fi", "smi", false },
	{ 0x0000040c, "fr", "", false },
	{ 0x0001040c, "fr", "afnor", false },
	{ 0x0002040c, "fr", "bepo", false },
	{ 0x0000040d, "il", "", true },
	{ 0x0002040d, "il", "", true },
	{ 0x0000040e, "hu", "", false },
	{ 0x0001040e, "hu", "101_qwerty_comma_dead", false },
	{ 0x0000040f, "is", "", false },
	{ 0x00000410, "it", "", false },
	{ 0x00010410, "it", "", false },
	{ 0x00000411, "jp", "", false },
	{ 0x00000412, "kr", "", false },
	{ 0x00000413, "nl", "", false },
	{ 0x00000414, "no", "", false },
	{ 0x00000415, "pl", "", false },
	{ 0x00010415, "pl", "qwertz", false },
	{ 0x00000416, "br", "", false },
	{ 0x00010416, "br", "", false },
	{ 0x00000418, "ro", "winkeys", false },
	{ 0x00010418, "ro", "std", false },
	{ 0x00020418, "ro", "", false },
	{ 0x00000419, "ru", "", true },
	{ 0x00010419, "ru", "typewriter", true },
	{ 0x00020419, "ru", "phonetic_winkeys", true },
	{ 0x0000041a, "hr", "", false },
	{ 0x0000041b, "sk", "", false },
	{ 0x0001041b, "sk", "qwerty", false },
	{ 0x0000041c, "al", "", false },
	{ 0x0000041d, "se", "", false },
	{ 0x0000041e, "th", "", true },
	{ 0x0001041e, "th", "pat", true },
	{ 0x0000041f, "tr", "", false },
	{ 0x0001041f, "tr", "f", false },
	{ 0x00000420, "pk", "", true },
	{ 0x00000422, "ua", "winkeys", true },
	{ 0x00020422, "ua", "winkeys", true },
	{ 0x00000423, "by", "", true },
	{ 0x00000424, "si", "", false },
	{ 0x00000425, "ee", "", false },
	{ 0x00000426, "lv", "", false },
	{ 0x00010426, "lv", "", false },
	{ 0x00000427, "lt", "ibm", false },
	{ 0x00010427, "lt", "", false },
	{ 0x00000429, "ir", "", true },
	{ 0x0000042a, "vn", "", false },
	{ 0x0000042b, "am", "eastern", true },
	{ 0x0001042b, "am", "western", true },
	{ 0x0000042c, "az", "", false },
	{ 0x0000042f, "mk", "", true },
	{ 0x00000437, "ge", "", true },
	{ 0x00000438, "fo", "", false },
	{ 0x00000439, "in", "deva", true },
	{ 0x0000043a, "mt", "", false },
	{ 0x0000043f, "kz", "", true },
	{ 0x00000440, "kg", "", true },
	{ 0x00000450, "mn", "", true },
	{ 0x00000452, "gb", "extd", false },
	{ 0x00000804, "us", "", false },
	{ 0x00000807, "ch", "", false },
	{ 0x00000809, "gb", "", false },
	{ 0x0000080a, "latam", "", false },
	{ 0x0000080c, "be", "", false },
	{ 0x0001080c, "be", "", false },
	{ 0x00000813, "be", "", false },
	{ 0x00000816, "pt", "", false },
	{ 0x0000081a, "rs", "latin", false },
	{ 0x0000082c, "az", "cyrillic", true },
	{ 0x00000c07, "at", "", false },
	{ 0x00000c0c, "ca", "fr-legacy", false },
	{ 0x00000c1a, "rs", "", true },
	{ 0x00001009, "ca", "fr", false },
	{ 0x00011009, "ca", "multix", false },
	{ 0x00000c04, "us", "", false },
	{ 0x00001004, "us", "", false },
	{ 0x0000100c, "ch", "fr", false },
	{ 0x0000141a, "ba", "", false },
	{ 0x00001809, "ie", "", false },
};

static const struct klid_layout *exact(uint32_t klid)
{
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		if (table[i].klid == klid)
			return &table[i];
	}
	return NULL;
}

const struct klid_layout *klid_find(uint32_t klid)
{
	uint32_t language = klid & LANGUAGE_MASK, primary = klid & PRIMARY_MASK;
	uint32_t country = language & ~(uint32_t)PRIMARY_MASK;
	const struct klid_layout *found = exact(klid);

	if (!found)
		found = exact(language);
	if (!found && primary == PRIMARY_SPANISH && country > COUNTRY_SPAIN_MODERN)
		found = exact(LATIN_AMERICA);
	if (!found)
		found = exact(primary | COUNTRY_FIRST);
	return found ? found : exact(KLID_US);
}

void klid_symbols(const struct klid_layout *layout, bool plain, char *dst)
{
	const char *variant = plain ? "" : layout->variant;
	bool brackets = variant[0] != 0;

	snprintf(dst, KLID_SYMBOLS_CAP, "pc+%s%s%s%s%s+inet(evdev)%s", layout->layout, brackets ? "(" : "",
			variant, brackets ? ")" : "", layout->add_latin ? "+us:2" : "",
			layout->add_latin ? "+group(alt_shift_toggle)" : "");
}

static bool is_one_of(const char *word, const char *const *list)
{
	for (; *list; list++) {
		if (strcmp(word, *list) == 0)
			return true;
	}
	return false;
}

/* The lists of xkeyboard-config's rules: some symbols name keys by the letter on them. */
const char *klid_keycodes(const struct klid_layout *layout)
{
	static const char *const azerty[] = { "be", "fr", NULL };
	static const char *const qwertz[] = { "al", "ch", "cz", "de", "hr", "hu", "ro", "si", "sk", NULL };

	if (is_one_of(layout->layout, azerty))
		return "evdev+aliases(azerty)";
	return is_one_of(layout->layout, qwertz) ? "evdev+aliases(qwertz)" : "evdev+aliases(qwerty)";
}

const struct klid_layout *klid_table(size_t *count)
{
	*count = sizeof table / sizeof *table;
	return table;
}
