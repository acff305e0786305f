/* A session that sends anything to a guest. The input is a list of steps: one byte
 * that says what (see enum), for packets two bytes of length and the packet. The
 * first byte also says whether a proper HELLO goes ahead. */
#include <server/guest.h>

#include <base/log.h>
#include <base/loop.h>
#include <base/packet.h>
#include <base/reader.h>
#include <base/shm.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	STEP_GOOD_MEMFD = 1, /* goes along with the packet */
	STEP_SMALL_MEMFD = 2,
	STEP_OTHER_FILE = 3,
	STEP_DAMAGE = 4, /* no packet: the guest draws */
	STEP_LAYOUT = 5, /* no packet: the guest resizes */
	STEP_CURSOR = 6,
	STEP_READ = 7, /* the session reads one packet; the guest ends a capture */
	SIZE_PX = 64,
};

static sd_event *event;
static struct guest_link *guest;
static char dir[] = "/tmp/oriel-fuzz-XXXXXX", path[64];
static int good_memfd, small_memfd;
static void *pending; /* the buffer of a capture put off */

static void *on_buffer_attach(void *user, int memfd, const struct link_buffer *buffer)
{
	uint8_t *map = shm_map(memfd, (size_t)buffer->stride_bytes * buffer->height_px);

	shm_unmap(map, (size_t)buffer->stride_bytes * buffer->height_px);
	return malloc(1);
}

static void on_buffer_detach(void *user, void *handle)
{
	if (handle == pending)
		pending = NULL;
	free(handle);
}

static int on_capture(void *user, void *handle, const struct link_rect *rects, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!rects[i].width || !rects[i].height || rects[i].x + rects[i].width > 2 * SIZE_PX ||
				rects[i].y + rects[i].height > SIZE_PX)
			abort();
	}
	if (pending == handle)
		abort();
	if (count % 3 == 0 || pending)
		return count % 2 ? 0 : ERR_AGAIN;
	pending = handle;
	return GUEST_CAPTURE_LATER;
}

static void on_await(void *user, void *handle)
{
	if (!handle || handle == pending)
		abort();
}

static int on_layout_set(void *user, const struct link_layout *layout)
{
	if (link_layout_check(layout) < 0)
		abort();
	return layout->count % 2 ? 0 : ERR_ARGUMENT;
}

static void on_pointer(void *user, uint32_t x, uint32_t y)
{
	if (x >= 2 * SIZE_PX || y >= SIZE_PX)
		abort();
}

static const struct guest_ops ops = {
	.kind = "fuzz",
	.buffer_attach = on_buffer_attach,
	.buffer_detach = on_buffer_detach,
	.capture = on_capture,
	.await = on_await,
	.layout_set = on_layout_set,
	.pointer = on_pointer,
};

static void remove_dir(void)
{
	guest_link_destroy(guest);
	rmdir(dir);
}

static void start(void)
{
	struct link_layout layout = link_layout_single(SIZE_PX, SIZE_PX);

	log_init("fuzz", LOG_LEVEL_ERROR);
	event = loop_create();
	if (!event || !mkdtemp(dir))
		abort();
	snprintf(path, sizeof path, "%s/link", dir);
	good_memfd = shm_create("good", SIZE_PX * SIZE_PX * 8);
	small_memfd = shm_create("small", 64);
	guest = guest_link_create(event, path, &ops, NULL, &layout);
	if (!guest || good_memfd < 0 || small_memfd < 0)
		abort();
	atexit(remove_dir);
}

static void run_loop(void)
{
	while (sd_event_run(event, 0) > 0)
		;
}

static void send_hello(int fd)
{
	struct link_message msg = { .type = LINK_HELLO, .hello = { LINK_VERSION, 0, "fuzz" } };
	uint8_t packet[LINK_PACKET_MAX];
	int len = link_write(&msg, packet, sizeof packet);

	if (len < 0 || packet_send(fd, packet, (size_t)len, -1) < 0)
		abort();
}

static void end_capture(int result)
{
	void *handle = pending;

	pending = NULL;
	if (handle)
		guest_link_captured(guest, handle, result);
}

static void send_packet(int fd, struct reader *r, int pass_fd)
{
	size_t len = reader_u16(r);
	const uint8_t *bytes = reader_take(r, len < reader_left(r) ? len : reader_left(r));

	if (bytes && len)
		(void)!packet_send(fd, bytes, (size_t)(r->at - bytes), pass_fd);
}

/* What the guest itself does in between. */
static void guest_step(int fd, int what, struct reader *r)
{
	static const uint8_t pixels[4];
	struct link_rect rect = { reader_u8(r), reader_u8(r), reader_u8(r), reader_u8(r) };
	struct link_layout layout = link_layout_single(rect.x % 2 ? SIZE_PX : 2 * SIZE_PX, SIZE_PX);
	uint8_t packet[LINK_PACKET_MAX];

	layout.serial = rect.y;
	if (what == STEP_DAMAGE)
		guest_link_damage(guest, &rect, 1);
	else if (what == STEP_LAYOUT)
		guest_link_layout_changed(guest, &layout);
	else if (what == STEP_CURSOR)
		(void)!guest_link_cursor(guest, &(struct link_cursor){ 0, 1, 1, 0, 0 }, pixels);
	else
		(void)!packet_receive(fd, packet, sizeof packet, NULL);
	if (what == STEP_READ)
		end_capture(rect.x % 2 ? ERR_AGAIN : 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = reader_init(data, size);
	int fds[4], fd;

	if (!event)
		start();
	fds[0] = -1, fds[STEP_GOOD_MEMFD] = good_memfd, fds[STEP_SMALL_MEMFD] = small_memfd;
	fds[STEP_OTHER_FILE] = STDIN_FILENO;
	fd = packet_connect(path);
	if (fd < 0)
		abort();
	if (reader_u8(&r) % 4)
		send_hello(fd);
	while (reader_left(&r)) {
		uint8_t what = reader_u8(&r);

		if (what % 8 < STEP_DAMAGE)
			send_packet(fd, &r, fds[what % 8]);
		else
			guest_step(fd, what % 8, &r);
		if (what < 128)
			run_loop();
	}
	run_loop();
	close(fd);
	run_loop();
	return 0;
}
