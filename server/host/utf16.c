#include "utf16.h"
#include <base/reader.h>
#include <base/writer.h>
#include <locale.h>
#include <pthread.h>
#include <wctype.h>

enum {
	FINAL_SIGMA = 0x3c2,
};

/* One code point; the reader fails on anything that is not UTF-8. */
static uint32_t utf8_next(struct reader *r)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	uint8_t first = reader_u8(r);
	int more = first < 0x80 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
	uint32_t c = more ? first & (0x3fU >> more) : first;

	if (first >= 0xf8 || (first >= 0x80 && first < 0xc0))
		reader_fail(r);
	for (int i = 0; i < more; i++) {
		uint8_t b = reader_u8(r);

		if ((b & 0xc0) != 0x80)
			reader_fail(r);
		c = c << 6 | (b & 0x3f);
	}
	if (c < least[more] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		reader_fail(r);
	return c;
}

int utf16_from_utf8(const char *text, uint8_t *dst, size_t cap)
{
	struct reader r = reader_init(text, strlen(text));
	struct writer w = writer_init(dst, cap);

	while (reader_left(&r)) {
		uint32_t c = utf8_next(&r);

		if (c >= 0x10000) {
			writer_u16(&w, (uint16_t)(0xd800 + ((c - 0x10000) >> 10)));
			c = 0xdc00 + (c & 0x3ff);
		}
		writer_u16(&w, (uint16_t)c);
	}
	return reader_done(&r) ? writer_len(&w) : ERR_FORMAT;
}

static uint32_t utf16_next(struct reader *r)
{
	uint32_t c = reader_u16(r), low;

	if (c < 0xd800 || c >= 0xe000)
		return c;
	low = reader_u16(r);
	if (c >= 0xdc00 || low < 0xdc00 || low >= 0xe000)
		reader_fail(r);
	return 0x10000 + ((c & 0x3ff) << 10 | (low & 0x3ff));
}

static void put_utf8(struct writer *w, uint32_t c)
{
	if (c < 0x80) {
		writer_u8(w, (uint8_t)c);
	} else if (c < 0x800) {
		writer_u8(w, (uint8_t)(0xc0 | c >> 6));
		writer_u8(w, (uint8_t)(0x80 | (c & 0x3f)));
	} else if (c < 0x10000) {
		writer_u8(w, (uint8_t)(0xe0 | c >> 12));
		writer_u8(w, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
		writer_u8(w, (uint8_t)(0x80 | (c & 0x3f)));
	} else {
		writer_u8(w, (uint8_t)(0xf0 | c >> 18));
		writer_u8(w, (uint8_t)(0x80 | (c >> 12 & 0x3f)));
		writer_u8(w, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
		writer_u8(w, (uint8_t)(0x80 | (c & 0x3f)));
	}
}

int utf16_to_utf8(const uint8_t *src, size_t len, char *dst, size_t cap)
{
	struct reader r = reader_init(src, len);
	struct writer w = writer_init(dst, cap);
	int n;

	while (reader_left(&r)) {
		uint32_t c = utf16_next(&r);

		if (c == 0)
			reader_fail(&r);
		put_utf8(&w, c);
	}
	writer_u8(&w, 0);
	if (!reader_done(&r))
		return ERR_FORMAT;
	n = writer_len(&w);
	return n < 0 ? n : n - 1;
}

static locale_t unicode;

/* NULL when the system has no C.UTF-8: then only ASCII is upper-cased. */
static void open_locale(void)
{
	unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

static uint16_t upper(uint16_t c)
{
	wint_t up;

	if (c < 0x80 || !unicode)
		return c >= 'a' && c <= 'z' ? (uint16_t)(c - 'a' + 'A') : c;
	if (c >= 0xd800 && c < 0xe000)
		return c;
	up = towupper_l(c, unicode);
	if (up > 0xffff || (c != FINAL_SIGMA && towlower_l(up, unicode) != c))
		return c;
	return (uint16_t)up;
}

void utf16_upper(uint8_t *text, size_t len)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, open_locale);
	for (size_t i = 0; i + 2 <= len; i += 2)
		store_u16(text + i, upper((uint16_t)(text[i] | text[i + 1] << 8)));
}
