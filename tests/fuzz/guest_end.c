/* A guest that sends anything to a session's end of the link. The input is a list of
 * steps: one byte that says what, for packets two bytes of length and the packet. What
 * reaches the session's handlers must be inside its picture. */
#include <session/guest.h>

#include <base/log.h>
#include <base/loop.h>
#include <base/packet.h>
#include <base/reader.h>
#include <base/shm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	STEP_PLAIN = 0,  /* a packet */
	STEP_CURSOR = 1, /* a packet with a memfd large enough for any cursor */
	STEP_SMALL_MEMFD = 2,
	STEP_OTHER_FILE = 3,
	STEP_FRAME = 4, /* a proper frame for the open pull, with a rectangle of the input */
	STEP_PULL = 5,
	STEP_LEND = 6,
	STEP_INPUT = 7,
	SIZE_PX = 64,
};

static sd_event *event;
static int cursor_memfd, small_memfd;
static uint32_t pulls, buffers;
static struct guest *guest;
static int gone;

static void on_layout(void *user, const struct link_layout *layout)
{
	if (link_layout_check(layout) < 0)
		abort();
}

static void on_frame(void *user, const struct link_frame *frame)
{
	struct guest_picture picture = guest_picture(guest);
	volatile uint8_t sum = 0;

	if (frame->count < 1 || frame->count > LINK_RECTS_MAX)
		abort();
	for (uint32_t i = 0; i < frame->count; i++) {
		const struct link_rect *r = &frame->rects[i];
		size_t last = (size_t)(r->y + r->height - 1) * picture.stride_bytes +
				(size_t)(r->x + r->width) * 4 - 1;

		if (!r->width || !r->height || r->x + r->width > picture.width_px ||
				r->y + r->height > picture.height_px)
			abort();
		sum = (uint8_t)(sum + picture.pixels[last]);
	}
}

static void on_cursor(void *user, const struct link_cursor *cursor, const uint8_t *pixels)
{
	volatile uint8_t last;

	if (pixels)
		last = pixels[(size_t)cursor->width_px * cursor->height_px * 4 - 1];
	(void)last;
}

static void on_cursor_moved(void *user, uint32_t x, uint32_t y)
{
}

static void on_gone(void *user, uint32_t reason, const char *text)
{
	if (gone++)
		abort(); /* the last call */
}

static void start(void)
{
	log_init("fuzz", LOG_LEVEL_ERROR);
	event = loop_create();
	cursor_memfd = shm_create("cursor", (size_t)LINK_CURSOR_MAX_PX * LINK_CURSOR_MAX_PX * 4);
	small_memfd = shm_create("small", 16);
	if (!event || cursor_memfd < 0 || small_memfd < 0)
		abort();
}

static void run_loop(int fd)
{
	uint8_t packet[LINK_PACKET_MAX];

	while (sd_event_run(event, 0) > 0)
		;
	while (packet_receive(fd, packet, sizeof packet, NULL) > 0)
		;
}

static void send_packet(int fd, struct reader *r, int pass_fd)
{
	size_t len = reader_u16(r);
	const uint8_t *bytes = reader_take(r, len < reader_left(r) ? len : reader_left(r));

	if (bytes && len)
		(void)!packet_send(fd, bytes, (size_t)(r->at - bytes), pass_fd);
}

static void send_frame(int fd, struct reader *r)
{
	struct link_message m = { .type = LINK_FRAME };
	uint8_t packet[LINK_PACKET_MAX];
	int len;

	m.frame.pull_serial = pulls;
	m.frame.buffer_serial = buffers;
	m.frame.count = 1;
	m.frame.rects[0] = (struct link_rect){ reader_u8(r), reader_u8(r), reader_u8(r), reader_u8(r) };
	len = link_write(&m, packet, sizeof packet);
	if (len > 0)
		(void)!packet_send(fd, packet, (size_t)len, -1);
}

static void step(int fd, struct reader *r)
{
	const struct link_message key = { .type = LINK_KEY, .key = { 30, 0 } };
	const int fds[] = { -1, cursor_memfd, small_memfd, STDIN_FILENO };
	uint8_t what = reader_u8(r);

	switch (what & 7) {
	case STEP_FRAME: send_frame(fd, r); break;
	case STEP_PULL:
		if (!guest_pulling(guest)) {
			guest_pull(guest, what & 8);
			pulls++;
		}
		break;
	case STEP_LEND:
		if (guest_lend(guest, SIZE_PX + what / 8, SIZE_PX) == 0)
			buffers++;
		break;
	case STEP_INPUT: guest_send(guest, &key); break;
	default: send_packet(fd, r, fds[what & 3]); break;
	}
	if (what < 128)
		run_loop(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct guest_handlers handlers = { on_layout, on_frame, on_cursor, on_cursor_moved,
		on_gone, NULL };
	const struct link_hello hello = { .version = LINK_VERSION };
	struct reader r = reader_init(data, size);
	int fds[2];

	if (!event)
		start();
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0)
		abort();
	gone = 0;
	pulls = buffers = 0;
	guest = guest_create(event, fds[0], &hello, &handlers);
	if (!guest)
		abort();
	while (reader_left(&r) && !gone)
		step(fds[1], &r);
	run_loop(fds[1]);
	close(fds[1]);
	run_loop(fds[1]);
	guest_destroy(guest);
	return 0;
}
