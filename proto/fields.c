#include "fields.h"

/* Length of the UTF-8 sequence at s of len > 0 bytes; 0: it is none (overlong forms,
 * surrogates and what lies beyond U+10FFFF count as none). */
static size_t sequence_len(const uint8_t *s, size_t len)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = s[0] < 0x80 ? 1 : s[0] >> 5 == 6 ? 2 : s[0] >> 4 == 14 ? 3 : s[0] >> 3 == 30 ? 4 : 0;
	uint32_t code;

	if (n <= 1 || n > len)
		return n <= len ? n : 0;
	code = s[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if (s[i] >> 6 != 2)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	if (code < smallest[n] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	return n;
}

static bool is_text(const char *text, size_t len)
{
	const uint8_t *s = (const uint8_t *)text;
	size_t n;

	for (size_t i = 0; i < len; i += n) {
		n = sequence_len(s + i, len - i);
		if (n == 0 || s[i] == 0)
			return false;
	}
	return true;
}

static void write_text(struct writer *w, const char *text, size_t len)
{
	const uint8_t *s = (const uint8_t *)text;

	for (size_t i = 0; i < len;) {
		size_t n = sequence_len(s + i, len - i);

		if (n)
			writer_copy(w, s + i, n);
		else
			writer_u8(w, '?');
		i += n ? n : 1;
	}
}

void field_text(struct fields *f, char *text, size_t cap)
{
	size_t len;

	if (f->writing) {
		len = strnlen(text, cap - 1);
		write_text(&f->w, text, len);
		writer_zero(&f->w, cap - len);
		return;
	}
	reader_copy(&f->r, text, cap);
	len = strnlen(text, cap);
	if (len == cap || !is_text(text, len))
		reader_fail(&f->r);
	else
		memset(text + len, 0, cap - len);
}

void field_string(struct fields *f, char *text, size_t cap)
{
	uint16_t len;

	if (f->writing) {
		len = (uint16_t)strnlen(text, cap - 1);
		writer_u16(&f->w, len);
		write_text(&f->w, text, len);
		return;
	}
	len = reader_u16(&f->r);
	if (len >= cap) {
		fields_fail(f);
		return;
	}
	reader_copy(&f->r, text, len);
	memset(text + len, 0, cap - len);
	if (!is_text(text, len))
		reader_fail(&f->r);
}

void field_block(struct fields *f, uint8_t *data, uint16_t *len, size_t cap)
{
	field_u16(f, len);
	if (*len > cap)
		fields_fail(f);
	else
		field_bytes(f, data, *len);
}
