#include <base/reader.h>
#include <base/writer.h>
#include <proto/vhost_user.h>

enum {
	VERSION_MASK = 3,
	VRING_INDEX_MASK = 0xff,
	VRING_NO_FD = 0x100,
};

static const uint64_t file_max_bytes = (uint64_t)1 << 62;

int vhost_user_header_parse(struct vhost_user_header *header, const void *bytes)
{
	struct reader r = reader_init(bytes, VHOST_USER_HEADER_BYTES);

	header->request = reader_u32(&r);
	header->flags = reader_u32(&r);
	header->size_bytes = reader_u32(&r);
	if ((header->flags & VERSION_MASK) != VHOST_USER_FLAG_VERSION ||
			header->flags & VHOST_USER_FLAG_REPLY || header->size_bytes > VHOST_USER_PAYLOAD_MAX)
		return ERR_FORMAT;
	return 0;
}

static bool region_ok(const struct vhost_user_region *r)
{
	return r->size_bytes != 0 && r->guest_addr <= UINT64_MAX - r->size_bytes &&
			r->user_addr <= UINT64_MAX - r->size_bytes && r->size_bytes <= file_max_bytes &&
			r->fd_offset <= file_max_bytes - r->size_bytes;
}

static void parse_memory(struct vhost_user_memory *memory, struct reader *r)
{
	memory->count = reader_u32(r);
	reader_u32(r); /* padding */
	if (memory->count > VHOST_USER_REGIONS_MAX)
		reader_fail(r);
	for (uint32_t i = 0; i < memory->count && reader_ok(r); i++) {
		struct vhost_user_region *region = &memory->regions[i];

		region->guest_addr = reader_u64(r);
		region->size_bytes = reader_u64(r);
		region->user_addr = reader_u64(r);
		region->fd_offset = reader_u64(r);
		if (!region_ok(region))
			reader_fail(r);
	}
}

static void parse_config(struct vhost_user_config *config, struct reader *r)
{
	config->offset = reader_u32(r);
	config->size_bytes = reader_u32(r);
	config->flags = reader_u32(r);
	if (config->size_bytes > VHOST_USER_CONFIG_MAX ||
			config->offset > VHOST_USER_CONFIG_MAX - config->size_bytes)
		reader_fail(r);
	else
		reader_copy(r, config->data, config->size_bytes);
}

static void parse_addr(struct vhost_user_vring_addr *addr, struct reader *r)
{
	addr->index = reader_u32(r);
	addr->flags = reader_u32(r);
	addr->desc = reader_u64(r);
	addr->used = reader_u64(r);
	addr->avail = reader_u64(r);
	addr->log = reader_u64(r);
}

static void parse_vring_fd(struct vhost_user_vring_fd *vring_fd, struct reader *r)
{
	uint64_t value = reader_u64(r);

	vring_fd->index = value & VRING_INDEX_MASK;
	vring_fd->no_fd = value & VRING_NO_FD;
	if (value & ~(uint64_t)(VRING_INDEX_MASK | VRING_NO_FD))
		reader_fail(r);
}

int vhost_user_payload_parse(struct vhost_user_message *msg, const void *payload, size_t len)
{
	struct reader r = reader_init(payload, len);

	switch (msg->header.request) {
	case VHOST_USER_SET_FEATURES:
	case VHOST_USER_SET_PROTOCOL_FEATURES: msg->value = reader_u64(&r); break;
	case VHOST_USER_SET_MEM_TABLE: parse_memory(&msg->memory, &r); break;
	case VHOST_USER_SET_VRING_NUM:
	case VHOST_USER_SET_VRING_BASE:
	case VHOST_USER_GET_VRING_BASE:
	case VHOST_USER_SET_VRING_ENABLE:
		msg->vring.index = reader_u32(&r);
		msg->vring.num = reader_u32(&r);
		break;
	case VHOST_USER_SET_VRING_ADDR: parse_addr(&msg->addr, &r); break;
	case VHOST_USER_SET_VRING_KICK:
	case VHOST_USER_SET_VRING_CALL:
	case VHOST_USER_SET_VRING_ERR: parse_vring_fd(&msg->vring_fd, &r); break;
	case VHOST_USER_GET_CONFIG:
	case VHOST_USER_SET_CONFIG: parse_config(&msg->config, &r); break;
	case VHOST_USER_GET_FEATURES:
	case VHOST_USER_SET_OWNER:
	case VHOST_USER_RESET_OWNER:
	case VHOST_USER_GET_PROTOCOL_FEATURES:
	case VHOST_USER_GET_QUEUE_NUM:
	case VHOST_USER_SET_BACKEND_REQ_FD:
	case VHOST_USER_GPU_SET_SOCKET:
	case VHOST_USER_RESET_DEVICE: break;
	default: return ERR_ARGUMENT;
	}
	return reader_done(&r) ? 0 : ERR_FORMAT;
}

bool vhost_user_has_answer(uint32_t request)
{
	switch (request) {
	case VHOST_USER_GET_FEATURES:
	case VHOST_USER_GET_PROTOCOL_FEATURES:
	case VHOST_USER_GET_QUEUE_NUM:
	case VHOST_USER_GET_VRING_BASE:
	case VHOST_USER_GET_CONFIG: return true;
	default: return false;
	}
}

int vhost_user_answer_write(const struct vhost_user_message *msg, void *dst, size_t cap)
{
	struct writer w = writer_init(dst, cap);
	uint8_t *size;

	writer_u32(&w, msg->header.request);
	writer_u32(&w, VHOST_USER_FLAG_VERSION | VHOST_USER_FLAG_REPLY);
	size = writer_take(&w, 4);
	if (msg->header.request == VHOST_USER_GET_VRING_BASE) {
		writer_u32(&w, msg->vring.index);
		writer_u32(&w, msg->vring.num);
	} else if (msg->header.request == VHOST_USER_GET_CONFIG) {
		writer_u32(&w, msg->config.offset);
		writer_u32(&w, msg->config.size_bytes);
		writer_u32(&w, msg->config.flags);
		writer_copy(&w, msg->config.data, msg->config.size_bytes);
	} else {
		writer_u64(&w, msg->value);
	}
	if (!w.failed)
		store_u32(size, (uint32_t)(w.at - w.start) - VHOST_USER_HEADER_BYTES);
	return writer_len(&w);
}
