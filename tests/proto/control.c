#include "exact.h"
#include <proto/control.h>
#include <proto/link.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static uint8_t packet[CONTROL_PACKET_MAX + 1];
static struct control_message back;

static int parse(const void *data, size_t len)
{
	void *copy = exact_copy(data, len);
	int err = control_parse(&back, copy, len);

	free(copy);
	return err;
}

static const struct control_message examples[] = {
	{ .type = CONTROL_NLA,
			.nla = { .user = "alice",
					.domain = "EXAMPLE",
					.nt_proof = { 1, 2, 3 },
					.encrypted_key = { 4, 5 },
					.mic = { 6 },
					.mic_input_len = 5,
					.mic_input = { 9, 8, 0, 7, 6 } } },
	{ .type = CONTROL_PASSWORD, .password = { "Zoë", "", "correct horse" } },
	{ .type = CONTROL_ATTACH, .attach = { 1920, 1080, 150 } },
	{ .type = CONTROL_VERDICT, .verdict = { CONTROL_OK, { 1, 0, 255 }, "alice" } },
	{ .type = CONTROL_VERDICT, .verdict = { .status = CONTROL_INTERNAL } },
	{ .type = CONTROL_GUEST, .guest = { CONTROL_NO_GUEST, 1, "alice", "no Xorg" } },
};

static void every_message_comes_back_as_it_was(void **state)
{
	for (size_t i = 0; i < COUNT(examples); i++) {
		int len = control_write(&examples[i], packet, sizeof packet);

		assert_true(len >= 4);
		assert_int_equal(parse(packet, (size_t)len), 0);
		assert_memory_equal(&back, &examples[i], sizeof back);
	}
}

static void short_and_long_packets_are_malformed(void **state)
{
	for (size_t i = 0; i < COUNT(examples); i++) {
		int len = control_write(&examples[i], packet, sizeof packet);

		for (int cut = 0; cut < len; cut++)
			assert_int_equal(parse(packet, (size_t)cut), ERR_FORMAT);
		packet[len] = 0;
		assert_int_equal(parse(packet, (size_t)len + 1), ERR_FORMAT);
	}
}

static void too_little_room_is_told_at_every_size(void **state)
{
	for (size_t i = 0; i < COUNT(examples); i++) {
		int len = control_write(&examples[i], packet, sizeof packet);

		for (int cap = 0; cap < len; cap++) {
			uint8_t *room = exact_copy(packet, (size_t)cap);

			assert_int_equal(control_write(&examples[i], room, (size_t)cap), ERR_SPACE);
			free(room);
		}
	}
}

static void the_greatest_message_fits(void **state)
{
	static struct control_message msg = { .type = CONTROL_NLA };
	int len;

	memset(msg.nla.user, 'u', CONTROL_NAME_CAP - 1);
	memset(msg.nla.domain, 'd', CONTROL_NAME_CAP - 1);
	msg.nla.mic_input_len = CONTROL_MIC_INPUT_MAX;
	len = control_write(&msg, packet, CONTROL_PACKET_MAX);
	assert_true(len > 0);
	assert_int_equal(parse(packet, (size_t)len), 0);
	assert_memory_equal(&back, &msg, sizeof back);
	msg.nla.mic_input_len++;
	assert_int_equal(control_write(&msg, packet, CONTROL_PACKET_MAX), ERR_ARGUMENT);
}

static void bytes_are_those_of_the_contract(void **state)
{
	static const uint8_t password[] = { 2, 0, 0, 0, 4, 0, 'Z', 'o', 0xc3, 0xab, 0, 0, 13, 0, 'c', 'o',
		'r', 'r', 'e', 'c', 't', ' ', 'h', 'o', 'r', 's', 'e' };

	assert_int_equal(control_write(&examples[1], packet, sizeof packet), sizeof password);
	assert_memory_equal(packet, password, sizeof password);
}

/* u16 at an offset of a valid packet set to a value out of bounds. */
static const struct violation {
	int example;
	size_t offset;
	uint16_t value;
} violations[] = {
	{ 0, 0, 0 },                          /* no such type */
	{ 0, 0, 4 },                          /* no such type */
	{ 0, 2, 1 },                          /* zero */
	{ 0, 4, CONTROL_NAME_CAP },           /* user too long */
	{ 0, 4, 0xffff },                     /* likewise */
	{ 0, 4, 4 },                          /* not what follows */
	{ 0, 6, 0 },                          /* NUL in the user */
	{ 0, 6, 0xffff },                     /* not UTF-8 */
	{ 0, 11, CONTROL_NAME_CAP },          /* domain too long */
	{ 0, 68, CONTROL_MIC_INPUT_MAX + 1 }, /* the NTLM messages too long */
	{ 0, 68, 6 },                         /* longer than there is */
	{ 0, 68, 4 },                         /* shorter than there is */
	{ 1, 12, CONTROL_PASSWORD_CAP },      /* password too long */
	{ 2, 4, 0 },                          /* no width */
	{ 2, 4, LINK_SIZE_MAX_PX + 1 },       /* too wide */
	{ 2, 8, 0 },                          /* no height */
	{ 2, 10, 1 },                         /* too high */
	{ 2, 12, 99 },                        /* scale */
	{ 2, 12, 501 },                       /* scale */
	{ 3, 4, CONTROL_INTERNAL + 1 },       /* status */
	{ 5, 4, CONTROL_INTERNAL + 1 },       /* status */
	{ 5, 8, 2 },                          /* neither shared nor not */
	{ 5, 19, CONTROL_TEXT_CAP },          /* text too long */
};

static void every_bound_is_held(void **state)
{
	for (size_t i = 0; i < COUNT(violations); i++) {
		const struct violation *v = &violations[i];
		int len = control_write(&examples[v->example], packet, sizeof packet);
		int err;

		packet[v->offset] = (uint8_t)v->value;
		packet[v->offset + 1] = (uint8_t)(v->value >> 8);
		err = parse(packet, (size_t)len);
		if (err != ERR_FORMAT)
			fail_msg("violation %zu: %d", i, err);
	}
}

/* As long as its block: no room for the NUL. */
static void a_name_leaves_room_for_its_nul(void **state)
{
	static struct control_message msg = { .type = CONTROL_VERDICT };
	enum { USER = 4 + 4 + 16 };
	int len;

	memset(msg.verdict.user, 'u', sizeof msg.verdict.user);
	len = control_write(&msg, packet, sizeof packet);
	assert_int_equal(len, USER + 2 + CONTROL_NAME_CAP - 1);
	assert_int_equal(parse(packet, (size_t)len), 0);
	assert_int_equal(strlen(back.verdict.user), CONTROL_NAME_CAP - 1);
	packet[USER] = 0;
	packet[USER + 1] = CONTROL_NAME_CAP >> 8;
	packet[len] = 'u';
	assert_int_equal(parse(packet, (size_t)len + 1), ERR_FORMAT);
}

static void every_bound_can_be_reached(void **state)
{
	static const struct control_message limits[] = {
		{ .type = CONTROL_ATTACH, .attach = { 1, 1, 100 } },
		{ .type = CONTROL_ATTACH, .attach = { LINK_SIZE_MAX_PX, LINK_SIZE_MAX_PX, 500 } },
		{ .type = CONTROL_GUEST, .guest = { .status = CONTROL_INTERNAL } },
	};

	for (size_t i = 0; i < COUNT(limits); i++) {
		int len = control_write(&limits[i], packet, sizeof packet);

		assert_true(len > 0);
		assert_int_equal(parse(packet, (size_t)len), 0);
	}
}

static void a_malformed_packet_leaves_no_secret(void **state)
{
	static const struct control_message nothing;
	int len = control_write(&examples[1], packet, sizeof packet);

	memset(&back, 0x55, sizeof back);
	assert_int_equal(parse(packet, (size_t)len + 1), ERR_FORMAT);
	assert_memory_equal(&back, &nothing, sizeof back);
}

static void what_would_be_refused_is_not_written(void **state)
{
	struct control_message msg = { .type = CONTROL_ATTACH, .attach = { 0, 1080, 100 } };

	assert_int_equal(control_write(&msg, packet, sizeof packet), ERR_ARGUMENT);
	msg.type = 99;
	assert_int_equal(control_write(&msg, packet, sizeof packet), ERR_ARGUMENT);
}

/* Names come from the network: whatever they hold, the host gets UTF-8. */
static void names_become_utf8(void **state)
{
	static const char *const names[][2] = {
		{ "\xed\x9f\xbf\xee\x80\x80", "\xed\x9f\xbf\xee\x80\x80" }, /* around the surrogates */
		{ "\xc2\x80\xe0\xa0\x80\xf0\x90\x80\x80",
				"\xc2\x80\xe0\xa0\x80\xf0\x90\x80\x80" }, /* the shortest */
		{ "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf" },               /* the last */
		{ "a\xff", "a?" },                                        /* never a byte of UTF-8 */
		{ "\xc0\xaf", "??" },                                     /* overlong */
		{ "\xe0\x80\xaf", "???" },                                /* overlong */
		{ "\xed\xa0\x80", "???" },                                /* surrogate */
		{ "\xf4\x90\x80\x80", "????" },                           /* beyond U+10FFFF */
		{ "\xf8\x88\x80\x80\x80", "?????" },                      /* five bytes */
		{ "\xe2\x82", "??" },                                     /* cut short */
		{ "\xe2\x82z", "??z" },                                   /* likewise */
		{ "\x80", "?" },                                          /* a second byte alone */
	};

	for (size_t i = 0; i < COUNT(names); i++) {
		struct control_message msg = { .type = CONTROL_VERDICT };
		int len;

		strcpy(msg.verdict.user, names[i][0]);
		len = control_write(&msg, packet, sizeof packet);
		assert_int_equal(parse(packet, (size_t)len), 0);
		assert_string_equal(back.verdict.user, names[i][1]);
		/* The same from a writer that is not ours. */
		memcpy(packet + 4 + 4 + 16 + 2, names[i][0], strlen(names[i][0]));
		assert_int_equal(parse(packet, (size_t)len),
				strcmp(names[i][0], names[i][1]) == 0 ? 0 : ERR_FORMAT);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_comes_back_as_it_was),
		cmocka_unit_test(short_and_long_packets_are_malformed),
		cmocka_unit_test(too_little_room_is_told_at_every_size),
		cmocka_unit_test(the_greatest_message_fits),
		cmocka_unit_test(bytes_are_those_of_the_contract),
		cmocka_unit_test(every_bound_is_held),
		cmocka_unit_test(a_name_leaves_room_for_its_nul),
		cmocka_unit_test(every_bound_can_be_reached),
		cmocka_unit_test(a_malformed_packet_leaves_no_secret),
		cmocka_unit_test(what_would_be_refused_is_not_written),
		cmocka_unit_test(names_become_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
