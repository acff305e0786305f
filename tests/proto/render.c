#include "exact.h"
#include <proto/render.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static uint8_t packet[RENDER_PACKET_MAX + 1];

static int parse(struct render_message *msg, const void *data, size_t len)
{
	void *copy = exact_copy(data, len);
	int err = render_parse(msg, copy, len);

	free(copy);
	return err;
}

/* One valid message of each type, every field different. */
static const struct render_message examples[] = {
	/* 0 */ { .type = RENDER_ARENA, .serial = 1 },
	{ .type = RENDER_CAPS, .flags = RENDER_WANT_DONE, .serial = 2, .caps = { 2, 1 } },
	{ .type = RENDER_REGION, .serial = 3, .region = { 31, 0x100000000, 0x40000000, 0xc0000000 } },
	{ .type = RENDER_REGIONS_CLEAR, .serial = 4 },
	{ .type = RENDER_CONTEXT_CREATE, .serial = 5, .context = { 7, 0, "glmark2" } },
	/* 5 */ { .type = RENDER_CONTEXT_DESTROY, .serial = 6, .context = { 7, 0, "" } },
	{ .type = RENDER_CONTEXT_ATTACH, .serial = 7, .context = { 7, 9, "" } },
	{ .type = RENDER_CONTEXT_DETACH, .serial = 8, .context = { 7, 9, "" } },
	{ .type = RENDER_RESOURCE_CREATE,
			.serial = 9,
			.resource = { 9, 2, 1, 10, 1280, 800, 1, 3, 4, 5, 6 } },
	{ .type = RENDER_RESOURCE_UNREF, .serial = 10, .resource_id = { 9 } },
	/* 10 */ { .type = RENDER_BACKING, .serial = 11, .backing = { 9, 3, 4096 } },
	{ .type = RENDER_BACKING_FD, .serial = 12, .backing_fd = { 9, 4096000 } },
	{ .type = RENDER_BACKING_DETACH, .serial = 13, .resource_id = { 9 } },
	{ .type = RENDER_TRANSFER_TO,
			.serial = 14,
			.transfer = { 7, 9, 1, 5120, 4096000, { 1, 2, 3, 4, 5, 6 }, 0x100000000 } },
	{ .type = RENDER_TRANSFER_FROM,
			.serial = 15,
			.transfer = { 0, 9, 0, 0, 0, { 0, 0, 0, 1, 1, 1 }, 0 } },
	/* 15 */ { .type = RENDER_SUBMIT, .serial = 16, .submit = { 7, 8, 1000 } },
	{ .type = RENDER_FENCE, .serial = 17, .fence = { 0x123456789a, 7 } },
	{ .type = RENDER_TARGET, .serial = 18, .target = { 3, 1920, 1080, 7680 } },
	{ .type = RENDER_TARGET_DROP, .serial = 19, .target_drop = { 3 } },
	{ .type = RENDER_READ,
			.serial = 20,
			.read = { 3, 9, 2, { { 1, 2, 3, 4, 5, 6 }, { 16383, 0, 0, 16383, 1, 1 } } } },
	/* 20 */ { .type = RENDER_DONE, .serial = 16, .done = { RENDER_FAILED, 0x1234567890 } },
	{ .type = RENDER_FENCED, .serial = 17, .fence = { 0x123456789a, 7 } },
	{ .type = RENDER_CAPS_DATA, .serial = 2, .caps_data = { 2, 1, 2, 3, { 1, 2, 3 } } },
	{ .type = RENDER_SHADERS, .serial = 21, .shaders = { 1 } },
	{ .type = RENDER_FRAME, .serial = 22 },
	/* 25, a buffer, of no layer */
	{ .type = RENDER_RESOURCE_CREATE, .serial = 23, .resource = { 9, 0, 64, 16, 64 << 20, 1, 1, 0 } },
};

static void every_message_comes_back_as_it_was(void **state)
{
	for (size_t i = 0; i < COUNT(examples); i++) {
		struct render_message back;
		int len = render_write(&examples[i], packet, RENDER_PACKET_MAX);

		assert_true(len >= 8);
		assert_int_equal(parse(&back, packet, (size_t)len), 0);
		assert_memory_equal(&back, &examples[i], sizeof back);
	}
}

static void short_and_long_packets_are_malformed(void **state)
{
	for (size_t i = 0; i < COUNT(examples); i++) {
		struct render_message back;
		int len = render_write(&examples[i], packet, RENDER_PACKET_MAX);

		for (int cut = 0; cut < len; cut++)
			assert_int_equal(parse(&back, packet, (size_t)cut), ERR_FORMAT);
		packet[len] = 0;
		assert_int_equal(parse(&back, packet, (size_t)len + 1), ERR_FORMAT);
	}
}

static void too_little_room_is_told_at_every_size(void **state)
{
	for (size_t i = 0; i < COUNT(examples); i++) {
		int len = render_write(&examples[i], packet, RENDER_PACKET_MAX);

		for (int cap = 0; cap < len; cap++) {
			uint8_t *room = exact_copy(packet, (size_t)cap);

			assert_int_equal(render_write(&examples[i], room, (size_t)cap), ERR_SPACE);
			free(room);
		}
	}
}

static void bytes_are_those_of_the_contract(void **state)
{
	static const uint8_t submit[] = { 16, 0, 0, 0, 16, 0, 0, 0, 7, 0, 0, 0, 8, 0, 0, 0, 0xe8, 3, 0, 0 };
	static const uint8_t fence[] = { 17, 0, 0, 0, 17, 0, 0, 0, 0x9a, 0x78, 0x56, 0x34, 0x12, 0, 0, 0, 7,
		0, 0, 0 };
	static const uint8_t caps[] = { 66, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 1,
		2, 3 };

	assert_int_equal(render_write(&examples[15], packet, RENDER_PACKET_MAX), sizeof submit);
	assert_memory_equal(packet, submit, sizeof submit);
	assert_int_equal(render_write(&examples[16], packet, RENDER_PACKET_MAX), sizeof fence);
	assert_memory_equal(packet, fence, sizeof fence);
	assert_int_equal(render_write(&examples[22], packet, RENDER_PACKET_MAX), sizeof caps);
	assert_memory_equal(packet, caps, sizeof caps);
}

static void the_greatest_messages_fit(void **state)
{
	static struct render_message msg, back;
	int len;

	msg = (struct render_message){ .type = RENDER_READ,
		.read = { .handle = 1, .count = RENDER_RECTS_MAX } };
	for (int i = 0; i < RENDER_RECTS_MAX; i++)
		msg.read.rects[i] = (struct render_rect){ .src_x = (uint32_t)i, .width = 1, .height = 1 };
	len = render_write(&msg, packet, RENDER_PACKET_MAX);
	assert_true(len > 0);
	assert_int_equal(parse(&back, packet, (size_t)len), 0);
	assert_memory_equal(&back, &msg, sizeof back);
	msg = (struct render_message){ .type = RENDER_CAPS_DATA, .caps_data.len = RENDER_CAPS_MAX_BYTES };
	assert_true(render_write(&msg, packet, RENDER_PACKET_MAX) > RENDER_CAPS_MAX_BYTES);
	msg.caps_data.len++;
	assert_int_equal(render_write(&msg, packet, RENDER_PACKET_MAX), ERR_ARGUMENT);
}

/* One field of a valid packet, u32 at that offset, set to another value. */
struct edit {
	int example;
	size_t offset;
	uint32_t value;
};

static int parse_edited(const struct edit *edit)
{
	struct render_message back;
	int len = render_write(&examples[edit->example], packet, RENDER_PACKET_MAX);

	for (int byte = 0; byte < 4; byte++)
		packet[edit->offset + (size_t)byte] = (uint8_t)(edit->value >> 8 * byte);
	return parse(&back, packet, (size_t)len);
}

static const struct edit violations[] = {
	{ 0, 0, 0 },                            /* type */
	{ 0, 0, 23 },                           /* type */
	{ 0, 0, 63 },                           /* type */
	{ 0, 0, 67 },                           /* type */
	{ 0, 0, 0x20001 },                      /* a flag that is not known */
	{ 21, 0, 0x10041 },                     /* an answer with flags */
	{ 2, 8, RENDER_REGIONS_MAX },           /* region: index */
	{ 2, 24, 0xffffffff },                  /* size beyond any descriptor's end */
	{ 2, 32, 0xffffffff },                  /* offset beyond it */
	{ 4, 8, 0 },                            /* context 0 */
	{ 4, 12, 1 },                           /* create with a resource */
	{ 5, 12, 1 },                           /* destroy with a resource */
	{ 6, 12, 0 },                           /* attach without */
	{ 7, 12, 0 },                           /* detach without */
	{ 4, 16, 0xff },                        /* a name that is no text */
	{ 8, 8, 0 },                            /* resource 0 */
	{ 8, 24, 0 },                           /* width */
	{ 8, 24, RENDER_SIZE_MAX_PX + 1 },      /* width */
	{ 8, 28, 0 },                           /* height */
	{ 8, 28, RENDER_SIZE_MAX_PX + 1 },      /* height */
	{ 8, 32, 0 },                           /* depth */
	{ 8, 32, 2049 },                        /* depth */
	{ 8, 36, 2049 },                        /* array size */
	{ 8, 40, 15 },                          /* last level */
	{ 8, 44, 33 },                          /* samples */
	{ 25, 24, 0 },                          /* buffer: width */
	{ 25, 24, (1 << 30) + 1 },              /* width */
	{ 25, 28, 2 },                          /* height */
	{ 25, 32, 2 },                          /* depth */
	{ 25, 36, 2 },                          /* array size */
	{ 25, 40, 1 },                          /* last level */
	{ 25, 44, 33 },                         /* samples */
	{ 9, 8, 0 },                            /* unref: resource */
	{ 10, 8, 0 },                           /* backing: resource */
	{ 10, 12, 0 },                          /* no entry */
	{ 10, 12, RENDER_ENTRIES_MAX + 1 },     /* more than allowed */
	{ 10, 16, 4097 },                       /* not a multiple of 8 */
	{ 10, 16, RENDER_ARENA_BYTES - 40 },    /* runs over the arena's end */
	{ 10, 16, 0xfffffff8 },                 /* likewise, overflow */
	{ 11, 8, 0 },                           /* backing fd: resource */
	{ 11, 16, 1 },                          /* 4 GiB and more */
	{ 12, 8, 0 },                           /* detach: resource */
	{ 13, 12, 0 },                          /* transfer: resource */
	{ 13, 16, 15 },                         /* level */
	{ 13, 28, 0xffffffff },                 /* x */
	{ 13, 40, 0 },                          /* width */
	{ 13, 44, 0 },                          /* height */
	{ 13, 44, RENDER_SIZE_MAX_PX },         /* y + height */
	{ 13, 48, 0 },                          /* depth */
	{ 13, 36, 2048 },                       /* z + depth */
	{ 15, 8, 0 },                           /* submit: context */
	{ 15, 12, 4 },                          /* not a multiple of 8 */
	{ 15, 12, RENDER_ARENA_BYTES - 992 },   /* runs over the arena's end */
	{ 15, 16, 998 },                        /* half a word */
	{ 15, 16, RENDER_BATCH_MAX_BYTES + 4 }, /* too long */
	{ 15, 16, 0xfffffffc },                 /* likewise */
	{ 17, 8, 0 },                           /* target: handle */
	{ 17, 12, 0 },                          /* width */
	{ 17, 12, 1921 },                       /* wider than its rows */
	{ 17, 12, RENDER_SIZE_MAX_PX + 1 },     /* width */
	{ 17, 16, 0 },                          /* height */
	{ 17, 16, RENDER_SIZE_MAX_PX + 1 },     /* height */
	{ 17, 20, 7682 },                       /* stride */
	{ 17, 20, 4 * RENDER_SIZE_MAX_PX + 4 }, /* stride */
	{ 18, 8, 0 },                           /* drop: handle */
	{ 19, 8, 0 },                           /* read: handle */
	{ 23, 8, RENDER_SHADERS_PARTS },        /* shaders: part */
	{ 19, 16, 0 },                          /* none */
	{ 19, 16, 1 },                          /* fewer than there are */
	{ 19, 16, 3 },                          /* more than there are */
	{ 19, 16, RENDER_RECTS_MAX + 1 },       /* more than allowed */
	{ 19, 16, 0xffffffff },                 /* more than allowed */
	{ 19, 20, RENDER_SIZE_MAX_PX },         /* src_x */
	{ 19, 24, 0xffffffff },                 /* src_y */
	{ 19, 28, RENDER_SIZE_MAX_PX },         /* dst_x */
	{ 19, 32, RENDER_SIZE_MAX_PX },         /* dst_y */
	{ 19, 36, 0 },                          /* width */
	{ 19, 40, 0 },                          /* height */
	{ 20, 8, RENDER_FAILED + 1 },           /* result */
	{ 22, 20, RENDER_CAPS_MAX_BYTES + 1 },  /* more than allowed */
};

static void values_out_of_bounds_are_malformed(void **state)
{
	for (size_t i = 0; i < COUNT(violations); i++) {
		int err = parse_edited(&violations[i]);

		if (err != ERR_FORMAT)
			print_error("edit %zu is taken\n", i);
		assert_int_equal(err, ERR_FORMAT);
	}
}

static void writing_what_would_be_refused_is_refused(void **state)
{
	struct render_message bad[] = { examples[2], examples[8], examples[10], examples[13], examples[15],
		examples[19] };

	bad[0].region.guest_addr = UINT64_MAX - 0x3fffffff;
	bad[1].resource.width = 0;
	bad[2].backing.count = RENDER_ENTRIES_MAX + 1;
	bad[3].transfer.box.width = 0;
	bad[4].submit.len_bytes = 3;
	bad[5].read.count = RENDER_RECTS_MAX + 1;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(render_write(&bad[i], packet, RENDER_PACKET_MAX), ERR_ARGUMENT);
}

static void batches_may_be_empty(void **state)
{
	struct render_message empty = examples[15], back;
	int len;

	empty.submit.len_bytes = 0;
	len = render_write(&empty, packet, RENDER_PACKET_MAX);
	assert_int_equal(parse(&back, packet, (size_t)len), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_comes_back_as_it_was),
		cmocka_unit_test(short_and_long_packets_are_malformed),
		cmocka_unit_test(too_little_room_is_told_at_every_size),
		cmocka_unit_test(bytes_are_those_of_the_contract),
		cmocka_unit_test(the_greatest_messages_fit),
		cmocka_unit_test(values_out_of_bounds_are_malformed),
		cmocka_unit_test(writing_what_would_be_refused_is_refused),
		cmocka_unit_test(batches_may_be_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
