/* The groups of cases of oriel-bench codec. Each measures one sequence of pictures and
 * adds rows; a group of which no case is wanted does nothing. Return 0 or ERR_*. */
#ifndef BENCH_CODEC_BENCH_H
#define BENCH_CODEC_BENCH_H

#include "codec_contest.h"
#include "codec_frames.h"
#include "codec_rows.h"
#include "corpus.h"

struct codec_bench {
	struct codec_rows rows;
	int rounds;
	unsigned cpu_flags;
	const char *only; /* cases whose name has this text in it; NULL: all */
};

/* TOOL/SEQUENCE; returns whether it is wanted. */
bool codec_case_name(const struct codec_bench *b, char *name, size_t cap, const char *tool,
		const struct codec_frames *frames);

/* Encoders, and decoders on what ours wrote, with the quality that comes out. */
MUST_USE int codec_bench_coders(struct codec_bench *b, const struct codec_frames *frames);

/* Progressive in passes: bytes of the first and of all, and the quality of the first. */
MUST_USE int codec_bench_passes(struct codec_bench *b, const struct codec_frames *frames);

/* ZGFX on planar, ClearCodec and command data, against zlib level 1. */
MUST_USE int codec_bench_zgfx(struct codec_bench *b, const struct codec_frames *frames);

/* The test for changes against memcmp; moves; classes and hashes of tiles. motion: tells what moved, or NULL. */
MUST_USE int codec_bench_analysis(
		struct codec_bench *b, const struct codec_frames *frames, corpus_motion *motion);

/* Prints each bar, what was measured, and whether it is met. */
void codec_summary(const struct codec_rows *rows);

#endif
