#include "codec.h"

#include "codec_bench.h"
#include "codec_clock.h"
#include "corpus.h"
#include <codec/cpu.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	FULL_FRAMES = 4, /* of each corpus, for the cases that take every tile */
	PATH_BYTES = 4096,
	FRAME_MAX_PX = 8 << 20, /* as noise it fits CODEC_MESSAGE_BYTES_MAX */
};

struct options {
	const char *corpus, *frames;
	int w_px, h_px;
};

static const char help[] = "usage: oriel-bench codec [--json] [--corpus DIR] [--frames FILE --size WxH]\n"
			   "                         [--cpu 0|avx2|all] [--rounds N] [--case TEXT]\n";

static bool set_cpu(struct codec_bench *b, const char *text)
{
	unsigned have = cpu_flags_detect();

	if (strcmp(text, "0") == 0)
		b->cpu_flags = 0;
	else if (strcmp(text, "avx2") == 0)
		b->cpu_flags = have & CPU_AVX2;
	else if (strcmp(text, "all") == 0)
		b->cpu_flags = have;
	else
		return false;
	return true;
}

static bool set_size(struct options *o, const char *text)
{
	return sscanf(text, "%dx%d", &o->w_px, &o->h_px) == 2 && o->w_px > 0 && o->h_px > 0 &&
			o->w_px <= 8192 && o->h_px <= 8192 && o->w_px * o->h_px <= FRAME_MAX_PX;
}

static bool parse(struct codec_bench *b, struct options *o, int argc, char **argv)
{
	static const struct option longs[] = { { "json", no_argument, NULL, 'j' },
		{ "corpus", required_argument, NULL, 'd' }, { "frames", required_argument, NULL, 'f' },
		{ "size", required_argument, NULL, 's' }, { "cpu", required_argument, NULL, 'c' },
		{ "rounds", required_argument, NULL, 'r' }, { "case", required_argument, NULL, 'o' }, { 0 } };
	int c;
	bool ok = true;

	optind = 1;
	while (ok && (c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 'j': b->rows.json = true; break;
		case 'd': o->corpus = optarg; break;
		case 'f': o->frames = optarg; break;
		case 's': ok = set_size(o, optarg); break;
		case 'c': ok = set_cpu(b, optarg); break;
		case 'r': b->rounds = atoi(optarg); break;
		case 'o': b->only = optarg; break;
		default: ok = false;
		}
	}
	return ok && optind == argc && b->rounds > 0 && b->rounds <= CODEC_ROUNDS_MAX &&
			!o->frames == !o->w_px;
}

/* Beside the program's own directory, which is the build directory's bin. */
static const char *default_corpus(char *path, size_t cap)
{
	ssize_t n = readlink("/proc/self/exe", path, cap - sizeof "/../corpus");

	if (n <= 0)
		return "corpus";
	path[n] = 0;
	if (strrchr(path, '/'))
		strcpy(strrchr(path, '/'), "/../corpus");
	return path;
}

static int run_changed(struct codec_bench *b, const char *name, const char *path, int w_px, int h_px)
{
	struct codec_frames frames;
	int err = codec_frames_open(&frames, name, path, w_px, h_px, false, 1 << 20);

	if (!err)
		err = codec_bench_coders(b, &frames);
	if (!err)
		err = codec_bench_passes(b, &frames);
	if (!err)
		err = codec_bench_zgfx(b, &frames);
	if (!err)
		err = codec_bench_analysis(b, &frames, corpus_motion_of(name));
	codec_frames_close(&frames);
	return err;
}

static int run_full(struct codec_bench *b, const char *name, const char *path)
{
	struct codec_frames frames;
	char full[32];
	int err;

	snprintf(full, sizeof full, "%s-full", name);
	err = codec_frames_open(&frames, full, path, CORPUS_W_PX, CORPUS_H_PX, true, FULL_FRAMES);
	if (!err)
		err = codec_bench_coders(b, &frames);
	codec_frames_close(&frames);
	return err;
}

static int run_corpora(struct codec_bench *b, const char *dir)
{
	char path[PATH_BYTES];
	int err = 0;

	for (int i = 0; i < CORPUS_COUNT && !err; i++) {
		err = corpus_make(dir, i, path, sizeof path);
		if (!err)
			err = run_changed(b, corpus_names[i], path, CORPUS_W_PX, CORPUS_H_PX);
		if (!err)
			err = run_full(b, corpus_names[i], path);
	}
	if (!err && !b->rows.json)
		codec_summary(&b->rows);
	return err;
}

int codec_bench(int argc, char **argv)
{
	struct codec_bench b = { .rounds = 5, .cpu_flags = cpu_flags_detect() };
	struct options o = { 0 };
	char path[PATH_BYTES];
	int err;

	if (!parse(&b, &o, argc, argv)) {
		fputs(help, stderr);
		return 2;
	}
	setenv("WLOG_LEVEL", "ERROR", 0); /* FreeRDP's */
	codec_clock_tell();
	if (o.frames)
		err = run_changed(&b, "frames", o.frames, o.w_px, o.h_px);
	else
		err = run_corpora(&b, o.corpus ? o.corpus : default_corpus(path, sizeof path));
	codec_rows_finish(&b.rows);
	if (err)
		fprintf(stderr, "oriel-bench: stopped: %s\n", err_text(err));
	return err ? 1 : 0;
}
