#include "codec_bench.h"
#include "codec_sides.h"

#include <codec/zgfx.h>
#include <proto/gfx.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

struct packer {
	const struct codec_setting *setting;
	struct zgfx_encoder *zgfx;
	z_stream zlib;
	bool zlib_open;
	uint8_t *out;
	size_t cap;
};

static void destroy(void *state)
{
	struct packer *p = state;

	if (!p)
		return;
	zgfx_encoder_destroy(p->zgfx);
	if (p->zlib_open)
		deflateEnd(&p->zlib);
	free(p->out);
	free(p);
}

static struct packer *create(const struct codec_setting *setting)
{
	struct packer *p = calloc(1, sizeof *p);
	size_t longest = 0;

	if (!p)
		return NULL;
	p->setting = setting;
	for (int i = 0; i < setting->messages->count; i++)
		if (setting->messages->of[i].len > longest)
			longest = setting->messages->of[i].len;
	p->cap = zgfx_bound(longest) + longest / 8 + 1024;
	p->out = malloc(p->cap);
	if (!p->out) {
		destroy(p);
		return NULL;
	}
	memset(p->out, 1, p->cap); /* no page faults later */
	return p;
}

static void *zgfx_create(const struct codec_setting *setting, size_t history_bytes)
{
	struct packer *p = create(setting);

	if (p)
		p->zgfx = zgfx_encoder_create(history_bytes);
	if (p && p->zgfx)
		return p;
	destroy(p);
	return NULL;
}

static void *full_create(const struct codec_setting *setting)
{
	return zgfx_create(setting, ZGFX_HISTORY_MAX_BYTES);
}

static void *small_create(const struct codec_setting *setting)
{
	return zgfx_create(setting, ZGFX_HISTORY_SMALL_BYTES);
}

static int zgfx_work(void *state, int i, const uint8_t **out)
{
	struct packer *p = state;
	const struct codec_message *m = &p->setting->messages->of[i];

	*out = p->out;
	return m->len ? zgfx_encode(p->zgfx, m->data, m->len, p->out, p->cap) : 0;
}

static void *zlib_create(const struct codec_setting *setting)
{
	struct packer *p = create(setting);

	if (p && deflateInit(&p->zlib, 1) == Z_OK) {
		p->zlib_open = true;
		return p;
	}
	destroy(p);
	return NULL;
}

/* One stream, flushed after each frame, since a client has to show it. */
static int zlib_work(void *state, int i, const uint8_t **out)
{
	struct packer *p = state;
	const struct codec_message *m = &p->setting->messages->of[i];

	*out = p->out;
	if (!m->len)
		return 0;
	p->zlib.next_in = m->data;
	p->zlib.avail_in = (uInt)m->len;
	p->zlib.next_out = p->out;
	p->zlib.avail_out = (uInt)p->cap;
	if (deflate(&p->zlib, Z_SYNC_FLUSH) != Z_OK || p->zlib.avail_in)
		return ERR_SPACE;
	return (int)(p->cap - p->zlib.avail_out);
}

static const struct codec_side full = { "", full_create, destroy, zgfx_work };
static const struct codec_side small = { "", small_create, destroy, zgfx_work };
static const struct codec_side zlib1 = { "zlib1", zlib_create, destroy, zlib_work };

static void tell(struct codec_bench *b, const char *name, const struct codec_setting *setting,
		double in_bytes, const struct codec_side *side, const struct codec_score *score)
{
	double out_bytes = score->bytes_per_frame * setting->frames->count;
	double cpu_s = (double)setting->frames->changed_px / 1e6 / score->mpix_per_cpu_s;

	codec_rows_add(&b->rows, name, "mb_per_cpu_s", in_bytes / 1e6 / cpu_s, "MB/s", side->peer);
	codec_rows_add(&b->rows, name, "bytes_per_frame", score->bytes_per_frame, "B", side->peer);
	codec_rows_add(&b->rows, name, "saving", 1 - out_bytes / in_bytes, "", side->peer);
	codec_rows_add(&b->rows, name, "worst_frame", score->worst_frame_us, "us", side->peer);
}

static int run(struct codec_bench *b, const struct codec_frames *frames, const char *tool,
		const struct codec_side *ours, const struct codec_messages *messages)
{
	struct codec_setting setting = { b->cpu_flags, frames, messages };
	struct codec_score scores[2];
	char name[48];
	double in_bytes = 0, ratio;
	int err;

	if (!codec_case_name(b, name, sizeof name, tool, frames))
		return 0;
	for (int i = 0; i < messages->count; i++)
		in_bytes += (double)messages->of[i].len;
	err = codec_contest(&setting, b->rounds, ours, &zlib1, scores, &ratio, NULL);
	if (err || in_bytes == 0)
		return err;
	codec_rows_add(&b->rows, name, "input_bytes_per_frame", in_bytes / frames->count, "B", "");
	tell(b, name, &setting, in_bytes, ours, &scores[0]);
	tell(b, name, &setting, in_bytes, &zlib1, &scores[1]);
	codec_rows_add(&b->rows, name, "speed_ratio", ratio, "x", "");
	return 0;
}

struct commander {
	const struct codec_setting *setting;
	uint8_t *out;
};

static void commands_destroy(void *state)
{
	struct commander *c = state;

	if (!c)
		return;
	free(c->out);
	free(c);
}

static void *commands_create(const struct codec_setting *setting)
{
	struct commander *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	c->setting = setting;
	c->out = calloc(1, CODEC_MESSAGE_BYTES_MAX);
	if (c->out)
		return c;
	commands_destroy(c);
	return NULL;
}

/* A frame in which each changed tile goes to the client's cache, or comes from there: half
 * of them, as when a menu has been seen before. */
static int commands_work(void *state, int i, const uint8_t **out)
{
	struct commander *c = state;
	const struct codec_frame *frame = &c->setting->frames->frames[i];
	struct writer w = writer_init(c->out, CODEC_MESSAGE_BYTES_MAX);
	int across = analysis_tiles_across(frame->w_px), down = analysis_tiles_across(frame->h_px);

	gfx_start_frame_write(&w, (uint32_t)i, 0);
	for (int t = 0; t < across * down; t++) {
		struct gfx_point at = { (int16_t)(t % across * 64), (int16_t)(t / across * 64) };
		struct gfx_rect rect = { (uint16_t)at.x, (uint16_t)at.y, (uint16_t)(at.x + 64),
			(uint16_t)(at.y + 64) };
		int wide = frame->w_px - at.x < 64 ? frame->w_px - at.x : 64;
		int high = frame->h_px - at.y < 64 ? frame->h_px - at.y : 64;
		uint16_t slot = (uint16_t)(1 + t % 1000);

		if (!frame->changed[t])
			continue;
		if (t % 2)
			gfx_cache_to_surface_write(&w, slot, 1, &at, 1);
		else
			gfx_surface_to_cache_write(&w, 1,
					analysis_content_hash(
							frame->pixels + at.y * frame->stride_bytes + at.x * 4,
							frame->stride_bytes, wide, high),
					slot, rect);
	}
	gfx_end_frame_write(&w, (uint32_t)i);
	*out = c->out;
	return writer_len(&w);
}

static const struct codec_side commands = { "", commands_create, commands_destroy, commands_work };

int codec_bench_zgfx(struct codec_bench *b, const struct codec_frames *frames)
{
	static const struct {
		const char *tool;
		const struct codec_side *source, *packer;
	} runs[] = {
		{ "zgfx-planar", &codec_own_planar, &full },
		{ "zgfx-planar-rects", &codec_own_planar_rects, &full },
		{ "zgfx-planar-areas", &codec_own_planar_areas, &full },
		{ "zgfx-clear", &codec_own_clear, &full },
		{ "zgfx-commands", &commands, &full },
		{ "zgfx-small-planar", &codec_own_planar, &small },
		{ "zgfx-small-clear", &codec_own_clear, &small },
	};
	struct codec_setting setting = { b->cpu_flags, frames, NULL };
	int err = 0;

	for (size_t i = 0; i < sizeof runs / sizeof runs[0] && !err; i++) {
		struct codec_messages kept[2] = { { 0 }, { 0 } };
		struct codec_score scores[2];
		char name[48];
		double ratio;

		if (!codec_case_name(b, name, sizeof name, runs[i].tool, frames))
			continue;
		err = codec_contest(&setting, 1, runs[i].source, NULL, scores, &ratio, kept);
		if (!err)
			err = run(b, frames, runs[i].tool, runs[i].packer, &kept[0]);
		codec_messages_free(&kept[0]);
	}
	return err;
}
