/* QEMU sends a request, and waits for some; so a request that cannot be carried out yet
 * (GET_VRING_BASE while chains are under way) is kept, and nothing more is read, until
 * vhost_resume. */
#include "vhost.h"
#include <base/log.h>
#include <base/loop.h>
#include <errno.h>
#include <fcntl.h>
#include <proto/virtio_gpu.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	TELL_TIME_US = 8 * 1000, /* twice that is less than a picture's time at 60 a second */
};

struct vhost {
	sd_event *event;
	const struct vhost_ops *ops;
	void *user;
	int fd;
	sd_event_source *source;
	uint32_t capsets;
	uint64_t features, protocol_features;
	struct memory memory;
	struct queue queues[VHOST_QUEUES];
	sd_event_source *kicks[VHOST_QUEUES];
	sd_event_source *tell; /* drivers of what was handed back quietly */
	bool telling;          /* it is armed */
	bool tell_later;       /* there was more since */
	/* The request being read or waiting to be carried out. */
	uint8_t header[VHOST_USER_HEADER_BYTES], payload[VHOST_USER_PAYLOAD_MAX];
	size_t header_len, payload_len;
	struct vhost_user_message msg;
	int fds[VHOST_USER_FDS_MAX];
	unsigned fd_count;
	bool waiting;
	/* Never closed while QEMU lives: it would wait for it in circles. */
	int display_fd, backend_fd;
};

static const uint64_t offered_protocol_features = 1u << VHOST_USER_PROTOCOL_MQ |
		1u << VHOST_USER_PROTOCOL_REPLY_ACK | 1u << VHOST_USER_PROTOCOL_BACKEND_REQ |
		1u << VHOST_USER_PROTOCOL_CONFIG | 1u << VHOST_USER_PROTOCOL_RESET_DEVICE;

static uint64_t bit(unsigned n)
{
	return (uint64_t)1 << n;
}

static uint64_t offered_features(const struct vhost *vhost)
{
	return (vhost->capsets ? bit(VIRTIO_GPU_F_VIRGL) : 0) | bit(VIRTIO_GPU_F_EDID) |
			bit(VIRTIO_GPU_F_RESOURCE_UUID) | bit(VIRTIO_RING_F_INDIRECT_DESC) |
			bit(VIRTIO_RING_F_EVENT_IDX) | bit(VHOST_USER_F_PROTOCOL_FEATURES) |
			bit(VIRTIO_F_VERSION_1);
}

void vhost_tell(struct vhost *vhost)
{
	for (int i = 0; i < VHOST_QUEUES; i++)
		queue_tell(&vhost->queues[i]);
}

/* Most are told with something else soon; so only what nothing came behind for a while. */
static int on_tell(sd_event_source *source, uint64_t now_us, void *user)
{
	struct vhost *vhost = user;

	vhost->telling = vhost->tell_later;
	vhost->tell_later = false;
	if (vhost->telling) {
		loop_timer_arm(source, TELL_TIME_US);
		return 0;
	}
	vhost_tell(vhost);
	return 0;
}

void vhost_tell_soon(struct vhost *vhost)
{
	vhost->tell_later = vhost->telling;
	if (!vhost->telling)
		loop_timer_arm(vhost->tell, TELL_TIME_US);
	vhost->telling = true;
}

struct vhost *vhost_create(sd_event *event, int fd, const struct vhost_ops *ops, void *user)
{
	struct vhost *vhost = calloc(1, sizeof *vhost);

	if (!vhost || loop_timer_add(event, &vhost->tell, on_tell, vhost) < 0) {
		free(vhost);
		close(fd);
		return NULL;
	}
	vhost->event = event;
	vhost->fd = fd;
	vhost->ops = ops;
	vhost->user = user;
	vhost->display_fd = vhost->backend_fd = -1;
	for (int i = 0; i < VHOST_QUEUES; i++)
		queue_init(&vhost->queues[i]);
	return vhost;
}

static void close_fds(struct vhost *vhost)
{
	for (unsigned i = 0; i < vhost->fd_count; i++) {
		if (vhost->fds[i] >= 0)
			close(vhost->fds[i]);
	}
	vhost->fd_count = 0;
}

static void close_kept(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void vhost_destroy(struct vhost *vhost)
{
	if (!vhost)
		return;
	close_fds(vhost);
	sd_event_source_disable_unref(vhost->source);
	sd_event_source_disable_unref(vhost->tell);
	for (int i = 0; i < VHOST_QUEUES; i++) {
		sd_event_source_disable_unref(vhost->kicks[i]);
		queue_finish(&vhost->queues[i]);
	}
	memory_finish(&vhost->memory);
	close(vhost->fd);
	close_kept(&vhost->display_fd);
	close_kept(&vhost->backend_fd);
	free(vhost);
}

const struct memory *vhost_memory(const struct vhost *vhost)
{
	return &vhost->memory;
}

struct queue *vhost_queue(struct vhost *vhost, unsigned queue)
{
	return &vhost->queues[queue];
}

int vhost_pop(struct vhost *vhost, unsigned queue, struct queue_chain *chain)
{
	struct queue *q = &vhost->queues[queue];
	bool broken = q->broken;
	int n = q->enabled ? queue_pop(q, &vhost->memory, chain) : 0;

	if (n < 0 && !broken)
		log_warn("queue %u: the guest broke it; it rests until the driver sets it up again", queue);
	return n;
}

static void stop(struct vhost *vhost, int err)
{
	sd_event_source_set_enabled(vhost->source, SD_EVENT_OFF);
	vhost->ops->closed(vhost->user, err);
}

static int take_fd(struct vhost *vhost)
{
	int fd = -1;

	if (vhost->fd_count == 1) {
		fd = vhost->fds[0];
		vhost->fd_count = 0;
	}
	return fd;
}

static int on_kick(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct vhost *vhost = user;
	uint64_t count;
	ssize_t n = read(fd, &count, sizeof count);

	/* It may be a pipe, and that hung up. */
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		sd_event_source_set_enabled(source, SD_EVENT_OFF);
	vhost->ops->work(vhost->user, source == vhost->kicks[VHOST_CURSOR] ? VHOST_CURSOR : VHOST_CONTROL);
	return 0;
}

static int set_memory(struct vhost *vhost)
{
	const struct vhost_user_memory *table = &vhost->msg.memory;
	int changed;

	if (vhost->fd_count != table->count)
		return ERR_FORMAT;
	vhost->fd_count = 0; /* memory_set takes them */
	changed = memory_set(&vhost->memory, table, vhost->fds);
	if (changed == 0)
		return 0;
	for (int i = 0; i < VHOST_QUEUES; i++) {
		struct queue *q = &vhost->queues[i];

		if (q->desc && queue_map(q, &vhost->memory) < 0)
			log_warn("queue %d is not in the guest's memory any more", i);
	}
	vhost->ops->memory(vhost->user);
	return changed < 0 ? changed : 0;
}

static int set_size(struct vhost *vhost, struct queue *queue)
{
	uint32_t n = vhost->msg.vring.num;

	if (n == 0 || n > QUEUE_SIZE_MAX || n & (n - 1))
		return ERR_ARGUMENT;
	queue_tell(queue);
	queue_unmap(queue); /* they were looked up for the old size; addresses come next */
	queue->size = (uint16_t)n;
	return 0;
}

static int set_addr(struct vhost *vhost, struct queue *queue)
{
	queue->desc_user = vhost->msg.addr.desc;
	queue->avail_user = vhost->msg.addr.avail;
	queue->used_user = vhost->msg.addr.used;
	queue->event_idx = vhost->features & bit(VIRTIO_RING_F_EVENT_IDX);
	return queue_map(queue, &vhost->memory);
}

/* A ring that begins at 0 where the last one ended elsewhere is a new driver's: QEMU
 * before 8.2 does not say that it reset the device. */
static int set_base(struct vhost *vhost, struct queue *queue)
{
	uint32_t base = vhost->msg.vring.num;

	if (base > UINT16_MAX)
		return ERR_ARGUMENT;
	if (queue == &vhost->queues[VHOST_CONTROL] && base == 0 && queue->next_avail != 0)
		vhost->ops->reset(vhost->user);
	queue->next_avail = (uint16_t)base;
	return 0;
}

static void get_base(struct vhost *vhost, struct queue *queue)
{
	queue->enabled = false;
	queue_tell(queue);
	queue_unmap(queue);
	vhost->msg.vring.num = queue->next_avail;
}

static int set_kick(struct vhost *vhost, unsigned index)
{
	struct queue *queue = &vhost->queues[index];

	vhost->kicks[index] = sd_event_source_disable_unref(vhost->kicks[index]);
	close_kept(&queue->kick_fd);
	queue->kick_fd = take_fd(vhost);
	if (queue->kick_fd < 0)
		return 0;
	return sd_event_add_io(vhost->event, &vhost->kicks[index], queue->kick_fd, EPOLLIN, on_kick, vhost) <
					0
			? ERR_IO
			: 0;
}

static int set_call(struct vhost *vhost, struct queue *queue)
{
	static const uint64_t one = 1;

	close_kept(&queue->call_fd);
	queue->call_fd = take_fd(vhost);
	/* What was handed back while there was nobody to tell. */
	if (queue->call_fd >= 0 && write(queue->call_fd, &one, sizeof one) < 0)
		log_debug("call: %s", strerror(errno));
	return 0;
}

static void get_config(struct vhost *vhost)
{
	struct vhost_user_config *config = &vhost->msg.config;
	uint8_t space[VHOST_USER_CONFIG_MAX] = { 0 };

	/* events_read and events_clear are QEMU's, and it writes its own num_scanouts
	 * over ours. */
	store_u32(space + 8, 1);
	store_u32(space + 12, vhost->capsets);
	memcpy(config->data, space + config->offset, config->size_bytes);
}

static struct queue *queue_of(struct vhost *vhost, uint32_t index)
{
	return index < VHOST_QUEUES ? &vhost->queues[index] : NULL;
}

/* Requests that name a queue. */
static int act_on_queue(struct vhost *vhost, uint32_t index)
{
	struct queue *queue = queue_of(vhost, index);

	if (!queue)
		return ERR_ARGUMENT;
	switch (vhost->msg.header.request) {
	case VHOST_USER_SET_VRING_NUM: return set_size(vhost, queue);
	case VHOST_USER_SET_VRING_ADDR: return set_addr(vhost, queue);
	case VHOST_USER_SET_VRING_BASE: return set_base(vhost, queue);
	case VHOST_USER_GET_VRING_BASE: get_base(vhost, queue); return 0;
	case VHOST_USER_SET_VRING_KICK: return set_kick(vhost, index);
	case VHOST_USER_SET_VRING_CALL: return set_call(vhost, queue);
	case VHOST_USER_SET_VRING_ENABLE:
		queue->enabled = vhost->msg.vring.num == 1;
		if (queue->enabled)
			vhost->ops->work(vhost->user, index);
		return 0;
	default: return 0; /* SET_VRING_ERR: nobody to tell */
	}
}

static int act(struct vhost *vhost)
{
	struct vhost_user_message *msg = &vhost->msg;

	switch (msg->header.request) {
	case VHOST_USER_GET_FEATURES: msg->value = offered_features(vhost); return 0;
	case VHOST_USER_SET_FEATURES: vhost->features = msg->value; return 0;
	case VHOST_USER_GET_PROTOCOL_FEATURES: msg->value = offered_protocol_features; return 0;
	case VHOST_USER_SET_PROTOCOL_FEATURES: vhost->protocol_features = msg->value; return 0;
	case VHOST_USER_GET_QUEUE_NUM: msg->value = VHOST_QUEUES; return 0;
	case VHOST_USER_SET_MEM_TABLE: return set_memory(vhost);
	case VHOST_USER_SET_VRING_ADDR: return act_on_queue(vhost, msg->addr.index);
	case VHOST_USER_SET_VRING_KICK:
	case VHOST_USER_SET_VRING_CALL:
	case VHOST_USER_SET_VRING_ERR: return act_on_queue(vhost, msg->vring_fd.index);
	case VHOST_USER_SET_VRING_NUM:
	case VHOST_USER_SET_VRING_BASE:
	case VHOST_USER_GET_VRING_BASE:
	case VHOST_USER_SET_VRING_ENABLE: return act_on_queue(vhost, msg->vring.index);
	case VHOST_USER_GET_CONFIG: get_config(vhost); return 0;
	case VHOST_USER_GPU_SET_SOCKET:
		close_kept(&vhost->display_fd);
		vhost->display_fd = take_fd(vhost);
		return 0;
	case VHOST_USER_SET_BACKEND_REQ_FD:
		close_kept(&vhost->backend_fd);
		vhost->backend_fd = take_fd(vhost);
		return 0;
	case VHOST_USER_RESET_DEVICE: vhost->ops->reset(vhost->user); return 0;
	default: return 0; /* OWNER; SET_CONFIG writes what QEMU keeps */
	}
}

static int answer(struct vhost *vhost, int err)
{
	uint8_t bytes[VHOST_USER_HEADER_BYTES + VHOST_USER_PAYLOAD_MAX];
	struct vhost_user_message *msg = &vhost->msg;
	int len;

	if (!vhost_user_has_answer(msg->header.request)) {
		if (!(msg->header.flags & VHOST_USER_FLAG_NEED_REPLY) ||
				!(vhost->protocol_features & bit(VHOST_USER_PROTOCOL_REPLY_ACK)))
			return 0;
		msg->value = err < 0;
	}
	len = vhost_user_answer_write(msg, bytes, sizeof bytes);
	if (len < 0)
		return len;
	/* QEMU reads the answer before it asks for more, so there is room. */
	return send(vhost->fd, bytes, (size_t)len, MSG_NOSIGNAL | MSG_DONTWAIT) == len ? 0 : ERR_IO;
}

/* What changes memory, queues or the device waits for what is under way. */
static bool must_wait(const struct vhost *vhost)
{
	switch (vhost->msg.header.request) {
	case VHOST_USER_SET_MEM_TABLE:
	case VHOST_USER_GET_VRING_BASE:
	case VHOST_USER_SET_VRING_NUM:
	case VHOST_USER_SET_VRING_BASE:
	case VHOST_USER_RESET_DEVICE: return vhost->ops->busy(vhost->user);
	default: return false;
	}
}

/* Carries out a request that is complete. */
static int carry_out(struct vhost *vhost)
{
	int err;

	vhost->waiting = must_wait(vhost);
	sd_event_source_set_enabled(vhost->source, vhost->waiting ? SD_EVENT_OFF : SD_EVENT_ON);
	if (vhost->waiting)
		return 0;
	err = act(vhost);
	if (err < 0)
		log_warn("vhost-user request %u: %s", vhost->msg.header.request, err_text(err));
	close_fds(vhost);
	vhost->header_len = vhost->payload_len = 0;
	return answer(vhost, err);
}

static void collect_fds(struct vhost *vhost, struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t n = c->cmsg_len > CMSG_LEN(0) ? (c->cmsg_len - CMSG_LEN(0)) / sizeof(int) : 0;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
			if (vhost->fd_count < VHOST_USER_FDS_MAX)
				vhost->fds[vhost->fd_count++] = fd;
			else
				close(fd);
		}
	}
}

/* Up to len bytes. Returns how many; 0: none now; ERR_CLOSED, ERR_IO. */
static int receive(struct vhost *vhost, void *dst, size_t len)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int) * VHOST_USER_FDS_MAX)];
	} control;
	struct iovec iov = { .iov_base = dst, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof control.space };
	ssize_t n = recvmsg(vhost->fd, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : errno == ECONNRESET ? ERR_CLOSED : ERR_IO;
	collect_fds(vhost, &msg);
	return n == 0 ? ERR_CLOSED : (int)n;
}

/* Reads on until a request is complete: 1; 0: the rest is not there yet. */
static int read_request(struct vhost *vhost)
{
	struct vhost_user_header *header = &vhost->msg.header;
	int n, err;

	if (vhost->header_len < sizeof vhost->header) {
		n = receive(vhost, vhost->header + vhost->header_len,
				sizeof vhost->header - vhost->header_len);
		if (n <= 0)
			return n;
		vhost->header_len += (size_t)n;
		if (vhost->header_len < sizeof vhost->header)
			return 0;
		err = vhost_user_header_parse(header, vhost->header);
		if (err < 0)
			return err;
	}
	if (vhost->payload_len < header->size_bytes) {
		n = receive(vhost, vhost->payload + vhost->payload_len,
				header->size_bytes - vhost->payload_len);
		if (n <= 0)
			return n;
		vhost->payload_len += (size_t)n;
	}
	return vhost->payload_len == header->size_bytes;
}

static int on_socket(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct vhost *vhost = user;
	int err = read_request(vhost);

	if (err > 0) {
		err = vhost_user_payload_parse(&vhost->msg, vhost->payload, vhost->payload_len);
		if (err == ERR_ARGUMENT) {
			log_debug("vhost-user request %u is not known", vhost->msg.header.request);
			close_fds(vhost);
			vhost->header_len = vhost->payload_len = 0;
			err = answer(vhost, err);
		} else if (err == 0) {
			err = carry_out(vhost);
		}
	}
	if (err < 0)
		stop(vhost, err == ERR_CLOSED ? 0 : err);
	return 0;
}

int vhost_start(struct vhost *vhost, uint32_t capsets)
{
	vhost->capsets = capsets;
	return sd_event_add_io(vhost->event, &vhost->source, vhost->fd, EPOLLIN, on_socket, vhost) < 0
			? ERR_IO
			: 0;
}

void vhost_resume(struct vhost *vhost)
{
	int err;

	if (!vhost->waiting)
		return;
	err = carry_out(vhost);
	if (err < 0)
		stop(vhost, err);
}
