#include <proto/virtio_gpu.h>

enum { /* gallium's, for the 2D commands */
	TEXTURE_2D = 2,
	BIND_RENDER_TARGET = 1 << 1,
	FLAG_Y_0_TOP = 1 << 0,
};

static struct virtio_gpu_rect rect_parse(struct reader *r)
{
	struct virtio_gpu_rect rect;

	rect.x = reader_u32(r);
	rect.y = reader_u32(r);
	rect.width = reader_u32(r);
	rect.height = reader_u32(r);
	return rect;
}

/* A 2D resource is a texture with its first row on top, as scanouts are. */
static void create_2d_parse(struct virtio_gpu_resource *c, struct reader *r)
{
	c->resource = reader_u32(r);
	c->format = reader_u32(r);
	c->width = reader_u32(r);
	c->height = reader_u32(r);
	c->target = TEXTURE_2D;
	c->bind = BIND_RENDER_TARGET;
	c->depth = c->array_size = 1;
	c->flags = FLAG_Y_0_TOP;
}

static void create_3d_parse(struct virtio_gpu_resource *c, struct reader *r)
{
	c->resource = reader_u32(r);
	c->target = reader_u32(r);
	c->format = reader_u32(r);
	c->bind = reader_u32(r);
	c->width = reader_u32(r);
	c->height = reader_u32(r);
	c->depth = reader_u32(r);
	c->array_size = reader_u32(r);
	c->last_level = reader_u32(r);
	c->samples = reader_u32(r);
	c->flags = reader_u32(r);
	reader_u32(r); /* padding */
}

static void transfer_2d_parse(struct virtio_gpu_transfer *t, struct reader *r)
{
	struct virtio_gpu_rect rect = rect_parse(r);

	t->box = (struct virtio_gpu_box){ rect.x, rect.y, 0, rect.width, rect.height, 1 };
	t->offset = reader_u64(r);
	t->resource = reader_u32(r);
	reader_u32(r); /* padding */
}

static void transfer_3d_parse(struct virtio_gpu_transfer *t, struct reader *r)
{
	t->box.x = reader_u32(r);
	t->box.y = reader_u32(r);
	t->box.z = reader_u32(r);
	t->box.width = reader_u32(r);
	t->box.height = reader_u32(r);
	t->box.depth = reader_u32(r);
	t->offset = reader_u64(r);
	t->resource = reader_u32(r);
	t->level = reader_u32(r);
	t->stride = reader_u32(r);
	t->layer_stride = reader_u32(r);
}

/* The name of a program of the guest's, for people: what is not printable is not needed. */
static void name_parse(char name[VIRTIO_GPU_NAME_CAP], struct reader *r)
{
	uint32_t len = reader_u32(r), end = 0;

	reader_u32(r); /* capability set of the context: not offered */
	reader_copy(r, name, VIRTIO_GPU_NAME_CAP);
	while (end < len && end < VIRTIO_GPU_NAME_CAP - 1 && name[end]) {
		if (name[end] < ' ' || name[end] > '~')
			name[end] = '?';
		end++;
	}
	memset(name + end, 0, VIRTIO_GPU_NAME_CAP - end);
}

static void cursor_parse(struct virtio_gpu_cursor *c, struct reader *r)
{
	c->scanout = reader_u32(r);
	c->x = reader_u32(r);
	c->y = reader_u32(r);
	reader_u32(r); /* padding */
	c->resource = reader_u32(r);
	c->hot_x = reader_u32(r);
	c->hot_y = reader_u32(r);
	reader_u32(r); /* padding */
}

static void resource_parse(struct virtio_gpu_command *cmd, struct reader *r)
{
	cmd->resource = reader_u32(r);
	reader_u32(r); /* padding */
}

/* False: no such type. */
static bool fields_parse(struct virtio_gpu_command *cmd, struct reader *r)
{
	switch (cmd->header.type) {
	case VIRTIO_GPU_GET_DISPLAY_INFO:
	case VIRTIO_GPU_CONTEXT_DESTROY: break;
	case VIRTIO_GPU_RESOURCE_CREATE_2D: create_2d_parse(&cmd->create, r); break;
	case VIRTIO_GPU_RESOURCE_UNREF:
	case VIRTIO_GPU_DETACH_BACKING:
	case VIRTIO_GPU_ASSIGN_UUID:
	case VIRTIO_GPU_CONTEXT_ATTACH:
	case VIRTIO_GPU_CONTEXT_DETACH: resource_parse(cmd, r); break;
	case VIRTIO_GPU_SET_SCANOUT:
		cmd->rect = rect_parse(r);
		cmd->scanout = reader_u32(r);
		cmd->resource = reader_u32(r);
		break;
	case VIRTIO_GPU_RESOURCE_FLUSH:
		cmd->rect = rect_parse(r);
		resource_parse(cmd, r);
		break;
	case VIRTIO_GPU_TRANSFER_TO_2D: transfer_2d_parse(&cmd->transfer, r); break;
	case VIRTIO_GPU_ATTACH_BACKING:
		cmd->resource = reader_u32(r);
		cmd->entries = reader_u32(r);
		break;
	case VIRTIO_GPU_GET_CAPSET_INFO:
		cmd->capset_index = reader_u32(r);
		reader_u32(r); /* padding */
		break;
	case VIRTIO_GPU_GET_CAPSET:
		cmd->capset = reader_u32(r);
		cmd->capset_version = reader_u32(r);
		break;
	case VIRTIO_GPU_GET_EDID:
		cmd->head = reader_u32(r);
		reader_u32(r); /* padding */
		break;
	case VIRTIO_GPU_CONTEXT_CREATE: name_parse(cmd->name, r); break;
	case VIRTIO_GPU_RESOURCE_CREATE_3D: create_3d_parse(&cmd->create, r); break;
	case VIRTIO_GPU_TRANSFER_TO_3D:
	case VIRTIO_GPU_TRANSFER_FROM_3D: transfer_3d_parse(&cmd->transfer, r); break;
	case VIRTIO_GPU_SUBMIT_3D:
		cmd->batch_bytes = reader_u32(r);
		reader_u32(r); /* padding */
		break;
	case VIRTIO_GPU_UPDATE_CURSOR:
	case VIRTIO_GPU_MOVE_CURSOR: cursor_parse(&cmd->cursor, r); break;
	default: return false;
	}
	return true;
}

int virtio_gpu_parse(struct virtio_gpu_command *cmd, struct reader *r)
{
	memset(cmd, 0, sizeof *cmd);
	cmd->header.type = reader_u32(r);
	cmd->header.flags = reader_u32(r);
	cmd->header.fence = reader_u64(r);
	cmd->header.context = reader_u32(r);
	cmd->header.ring = reader_u32(r);
	if (!fields_parse(cmd, r))
		return ERR_ARGUMENT;
	return reader_ok(r) ? 0 : ERR_FORMAT;
}

struct virtio_gpu_entry virtio_gpu_entry_parse(struct reader *r)
{
	struct virtio_gpu_entry entry;

	entry.guest_addr = reader_u64(r);
	entry.len_bytes = reader_u32(r);
	reader_u32(r); /* padding */
	return entry;
}

void virtio_gpu_answer_write(struct writer *w, const struct virtio_gpu_header *to, enum virtio_gpu_type type)
{
	bool fenced = to->flags & VIRTIO_GPU_FLAG_FENCE;

	writer_u32(w, type);
	writer_u32(w, fenced ? VIRTIO_GPU_FLAG_FENCE : 0);
	writer_u64(w, fenced ? to->fence : 0);
	writer_u32(w, fenced ? to->context : 0);
	writer_u32(w, 0);
}

void virtio_gpu_head_write(struct writer *w, const struct virtio_gpu_rect *rect, bool enabled)
{
	writer_u32(w, rect->x);
	writer_u32(w, rect->y);
	writer_u32(w, rect->width);
	writer_u32(w, rect->height);
	writer_u32(w, enabled);
	writer_u32(w, 0); /* flags */
}
