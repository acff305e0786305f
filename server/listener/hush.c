#include "hush.h"
#include <base/log.h>

enum {
	SECOND_US = 1000000,
};

bool hush_may_say(struct hush *hush, uint64_t now_us)
{
	if (now_us - hush->second_us >= SECOND_US) {
		if (hush->held_back)
			log_warn("%u more of these", hush->held_back);
		*hush = (struct hush){ .second_us = now_us };
	}
	if (hush->said < HUSH_LINES_PER_SECOND) {
		hush->said++;
		return true;
	}
	hush->held_back++;
	return false;
}
