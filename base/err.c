#include <base/err.h>

const char *err_text(int err)
{
	switch (err) {
	case ERR_FORMAT: return "malformed data";
	case ERR_SPACE: return "destination too small";
	case ERR_MEMORY: return "out of memory";
	case ERR_ARGUMENT: return "not supported";
	case ERR_IO: return "system error";
	case ERR_CLOSED: return "connection closed";
	case ERR_AGAIN: return "not ready";
	case ERR_DENIED: return "not allowed";
	case ERR_UNEXPECTED: return "not expected now";
	case ERR_MISSING: return "not found";
	case ERR_BUSY: return "already in use";
	case ERR_TIMEOUT: return "timed out";
	default: return err >= 0 ? "no error" : "unknown error";
	}
}
