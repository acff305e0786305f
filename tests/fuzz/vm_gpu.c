/* What the front of a virtual GPU may say, and what the supervisor does in between. The
 * input is a list of steps: a byte that says what, for packets a byte of length and the
 * packet. */
#include <base/log.h>
#include <base/loop.h>
#include <base/packet.h>
#include <base/reader.h>
#include <base/shm.h>
#include <gpu.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	STEP_ADD = 1,
	STEP_READ = 2,
	STEP_DROP = 3,
	STEP_AWAIT = 5,
	STEP_WITH_MEMFD = 4, /* everything else is a packet; this one with a descriptor */
	TARGETS = 4,
};

static struct gpu_target *targets[TARGETS];
static bool reading[TARGETS];

static void on_scanout(void *user, const struct screen_scanout *scanout)
{
	if (scanout->head >= SCREEN_HEADS_MAX)
		abort();
}

static void on_damage(void *user, const struct screen_damage *damage)
{
	if (damage->head >= SCREEN_HEADS_MAX || !damage->rect.width)
		abort();
}

static void on_captured(void *user, struct gpu_target *target, int result)
{
	for (int i = 0; i < TARGETS; i++) {
		if (targets[i] == target && reading[i]) {
			reading[i] = false;
			return;
		}
	}
	abort(); /* dropped, or nobody read */
}

static void on_cursor(void *user, const struct screen_cursor *cursor, const uint8_t *pixels)
{
	if (!cursor->cursor.hidden != !!pixels)
		abort();
}

static void on_cursor_moved(void *user, const struct screen_cursor_moved *moved)
{
}
static void on_reset(void *user, const struct screen_reset *reset)
{
}
static void on_writable(void *user)
{
}
static void on_lost(void *user)
{
}

static const struct gpu_ops ops = {
	.scanout = on_scanout,
	.damage = on_damage,
	.captured = on_captured,
	.cursor = on_cursor,
	.cursor_moved = on_cursor_moved,
	.reset = on_reset,
	.writable = on_writable,
	.lost = on_lost,
};

static void step(struct gpu *gpu, int what, int index, int memfd)
{
	struct link_buffer buffer = { 1, 16, 16, 64 };
	struct link_rect rect = { 0, 0, 1, 1 };

	if (what == STEP_ADD && !targets[index])
		targets[index] = gpu_target_add(gpu, memfd, &buffer);
	else if (what == STEP_READ && targets[index] && !reading[index])
		reading[index] = gpu_read(gpu, targets[index], &rect, 1) == 0;
	else if (what == STEP_AWAIT && targets[index] && !reading[index])
		gpu_await(gpu, targets[index]);
	else if (what == STEP_DROP && targets[index]) {
		gpu_target_drop(gpu, targets[index]);
		targets[index] = NULL;
		reading[index] = false;
	}
}

static void run_loop(sd_event *event, int front_fd)
{
	uint8_t packet[SCREEN_PACKET_MAX];

	while (sd_event_run(event, 0) > 0)
		;
	while (packet_receive(front_fd, packet, sizeof packet, NULL) > 0)
		;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static sd_event *event;
	static int memfd;
	struct reader r = reader_init(data, size);
	struct gpu *gpu;
	int fds[2];

	if (!event) {
		log_init("fuzz", LOG_LEVEL_ERROR);
		event = loop_create();
		memfd = shm_create("fuzz", 4096);
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds) < 0)
		abort();
	gpu = gpu_create(event, fds[0], &ops, NULL);
	while (reader_left(&r)) {
		uint8_t what = reader_u8(&r), len;
		const uint8_t *packet;

		if (what % 8 >= STEP_ADD && what % 8 <= STEP_DROP) {
			step(gpu, what % 8, what / 8 % TARGETS, memfd);
			continue;
		}
		len = reader_u8(&r);
		packet = reader_take(&r, len < reader_left(&r) ? len : reader_left(&r));
		if (packet && r.at > packet)
			(void)!packet_send(fds[1], packet, (size_t)(r.at - packet),
					what % 8 == STEP_WITH_MEMFD ? memfd : -1);
		run_loop(event, fds[1]);
	}
	run_loop(event, fds[1]);
	for (int i = 0; i < TARGETS; i++)
		step(gpu, STEP_DROP, i, memfd);
	gpu_destroy(gpu);
	close(fds[1]);
	run_loop(event, -1);
	return 0;
}
