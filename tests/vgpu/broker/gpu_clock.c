#include <gpu_clock.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum {
	GUESTS = 3,
	NOW_US = 1000000,
};

struct bed {
	struct broker_page pages[GUESTS];
	struct gpu_clock_member guests[GUESTS], *members[GUESTS];
	struct gpu_clock clock;
};

static struct bed *start(void)
{
	static struct bed bed;

	memset(&bed, 0, sizeof bed);
	for (int i = 0; i < GUESTS; i++) {
		gpu_clock_join(&bed.guests[i], &bed.pages[i]);
		bed.members[i] = &bed.guests[i];
	}
	return &bed;
}

static void ends(struct bed *bed, int guest, uint64_t begin_us, uint64_t end_us)
{
	struct broker_page *page = &bed->pages[guest];
	uint32_t number = atomic_fetch_add(&page->span_count, 1);

	atomic_store(&page->spans[number % BROKER_SPANS].begin_us, begin_us);
	atomic_store(&page->spans[number % BROKER_SPANS].end_us, end_us);
}

static void look(struct bed *bed, uint64_t now_us)
{
	gpu_clock_read(&bed->clock, bed->members, GUESTS, now_us);
}

static void who_is_alone_had_it_since_it_asked(void **state)
{
	struct bed *bed = start();

	ends(bed, 0, 100, 130);
	ends(bed, 0, 110, 150); /* asked for while the first was being drawn */
	ends(bed, 0, 200, 210);
	look(bed, NOW_US);
	assert_int_equal(bed->guests[0].used_us, 30 + 20 + 10);
	look(bed, NOW_US);
	assert_int_equal(bed->guests[0].used_us, 60);
}

/* Both always want it; one takes 1 ms each time, the other 9. */
static void waiting_for_others_is_not_use(void **state)
{
	struct bed *bed = start();
	uint64_t at_us = 5000;

	for (int i = 0; i < 40; i++) {
		ends(bed, 0, at_us - 1000, at_us + 1000);
		ends(bed, 1, at_us - 5000, at_us + 10000);
		at_us += 10000;
		look(bed, at_us);
	}
	assert_int_equal(bed->guests[0].used_us, 1000 + 39 * 1000 + 1000);
	assert_int_equal(bed->guests[1].used_us, 4000 + 40 * 9000); /* at first nobody else wants it */
	assert_int_equal(bed->guests[2].used_us, 0);
}

static void what_a_worker_did_for_another_does_not_count(void **state)
{
	struct bed *bed = start();

	ends(bed, 0, 100, 200);
	gpu_clock_join(&bed->guests[0], &bed->pages[0]);
	gpu_clock_join(&bed->guests[1], NULL);
	look(bed, NOW_US);
	assert_int_equal(bed->guests[0].used_us, 0);
}

/* Also when the count has gone around. */
static void more_than_there_is_room_for_is_lost(void **state)
{
	struct bed *bed = start();

	atomic_store(&bed->pages[0].span_count, UINT32_MAX - 10);
	gpu_clock_join(&bed->guests[0], &bed->pages[0]);
	for (uint64_t i = 1; i <= BROKER_SPANS + 20; i++)
		ends(bed, 0, 100 * i, 100 * i + 10);
	look(bed, NOW_US);
	assert_int_equal(bed->guests[0].used_us, 10 * BROKER_SPANS);
}

/* A worker that was taken over says what it likes: nobody else seems to use more by it. */
static void lies_do_not_cost_others(void **state)
{
	struct bed *bed = start();

	ends(bed, 0, UINT64_MAX, 0);
	ends(bed, 0, 0, UINT64_MAX);
	ends(bed, 0, NOW_US * 2, NOW_US * 3);
	atomic_fetch_add(&bed->pages[0].span_count, 1u << 31);
	ends(bed, 1, 100, 400);
	look(bed, NOW_US);
	assert_true(bed->guests[0].used_us <= NOW_US);
	assert_true(bed->guests[1].used_us <= 300);
	ends(bed, 1, NOW_US + 100, NOW_US + 400);
	look(bed, NOW_US + 500);
	assert_in_range(bed->guests[1].used_us, 300, 600);
}

/* One has the GPU for 100 ms, the broker looks each 4 ms, and each time another says that
 * it ended so many pieces of work of that length. */
static void spoil(uint64_t piece_us, int pieces)
{
	struct bed *bed = start();
	uint64_t now_us = NOW_US;
	const uint64_t true_us = 100000;

	while (now_us < NOW_US + true_us) {
		now_us += 4000;
		for (int i = pieces - 1; i >= 0; i--)
			ends(bed, 0, now_us - (uint64_t)i * 50 - piece_us, now_us - (uint64_t)i * 50);
		look(bed, now_us);
	}
	ends(bed, 1, NOW_US, NOW_US + true_us);
	look(bed, now_us);
	assert_true(bed->guests[1].used_us <= true_us);
	assert_true(bed->guests[1].used_us + bed->guests[0].used_us >= true_us);
}

static void who_makes_it_cheap_for_others_pays(void **state)
{
	spoil(0, 1);
	spoil(1, 1);
	spoil(1, BROKER_SPANS);
	spoil(40, BROKER_SPANS);
	spoil(4000, 1);
	spoil(NOW_US, 1);
}

static void who_is_held_for_long_pays_alone(void **state)
{
	struct bed *bed = start();

	bed->guests[0].doubted = true;
	ends(bed, 0, NOW_US - 5000, NOW_US);
	look(bed, NOW_US);
	ends(bed, 1, NOW_US - 3000, NOW_US);
	look(bed, NOW_US);
	assert_int_equal(bed->guests[0].used_us, 5000);
	assert_int_equal(bed->guests[1].used_us, 3000);
	ends(bed, 0, NOW_US - 3000, NOW_US + 1000); /* what others paid is not charged twice */
	look(bed, NOW_US + 1000);
	assert_int_equal(bed->guests[0].used_us, 6000);
}

/* What is forgotten of short work long ago is not charged to who waits now. */
static void short_work_is_forgotten_first(void **state)
{
	struct bed *bed = start();
	uint64_t at_us = NOW_US;

	for (int i = 0; i < 3 * GPU_CLOCK_TAKEN_MAX; i++, at_us += 1000) {
		ends(bed, 0, at_us, at_us + 100);
		look(bed, at_us + 200);
	}
	ends(bed, 1, at_us - 20000, at_us);
	look(bed, at_us);
	assert_int_equal(bed->guests[1].used_us, 20000 - 20 * 100);
	assert_int_equal(bed->guests[0].used_us, 3 * GPU_CLOCK_TAKEN_MAX * 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_alone_had_it_since_it_asked),
		cmocka_unit_test(waiting_for_others_is_not_use),
		cmocka_unit_test(what_a_worker_did_for_another_does_not_count),
		cmocka_unit_test(more_than_there_is_room_for_is_lost),
		cmocka_unit_test(lies_do_not_cost_others),
		cmocka_unit_test(who_makes_it_cheap_for_others_pays),
		cmocka_unit_test(who_is_held_for_long_pays_alone),
		cmocka_unit_test(short_work_is_forgotten_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
