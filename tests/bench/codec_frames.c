#include "codec_frames.h"

#include <codec/cpu.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int map_file(struct codec_frames *f, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *map = MAP_FAILED;

	if (fd < 0)
		return ERR_MISSING;
	if (fstat(fd, &st) == 0 && st.st_size > 0)
		map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return ERR_IO;
	f->map = map;
	f->map_bytes = (size_t)st.st_size;
	return 0;
}

static void add_tile(struct codec_frame *frame, int column, int row, bool joins)
{
	struct analysis_rect *last = &frame->runs[frame->run_count - 1];
	int x = column * ANALYSIS_TILE_PX, y = row * ANALYSIS_TILE_PX;
	int w = frame->w_px - x < ANALYSIS_TILE_PX ? frame->w_px - x : ANALYSIS_TILE_PX;
	int h = frame->h_px - y < ANALYSIS_TILE_PX ? frame->h_px - y : ANALYSIS_TILE_PX;

	if (joins)
		last->w += w;
	else
		frame->runs[frame->run_count++] = (struct analysis_rect){ x, y, w, h };
	frame->tile_count++;
	frame->changed_px += (int64_t)w * h;
}

static bool rows_differ(const struct codec_frame *frame, const struct analysis_rect *r)
{
	for (int y = r->y; y < r->y + r->h; y++) {
		ptrdiff_t at = y * frame->stride_bytes + r->x * 4;

		if (memcmp(frame->pixels + at, frame->before + at, (size_t)r->w * 4) != 0)
			return true;
	}
	return false;
}

/* What differs, from each side; r holds some difference. */
static struct analysis_rect crop(const struct codec_frame *frame, struct analysis_rect r)
{
	while (!rows_differ(frame, &(struct analysis_rect){ r.x, r.y, r.w, 1 })) {
		r.y++;
		r.h--;
	}
	while (!rows_differ(frame, &(struct analysis_rect){ r.x, r.y + r.h - 1, r.w, 1 }))
		r.h--;
	while (!rows_differ(frame, &(struct analysis_rect){ r.x, r.y, 1, r.h })) {
		r.x++;
		r.w--;
	}
	while (!rows_differ(frame, &(struct analysis_rect){ r.x + r.w - 1, r.y, 1, r.h }))
		r.w--;
	return r;
}

static int find_areas(struct codec_frame *frame, bool full)
{
	frame->rects = calloc(ANALYSIS_RECTS_MAX, sizeof *frame->rects);
	frame->areas = calloc(ANALYSIS_RECTS_MAX, sizeof *frame->areas);
	if (!frame->rects || !frame->areas)
		return ERR_MEMORY;
	frame->rect_count = analysis_merge_tiles(
			frame->changed, frame->w_px, frame->h_px, frame->rects, ANALYSIS_RECTS_MAX);
	for (int i = 0; i < frame->rect_count; i++)
		frame->areas[i] = full ? frame->rects[i] : crop(frame, frame->rects[i]);
	return 0;
}

static int find_changes(struct codec_frame *frame, bool full)
{
	struct analysis_pair pair = { frame->pixels, frame->before, frame->stride_bytes, frame->stride_bytes,
		frame->w_px, frame->h_px };
	struct analysis_rect all = { 0, 0, frame->w_px, frame->h_px };
	int across = analysis_tiles_across(frame->w_px), down = analysis_tiles_across(frame->h_px);
	struct analysis_dsp dsp;
	int err = 0;

	frame->changed = calloc((size_t)(across * down), 1);
	frame->runs = calloc((size_t)(across * down), sizeof *frame->runs);
	if (!frame->changed || !frame->runs)
		return ERR_MEMORY;
	analysis_dsp_init(&dsp, cpu_flags_detect());
	if (full)
		memset(frame->changed, 1, (size_t)(across * down));
	else
		err = analysis_mark_changed(&dsp, &pair, &all, frame->changed);
	for (int i = 0; i < across * down; i++)
		if (frame->changed[i])
			add_tile(frame, i % across, i / across, i % across && frame->changed[i - 1]);
	return err < 0 ? err : find_areas(frame, full);
}

int codec_frames_open(struct codec_frames *f, const char *name, const char *path, int w_px, int h_px,
		bool full, int most)
{
	size_t bytes = (size_t)w_px * (size_t)h_px * 4;
	int err;

	*f = (struct codec_frames){ .name = name };
	err = map_file(f, path);
	if (err)
		return err;
	if (f->map_bytes % bytes != 0 || f->map_bytes / bytes < 2)
		return ERR_FORMAT;
	f->count = (int)(f->map_bytes / bytes) - 1;
	f->count = f->count > most ? most : f->count;
	f->frames = calloc((size_t)f->count, sizeof *f->frames);
	if (!f->frames)
		return ERR_MEMORY;
	for (int i = 0; i < f->count && !err; i++) {
		struct codec_frame *frame = &f->frames[i];

		*frame = (struct codec_frame){ .pixels = f->map + (size_t)(i + 1) * bytes,
			.before = f->map + (size_t)i * bytes,
			.stride_bytes = (ptrdiff_t)w_px * 4,
			.w_px = w_px,
			.h_px = h_px };
		err = find_changes(frame, full);
		f->changed_px += frame->changed_px;
	}
	return err;
}

void codec_frames_close(struct codec_frames *f)
{
	for (int i = 0; f->frames && i < f->count; i++) {
		free(f->frames[i].changed);
		free(f->frames[i].runs);
		free(f->frames[i].rects);
		free(f->frames[i].areas);
	}
	free(f->frames);
	if (f->map)
		munmap(f->map, f->map_bytes);
}
