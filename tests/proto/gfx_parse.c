#include "exact.h"
#include <proto/gfx.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void header_takes_one_command_after_the_other(void **state)
{
	static const uint8_t message[] = { 0x0d, 0, 0, 0, 9, 0, 0, 0, 'x', 0x16, 0, 0, 0, 8, 0, 0, 0 };
	struct reader r = reader_init(message, sizeof message);
	struct gfx_header header;

	assert_int_equal(gfx_header_parse(&header, &r), 0);
	assert_int_equal(header.command, GFX_FRAME_ACK);
	assert_int_equal(reader_left(&header.body), 1);
	assert_int_equal(reader_u8(&header.body), 'x');
	assert_int_equal(gfx_header_parse(&header, &r), 0);
	assert_int_equal(header.command, GFX_QOE_FRAME_ACK);
	assert_int_equal(reader_left(&header.body), 0);
	assert_int_equal(reader_left(&r), 0);
	assert_int_equal(gfx_header_parse(&header, &r), ERR_FORMAT);
}

static void header_length_must_hold_the_header_and_fit_the_message(void **state)
{
	static const uint8_t lengths[][4] = { { 7, 0, 0, 0 }, { 0, 0, 0, 0 }, { 10, 0, 0, 0 },
		{ 0xff, 0xff, 0xff, 0xff }, { 9, 0, 0, 0x80 } };
	uint8_t message[9] = { 0x0d };
	struct gfx_header header;
	struct reader r;

	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		memcpy(message + 4, lengths[i], 4);
		r = reader_init(message, sizeof message);
		assert_int_equal(gfx_header_parse(&header, &r), ERR_FORMAT);
		assert_false(reader_ok(&header.body));
	}
	message[4] = 9;
	message[7] = 0;
	for (size_t len = 0; len < sizeof message; len++) {
		uint8_t *copy = exact_copy(message, len);

		r = reader_init(copy, len);
		assert_int_equal(gfx_header_parse(&header, &r), ERR_FORMAT);
		free(copy);
	}
}

/* Runs parse over each wrong length of a valid body. */
static void check_lengths(const uint8_t *body, size_t len, int (*parse)(struct reader *r))
{
	for (size_t cut = 0; cut <= len + 1; cut++) {
		uint8_t *copy = malloc(len + 1);
		uint8_t *exact;
		struct reader r;

		memcpy(copy, body, len);
		copy[len] = 0;
		exact = exact_copy(copy, cut);
		r = reader_init(exact, cut);
		assert_int_equal(parse(&r), cut == len ? 0 : ERR_FORMAT);
		free(exact);
		free(copy);
	}
}

static struct gfx_frame_ack ack;
static struct gfx_qoe_ack qoe;
static struct gfx_cache_offer offer;
static struct gfx_caps caps;

static int parse_ack(struct reader *r)
{
	return gfx_frame_ack_parse(&ack, r);
}

static int parse_qoe(struct reader *r)
{
	return gfx_qoe_ack_parse(&qoe, r);
}

static int parse_offer(struct reader *r)
{
	return gfx_cache_offer_parse(&offer, r);
}

static int parse_caps(struct reader *r)
{
	return gfx_caps_parse(&caps, r);
}

static void frame_acknowledge(void **state)
{
	static const uint8_t body[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
	struct reader r = reader_init(body, sizeof body);

	assert_int_equal(gfx_frame_ack_parse(&ack, &r), 0);
	assert_int_equal(ack.queue_depth_bytes, 0x04030201);
	assert_int_equal(ack.frame_id, 0x08070605);
	assert_int_equal(ack.frames_decoded, 0x0c0b0a09);
	check_lengths(body, sizeof body, parse_ack);
}

static void qoe_frame_acknowledge(void **state)
{
	static const uint8_t body[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
	struct reader r = reader_init(body, sizeof body);

	assert_int_equal(gfx_qoe_ack_parse(&qoe, &r), 0);
	assert_int_equal(qoe.frame_id, 0x04030201);
	assert_int_equal(qoe.start_ms, 0x08070605);
	assert_int_equal(qoe.decode_ms, 0x0a09);
	assert_int_equal(qoe.present_ms, 0x0c0b);
	check_lengths(body, sizeof body, parse_qoe);
}

static void cache_import_offer(void **state)
{
	static const uint8_t body[] = { 2, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0x40, 0, 0, 9, 0, 0, 0, 0, 0, 0,
		0x80, 1, 2, 3, 4 };
	struct reader r = reader_init(body, sizeof body);

	assert_int_equal(gfx_cache_offer_parse(&offer, &r), 0);
	assert_int_equal(offer.count, 2);
	assert_true(gfx_cache_offer_entry(&offer, 0).key == 0x0807060504030201);
	assert_int_equal(gfx_cache_offer_entry(&offer, 0).size_bytes, 0x4000);
	assert_true(gfx_cache_offer_entry(&offer, 1).key == 0x8000000000000009);
	assert_int_equal(gfx_cache_offer_entry(&offer, 1).size_bytes, 0x04030201);
	check_lengths(body, sizeof body, parse_offer);
}

static void cache_import_offer_has_a_greatest_count(void **state)
{
	enum { LEN = 2 + 12 * (GFX_CACHE_OFFER_MAX + 1) };
	uint8_t *body = calloc(1, LEN);
	struct reader r = reader_init(body, LEN - 12);

	store_u16(body, GFX_CACHE_OFFER_MAX);
	assert_int_equal(gfx_cache_offer_parse(&offer, &r), 0);
	store_u16(body, GFX_CACHE_OFFER_MAX + 1);
	r = reader_init(body, LEN);
	assert_int_equal(gfx_cache_offer_parse(&offer, &r), ERR_FORMAT);
	free(body);
}

/* 8, 10.1 with its reserved bytes, one from the future, 10.7. */
static const uint8_t four_sets[] = { 4, 0,                                        /**/
	4, 0, 8, 0, 4, 0, 0, 0, 2, 0, 0, 0,                                       /**/
	0, 1, 10, 0, 16, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /**/
	0, 0, 11, 0, 5, 0, 0, 0, 1, 2, 3, 4, 5,                                   /**/
	1, 7, 10, 0, 4, 0, 0, 0, 0xa0, 0, 0, 0 };

static void caps_advertise(void **state)
{
	struct reader r = reader_init(four_sets, sizeof four_sets);

	assert_int_equal(gfx_caps_parse(&caps, &r), 0);
	assert_int_equal(caps.count, 3);
	assert_int_equal(caps.sets[0].version, GFX_VERSION_8);
	assert_int_equal(caps.sets[0].flags, GFX_CAPS_SMALL_CACHE);
	assert_int_equal(caps.sets[1].version, GFX_VERSION_101);
	assert_int_equal(caps.sets[1].flags, 0);
	assert_int_equal(caps.sets[2].version, GFX_VERSION_107);
	assert_int_equal(caps.sets[2].flags, 0xa0);
	check_lengths(four_sets, sizeof four_sets, parse_caps);
}

static void a_known_version_has_its_length(void **state)
{
	static const struct {
		uint8_t at, value;
	} violations[] = {
		{ 6, 3 }, { 6, 5 }, { 6, 0 }, { 9, 0x80 }, /* of 8: 4 */
		{ 18, 4 }, { 18, 15 },                     /* of 10.1: 16 */
		{ 42, 0xff },                              /* unknown, but beyond the end */
		{ 0, 3 }, { 0, 5 },                        /* not the sets that follow */
	};
	uint8_t body[sizeof four_sets];

	for (size_t i = 0; i < sizeof violations / sizeof *violations; i++) {
		struct reader r = reader_init(body, sizeof body);

		memcpy(body, four_sets, sizeof body);
		body[violations[i].at] = violations[i].value;
		if (gfx_caps_parse(&caps, &r) != ERR_FORMAT)
			fail_msg("violation %zu", i);
	}
}

static void caps_advertise_has_a_greatest_count(void **state)
{
	uint8_t body[2 + 12 * (GFX_CAPS_MAX + 1)] = { GFX_CAPS_MAX };
	struct reader r = reader_init(body, sizeof body - 12);

	for (int i = 0; i <= GFX_CAPS_MAX; i++)
		memcpy(body + 2 + 12 * i, four_sets + 2, 12);
	assert_int_equal(gfx_caps_parse(&caps, &r), 0);
	assert_int_equal(caps.count, GFX_CAPS_MAX);
	body[0]++;
	r = reader_init(body, sizeof body);
	assert_int_equal(gfx_caps_parse(&caps, &r), ERR_FORMAT);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_takes_one_command_after_the_other),
		cmocka_unit_test(header_length_must_hold_the_header_and_fit_the_message),
		cmocka_unit_test(frame_acknowledge),
		cmocka_unit_test(qoe_frame_acknowledge),
		cmocka_unit_test(cache_import_offer),
		cmocka_unit_test(cache_import_offer_has_a_greatest_count),
		cmocka_unit_test(caps_advertise),
		cmocka_unit_test(a_known_version_has_its_length),
		cmocka_unit_test(caps_advertise_has_a_greatest_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
