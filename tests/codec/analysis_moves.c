/* Scrolling and dragging on made-up screens. Whatever is found is done as a client would
 * do it and compared pixel by pixel. */
#include "pictures.h"
#include "screen.h"
#include <codec/analysis.h>
#include <codec/cpu.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { W = SCREEN_W, H = SCREEN_H, STRIDE = SCREEN_STRIDE, COLS = 16, ROWS = 11, BYTES = STRIDE * H };

static uint8_t now[BYTES], before[BYTES], shown[BYTES];
static const struct analysis_rect whole = { 0, 0, W, H };
static uint8_t changed[ROWS * COLS], was_changed[ROWS * COLS];
static struct analysis_move moves[ANALYSIS_MOVES_MAX];
static struct analysis_dsp dsp;
static struct analysis_mover *mover;

static bool overlap(const struct analysis_rect *a, const struct analysis_rect *b)
{
	return a->x < b->x + b->w && b->x < a->x + a->w && a->y < b->y + b->h && b->y < a->y + a->h;
}

static void check_inside(const struct analysis_rect *r)
{
	assert_true(r->x >= 0 && r->y >= 0 && r->w > 0 && r->h > 0 && r->x + r->w <= W && r->y + r->h <= H);
}

static struct analysis_rect source_of(const struct analysis_move *m)
{
	return (struct analysis_rect){ m->from_x, m->from_y, m->to.w, m->to.h };
}

/* Does what a client does; all tiles that are not marked must then be right. */
static void do_moves(int count)
{
	memcpy(shown, before, BYTES);
	for (int i = 0; i < count; i++) {
		struct analysis_rect from = source_of(&moves[i]);

		check_inside(&from);
		check_inside(&moves[i].to);
		for (int j = 0; j < i; j++)
			assert_false(overlap(&moves[j].to, &from));
		screen_copy(shown, moves[i].to.x, moves[i].to.y, shown, &from);
	}
	for (int y = 0; y < H; y++) {
		for (int x = 0; x < W; x += 64) {
			int at = y * STRIDE + 4 * x;

			if (!changed[y / 64 * COLS + x / 64])
				assert_false(dsp.differs(shown + at, now + at, W - x < 64 ? W - x : 64));
		}
	}
}

/* Looks for moves, checks them and puts the largest first. Returns their number. */
static int find_moves(void)
{
	struct analysis_pair pair = { now, before, STRIDE, STRIDE, W, H };
	int count;

	memset(changed, 0, sizeof changed);
	assert_true(analysis_mark_changed(&dsp, &pair, &whole, changed) >= 0);
	memcpy(was_changed, changed, sizeof changed);
	count = analysis_find_moves(&dsp, mover, &pair, changed, moves, ANALYSIS_MOVES_MAX);
	assert_in_range(count, 0, ANALYSIS_MOVES_MAX);
	do_moves(count);
	for (int i = 1; i < count; i++) {
		struct analysis_move m = moves[i];

		if (m.to.w * m.to.h > moves[0].to.w * moves[0].to.h) {
			moves[i] = moves[0];
			moves[0] = m;
		}
	}
	return count;
}

/* The largest move must be that one, and what is still to be drawn must lie in `fresh`. */
static void check_found(int dx, int dy, const struct analysis_rect *fresh)
{
	assert_true(find_moves() > 0);
	assert_int_equal(moves[0].to.x - moves[0].from_x, dx);
	assert_int_equal(moves[0].to.y - moves[0].from_y, dy);
	for (int i = 0; i < ROWS * COLS; i++) {
		struct analysis_rect tile = { i % COLS * 64, i / COLS * 64, 64, 64 };

		if (changed[i] && !overlap(&tile, fresh))
			fail_msg("by %d, %d: tile %d, %d is left", dx, dy, tile.x / 64, tile.y / 64);
	}
}

/* A pane shows a text that goes by dx, dy; nothing else changes. */
static void check_pane(const struct screen_text *text, const struct analysis_rect *pane, int dx, int dy)
{
	struct analysis_rect fresh = *pane;

	memcpy(now, before, BYTES);
	screen_draw_text(before, pane, text, 100, 5000);
	screen_draw_text(now, pane, text, 100 - dx, 5000 - dy);
	if (dy) {
		fresh.y += dy < 0 ? pane->h + dy : 0;
		fresh.h = abs(dy);
	} else {
		fresh.x += dx < 0 ? pane->w + dx : 0;
		fresh.w = abs(dx);
	}
	check_found(dx, dy, &fresh);
}

static const struct screen_text source = { 1, 25, SCREEN_WORDS };
static const struct screen_text blank_rich = { 2, 75, SCREEN_WORDS };
static const struct screen_text blocks = { 3, 10, SCREEN_BLOCKS }; /* as `less` shows a C header */
static const struct screen_text listing = { 4, 0, SCREEN_LISTING };
static const struct screen_text *const texts[] = { &source, &blank_rich, &blocks, &listing };

enum { TEXTS = sizeof texts / sizeof *texts };

/* Blocks are alike again after 133 pixels: beyond the half another distance is better. */
static int farthest(const struct screen_text *text)
{
	return text == &blocks ? 66 : 150;
}

static void finds_scrolling(void **state)
{
	static const int steps[] = { 1, 2, 3, 5, 8, 13, 19, 20, 38, 57, 64, 133 };

	for (int i = 0; i < TEXTS; i++) {
		for (size_t j = 0; j < sizeof steps / sizeof *steps && steps[j] < farthest(texts[i]); j++) {
			screen_clear(before);
			check_pane(texts[i], &whole, 0, -steps[j]);
			screen_clear(before);
			check_pane(texts[i], &whole, 0, steps[j]);
		}
	}
}

static void finds_scrolling_sideways(void **state)
{
	static const int steps[] = { 1, 3, 6, 17, 64, 100 };

	for (int i = 0; i < TEXTS; i++) {
		for (size_t j = 0; j < sizeof steps / sizeof *steps; j++) {
			screen_clear(before);
			check_pane(texts[i], &whole, -steps[j], 0);
			screen_clear(before);
			check_pane(texts[i], &whole, steps[j], 0);
		}
	}
}

static void finds_a_pane_beside_others(void **state)
{
	static const struct analysis_rect side = { 0, 0, 213, H }, top = { 213, 0, W - 213, 41 },
					  bottom = { 213, H - 27, W - 213, 27 };
	static const struct analysis_rect pane = { 213, 41, W - 213 - 17, H - 41 - 27 };

	for (int i = 0; i < TEXTS; i++) {
		for (int step = 1; step < farthest(texts[i]); step += 14) {
			for (int sign = -1; sign <= 1; sign += 2) {
				screen_clear(before);
				screen_draw_text(before, &side, &listing, 0, 0);
				screen_draw_text(before, &top, &source, 0, 0);
				screen_draw_text(before, &bottom, &source, 0, 90);
				check_pane(texts[i], &pane, 0, sign * step);
			}
		}
	}
}

/* As in a comparison of two files: nothing is there only once. */
static void finds_two_equal_panes(void **state)
{
	const struct analysis_rect left = { 0, 0, W / 2, H }, right = { W / 2, 0, W / 2, H };
	const struct analysis_rect fresh = { 0, H - 57, W, 57 };

	for (int i = 0; i < TEXTS; i++) {
		screen_draw_text(before, &left, texts[i], 0, 2000);
		screen_draw_text(before, &right, texts[i], 0, 2000);
		screen_draw_text(now, &left, texts[i], 0, 2057);
		screen_draw_text(now, &right, texts[i], 0, 2057);
		check_found(0, -57, &fresh);
	}
}

static void finds_a_pane_at_the_edge(void **state)
{
	const struct analysis_rect pane = { W / 64 * 64, 0, W % 64, H };

	for (int step = 1; step < 30; step++) {
		screen_clear(before);
		check_pane(&listing, &pane, 0, -step);
	}
}

/* A bar at the edge goes down while the text goes up. */
static void finds_scrolling_beside_a_scroll_bar(void **state)
{
	const struct analysis_rect pane = { 0, 30, W - 15, H - 30 }, bar = { W - 15, 30, 15, H - 30 };
	const struct analysis_rect grips[] = { { W - 14, 100, 13, 80 }, { W - 14, 104, 13, 80 } };
	struct analysis_rect fresh = { 0, H - 19, W, 19 };

	for (int i = 0; i < TEXTS; i++) {
		screen_clear(before);
		memcpy(now, before, BYTES);
		screen_draw_text(before, &pane, texts[i], 0, 1000);
		screen_draw_text(now, &pane, texts[i], 0, 1019);
		screen_fill(before, &grips[0], 0x303030);
		screen_fill(now, &grips[1], 0x303030);
		assert_true(find_moves() > 0);
		assert_int_equal(moves[0].to.y - moves[0].from_y, -19);
		for (int t = 0; t < ROWS * COLS; t++) {
			struct analysis_rect tile = { t % COLS * 64, t / COLS * 64, 64, 64 };

			assert_true(!changed[t] || overlap(&tile, &fresh) || overlap(&tile, &bar));
		}
	}
}

static void finds_scrolled_pictures(void **state)
{
	static const enum picture_kind kinds[] = { PICTURE_PHOTO, PICTURE_STRIPES, PICTURE_NOISE };

	for (int kind = 0; kind < 3; kind++) {
		for (int step = 1; step < 200; step += 33) {
			struct analysis_rect rest = { 0, step, W, H - step },
					     fresh = { 0, H - step, W, step };

			picture_make(kinds[kind], 1, before, STRIDE, W, H);
			picture_make(kinds[kind], 100, now, STRIDE, W, H);
			screen_copy(now, 0, 0, before, &rest);
			check_found(0, -step, &fresh);
		}
	}
}

static void finds_a_dragged_window(void **state)
{
	static uint8_t window[BYTES];
	const struct analysis_rect size = { 0, 0, 405, 307 }, old = { 210, 150, 405, 307 };

	for (int text = 0; text < TEXTS; text++) {
		for (int dx = -90; dx <= 90; dx += 61) {
			for (int dy = -70; dy <= 70; dy += 47) {
				picture_make(PICTURE_PHOTO, 9, before, STRIDE, W, H);
				memcpy(now, before, BYTES);
				screen_fill(window, &size, 0x4060a0);
				screen_draw_text(window, &(struct analysis_rect){ 2, 20, 401, 285 },
						texts[text], 0, 700);
				screen_copy(before, old.x, old.y, window, &size);
				screen_copy(now, old.x + dx, old.y + dy, window, &size);
				check_found(dx, dy, &old); /* where the photograph is seen again */
				assert_int_equal(moves[0].to.x, old.x + dx);
				assert_int_equal(moves[0].to.y, old.y + dy);
				assert_int_equal(moves[0].to.w, old.w);
				assert_int_equal(moves[0].to.h, old.h);
			}
		}
	}
}

/* Something small changes in every tile of a text whose lines have equal beginnings. */
static void finds_a_window_among_what_stays(void **state)
{
	static uint8_t window[BYTES];
	const struct analysis_rect size = { 0, 0, 370, 280 }, old = { 310, 150, 370, 280 };
	const struct screen_text few = { 9, 60, SCREEN_WORDS };

	screen_clear(before);
	screen_draw_text(before, &whole, &listing, 0, 0);
	memcpy(now, before, BYTES);
	screen_draw_text(window, &size, &few, 0, 300);
	screen_copy(before, old.x, old.y, window, &size);
	screen_copy(now, old.x + 31, old.y + 17, window, &size);
	for (int y = 12; y < H; y += 64)
		for (int x = 10; x < W; x += 64)
			if (x < old.x || y < old.y || x > old.x + 401 || y > old.y + 297)
				now[y * STRIDE + 4 * x] ^= 0x40;
	assert_true(find_moves() > 0);
	assert_int_equal(moves[0].to.x - moves[0].from_x, 31);
	assert_int_equal(moves[0].to.y - moves[0].from_y, 17);
}

/* Windows that follow each other or change places: the order of the moves matters, and not
 * all of them can be made. */
static void keeps_windows_apart(void **state)
{
	static uint8_t windows[BYTES];
	const struct analysis_rect a = { 0, 0, 300, 250 }, b = { 400, 0, 300, 250 };
	static const int places[][2] = { { 100, 100 }, { 380, 130 }, { 640, 170 }, { 130, 380 } };

	picture_make(PICTURE_STRIPES, 5, windows, STRIDE, W, H);
	for (int i = 0; i < 4 * 4 * 4 * 4; i++) {
		const int *p[] = { places[i & 3], places[i >> 2 & 3], places[i >> 4 & 3], places[i >> 6] };

		picture_make(PICTURE_PHOTO, 9, before, STRIDE, W, H);
		memcpy(now, before, BYTES);
		screen_copy(before, p[0][0], p[0][1], windows, &a);
		screen_copy(before, p[1][0], p[1][1], windows, &b);
		screen_copy(now, p[2][0], p[2][1], windows, &a);
		screen_copy(now, p[3][0], p[3][1], windows, &b);
		find_moves();
	}
}

static void invents_nothing(void **state)
{
	for (int kind = 0; kind < PICTURE_KINDS; kind++) {
		picture_make((enum picture_kind)kind, 5, before, STRIDE, W, H);
		picture_make((enum picture_kind)kind, 105, now, STRIDE, W, H);
		find_moves();
	}
	picture_make(PICTURE_NOISE, 5, before, STRIDE, W, H);
	assert_int_equal(find_moves(), 0);
	memcpy(before, now, BYTES);
	assert_int_equal(find_moves(), 0);
	for (int i = 0; i < TEXTS; i++) { /* another page of the same text, nothing of it shown before */
		screen_clear(before);
		memcpy(now, before, BYTES);
		screen_draw_text(before, &whole, texts[i], 0, 0);
		screen_draw_text(now, &whole, texts[i], 0, 50000);
		find_moves();
	}
}

/* Nothing but patterns: any distance may be right. */
static void takes_patterns(void **state)
{
	for (int i = 0; i < BYTES; i++) {
		before[i] = (i / 4 + i / STRIDE) % 2 ? 0xff : 0;
		now[i] = (i / 12 + i / STRIDE / 3) % 2 ? 0xff : 0;
	}
	find_moves();
	for (int i = 0; i < BYTES; i++)
		now[i] = (uint8_t)~before[i];
	find_moves();
	for (int i = 0; i < BYTES; i++) {
		before[i] = (uint8_t)(i / 4 % STRIDE % 10 * 20);
		now[i] = (uint8_t)((i / 4 % STRIDE + 3) % 10 * 20);
	}
	find_moves();
}

/* Random blocks copied to and fro: whatever is found must be right. */
static void is_never_wrong(void **state)
{
	uint32_t random = 77;

	for (int round = 0; round < 40; round++) {
		picture_make(round % 2 ? PICTURE_TEXT : PICTURE_PHOTO, 1, before, STRIDE, W, H);
		if (round % 4 > 1)
			screen_draw_text(before, &whole, texts[round / 4 % TEXTS], 0, 100 * round);
		memcpy(now, before, BYTES);
		for (int i = 0; i < 6; i++) {
			int w = 100 + (int)(picture_random(&random) % 500),
			    h = 100 + (int)(picture_random(&random) % 300);
			int x = (int)(picture_random(&random) % (uint32_t)(W - w));
			int y = (int)(picture_random(&random) % (uint32_t)(H - h));
			int from_x = (int)(picture_random(&random) % (uint32_t)(W - w));
			int from_y = (int)(picture_random(&random) % (uint32_t)(H - h));

			screen_copy(now, x, y, now,
					&(struct analysis_rect){ from_x, i % 2 ? y : from_y, w, h });
		}
		find_moves();
	}
}

/* Blocks of exactly the picture, rows upwards. */
static void takes_any_size(void **state)
{
	for (int w = 1; w < 200; w += 11) {
		for (int h = 1; h < 200; h += 17) {
			ptrdiff_t stride = 4 * w;
			uint8_t *a = malloc((size_t)stride * (size_t)h),
				*b = malloc((size_t)stride * (size_t)h);
			struct analysis_pair small = { a + (h - 1) * stride, b + (h - 1) * stride, -stride,
				-stride, w, h };

			picture_make(PICTURE_STRIPES, 1, a, (size_t)stride, w, h);
			memcpy(b, a, (size_t)stride * (size_t)h);
			memmove(a, a + 4, (size_t)stride * (size_t)h - 4);
			memset(changed, 1, sizeof changed);
			assert_in_range(analysis_find_moves(&dsp, mover, &small, changed, moves, 2), 0, 2);
			free(b);
			free(a);
		}
	}
}

static void refuses_sizes(void **state)
{
	struct analysis_pair bad = { now, before, STRIDE, STRIDE, W, 0 };

	assert_int_equal(analysis_find_moves(&dsp, mover, &bad, changed, moves, 2), ERR_ARGUMENT);
	bad.h_px = ANALYSIS_SIDE_MAX_PX + 1;
	assert_int_equal(analysis_find_moves(&dsp, mover, &bad, changed, moves, 2), ERR_ARGUMENT);
}

/* The best distance counts where there is room for one move only. */
static void keeps_to_the_room(void **state)
{
	struct analysis_pair pair = { now, before, STRIDE, STRIDE, W, H };

	screen_clear(before);
	memcpy(now, before, BYTES);
	screen_draw_text(before, &whole, &blocks, 0, 1000);
	screen_draw_text(now, &whole, &blocks, 0, 1057);
	memset(changed, 0, sizeof changed);
	assert_true(analysis_mark_changed(&dsp, &pair, &whole, changed) > 0);
	assert_int_equal(analysis_find_moves(&dsp, mover, &pair, changed, moves, 1), 1);
	assert_int_equal(moves[0].from_y - moves[0].to.y, 57);
	do_moves(1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_scrolling),
		cmocka_unit_test(finds_scrolling_sideways),
		cmocka_unit_test(finds_a_pane_beside_others),
		cmocka_unit_test(finds_two_equal_panes),
		cmocka_unit_test(finds_a_pane_at_the_edge),
		cmocka_unit_test(finds_scrolling_beside_a_scroll_bar),
		cmocka_unit_test(finds_scrolled_pictures),
		cmocka_unit_test(finds_a_dragged_window),
		cmocka_unit_test(finds_a_window_among_what_stays),
		cmocka_unit_test(keeps_windows_apart),
		cmocka_unit_test(invents_nothing),
		cmocka_unit_test(takes_patterns),
		cmocka_unit_test(is_never_wrong),
		cmocka_unit_test(takes_any_size),
		cmocka_unit_test(refuses_sizes),
		cmocka_unit_test(keeps_to_the_room),
	};
	int failed;

	mover = analysis_mover_create();
	if (!mover)
		return 1;
	analysis_dsp_init(&dsp, 0);
	failed = cmocka_run_group_tests_name("C", tests, NULL, NULL);
	analysis_dsp_init(&dsp, cpu_flags_detect());
	failed += cmocka_run_group_tests_name("this CPU", tests, NULL, NULL);
	analysis_mover_destroy(mover);
	return failed;
}
