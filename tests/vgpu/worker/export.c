/* With an exporter that is none: no GPU is needed to see what is asked and what is let
 * go of. And the real one, which has nothing on a CPU. */
#include "driver.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <worker/export.h>
#include <worker/fences.h>
#include <worker/resources.h>
#include <worker/virgl.h>

#include <cmocka.h>

static struct {
	uint32_t num_fds, fourcc;
	int fails_at; /* call, from 1 */
	int calls, fds_made;
	int fds[4];
} fake;

static int execute(void *args, uint32_t size)
{
	struct virgl_renderer_export_query *q = args;

	assert_int_equal(size, sizeof *q);
	assert_int_equal(q->hdr.size, sizeof *q);
	assert_int_equal(q->hdr.stype, VIRGL_RENDERER_STRUCTURE_TYPE_EXPORT_QUERY);
	assert_int_equal(q->in_resource_id, 7);
	if (++fake.calls == fake.fails_at)
		return -1;
	q->out_num_fds = fake.num_fds;
	q->out_fourcc = fake.fourcc;
	q->out_modifier = 0x100000000000001;
	for (uint32_t i = 0; q->in_export_fds && i < fake.num_fds; i++) {
		fake.fds[fake.fds_made++] = q->out_fds[i] = memfd_create("buffer", 0);
		q->out_strides[i] = 8192;
		q->out_offsets[i] = 64;
	}
	return 0;
}

static void set_fake(uint32_t num_fds, uint32_t fourcc, int fails_at)
{
	memset(&fake, 0, sizeof fake);
	fake.num_fds = num_fds;
	fake.fourcc = fourcc;
	fake.fails_at = fails_at;
}

static void a_picture_is_handed_on(void **state)
{
	struct export_picture picture;

	set_fake(1, 0x34325258, 0);
	assert_int_equal(export_dmabuf(&picture, 7, execute), RENDER_OK);
	assert_int_equal(fake.calls, 2);
	assert_int_equal(picture.fd, fake.fds[0]);
	assert_true(picture.fourcc == 0x34325258 && picture.stride_bytes == 8192 &&
			picture.offset_bytes == 64);
	assert_true(picture.modifier == 0x100000000000001);
	assert_int_equal(close(picture.fd), 0);
}

static void no_descriptor_is_asked_for_where_there_is_none(void **state)
{
	static const uint32_t none[][2] = { { 0, 0 }, { 0, 1 }, { 1, 0 }, { 2, 1 }, { 4, 1 } };
	struct export_picture picture;

	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		set_fake(none[i][0], none[i][1], 0);
		assert_int_equal(export_dmabuf(&picture, 7, execute), RENDER_FAILED);
		assert_true(fake.calls == 1 && fake.fds_made == 0);
	}
}

static int more_planes_at_last(void *args, uint32_t size)
{
	if (fake.calls == 1)
		fake.num_fds = 3;
	return execute(args, size);
}

static void failures_leave_no_descriptor(void **state)
{
	struct export_picture picture;

	for (int call = 1; call <= 2; call++) {
		set_fake(1, 1, call);
		assert_int_equal(export_dmabuf(&picture, 7, execute), RENDER_FAILED);
		assert_int_equal(fake.fds_made, 0);
	}
	set_fake(1, 1, 0);
	assert_int_equal(export_dmabuf(&picture, 7, more_planes_at_last), RENDER_FAILED);
	assert_int_equal(fake.fds_made, 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(fcntl(fake.fds[i], F_GETFD), -1);
}

static void the_cpu_has_nothing_to_export(void **state)
{
	static struct fences fences;
	static struct resources resources = { .quota_bytes = 1 << 20 };
	struct render_resource shape = driver_picture(7, 2, 64, 64);
	struct export_picture picture;

	assert_int_equal(virgl_start(-1, &fences), 0);
	assert_int_equal(resources_create(&resources, &shape), RENDER_OK);
	assert_int_equal(export_dmabuf(&picture, 7, virgl_renderer_execute), RENDER_FAILED);
	assert_int_equal(export_dmabuf(&picture, 8, virgl_renderer_execute), RENDER_FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_picture_is_handed_on),
		cmocka_unit_test(no_descriptor_is_asked_for_where_there_is_none),
		cmocka_unit_test(failures_leave_no_descriptor),
		cmocka_unit_test(the_cpu_has_nothing_to_export),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
