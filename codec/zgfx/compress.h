/* The matcher of the ZGFX encoder: bytes in, the bits of one segment out. */
#ifndef ZGFX_COMPRESS_H
#define ZGFX_COMPRESS_H

#include "window.h"

enum { ZGFX_COMPRESS_SLACK_BYTES = 32 };

/* Adds src (1..65535 bytes) to the window and writes its bits and their trailer to
 * dst, which has room for len + ZGFX_COMPRESS_SLACK_BYTES. Returns the bytes written,
 * or 0 if that would not be less than len. */
size_t zgfx_compress(struct zgfx_window *win, const uint8_t *src, size_t len, uint8_t *dst);

#endif
