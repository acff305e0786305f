#include "carrier.h"
#include <channels/gfx.h>
#include <codec/zgfx.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	CHANNEL = 1,
	COMMANDS_MAX = 64,
};

/* What the client has received: commands, in order. */
struct world {
	struct carrier carrier;
	struct dvc *dvc;
	struct gfx *gfx;
	struct zgfx_decoder *zgfx;
	size_t read; /* messages taken apart */
	uint8_t *bytes[CARRIER_MESSAGES_MAX];
	struct gfx_header commands[COMMANDS_MAX];
	int count;
	int ready, refused, acks;
	struct gfx_caps_choice choice;
	uint32_t acked;
};

static void on_ready(void *user, const struct gfx_caps_choice *choice)
{
	struct world *w = user;

	w->ready++;
	w->choice = *choice;
}

static void on_refused(void *user)
{
	((struct world *)user)->refused++;
}

static void on_ack(void *user, uint32_t frame_id, uint64_t decoded_us)
{
	struct world *w = user;

	w->acks++;
	w->acked = frame_id;
}

static int start(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	const struct gfx_events events = { on_ready, on_refused, on_ack, w };

	carrier_init(&w->carrier);
	w->zgfx = zgfx_decoder_create();
	w->dvc = dvc_create(&w->carrier.ops);
	w->gfx = gfx_create(w->dvc, &events);
	*state = w;
	return w->gfx && carrier_capabilities(w->dvc) == 0 ? 0 : -1;
}

static int stop(void **state)
{
	struct world *w = *state;

	gfx_destroy(w->gfx);
	dvc_destroy(w->dvc);
	zgfx_decoder_destroy(w->zgfx);
	for (size_t i = 0; i < w->read; i++)
		free(w->bytes[i]);
	carrier_finish(&w->carrier);
	free(w);
	return 0;
}

/* Takes apart what came since the last call. */
static void receive(struct world *w)
{
	w->count = 0;
	assert_int_equal(dvc_flush(w->dvc), 0);
	for (; w->read < w->carrier.count; w->read++) {
		struct carrier_message *m = &w->carrier.messages[w->read];
		int cap = zgfx_decoded_max(m->data, m->len);
		struct reader message;
		int len;

		assert_true(cap > 0);
		w->bytes[w->read] = malloc((size_t)cap);
		len = zgfx_decode(w->zgfx, m->data, m->len, w->bytes[w->read], (size_t)cap);
		assert_true(len > 0);
		message = reader_init(w->bytes[w->read], (size_t)len);
		while (reader_left(&message)) {
			assert_true(w->count < COMMANDS_MAX);
			assert_int_equal(gfx_header_parse(&w->commands[w->count++], &message), 0);
		}
	}
}

static void check_commands(struct world *w, int count, ...)
{
	va_list args;

	receive(w);
	assert_int_equal(w->count, count);
	va_start(args, count);
	for (int i = 0; i < count; i++)
		assert_int_equal(w->commands[i].command, va_arg(args, int));
	va_end(args);
}

static int send_command(struct world *w, uint16_t command, const void *body, size_t len)
{
	uint8_t message[128];
	struct writer out = writer_init(message, sizeof message);

	writer_u16(&out, command);
	writer_u16(&out, 0);
	writer_u32(&out, (uint32_t)(GFX_HEADER_BYTES + len));
	writer_copy(&out, body, len);
	return carrier_data(w->dvc, CHANNEL, message, (size_t)writer_len(&out));
}

static int advertise(struct world *w, uint32_t version, uint32_t flags)
{
	uint8_t body[32] = { 0 };
	struct writer out = writer_init(body, sizeof body);

	writer_u16(&out, 1);
	writer_u32(&out, version);
	writer_u32(&out, version == GFX_VERSION_101 ? 16 : 4);
	writer_u32(&out, flags);
	if (version == GFX_VERSION_101)
		writer_take(&out, 12);
	return send_command(w, GFX_CAPS_ADVERTISE, body, (size_t)writer_len(&out));
}

static int acknowledge(struct world *w, uint32_t frame_id, uint32_t depth)
{
	const uint32_t body[] = { depth, frame_id, 0 };

	return send_command(w, GFX_FRAME_ACK, body, sizeof body);
}

/* A channel that is ready and has a surface. */
static struct world *with_surface(void **state)
{
	struct world *w = *state;
	const struct link_layout layout = link_layout_single(100, 50);

	assert_int_equal(carrier_create(w->dvc, CHANNEL, 0), 0);
	assert_int_equal(advertise(w, GFX_VERSION_107, 0), 0);
	assert_int_equal(gfx_reset(w->gfx, &layout), 0);
	check_commands(w, 4, GFX_CAPS_CONFIRM, GFX_RESET_GRAPHICS, GFX_CREATE_SURFACE,
			GFX_MAP_SURFACE_TO_OUTPUT);
	return w;
}

static uint32_t send_frame(struct world *w)
{
	uint32_t id;

	assert_int_equal(gfx_frame_begin(w->gfx, &id), 0);
	assert_int_equal(gfx_frame_bitmap(w->gfx, GFX_CODEC_PROGRESSIVE, (const uint8_t *)"bits", 4), 0);
	assert_int_equal(gfx_frame_end(w->gfx), 0);
	return id;
}

static void each_version_is_confirmed(void **state)
{
	static const uint32_t versions[] = { GFX_VERSION_8, GFX_VERSION_81, GFX_VERSION_10, GFX_VERSION_101,
		GFX_VERSION_102, GFX_VERSION_103, GFX_VERSION_104, GFX_VERSION_105, GFX_VERSION_106,
		GFX_VERSION_107 };
	struct world *w = *state;

	assert_int_equal(carrier_create(w->dvc, CHANNEL, 0), 0);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(advertise(w, versions[i], 0), 0);
		assert_int_equal(w->ready, i + 1);
		check_commands(w, 1, GFX_CAPS_CONFIRM);
		assert_int_equal(reader_u32(&w->commands[0].body), versions[i]);
		assert_false(w->choice.remotefx);
	}
	assert_int_equal(w->refused, 0);
}

static void thin_client_gets_remotefx(void **state)
{
	struct world *w = *state;

	assert_int_equal(carrier_create(w->dvc, CHANNEL, 0), 0);
	assert_int_equal(advertise(w, GFX_VERSION_8, GFX_CAPS_THINCLIENT), 0);
	assert_true(w->choice.remotefx);
	assert_int_equal(advertise(w, GFX_VERSION_81, GFX_CAPS_THINCLIENT), 0);
	assert_true(w->choice.remotefx);
}

static void refusals_are_told(void **state)
{
	struct world *w = *state;

	assert_int_equal(carrier_create(w->dvc, CHANNEL, -1), 0);
	assert_int_equal(w->refused, 1);
	assert_int_equal(advertise(w, GFX_VERSION_107, 0), 0); /* of no open channel */
	assert_int_equal(w->ready, 0);
}

static void no_common_version_is_a_refusal(void **state)
{
	struct world *w = *state;

	assert_int_equal(carrier_create(w->dvc, CHANNEL, 0), 0);
	assert_int_equal(advertise(w, 0x000b0000, 0), 0);
	assert_int_equal(w->refused, 1);
	assert_int_equal(w->ready, 0);
	check_commands(w, 0);
}

static void nothing_comes_before_capabilities(void **state)
{
	struct world *w = *state;
	uint32_t id;

	assert_int_equal(carrier_create(w->dvc, CHANNEL, 0), 0);
	assert_int_equal(gfx_frame_begin(w->gfx, &id), ERR_UNEXPECTED);
	assert_int_equal(acknowledge(w, 1, 0), ERR_UNEXPECTED);
}

static void a_frame_has_its_commands_in_order(void **state)
{
	struct world *w = with_surface(state);
	uint32_t id = send_frame(w);

	check_commands(w, 3, GFX_START_FRAME, GFX_WIRE_TO_SURFACE_2, GFX_END_FRAME);
	assert_int_equal(reader_u32(&w->commands[2].body), id);
	assert_int_equal(reader_u32(&w->commands[0].body), 0);
	assert_int_equal(reader_u32(&w->commands[0].body), id);
	assert_int_equal(
			gfx_frame_bitmap(w->gfx, GFX_CODEC_REMOTEFX, (const uint8_t *)"", 0), ERR_UNEXPECTED);
}

static void a_large_frame_arrives_whole(void **state)
{
	struct world *w = with_surface(state);
	static uint8_t bits[300000];
	uint32_t id;

	for (size_t i = 0; i < sizeof bits; i++)
		bits[i] = (uint8_t)(i * i >> 7);
	assert_int_equal(gfx_frame_begin(w->gfx, &id), 0);
	assert_int_equal(gfx_frame_bitmap(w->gfx, GFX_CODEC_REMOTEFX, bits, sizeof bits), 0);
	assert_int_equal(gfx_frame_bitmap(w->gfx, GFX_CODEC_REMOTEFX, bits, 100), 0);
	assert_int_equal(gfx_frame_end(w->gfx), 0);
	check_commands(w, 4, GFX_START_FRAME, GFX_WIRE_TO_SURFACE_1, GFX_WIRE_TO_SURFACE_1, GFX_END_FRAME);
	/* surface, codec, format, rectangle: all of the surface */
	assert_int_equal(reader_u16(&w->commands[1].body), 1);
	assert_int_equal(reader_u16(&w->commands[1].body), GFX_CODEC_REMOTEFX);
	assert_int_equal(reader_u8(&w->commands[1].body), GFX_FORMAT_XRGB);
	assert_int_equal(reader_u32(&w->commands[1].body), 0);
	assert_int_equal(reader_u16(&w->commands[1].body), 100);
	assert_int_equal(reader_u16(&w->commands[1].body), 50);
	assert_int_equal(reader_u32(&w->commands[1].body), sizeof bits);
	assert_memory_equal(reader_take(&w->commands[1].body, sizeof bits), bits, sizeof bits);
}

static void acknowledges_count_frames_in_flight(void **state)
{
	struct world *w = with_surface(state);
	uint32_t first = send_frame(w), last;

	send_frame(w);
	last = send_frame(w);
	assert_int_equal(last, first + 2);
	assert_int_equal(gfx_frames_in_flight(w->gfx), 3);
	assert_int_equal(acknowledge(w, first, 0), 0);
	assert_int_equal(gfx_frames_in_flight(w->gfx), 2);
	assert_int_equal(acknowledge(w, first, 0), 0); /* twice */
	assert_int_equal(gfx_frames_in_flight(w->gfx), 2);
	assert_int_equal(acknowledge(w, last, 0), 0); /* one for both */
	assert_int_equal(gfx_frames_in_flight(w->gfx), 0);
	assert_int_equal(acknowledge(w, first + 1, 0), 0); /* late */
	assert_int_equal(gfx_frames_in_flight(w->gfx), 0);
	assert_int_equal(acknowledge(w, last + 1000, 0), 0); /* never sent */
	assert_int_equal(gfx_frames_in_flight(w->gfx), 0);
	send_frame(w);
	assert_int_equal(gfx_frames_in_flight(w->gfx), 1);
	assert_int_equal(w->acks, 5);
}

static void suspended_acknowledges_hold_nothing_up(void **state)
{
	struct world *w = with_surface(state);
	uint32_t id = 0;

	for (int i = 0; i < 5; i++)
		id = send_frame(w);
	assert_int_equal(acknowledge(w, id, GFX_QUEUE_SUSPEND), 0);
	assert_false(gfx_acknowledges(w->gfx));
	for (int i = 0; i < 5; i++)
		id = send_frame(w);
	assert_int_equal(gfx_frames_in_flight(w->gfx), 0);
	assert_int_equal(acknowledge(w, id, 0), 0); /* again */
	assert_true(gfx_acknowledges(w->gfx));
	send_frame(w);
	assert_int_equal(gfx_frames_in_flight(w->gfx), 1);
}

static void a_resize_changes_the_surface(void **state)
{
	struct world *w = with_surface(state);
	const struct link_layout layout = link_layout_single(640, 480);

	send_frame(w);
	receive(w);
	assert_int_equal(gfx_reset(w->gfx, &layout), 0);
	check_commands(w, 4, GFX_RESET_GRAPHICS, GFX_DELETE_SURFACE, GFX_CREATE_SURFACE,
			GFX_MAP_SURFACE_TO_OUTPUT);
	assert_int_equal(reader_u16(&w->commands[1].body), 1);
	assert_int_equal(reader_u16(&w->commands[2].body), 2);
	assert_int_equal(reader_u16(&w->commands[2].body), 640);
	assert_int_equal(reader_u16(&w->commands[2].body), 480);
	assert_int_equal(gfx_frames_in_flight(w->gfx), 0); /* those of the old size do not count */
}

static void a_client_may_start_anew(void **state)
{
	struct world *w = with_surface(state);
	const struct link_layout layout = link_layout_single(100, 50);
	uint32_t id;

	assert_int_equal(gfx_frame_begin(w->gfx, &id), 0);
	assert_int_equal(advertise(w, GFX_VERSION_8, 0), 0);
	assert_int_equal(w->ready, 2);
	/* What is left of the frame goes nowhere: the client has no surface. */
	assert_int_equal(gfx_frame_bitmap(w->gfx, GFX_CODEC_PROGRESSIVE, (const uint8_t *)"bits", 4), 0);
	assert_int_equal(gfx_frame_end(w->gfx), 0);
	check_commands(w, 1, GFX_CAPS_CONFIRM);
	assert_int_equal(gfx_frames_in_flight(w->gfx), 0);
	assert_int_equal(gfx_reset(w->gfx, &layout), 0);
	check_commands(w, 3, GFX_RESET_GRAPHICS, GFX_CREATE_SURFACE, GFX_MAP_SURFACE_TO_OUTPUT);
	send_frame(w);
	check_commands(w, 3, GFX_START_FRAME, GFX_WIRE_TO_SURFACE_2, GFX_END_FRAME);
	assert_int_equal(gfx_frames_in_flight(w->gfx), 1);
}

static void a_cache_offer_is_answered_with_nothing(void **state)
{
	struct world *w = with_surface(state);
	const uint8_t offer[2 + 12] = { 1, 0, 1, 2, 3 };

	assert_int_equal(send_command(w, GFX_CACHE_IMPORT_OFFER, offer, sizeof offer), 0);
	check_commands(w, 1, GFX_CACHE_IMPORT_REPLY);
	assert_int_equal(reader_u16(&w->commands[0].body), 0);
}

static void offers_without_end_are_refused(void **state)
{
	struct world *w = with_surface(state);
	const uint8_t offer[2 + 12] = { 1 };
	int err = 0, offers = 0;

	w->carrier.blocked = true;
	for (; err == 0 && offers < 100000; offers++)
		err = send_command(w, GFX_CACHE_IMPORT_OFFER, offer, sizeof offer);
	assert_int_equal(err, ERR_SPACE);
}

static void garbage_ends_the_connection(void **state)
{
	struct world *w = with_surface(state);
	const uint8_t cut[] = { GFX_FRAME_ACK, 0, 0, 0, 20, 0, 0, 0, 1, 2 };
	const uint8_t tiny[] = { GFX_FRAME_ACK, 0, 0, 0, 4, 0, 0, 0 };

	assert_int_equal(carrier_data(w->dvc, CHANNEL, cut, sizeof cut), ERR_FORMAT);
	assert_int_equal(carrier_data(w->dvc, CHANNEL, tiny, sizeof tiny), ERR_FORMAT);
	assert_int_equal(carrier_data(w->dvc, CHANNEL, cut, 3), ERR_FORMAT);
	assert_int_equal(send_command(w, GFX_FRAME_ACK, cut, 5), ERR_FORMAT);
	assert_int_equal(send_command(w, GFX_QOE_FRAME_ACK, cut, 5), ERR_FORMAT);
	assert_int_equal(send_command(w, GFX_CACHE_IMPORT_OFFER, "\xff\xff", 2), ERR_FORMAT);
	assert_int_equal(send_command(w, GFX_CAPS_ADVERTISE, "\xff\xff", 2), ERR_FORMAT);
	assert_int_equal(send_command(w, 0x77, cut, 5), 0); /* of a later version */
	assert_int_equal(w->acks, 0);
}

static void a_closed_channel_is_told(void **state)
{
	struct world *w = with_surface(state);

	assert_int_equal(carrier_close(w->dvc, CHANNEL), 0);
	assert_int_equal(w->refused, 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_version_is_confirmed),
		TEST(thin_client_gets_remotefx),
		TEST(refusals_are_told),
		TEST(no_common_version_is_a_refusal),
		TEST(nothing_comes_before_capabilities),
		TEST(a_frame_has_its_commands_in_order),
		TEST(a_large_frame_arrives_whole),
		TEST(acknowledges_count_frames_in_flight),
		TEST(suspended_acknowledges_hold_nothing_up),
		TEST(a_resize_changes_the_surface),
		TEST(a_client_may_start_anew),
		TEST(a_cache_offer_is_answered_with_nothing),
		TEST(offers_without_end_are_refused),
		TEST(garbage_ends_the_connection),
		TEST(a_closed_channel_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
