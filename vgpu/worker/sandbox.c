#include "sandbox.h"

int sandbox_enter(uint64_t video_memory_bytes)
{
	return 0;
}

int sandbox_close(bool hardware)
{
	return 0;
}
