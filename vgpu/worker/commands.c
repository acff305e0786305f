/* One function per command of the render socket. What the front checked is checked
 * again: it may be wrong, and what virglrenderer gets must not depend on it. */
#include "batch.h"
#include "pictures.h"
#include "virgl.h"
#include "worker.h"
#include <base/loop.h>
#include <string.h>

enum {
	BIND_DISPLAY_TARGET = 1 << 7, /* gallium's */
	BIND_SCANOUT = 1 << 18,
};

static enum render_result on_arena(struct worker *w, const struct render_message *m, int fd)
{
	return memory_take_arena(&w->memory, fd);
}

static enum render_result on_region(struct worker *w, const struct render_message *m, int fd)
{
	return memory_add_region(&w->memory, &m->region, fd);
}

static enum render_result on_regions_clear(struct worker *w, const struct render_message *m, int fd)
{
	resources_detach_guest_memory(&w->resources);
	memory_clear_regions(&w->memory);
	return RENDER_OK;
}

static enum render_result on_context_create(struct worker *w, const struct render_message *m, int fd)
{
	return contexts_create(&w->contexts, &w->resources, &m->context);
}

static enum render_result on_context_destroy(struct worker *w, const struct render_message *m, int fd)
{
	return contexts_destroy(&w->contexts, &w->resources, &w->fences, m->context.context);
}

static enum render_result on_context_attach(struct worker *w, const struct render_message *m, int fd)
{
	return contexts_attach(&w->contexts, &w->resources, &m->context, m->type == RENDER_CONTEXT_ATTACH);
}

static enum render_result on_resource_create(struct worker *w, const struct render_message *m, int fd)
{
	return resources_create(&w->resources, &m->resource);
}

static enum render_result on_resource_unref(struct worker *w, const struct render_message *m, int fd)
{
	return resources_unref(&w->resources, m->resource_id.resource);
}

static enum render_result on_backing(struct worker *w, const struct render_message *m, int fd)
{
	if (!w->memory.arena.at)
		return RENDER_INVALID;
	return resources_attach(&w->resources, &w->memory, m->backing.resource,
			(const uint64_t *)(const void *)(w->memory.arena.at + m->backing.arena_offset),
			m->backing.count);
}

static enum render_result on_backing_fd(struct worker *w, const struct render_message *m, int fd)
{
	return resources_attach_fd(&w->resources, m->backing_fd.resource, fd, m->backing_fd.size_bytes);
}

static enum render_result on_backing_detach(struct worker *w, const struct render_message *m, int fd)
{
	return resources_detach(&w->resources, m->resource_id.resource);
}

static enum render_result on_transfer(struct worker *w, const struct render_message *m, int fd)
{
	const struct resource *r = resources_find(&w->resources, m->transfer.resource);

	if (m->transfer.context && !contexts_have(&w->contexts, m->transfer.context))
		return RENDER_INVALID;
	/* How programs of the host (vtest) get a picture to show. */
	if (r && m->type == RENDER_TRANSFER_FROM && r->shape.bind & (BIND_DISPLAY_TARGET | BIND_SCANOUT))
		atomic_fetch_add(&w->page->frames, 1);
	return resources_transfer(&w->resources, &m->transfer, m->type == RENDER_TRANSFER_TO);
}

static enum render_result on_submit(struct worker *w, const struct render_message *m, int fd)
{
	void *batch = w->memory.arena.at + m->submit.arena_offset;
	uint32_t count = m->submit.len_bytes / 4;

	if (!w->memory.arena.at || !contexts_have(&w->contexts, m->submit.context))
		return RENDER_INVALID;
	atomic_fetch_add(&w->page->batches, 1);
	if (!batch_allowed(batch, count) ||
			virgl_renderer_submit_cmd(batch, (int)m->submit.context, (int)count) != 0)
		return RENDER_FAILED;
	return RENDER_OK;
}

static enum render_result on_fence(struct worker *w, const struct render_message *m, int fd)
{
	if (m->fence.context && !contexts_have(&w->contexts, m->fence.context))
		return RENDER_INVALID;
	return fences_add(&w->fences, m->serial, &m->fence);
}

static enum render_result on_target(struct worker *w, const struct render_message *m, int fd)
{
	return memory_add_target(&w->memory, &m->target, fd);
}

static enum render_result on_target_drop(struct worker *w, const struct render_message *m, int fd)
{
	return memory_drop_target(&w->memory, m->target_drop.handle);
}

static enum render_result on_read(struct worker *w, const struct render_message *m, int fd)
{
	return pictures_read(&w->memory, &w->resources, &m->read);
}

static enum render_result on_frame(struct worker *w, const struct render_message *m, int fd)
{
	atomic_fetch_add(&w->page->frames, 1);
	return RENDER_OK;
}

static enum render_result on_shaders(struct worker *w, const struct render_message *m, int fd)
{
	return shaders_take(&w->shaders, m->shaders.part, fd);
}

struct command {
	enum render_result (*run)(struct worker *, const struct render_message *, int fd);
	bool takes_fd;
};

static const struct command commands[] = {
	[RENDER_ARENA] = { on_arena, true },
	[RENDER_REGION] = { on_region, true },
	[RENDER_REGIONS_CLEAR] = { on_regions_clear, false },
	[RENDER_CONTEXT_CREATE] = { on_context_create, false },
	[RENDER_CONTEXT_DESTROY] = { on_context_destroy, false },
	[RENDER_CONTEXT_ATTACH] = { on_context_attach, false },
	[RENDER_CONTEXT_DETACH] = { on_context_attach, false },
	[RENDER_RESOURCE_CREATE] = { on_resource_create, false },
	[RENDER_RESOURCE_UNREF] = { on_resource_unref, false },
	[RENDER_BACKING] = { on_backing, false },
	[RENDER_BACKING_FD] = { on_backing_fd, true },
	[RENDER_BACKING_DETACH] = { on_backing_detach, false },
	[RENDER_TRANSFER_TO] = { on_transfer, false },
	[RENDER_TRANSFER_FROM] = { on_transfer, false },
	[RENDER_SUBMIT] = { on_submit, false },
	[RENDER_FENCE] = { on_fence, false },
	[RENDER_TARGET] = { on_target, true },
	[RENDER_TARGET_DROP] = { on_target_drop, false },
	[RENDER_READ] = { on_read, false },
	[RENDER_SHADERS] = { on_shaders, true },
	[RENDER_FRAME] = { on_frame, false },
};

static int send_done(struct worker *w, enum render_result result)
{
	struct render_message done = {
		.type = RENDER_DONE, .serial = w->command.serial, .done = { result, loop_now_us() }
	};

	return worker_send(w, &done);
}

static int send_caps(struct worker *w)
{
	struct render_message answer = { .type = RENDER_CAPS_DATA,
		.serial = w->command.serial,
		.caps_data = { .set = w->command.caps.set, .version = w->command.caps.version } };
	uint32_t max_version = 0, len = 0;

	/* 1 virgl, 2 virgl2. The others of virglrenderer are not built or not for us. */
	if (answer.caps_data.set == 1 || answer.caps_data.set == 2)
		virgl_renderer_get_cap_set(answer.caps_data.set, &max_version, &len);
	if (max_version && len <= RENDER_CAPS_MAX_BYTES) {
		answer.caps_data.max_version = max_version;
		answer.caps_data.len = (uint16_t)len;
		virgl_renderer_fill_caps(
				answer.caps_data.set, answer.caps_data.version, answer.caps_data.data);
	}
	return worker_send(w, &answer);
}

/* The renderer may sit for long in any of these, so the page says since when. */
static enum render_result run(struct worker *w, const struct command *command, int fd)
{
	enum render_result result;

	fences_command(&w->fences, loop_now_us(), false);
	result = command->run(w, &w->command, fd);
	fences_command(&w->fences, 0, false);
	atomic_store(&w->page->memory_bytes, w->resources.used_bytes);
	return result;
}

int worker_execute(struct worker *w, int fd)
{
	const struct command *command;
	enum render_result result;
	size_t type = (size_t)w->command.type;

	if (type == RENDER_CAPS)
		return fd < 0 ? send_caps(w) : ERR_FORMAT;
	command = type < sizeof commands / sizeof *commands ? &commands[type] : NULL;
	if (!command || !command->run || command->takes_fd != (fd >= 0))
		return ERR_FORMAT;
	result = run(w, command, fd);
	if (result == RENDER_OK && !(w->command.flags & RENDER_WANT_DONE))
		return 0;
	return send_done(w, result);
}
