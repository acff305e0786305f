#include "machine.h"
#include <base/log.h>
#include <base/loop.h>
#include <base/packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	/* In guest memory: for each queue a page of descriptors, avail and used. */
	QUEUE_AT = 0x1000,
	QUEUE_BYTES = 0x3000,
	COMMAND_AT = 0x10000,
	ANSWER_AT = 0x80000,
	ANSWER_MAX = 8192,
};

static void pair(int type, int fds[2])
{
	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
		abort();
}

uint64_t machine_addr(uint64_t offset)
{
	return machine_guest_addr + offset;
}

/* The broker and its workers. */

static void say_as_broker(struct machine *m, const struct broker_message *msg, int fd)
{
	uint8_t bytes[BROKER_PACKET_MAX];
	int len = broker_write(msg, bytes, sizeof bytes);

	if (len < 0 || packet_send(m->broker, bytes, (size_t)len, fd) < 0)
		abort();
}

static void start_worker(struct machine *m)
{
	struct broker_message msg = { .type = BROKER_WORKER };
	int fds[2] = { -1, -1 };

	m->joins++;
	if (m->refuse) {
		msg.worker.status = BROKER_NO_GPU;
	} else {
		pair(SOCK_SEQPACKET, fds);
		m->render = fds[1];
		msg.worker = (struct broker_worker){
			.worker_pid = 1, .reason = m->reason, .limits = { 4, 4096, 4096, 1 << 30, 100 }
		};
	}
	say_as_broker(m, &msg, fds[0]);
	if (m->refuse)
		return;
	/* Its page is only kept. */
	say_as_broker(m, &(struct broker_message){ .type = BROKER_PAGE }, fds[0]);
	close(fds[0]);
}

static bool run_broker(struct machine *m)
{
	uint8_t bytes[BROKER_PACKET_MAX];
	struct broker_message msg;
	int len = packet_receive(m->broker, bytes, sizeof bytes, NULL);

	if (len <= 0)
		return false;
	if (broker_parse(&msg, bytes, (size_t)len) < 0 || msg.type != BROKER_JOIN)
		abort();
	start_worker(m);
	return true;
}

static void drop_worker(struct machine *m)
{
	if (m->render >= 0)
		close(m->render);
	m->render = -1;
	if (m->arena)
		munmap(m->arena, RENDER_ARENA_BYTES);
	m->arena = NULL;
}

void machine_kill_worker(struct machine *m)
{
	drop_worker(m);
	machine_run(m);
}

static void answer(struct machine *m, struct render_message *msg)
{
	uint8_t bytes[RENDER_PACKET_MAX];
	int len = render_write(msg, bytes, sizeof bytes);

	if (len < 0 || packet_send(m->render, bytes, (size_t)len, -1) < 0)
		abort();
}

static uint32_t id_of(const struct render_message *msg)
{
	switch (msg->type) {
	case RENDER_FENCE: return (uint32_t)msg->fence.fence;
	case RENDER_READ: return msg->read.resource;
	case RENDER_TRANSFER_TO:
	case RENDER_TRANSFER_FROM: return msg->transfer.resource;
	default: return msg->submit.context; /* the first word of all others */
	}
}

static void note(struct machine *m, const struct render_message *msg, int fd)
{
	struct machine_sent *sent = &m->sent[m->sent_count % MACHINE_SENT_MAX];

	if (m->sent_count >= MACHINE_SENT_MAX && sent->fd >= 0)
		close(sent->fd);
	m->sent_count++;
	*sent = (struct machine_sent){ msg->type, msg->flags, msg->serial, id_of(msg),
		msg->type == RENDER_SUBMIT ? msg->submit.len_bytes : 0, fd,
		msg->type == RENDER_READ ? msg->read.rects[0] : (struct render_rect){ 0 } };
}

static void reply(struct machine *m, const struct render_message *msg)
{
	static struct render_message out;

	out = (struct render_message){ .serial = msg->serial };
	if (msg->type == RENDER_CAPS) {
		out.type = RENDER_CAPS_DATA;
		out.caps_data = (struct render_caps_data){ msg->caps.set, msg->caps.version, msg->caps.set, 4,
			{ 1, 2, 3, 4 } };
		answer(m, &out);
		return;
	}
	if (m->silent)
		return;
	if (msg->type == RENDER_FENCE && !m->unfenced) {
		out.type = RENDER_FENCED;
		out.fence = msg->fence;
		answer(m, &out);
	} else if (msg->flags & RENDER_WANT_DONE) {
		out.type = RENDER_DONE;
		out.done.result = m->results;
		answer(m, &out);
	}
}

void machine_fence(struct machine *m, uint32_t serial)
{
	static struct render_message out;

	out = (struct render_message){ .type = RENDER_FENCED, .fence = { serial, 0 } };
	answer(m, &out);
	machine_run(m);
}

void machine_done(struct machine *m, uint32_t serial)
{
	static struct render_message out;

	out = (struct render_message){ .type = RENDER_DONE, .serial = serial };
	answer(m, &out);
	machine_run(m);
}

static bool run_worker(struct machine *m)
{
	static struct render_message msg;
	uint8_t bytes[RENDER_PACKET_MAX];
	int fd, len = m->render < 0 ? -1 : packet_receive(m->render, bytes, sizeof bytes, &fd);

	if (len <= 0)
		return false;
	if (render_parse(&msg, bytes, (size_t)len) < 0)
		abort(); /* nothing that a guest says makes the front say what is not allowed */
	if (msg.type == RENDER_ARENA) {
		m->arena = mmap(NULL, RENDER_ARENA_BYTES, PROT_READ, MAP_SHARED, fd, 0);
		if (m->arena == MAP_FAILED || mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, fd, 0) != MAP_FAILED)
			abort(); /* only the front writes there */
	}
	note(m, &msg, fd);
	reply(m, &msg);
	return true;
}

void machine_run(struct machine *m)
{
	bool more = true;

	while (more && m->exit_code < 0) {
		int n = sd_event_run(m->event, 0);

		more = n > 0;
		if (sd_event_get_state(m->event) == SD_EVENT_FINISHED || n < 0) {
			if (sd_event_get_exit_code(m->event, &m->exit_code) < 0)
				m->exit_code = 0;
			break;
		}
		more |= run_broker(m);
		while (run_worker(m))
			more = true;
	}
}

/* QEMU. */

void machine_request(struct machine *m, uint32_t request, const void *payload, size_t len, const int *fds,
		unsigned fd_count)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int) * VHOST_USER_FDS_MAX)];
	} control = { 0 };
	uint32_t header[3] = { request, VHOST_USER_FLAG_VERSION, (uint32_t)len };
	struct iovec iov[2] = { { header, sizeof header }, { (void *)payload, len } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	uint8_t drop[VHOST_USER_HEADER_BYTES + VHOST_USER_PAYLOAD_MAX];

	if (fd_count) {
		struct cmsghdr *c = &control.align;

		msg.msg_control = control.space;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * fd_count);
	}
	if (sendmsg(m->vhost, &msg, MSG_NOSIGNAL) < 0)
		return; /* the front ended */
	machine_run(m);
	while (recv(m->vhost, drop, sizeof drop, MSG_DONTWAIT) > 0)
		;
}

static void request_u64(struct machine *m, uint32_t request, uint64_t value, int fd)
{
	machine_request(m, request, &value, sizeof value, &fd, fd >= 0);
}

static uint64_t queue_user_addr(unsigned queue, unsigned page)
{
	return machine_user_addr + QUEUE_AT + (uint64_t)queue * QUEUE_BYTES + page * 0x1000u;
}

static void set_up_queue(struct machine *m, uint32_t queue)
{
	const uint32_t num[] = { queue, MACHINE_RING_SIZE }, base[] = { queue, 0 }, enable[] = { queue, 1 };
	uint64_t addr[5] = { queue, queue_user_addr(queue, 0), queue_user_addr(queue, 2),
		queue_user_addr(queue, 1), 0 };

	m->kick[queue] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	m->call[queue] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	machine_request(m, VHOST_USER_SET_VRING_NUM, num, sizeof num, NULL, 0);
	machine_request(m, VHOST_USER_SET_VRING_BASE, base, sizeof base, NULL, 0);
	machine_request(m, VHOST_USER_SET_VRING_ADDR, addr, sizeof addr, NULL, 0);
	request_u64(m, VHOST_USER_SET_VRING_KICK, queue, m->kick[queue]);
	request_u64(m, VHOST_USER_SET_VRING_CALL, queue, m->call[queue]);
	machine_request(m, VHOST_USER_SET_VRING_ENABLE, enable, sizeof enable, NULL, 0);
}

static void set_up_driver(struct machine *m)
{
	const uint64_t features = (uint64_t)1 << VIRTIO_RING_F_EVENT_IDX | 1u << VIRTIO_GPU_F_VIRGL |
			1u << VIRTIO_RING_F_INDIRECT_DESC;
	const uint64_t table[5] = { 1, machine_guest_addr, MACHINE_BYTES, machine_user_addr, 0 };

	machine_request(m, VHOST_USER_GET_FEATURES, NULL, 0, NULL, 0);
	request_u64(m, VHOST_USER_SET_PROTOCOL_FEATURES, 1 << VHOST_USER_PROTOCOL_CONFIG, -1);
	request_u64(m, VHOST_USER_SET_FEATURES, features, -1);
	machine_request(m, VHOST_USER_SET_MEM_TABLE, table, sizeof table, &m->memory_fd, 1);
	for (uint32_t i = 0; i < VHOST_QUEUES; i++)
		set_up_queue(m, i);
}

static void put_on_screen(struct machine *m, const struct screen_message *msg, int fd)
{
	uint8_t bytes[SCREEN_PACKET_MAX];
	int len = screen_write(msg, bytes, sizeof bytes);

	if (len < 0 || packet_send(m->screen, bytes, (size_t)len, fd) < 0)
		abort();
}

bool machine_start(struct machine *m)
{
	return machine_start_after(m, NULL, -1);
}

bool machine_start_after(struct machine *m, const struct screen_message *early, int fd)
{
	int vhost[2], broker[2], screen[2], connector[2];
	struct front_sockets sockets = { 0 };

	memset(m, 0, sizeof *m);
	m->render = m->exit_code = -1;
	m->event = loop_create();
	pair(SOCK_STREAM, vhost);
	pair(SOCK_SEQPACKET, broker);
	pair(SOCK_SEQPACKET, screen);
	pair(SOCK_SEQPACKET, connector);
	m->connector = connector[1];
	m->vhost = vhost[1];
	m->broker = broker[1];
	m->screen = screen[1];
	m->memory_fd = memfd_create("guest", MFD_CLOEXEC);
	if (ftruncate(m->memory_fd, MACHINE_BYTES) < 0)
		abort();
	m->memory = mmap(NULL, MACHINE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, m->memory_fd, 0);
	sockets = (struct front_sockets){ vhost[0], screen[0], { broker[0], connector[0], "test", "" } };
	if (early)
		put_on_screen(m, early, fd);
	log_init("front", LOG_LEVEL_ERROR);
	if (front_start(&m->front, m->event, &sockets) < 0)
		return false;
	machine_run(m);
	set_up_driver(m);
	return m->exit_code < 0 && front_running(&m->front);
}

void machine_stop(struct machine *m)
{
	front_stop(&m->front);
	drop_worker(m);
	for (unsigned i = 0; i < m->sent_count && i < MACHINE_SENT_MAX; i++) {
		if (m->sent[i].fd >= 0)
			close(m->sent[i].fd);
	}
	for (int i = 0; i < VHOST_QUEUES; i++) {
		close(m->kick[i]);
		close(m->call[i]);
	}
	close(m->vhost);
	close(m->broker);
	close(m->connector);
	close(m->screen);
	close(m->memory_fd);
	munmap(m->memory, MACHINE_BYTES);
	sd_event_unref(m->event);
}

/* The driver. */

static void put_desc(uint8_t *at, uint64_t addr, uint32_t len, uint16_t flags, uint16_t next)
{
	memcpy(at, &addr, 8);
	memcpy(at + 8, &len, 4);
	memcpy(at + 12, &flags, 2);
	memcpy(at + 14, &next, 2);
}

uint16_t machine_put(struct machine *m, unsigned queue, const void *out, size_t out_len, size_t out_at,
		size_t in_at, size_t in_len)
{
	enum { NEXT = 1, WRITE = 2 };
	uint8_t *desc = m->memory + QUEUE_AT + (size_t)queue * QUEUE_BYTES, *avail = desc + 0x1000;
	/* Two descriptors each; a queue is never fuller than half. */
	uint16_t head = (uint16_t)(m->avail[queue] * 2 % MACHINE_RING_SIZE);
	static const uint64_t one = 1;

	memcpy(m->memory + out_at, out, out_len);
	put_desc(desc + head * 16, machine_addr(out_at), (uint32_t)out_len, in_len ? NEXT : 0,
			(uint16_t)(head + 1));
	put_desc(desc + head * 16 + 16, machine_addr(in_at), (uint32_t)in_len, WRITE, 0);
	memcpy(avail + 4 + m->avail[queue] % MACHINE_RING_SIZE * 2, &head, 2);
	m->avail[queue]++;
	memcpy(avail + 2, &m->avail[queue], 2);
	if (write(m->kick[queue], &one, sizeof one) < 0)
		abort();
	return head;
}

void machine_put_more(struct machine *m, unsigned queue, const void *out, size_t out_len, size_t out_at,
		uint64_t guest_addr, uint32_t len)
{
	enum { NEXT = 1 };
	uint8_t *desc = m->memory + QUEUE_AT + (size_t)queue * QUEUE_BYTES;
	/* The front does not look at it yet. */
	uint16_t head = machine_put(m, queue, out, out_len, out_at, 0, 0);

	put_desc(desc + head * 16, machine_addr(out_at), (uint32_t)out_len, NEXT, (uint16_t)(head + 1));
	put_desc(desc + head * 16 + 16, guest_addr, len, 0, 0);
}

int machine_take(struct machine *m, unsigned queue)
{
	const uint8_t *used = m->memory + QUEUE_AT + (size_t)queue * QUEUE_BYTES + 0x2000;
	uint16_t index;
	uint32_t head;

	memcpy(&index, used + 2, 2);
	if (index == m->used[queue])
		return -1;
	memcpy(&head, used + 4 + m->used[queue] % MACHINE_RING_SIZE * 8, 4);
	m->used[queue]++;
	return (int)head;
}

uint32_t machine_command(
		struct machine *m, const void *command, size_t command_len, void *answer_to, size_t len)
{
	uint32_t type = 0;

	memset(m->memory + ANSWER_AT, 0, ANSWER_MAX);
	machine_put(m, VHOST_CONTROL, command, command_len, COMMAND_AT, ANSWER_AT, ANSWER_MAX);
	machine_run(m);
	if (machine_take(m, VHOST_CONTROL) >= 0)
		memcpy(&type, m->memory + ANSWER_AT, 4);
	if (answer_to)
		memcpy(answer_to, m->memory + ANSWER_AT, len);
	return type;
}

/* The screen. */

bool machine_screen(struct machine *m, enum screen_type type, struct screen_message *msg, int *fd)
{
	uint8_t bytes[SCREEN_PACKET_MAX];
	int len, passed;

	while ((len = packet_receive(m->screen, bytes, sizeof bytes, &passed)) > 0) {
		if (screen_parse(msg, bytes, (size_t)len) < 0)
			abort();
		if (fd && msg->type == type)
			*fd = passed;
		else if (passed >= 0)
			close(passed);
		if (msg->type == type)
			return true;
	}
	return false;
}

void machine_screen_send(struct machine *m, const struct screen_message *msg, int fd)
{
	put_on_screen(m, msg, fd);
	machine_run(m);
}

/* What the worker got. */

const struct machine_sent *machine_sent_last(const struct machine *m, enum render_type type)
{
	for (unsigned i = m->sent_count < MACHINE_SENT_MAX ? m->sent_count : MACHINE_SENT_MAX; i > 0; i--) {
		if (m->sent[i - 1].type == type)
			return &m->sent[i - 1];
	}
	return NULL;
}

unsigned machine_sent_count(const struct machine *m, enum render_type type)
{
	unsigned count = 0;

	for (unsigned i = 0; i < m->sent_count && i < MACHINE_SENT_MAX; i++)
		count += m->sent[i].type == type;
	return count;
}

void machine_make_likely(uint8_t *command, size_t len)
{
	/* Types are 0x100.., 0x200.. and 0x300... */
	uint32_t type = 0x100u * (1 + command[1] % 3) + command[0] % 13, fence;
	uint64_t addr = machine_addr(0x200000);

	if (len < VIRTIO_GPU_HEADER_BYTES)
		return;
	fence = command[4] & 1;
	memcpy(command, &type, 4);
	memcpy(command + 4, &fence, 4);
	memset(command + 16, 0, 8);
	command[16] = command[8] % 4; /* context */
	for (size_t i = 24; i + 4 <= len && i < 64; i += 4)
		memset(command + i + 1, 0, 3); /* small numbers */
	if (type == VIRTIO_GPU_ATTACH_BACKING && len >= 48)
		memcpy(command + 32, &addr, 8);
}
