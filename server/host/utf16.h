/* UTF-8 to UTF-16LE and back, strict (no lone surrogates, no overlong forms), and
 * the upper-casing that NTLM wants. Thread-safe. */
#ifndef HOST_UTF16_H
#define HOST_UTF16_H

#include <base/err.h>
#include <stddef.h>
#include <stdint.h>

/* text ends with NUL, which is not converted. Returns bytes written (even), or
 * ERR_FORMAT (no UTF-8), ERR_SPACE. */
MUST_USE int utf16_from_utf8(const char *text, uint8_t *dst, size_t cap);

/* len bytes of UTF-16LE; dst gets a NUL. Returns bytes written without it, or
 * ERR_FORMAT (odd length, lone surrogates, a NUL inside), ERR_SPACE. */
MUST_USE int utf16_to_utf8(const uint8_t *src, size_t len, char *dst, size_t cap);

/* Upper-cases in place, unit by unit, as RtlUpcaseUnicodeChar does: simple
 * mappings of the basic plane, and (but for the final sigma) only those that the
 * lower-casing undoes, so that a dotless i or a long s stays what it is. */
void utf16_upper(uint8_t *text, size_t len);

#endif
