#include "pictures.h"
#include <base/log.h>
#include <base/loop.h>
#include <codec/analysis.h>
#include <codec/cpu.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* Few tiles are encoded faster here than a worker wakes up. */
	INLINE_TILES_MAX = 4,
	STRIDE_ALIGN_BYTES = 64,
};

struct batch {
	struct pool_job job; /* first */
	struct pictures *pictures;
	size_t count;
	int error; /* of any tile; written by workers, read after on_done */
	struct sink_chunk chunks[SINK_BATCH_MAX];
	uint8_t *arena; /* SINK_BATCH_MAX times tile_cap; pages that no tile reaches are never touched */
	size_t tile_cap;
};

struct pictures {
	struct pool *pool;
	struct trace *trace;
	struct pictures_host host;
	struct sink *sink;
	struct analysis_dsp dsp;
	struct link_layout layout;
	uint8_t *shadow;
	int width_px, height_px, across, down;
	ptrdiff_t stride_bytes;
	uint8_t *changed; /* one per tile: differs from what the client was sent */
	size_t changed_count, next_tile;
	bool held, pulling, full, encoding, in_frame, unwritten;
	/* A frame that came while the shadow was in use: after a refresh, which does not
	 * wait for an open pull. The lent pixels stay ours until the next pull. */
	bool frame_waits;
	struct link_frame waiting;
	struct guest_picture waiting_picture;
	struct frame_times times; /* of the frame in work */
	struct batch batch;
};

/* --- the shadow --- */

struct pictures *pictures_create(struct pool *pool, struct trace *trace, const struct pictures_host *host)
{
	struct pictures *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	p->pool = pool;
	p->trace = trace;
	p->host = *host;
	p->batch.pictures = p;
	analysis_dsp_init(&p->dsp, cpu_flags_detect());
	return p;
}

void pictures_destroy(struct pictures *p)
{
	if (!p)
		return;
	free(p->shadow);
	free(p->changed);
	free(p->batch.arena);
	free(p);
}

static void mark_all(struct pictures *p)
{
	p->changed_count = (size_t)p->across * (size_t)p->down;
	memset(p->changed, 1, p->changed_count);
	p->next_tile = 0;
}

int pictures_resize(struct pictures *p, const struct link_layout *layout)
{
	uint32_t width_px, height_px;
	uint8_t *shadow, *changed;
	size_t stride, tiles;

	link_layout_bounds(layout, &width_px, &height_px, NULL, NULL);
	stride = ((size_t)width_px * 4 + STRIDE_ALIGN_BYTES - 1) & ~(size_t)(STRIDE_ALIGN_BYTES - 1);
	tiles = (size_t)analysis_tiles_across((int)width_px) * (size_t)analysis_tiles_across((int)height_px);
	shadow = calloc(height_px, stride);
	changed = calloc(tiles, 1);
	if (!shadow || !changed) {
		free(shadow);
		free(changed);
		return ERR_MEMORY;
	}
	free(p->shadow);
	free(p->changed);
	p->shadow = shadow;
	p->changed = changed;
	p->stride_bytes = (ptrdiff_t)stride;
	p->width_px = (int)width_px;
	p->height_px = (int)height_px;
	p->across = analysis_tiles_across(p->width_px);
	p->down = analysis_tiles_across(p->height_px);
	p->layout = *layout;
	/* The guest owes us the whole picture; until it comes there is nothing to show. */
	p->changed_count = 0;
	p->full = true;
	p->pulling = p->frame_waits = false;
	return p->sink ? p->sink->ops->resize(p->sink, layout) : 0;
}

int pictures_set_sink(struct pictures *p, struct sink *sink)
{
	p->sink = sink;
	p->in_frame = p->unwritten = false;
	if (!sink)
		return 0;
	if (p->batch.tile_cap < sink->tile_cap) {
		free(p->batch.arena);
		p->batch.arena = malloc(sink->tile_cap * SINK_BATCH_MAX);
		p->batch.tile_cap = p->batch.arena ? sink->tile_cap : 0;
		if (!p->batch.arena)
			return ERR_MEMORY;
	}
	if (p->shadow && !p->full)
		mark_all(p);
	return p->shadow ? sink->ops->resize(sink, &p->layout) : 0;
}

bool pictures_in_frame(const struct pictures *p)
{
	return p->encoding || p->in_frame;
}

static void copy_tile(struct pictures *p, const struct guest_picture *from, int x_tile, int y_tile)
{
	int x_px = x_tile * SINK_TILE_PX, y_px = y_tile * SINK_TILE_PX;
	int w_px = p->width_px - x_px < SINK_TILE_PX ? p->width_px - x_px : SINK_TILE_PX;
	int h_px = p->height_px - y_px < SINK_TILE_PX ? p->height_px - y_px : SINK_TILE_PX;

	for (int y = y_px; y < y_px + h_px; y++)
		memcpy(p->shadow + y * p->stride_bytes + x_px * 4,
				from->pixels + (size_t)y * from->stride_bytes + (size_t)x_px * 4,
				(size_t)w_px * 4);
}

/* Takes over the tiles under one rectangle that differ from the shadow. */
static void take_rect(struct pictures *p, const struct guest_picture *from, const struct link_rect *rect)
{
	const struct analysis_pair pair = { .now = from->pixels,
		.before = p->shadow,
		.now_stride_bytes = from->stride_bytes,
		.before_stride_bytes = p->stride_bytes,
		.w_px = p->width_px,
		.h_px = p->height_px };
	const struct analysis_rect damage = { (int)rect->x, (int)rect->y, (int)rect->width,
		(int)rect->height };
	int x_end = analysis_tiles_across(damage.x + damage.w),
	    y_end = analysis_tiles_across(damage.y + damage.h);
	int marked = analysis_mark_changed(&p->dsp, &pair, &damage, p->changed);

	if (marked > 0)
		p->changed_count += (size_t)marked;
	/* Tiles already marked may have changed again without being compared. */
	for (int y = damage.y / SINK_TILE_PX; y < y_end; y++)
		for (int x = damage.x / SINK_TILE_PX; x < x_end; x++)
			if (p->changed[y * p->across + x])
				copy_tile(p, from, x, y);
}

static void take_frame(
		struct pictures *p, const struct link_frame *frame, const struct guest_picture *picture)
{
	p->pulling = p->frame_waits = false;
	p->times = (struct frame_times){
		.damage_us = frame->damage_us, .captured_us = frame->capture_us, .pull_us = loop_now_us()
	};
	if (p->full) {
		p->full = false;
		mark_all(p); /* also what is black, like the shadow: the client has nothing yet */
	}
	for (uint32_t i = 0; i < frame->count; i++)
		take_rect(p, picture, &frame->rects[i]);
	p->times.analysed_us = loop_now_us();
	p->next_tile = 0;
}

void pictures_on_frame(struct pictures *p, const struct link_frame *frame, struct guest_picture picture)
{
	if (!p->shadow || (int)picture.width_px != p->width_px || (int)picture.height_px != p->height_px) {
		p->pulling = false;
		return;
	}
	if (pictures_in_frame(p) || p->unwritten) {
		p->frame_waits = true;
		p->waiting = *frame;
		p->waiting_picture = picture;
		return;
	}
	take_frame(p, frame, &picture);
	pictures_kick(p);
}

/* --- encoding --- */

static void encode_item(struct pool_job *job, size_t item, int worker)
{
	struct batch *batch = (struct batch *)job;
	struct sink_chunk *chunk = &batch->chunks[item];
	const struct sink *sink = batch->pictures->sink;
	int len = sink->ops->encode(sink, &chunk->tile, worker, chunk->data, batch->tile_cap);

	if (len < 0)
		__atomic_store_n(&batch->error, len, __ATOMIC_RELAXED);
	else
		chunk->len = (size_t)len;
}

static void end_frame(struct pictures *p)
{
	p->in_frame = false;
	if (p->sink->ops->end(p->sink) < 0) {
		p->host.failed(p->host.user, "cannot end a frame");
		return;
	}
	p->unwritten = true;
	p->host.written(p->host.user);
}

static void on_batch_done(struct pool_job *job)
{
	struct batch *batch = (struct batch *)job;
	struct pictures *p = batch->pictures;
	int err = batch->error;

	p->encoding = false;
	p->times.encoded_us = loop_now_us();
	if (err == 0)
		err = p->sink->ops->emit(p->sink, batch->chunks, batch->count);
	if (err < 0) {
		p->host.failed(p->host.user, err_text(err));
		return;
	}
	for (size_t i = 0; i < batch->count; i++)
		p->times.bytes += batch->chunks[i].len;
	p->times.tiles += (uint32_t)batch->count;
	p->host.written(p->host.user);
	if (p->changed_count == 0)
		end_frame(p);
	pictures_kick(p);
}

static void fill_chunk(struct pictures *p, struct sink_chunk *chunk, size_t index, size_t tile)
{
	int x_px = (int)(tile % (size_t)p->across) * SINK_TILE_PX;
	int y_px = (int)(tile / (size_t)p->across) * SINK_TILE_PX;

	chunk->data = p->batch.arena + index * p->batch.tile_cap;
	chunk->tile = (struct sink_tile){ .pixels = p->shadow + y_px * p->stride_bytes + x_px * 4,
		.stride_bytes = p->stride_bytes,
		.x_px = x_px,
		.y_px = y_px,
		.w_px = p->width_px - x_px < SINK_TILE_PX ? p->width_px - x_px : SINK_TILE_PX,
		.h_px = p->height_px - y_px < SINK_TILE_PX ? p->height_px - y_px : SINK_TILE_PX };
}

/* Takes the next changed tiles, row by row, and has them encoded. */
static void start_batch(struct pictures *p)
{
	size_t tiles = (size_t)p->across * (size_t)p->down;
	struct batch *batch = &p->batch;

	batch->count = 0;
	batch->error = 0;
	while (p->changed_count > 0 && batch->count < SINK_BATCH_MAX && p->next_tile < tiles) {
		size_t tile = p->next_tile++;

		if (!p->changed[tile])
			continue;
		p->changed[tile] = 0;
		p->changed_count--;
		fill_chunk(p, &batch->chunks[batch->count], batch->count, tile);
		batch->count++;
	}
	p->encoding = true;
	batch->job = (struct pool_job){ .run = encode_item, .on_done = on_batch_done, .count = batch->count };
	pool_submit(p->pool, &batch->job, batch->count <= INLINE_TILES_MAX);
}

static void begin_frame(struct pictures *p)
{
	uint32_t frame_id;

	if (p->sink->ops->begin(p->sink, &frame_id) < 0) {
		p->host.failed(p->host.user, "cannot begin a frame");
		return;
	}
	p->in_frame = true;
	p->times.frame_id = frame_id;
	p->times.codec = p->sink->ops->codec;
	p->times.tiles = 0;
	p->times.bytes = 0;
	p->next_tile = 0;
	start_batch(p);
}

static void note_written(struct pictures *p)
{
	p->unwritten = false;
	p->times.written_us = loop_now_us();
	trace_written(p->trace, &p->times, p->sink->ops->acknowledges(p->sink));
}

void pictures_kick(struct pictures *p)
{
	if (!p->sink || !p->shadow || p->encoding || p->host.blocked(p->host.user))
		return;
	if (p->unwritten)
		note_written(p);
	if (p->in_frame) {
		start_batch(p);
		return;
	}
	if (p->frame_waits)
		take_frame(p, &p->waiting, &p->waiting_picture);
	if (p->held || p->sink->ops->in_flight(p->sink) >= SINK_FRAMES_IN_FLIGHT_MAX)
		return;
	if (p->changed_count > 0) {
		begin_frame(p);
	} else if (!p->pulling) {
		p->pulling = true;
		p->host.pull(p->host.user, p->full);
	}
}

void pictures_on_ack(struct pictures *p, uint32_t frame_id, uint64_t now_us)
{
	if (p->sink && p->sink->ops->on_ack)
		p->sink->ops->on_ack(p->sink, frame_id);
	trace_acked(p->trace, frame_id, now_us);
	pictures_kick(p);
}

void pictures_pull_again(struct pictures *p)
{
	p->pulling = p->frame_waits = false;
	p->full = true;
	pictures_kick(p);
}

void pictures_refresh(struct pictures *p)
{
	if (!p->shadow || p->full)
		return;
	mark_all(p);
	pictures_kick(p);
}

void pictures_hold(struct pictures *p, bool hold)
{
	p->held = hold;
	if (!hold)
		pictures_kick(p);
}
