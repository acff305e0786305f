#include "backoff.h"
#include <string.h>

enum {
	SECOND_US = 1000000,
	WINDOW_US = BACKOFF_WINDOW_S * SECOND_US,
};

/* When nothing is held against the address any more. */
static uint64_t forgotten_us(const struct backoff_slot *slot)
{
	uint64_t last_us = slot->failed_us[(slot->failures - 1) % BACKOFF_FAILURES];

	return (slot->until_us > last_us ? slot->until_us : last_us) + WINDOW_US;
}

static const struct backoff_slot *find(
		const struct backoff *backoff, const uint8_t key[PEER_KEY_LEN], uint64_t now_us)
{
	for (int i = 0; i < BACKOFF_SLOTS; i++) {
		const struct backoff_slot *slot = &backoff->slots[i];

		if (slot->failures && peer_same(slot->key, key))
			return now_us < forgotten_us(slot) ? slot : NULL;
	}
	return NULL;
}

/* The address's own slot, a free one, or the one forgotten soonest. */
static struct backoff_slot *find_or_make(
		struct backoff *backoff, const uint8_t key[PEER_KEY_LEN], uint64_t now_us)
{
	struct backoff_slot *best = NULL;
	uint64_t best_us = UINT64_MAX;

	for (int i = 0; i < BACKOFF_SLOTS; i++) {
		struct backoff_slot *slot = &backoff->slots[i];
		uint64_t slot_us = slot->failures ? forgotten_us(slot) : 0;

		if (slot->failures && peer_same(slot->key, key)) {
			best = slot;
			best_us = slot_us;
			break;
		}
		if (slot_us < best_us) {
			best = slot;
			best_us = slot_us;
		}
	}
	if (!peer_same(best->key, key) || best_us <= now_us) {
		*best = (struct backoff_slot){ .failures = 0 };
		memcpy(best->key, key, PEER_KEY_LEN);
	}
	return best;
}

uint32_t backoff_fail(struct backoff *backoff, const uint8_t key[PEER_KEY_LEN], uint64_t now_us)
{
	struct backoff_slot *slot = find_or_make(backoff, key, now_us);
	uint64_t oldest_us;

	slot->failed_us[slot->failures++ % BACKOFF_FAILURES] = now_us;
	if (slot->failures == 2 * BACKOFF_FAILURES) /* the ring is full either way; never overflows */
		slot->failures = BACKOFF_FAILURES;
	if (now_us < slot->until_us || slot->failures < BACKOFF_FAILURES)
		return 0;
	oldest_us = slot->failed_us[slot->failures % BACKOFF_FAILURES];
	if (slot->wait_s == 0 && now_us - oldest_us > WINDOW_US)
		return 0;
	slot->wait_s = slot->wait_s ? 2 * slot->wait_s : 1;
	if (slot->wait_s > BACKOFF_WAIT_MAX_S)
		slot->wait_s = BACKOFF_WAIT_MAX_S;
	slot->until_us = now_us + (uint64_t)slot->wait_s * SECOND_US;
	return slot->wait_s;
}

bool backoff_waits(const struct backoff *backoff, const uint8_t key[PEER_KEY_LEN], uint64_t now_us)
{
	const struct backoff_slot *slot = find(backoff, key, now_us);

	return slot && now_us < slot->until_us;
}
