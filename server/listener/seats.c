#include "seats.h"

void seats_init(struct seats *seats, int max, int max_per_address)
{
	*seats = (struct seats){ .max = max, .max_per_address = max_per_address };
	TAILQ_INIT(&seats->pending);
	TAILQ_INIT(&seats->settled);
}

static int count_of(const struct seat_list *list, const uint8_t key[PEER_KEY_LEN])
{
	struct seat *seat;
	int count = 0;

	TAILQ_FOREACH(seat, list, link)
	count += peer_same(seat->key, key);
	return count;
}

static struct seat *choose_victim(struct seats *seats, uint64_t now_us)
{
	struct seat *seat = TAILQ_FIRST(&seats->pending), *victim = NULL;
	int most = 0;

	if (!seat || now_us - seat->since_us < SEATS_EVICT_AGE_US)
		return NULL;
	TAILQ_FOREACH(seat, &seats->pending, link)
	{
		int count = count_of(&seats->pending, seat->key);

		if (count > most) {
			victim = seat;
			most = count;
		}
	}
	return victim && now_us - victim->since_us >= SEATS_EVICT_AGE_US ? victim : NULL;
}

enum seats_answer seats_ask(
		struct seats *seats, const uint8_t key[PEER_KEY_LEN], uint64_t now_us, struct seat **victim)
{
	int pending_max = seats->max / 2;

	if (pending_max < SEATS_PENDING_MIN)
		pending_max = SEATS_PENDING_MIN;
	if (pending_max > SEATS_PENDING_MAX)
		pending_max = SEATS_PENDING_MAX;
	if (count_of(&seats->pending, key) + count_of(&seats->settled, key) >= seats->max_per_address)
		return SEATS_ADDRESS_FULL;
	if (seats->pending_count + seats->settled_count < seats->max && seats->pending_count < pending_max)
		return SEATS_FREE;
	*victim = choose_victim(seats, now_us);
	return *victim ? SEATS_EVICT : SEATS_FULL;
}

void seats_take(struct seats *seats, struct seat *seat, const uint8_t *key, uint64_t now_us, bool pending)
{
	*seat = (struct seat){ .key = key, .since_us = now_us, .pending = pending };
	if (pending) {
		TAILQ_INSERT_TAIL(&seats->pending, seat, link);
		seats->pending_count++;
	} else {
		TAILQ_INSERT_TAIL(&seats->settled, seat, link);
		seats->settled_count++;
	}
}

void seats_settle(struct seats *seats, struct seat *seat)
{
	if (!seat->pending)
		return;
	seats_leave(seats, seat);
	seats_take(seats, seat, seat->key, seat->since_us, false);
}

void seats_leave(struct seats *seats, struct seat *seat)
{
	if (seat->pending) {
		TAILQ_REMOVE(&seats->pending, seat, link);
		seats->pending_count--;
	} else {
		TAILQ_REMOVE(&seats->settled, seat, link);
		seats->settled_count--;
	}
}
