/* Pictures with a fake guest and a fake sink: what the client has must end as what
 * the guest shows, each changed tile sent once with its newest pixels, and nothing
 * pulled or begun while there is no use for it. The pool has threads, so that the
 * thread sanitizer sees who touches the shadow when. */
#include <session/pictures.h>

#include <base/loop.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	SIDE_MAX_PX = 2048,
	TILE_BYTES = SINK_TILE_PX * SINK_TILE_PX * 4,
	ROUNDS = 400,
};

struct fake {
	struct sink sink; /* first */
	sd_event *event;
	struct pool *pool;
	struct pictures *pictures;
	int width_px, height_px;
	ptrdiff_t stride_bytes;
	uint8_t *guest, *lent, *client;
	struct link_layout layout;
	/* what pictures asked of us */
	int pulls, begun, ended, tiles, resizes, writes;
	bool pulling, full, in_frame, blocked, failed;
	unsigned flying;   /* frames in flight */
	int sent[64 * 64]; /* tiles of the frame that is open */
	int again;         /* refreshes in it */
	uint32_t seed;
};

static struct fake *of(const struct sink *sink)
{
	return (struct fake *)sink;
}

static uint32_t chance(struct fake *f, uint32_t below)
{
	f->seed = f->seed * 1664525 + 1013904223;
	return (f->seed >> 8) % below;
}

/* --- the sink: the pixels as they are --- */

static int encode(const struct sink *sink, const struct sink_tile *tile, int worker, uint8_t *dst, size_t cap)
{
	assert_true((size_t)(tile->w_px * tile->h_px * 4) <= cap);
	for (int y = 0; y < tile->h_px; y++)
		memcpy(dst + y * tile->w_px * 4, tile->pixels + y * tile->stride_bytes,
				(size_t)tile->w_px * 4);
	return tile->w_px * tile->h_px * 4;
}

static int resize(struct sink *sink, const struct link_layout *layout)
{
	struct fake *f = of(sink);

	assert_false(f->in_frame);
	f->resizes++;
	f->flying = 0;
	return 0;
}

static int begin(struct sink *sink, uint32_t *frame_id)
{
	struct fake *f = of(sink);

	assert_false(f->in_frame);
	assert_false(f->blocked);
	assert_true(f->flying < SINK_FRAMES_IN_FLIGHT_MAX);
	f->in_frame = true;
	memset(f->sent, 0, sizeof f->sent);
	f->again = 0;
	*frame_id = (uint32_t)++f->begun;
	return 0;
}

static void take_tile(struct fake *f, const struct sink_chunk *chunk)
{
	const struct sink_tile *t = &chunk->tile;
	int *sent = &f->sent[t->y_px / SINK_TILE_PX * 64 + t->x_px / SINK_TILE_PX];

	assert_true(t->w_px > 0 && t->h_px > 0 && t->x_px >= 0 && t->y_px >= 0);
	assert_true(t->x_px + t->w_px <= f->width_px && t->y_px + t->h_px <= f->height_px);
	assert_int_equal(chunk->len, t->w_px * t->h_px * 4);
	assert_true((*sent)++ <= f->again);
	f->tiles++;
	for (int y = 0; y < t->h_px; y++)
		memcpy(f->client + (t->y_px + y) * f->stride_bytes + t->x_px * 4,
				chunk->data + y * t->w_px * 4, (size_t)t->w_px * 4);
}

static int emit(struct sink *sink, const struct sink_chunk *chunks, size_t count)
{
	assert_true(of(sink)->in_frame);
	assert_in_range(count, 1, SINK_BATCH_MAX);
	for (size_t i = 0; i < count; i++)
		take_tile(of(sink), &chunks[i]);
	return 0;
}

static int end(struct sink *sink)
{
	struct fake *f = of(sink);

	assert_true(f->in_frame);
	f->in_frame = false;
	f->ended++;
	f->flying++;
	return 0;
}

static unsigned in_flight(const struct sink *sink)
{
	return of(sink)->flying;
}

static bool acknowledges(const struct sink *sink)
{
	return true;
}

static void on_ack(struct sink *sink, uint32_t frame_id)
{
	of(sink)->flying = 0;
}

static const struct sink_ops ops = {
	.codec = "fake",
	.encode = encode,
	.resize = resize,
	.begin = begin,
	.emit = emit,
	.end = end,
	.in_flight = in_flight,
	.acknowledges = acknowledges,
	.on_ack = on_ack,
};

/* --- the session --- */

static void on_pull(void *user, bool full)
{
	struct fake *f = user;

	assert_false(f->pulling);
	assert_false(f->in_frame);
	f->pulling = true;
	f->full = full;
	f->pulls++;
}

static bool on_blocked(void *user)
{
	return ((struct fake *)user)->blocked;
}

static void on_written(void *user)
{
	struct fake *f = user;

	f->writes++;
}

static void on_failed(void *user, const char *why)
{
	((struct fake *)user)->failed = true;
}

/* Runs the loop until no tile is being encoded. */
static void settle(struct fake *f)
{
	while (pictures_in_frame(f->pictures) && !f->blocked)
		assert_true(sd_event_run(f->event, UINT64_MAX) > 0);
}

static void set_size(struct fake *f, int width_px, int height_px)
{
	f->layout = link_layout_single((uint32_t)width_px, (uint32_t)height_px);
	f->width_px = width_px;
	f->height_px = height_px;
	f->stride_bytes = (width_px * 4 + 63) & ~63;
	memset(f->guest, 0x11, (size_t)(f->stride_bytes * height_px));
	memset(f->client, 0xee, (size_t)(f->stride_bytes * height_px));
	f->pulling = false;
	assert_int_equal(pictures_resize(f->pictures, &f->layout), 0);
	pictures_kick(f->pictures);
}

/* Answers the pull with these rectangles. */
static void answer(struct fake *f, const struct link_rect *rects, uint32_t count)
{
	struct guest_picture picture = { f->lent, (uint32_t)f->width_px, (uint32_t)f->height_px,
		(uint32_t)f->stride_bytes };
	struct link_frame frame = { .count = count };

	assert_true(f->pulling);
	f->pulling = false;
	for (uint32_t i = 0; i < count; i++) {
		frame.rects[i] = rects[i];
		for (uint32_t y = rects[i].y; y < rects[i].y + rects[i].height; y++)
			memcpy(f->lent + (ptrdiff_t)y * f->stride_bytes + rects[i].x * 4,
					f->guest + (ptrdiff_t)y * f->stride_bytes + rects[i].x * 4,
					(size_t)rects[i].width * 4);
	}
	pictures_on_frame(f->pictures, &frame, picture);
}

static void answer_all(struct fake *f)
{
	const struct link_rect all = { 0, 0, (uint32_t)f->width_px, (uint32_t)f->height_px };

	answer(f, &all, 1);
}

static void check_client(struct fake *f)
{
	for (int y = 0; y < f->height_px; y++)
		assert_memory_equal(f->client + y * f->stride_bytes, f->guest + y * f->stride_bytes,
				(size_t)f->width_px * 4);
	assert_false(f->failed);
}

static struct link_rect draw(struct fake *f)
{
	uint32_t w = 1 + chance(f, (uint32_t)f->width_px), h = 1 + chance(f, (uint32_t)f->height_px);
	struct link_rect r;

	if (chance(f, 2))
		w = w / 16 + 1, h = h / 16 + 1;
	r = (struct link_rect){ chance(f, (uint32_t)f->width_px - w + 1),
		chance(f, (uint32_t)f->height_px - h + 1), w, h };
	for (uint32_t y = r.y; y < r.y + h; y++)
		memset(f->guest + (ptrdiff_t)y * f->stride_bytes + r.x * 4, (int)chance(f, 256),
				(size_t)w * 4);
	return r;
}

static int start(void **state)
{
	struct fake *f = calloc(1, sizeof *f);
	const struct pictures_host host = { on_pull, on_blocked, on_written, on_failed, f };
	size_t bytes = (size_t)SIDE_MAX_PX * SIDE_MAX_PX * 4;

	f->event = loop_create();
	f->pool = pool_create(f->event, 2);
	f->sink = (struct sink){ &ops, TILE_BYTES };
	f->guest = malloc(bytes);
	f->lent = calloc(1, bytes);
	f->client = malloc(bytes);
	f->seed = 1;
	f->pictures = pictures_create(f->pool, NULL, &host);
	*state = f;
	return f->pictures && pictures_set_sink(f->pictures, &f->sink) == 0 ? 0 : -1;
}

static int stop(void **state)
{
	struct fake *f = *state;

	pool_destroy(f->pool);
	pictures_destroy(f->pictures);
	sd_event_unref(f->event);
	free(f->guest);
	free(f->lent);
	free(f->client);
	free(f);
	return 0;
}

/* A world whose client has the whole first picture. */
static struct fake *with_picture(void **state, int width_px, int height_px)
{
	struct fake *f = *state;

	set_size(f, width_px, height_px);
	assert_true(f->pulling && f->full);
	answer_all(f);
	settle(f);
	check_client(f);
	pictures_on_ack(f->pictures, (uint32_t)f->begun, loop_now_us());
	assert_true(f->pulling && !f->full);
	f->tiles = f->begun = f->ended = f->pulls = 0;
	return f;
}

static void every_size_arrives_whole(void **state)
{
	static const int sizes[][2] = { { 1, 1 }, { 64, 64 }, { 65, 63 }, { 1366, 768 }, { 1919, 1079 },
		{ 200, 2000 } };

	for (int i = 0; i < 6; i++) {
		int tiles = (sizes[i][0] + 63) / 64 * ((sizes[i][1] + 63) / 64);
		struct fake *f = *state;

		f->tiles = 0;
		set_size(f, sizes[i][0], sizes[i][1]);
		answer_all(f);
		settle(f);
		check_client(f);
		assert_int_equal(f->tiles, tiles);
		pictures_on_ack(f->pictures, (uint32_t)f->begun, loop_now_us());
	}
}

static void unchanged_damage_sends_nothing(void **state)
{
	struct fake *f = with_picture(state, 640, 480);

	for (int i = 0; i < 10; i++)
		answer_all(f);
	assert_int_equal(f->begun, 0);
	assert_int_equal(f->pulls, 10); /* and asks again */
	assert_true(f->pulling);
}

static void only_changed_tiles_are_sent(void **state)
{
	struct fake *f = with_picture(state, 640, 480);

	f->guest[70 * f->stride_bytes + 130 * 4] ^= 0xff;
	answer_all(f);
	settle(f);
	assert_int_equal(f->tiles, 1);
	assert_int_equal(f->ended, 1);
	check_client(f);
}

static void nothing_is_pulled_while_output_is_blocked(void **state)
{
	struct fake *f = with_picture(state, 640, 480);

	f->blocked = true;
	draw(f);
	answer_all(f);
	assert_int_equal(f->begun, 0);
	assert_false(f->pulling);
	pictures_kick(f->pictures);
	assert_false(f->pulling);
	f->blocked = false;
	pictures_kick(f->pictures);
	settle(f);
	check_client(f);
	assert_true(f->pulling);
}

static void three_frames_in_flight_are_enough(void **state)
{
	struct fake *f = with_picture(state, 640, 480);

	for (int i = 0; i < SINK_FRAMES_IN_FLIGHT_MAX; i++) {
		assert_true(f->pulling);
		f->guest[0]++;
		answer_all(f);
		settle(f);
	}
	assert_int_equal(f->flying, SINK_FRAMES_IN_FLIGHT_MAX);
	assert_false(f->pulling);
	pictures_on_ack(f->pictures, 3, loop_now_us());
	assert_true(f->pulling);
}

static void a_held_client_gets_nothing(void **state)
{
	struct fake *f = with_picture(state, 640, 480);

	pictures_hold(f->pictures, true);
	draw(f);
	answer_all(f);
	assert_int_equal(f->begun, 0);
	assert_false(f->pulling);
	pictures_hold(f->pictures, false);
	settle(f);
	check_client(f);
}

static void refresh_sends_all_of_it(void **state)
{
	struct fake *f = with_picture(state, 640, 480);

	pictures_refresh(f->pictures);
	settle(f);
	assert_int_equal(f->tiles, 10 * 8);
	check_client(f);
}

/* The pull is open when the refresh begins: its frame comes while tiles are encoded. */
static void a_frame_during_a_refresh_is_kept(void **state)
{
	struct fake *f = with_picture(state, 1919, 1079);

	for (int i = 0; i < 20; i++) {
		pictures_refresh(f->pictures);
		assert_true(pictures_in_frame(f->pictures));
		if (f->pulling) {
			draw(f);
			answer_all(f);
		}
		settle(f);
		pictures_on_ack(f->pictures, (uint32_t)f->begun, loop_now_us());
		settle(f);
		pictures_on_ack(f->pictures, (uint32_t)f->begun, loop_now_us());
		check_client(f);
	}
}

static void a_resize_comes_between_frames(void **state)
{
	struct fake *f = with_picture(state, 640, 480);

	draw(f);
	answer_all(f);
	settle(f);
	set_size(f, 801, 599);
	assert_true(f->pulling && f->full);
	assert_int_equal(f->resizes, 2);
	answer_all(f);
	settle(f);
	check_client(f);
}

static void a_frame_of_the_old_size_is_dropped(void **state)
{
	struct fake *f = with_picture(state, 640, 480);
	struct link_frame frame = { .count = 1, .rects = { { 0, 0, 640, 480 } } };
	struct guest_picture old = { f->lent, 640, 480, 2560 };

	set_size(f, 320, 240);
	pictures_on_frame(f->pictures, &frame, old);
	assert_int_equal(f->begun, 0);
}

static void a_new_sink_gets_all_of_it(void **state)
{
	struct fake *f = with_picture(state, 640, 480);

	memset(f->client, 0xee, (size_t)(f->stride_bytes * f->height_px));
	assert_int_equal(pictures_set_sink(f->pictures, &f->sink), 0);
	pictures_kick(f->pictures);
	settle(f);
	check_client(f);
}

/* Whatever happens in whatever order: in the end the client has what the guest shows. */
static void any_order_ends_in_the_guests_picture(void **state)
{
	struct fake *f = with_picture(state, 700, 500);

	for (int i = 0; i < ROUNDS; i++) {
		struct link_rect damage[8];
		uint32_t count = 0;

		for (uint32_t n = chance(f, 8); count < n; count++)
			damage[count] = draw(f);
		if (chance(f, 8) == 0)
			f->blocked = !f->blocked;
		if (f->pulling && count)
			answer(f, damage, count);
		else if (count && f->pulling == false) {
			/* The guest gathers it until asked; then all counts as damaged. */
			f->blocked = false;
			pictures_kick(f->pictures);
			settle(f);
			pictures_on_ack(f->pictures, (uint32_t)f->begun, loop_now_us());
			settle(f);
			if (f->pulling)
				answer_all(f);
		}
		if (chance(f, 5) == 0) {
			f->again++;
			pictures_refresh(f->pictures);
		}
		if (chance(f, 3) == 0)
			pictures_on_ack(f->pictures, (uint32_t)f->begun, loop_now_us());
		if (!f->blocked && chance(f, 2))
			settle(f);
	}
	f->blocked = false;
	for (int i = 0; i < 4; i++) {
		pictures_kick(f->pictures);
		settle(f);
		pictures_on_ack(f->pictures, (uint32_t)f->begun, loop_now_us());
		settle(f);
		if (f->pulling)
			answer_all(f);
		settle(f);
	}
	check_client(f);
	assert_int_equal(f->begun, f->ended);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_size_arrives_whole),
		TEST(unchanged_damage_sends_nothing),
		TEST(only_changed_tiles_are_sent),
		TEST(nothing_is_pulled_while_output_is_blocked),
		TEST(three_frames_in_flight_are_enough),
		TEST(a_held_client_gets_nothing),
		TEST(refresh_sends_all_of_it),
		TEST(a_frame_during_a_refresh_is_kept),
		TEST(a_resize_comes_between_frames),
		TEST(a_frame_of_the_old_size_is_dropped),
		TEST(a_new_sink_gets_all_of_it),
		TEST(any_order_ends_in_the_guests_picture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
