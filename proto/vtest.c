#include <base/reader.h>
#include <base/writer.h>
#include <proto/vtest.h>

enum {
	CREATE_WORDS = 11,
	TRANSFER_WORDS = 10,
	BUSY_WAIT_WORDS = 2,
};

static void read_name(struct vtest_renderer *renderer, struct reader *r, size_t len)
{
	const uint8_t *name = reader_take(r, len);
	size_t cut = len < sizeof renderer->name ? len : sizeof renderer->name - 1;

	for (size_t i = 0; name && i < cut && name[i]; i++)
		renderer->name[i] = name[i] >= ' ' && name[i] < 0x7f ? (char)name[i] : '?';
}

static void read_create(struct vtest_resource_create *create, struct reader *r)
{
	struct render_resource *s = &create->shape;

	s->resource = reader_u32(r);
	s->target = reader_u32(r);
	s->format = reader_u32(r);
	s->bind = reader_u32(r);
	s->width = reader_u32(r);
	s->height = reader_u32(r);
	s->depth = reader_u32(r);
	s->array_size = reader_u32(r);
	s->last_level = reader_u32(r);
	s->samples = reader_u32(r);
	create->data_bytes = reader_u32(r);
}

static void read_transfer(struct vtest_transfer *transfer, struct reader *r)
{
	transfer->resource = reader_u32(r);
	transfer->level = reader_u32(r);
	transfer->box.x = reader_u32(r);
	transfer->box.y = reader_u32(r);
	transfer->box.z = reader_u32(r);
	transfer->box.width = reader_u32(r);
	transfer->box.height = reader_u32(r);
	transfer->box.depth = reader_u32(r);
	reader_u32(r); /* how much that is, by the driver's count */
	transfer->offset_bytes = reader_u32(r);
}

/* How many bytes follow the header; -1: no such message, or not of that length. */
static int64_t body_bytes(uint32_t type, uint32_t len)
{
	switch (type) {
	case VTEST_CAPS:
	case VTEST_CAPS2:
	case VTEST_PING: return len == 0 ? 0 : -1;
	case VTEST_RESOURCE_UNREF:
	case VTEST_VERSION: return len == 1 ? 4 : -1;
	case VTEST_BUSY_WAIT: return len == BUSY_WAIT_WORDS ? 4 * BUSY_WAIT_WORDS : -1;
	case VTEST_RESOURCE_CREATE: return len == CREATE_WORDS ? 4 * CREATE_WORDS : -1;
	case VTEST_TRANSFER_GET: return len == TRANSFER_WORDS ? 4 * TRANSFER_WORDS : -1;
	case VTEST_TRANSFER_PUT: return len >= TRANSFER_WORDS ? 4 * TRANSFER_WORDS : -1;
	case VTEST_SUBMIT: return len <= VTEST_BATCH_MAX_BYTES / 4 ? 4 * (int64_t)len : -1;
	case VTEST_CREATE_RENDERER: return len <= VTEST_NAME_MAX_BYTES ? (int64_t)len : -1;
	default: return -1;
	}
}

static void read_body(struct vtest_message *m, struct reader *r, size_t bytes)
{
	switch (m->type) {
	case VTEST_CREATE_RENDERER: read_name(&m->renderer, r, bytes); break;
	case VTEST_VERSION: m->version = reader_u32(r); break;
	case VTEST_RESOURCE_CREATE: read_create(&m->create, r); break;
	case VTEST_RESOURCE_UNREF: m->unref.resource = reader_u32(r); break;
	case VTEST_TRANSFER_GET:
	case VTEST_TRANSFER_PUT: read_transfer(&m->transfer, r); break;
	case VTEST_BUSY_WAIT:
		m->busy_wait.resource = reader_u32(r);
		m->busy_wait.wait = reader_u32(r) & 1;
		break;
	case VTEST_SUBMIT:
		m->submit.words = reader_take(r, bytes);
		m->submit.count = (uint32_t)(bytes / 4);
		break;
	default: break;
	}
}

int vtest_parse(struct vtest_message *msg, const void *data, size_t len)
{
	struct reader r = reader_init(data, len);
	uint32_t words = reader_u32(&r), type = reader_u32(&r);
	int64_t bytes;

	if (!reader_ok(&r))
		return 0;
	bytes = body_bytes(type, words);
	if (bytes < 0)
		return ERR_FORMAT;
	if (reader_left(&r) < (uint64_t)bytes)
		return 0;
	memset(msg, 0, sizeof *msg);
	msg->type = (enum vtest_type)type;
	read_body(msg, &r, (size_t)bytes);
	return (int)(VTEST_HEADER_BYTES + bytes);
}

int vtest_write(const struct vtest_answer *answer, void *dst, size_t cap)
{
	struct writer w = writer_init(dst, cap);

	switch (answer->type) {
	case VTEST_PING:
		writer_u32(&w, 0);
		writer_u32(&w, VTEST_PING);
		break;
	case VTEST_VERSION:
	case VTEST_BUSY_WAIT:
		writer_u32(&w, 1);
		writer_u32(&w, answer->type);
		writer_u32(&w, answer->value);
		break;
	case VTEST_CAPS:
	case VTEST_CAPS2:
		if (answer->caps_len > RENDER_CAPS_MAX_BYTES)
			return ERR_ARGUMENT;
		writer_u32(&w, answer->caps_len + 1u); /* bytes, and one */
		writer_u32(&w, answer->type == VTEST_CAPS ? 1 : 2);
		writer_copy(&w, answer->caps, answer->caps_len);
		break;
	default: return ERR_ARGUMENT;
	}
	return writer_len(&w);
}
