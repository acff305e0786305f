/* The bars of the codec library, and what a run shows of them. */
#include "codec_bench.h"
#include "corpus.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Over the corpora: the measured value, or NAN when a row is missing. */
typedef double measure(const struct codec_rows *rows, const char *tool, const char *corpus);

struct bar {
	const char *what, *tool;
	measure *measure;
	const char *corpora; /* those that count, or NULL: all */
	enum { GEOMETRIC_MEAN, LEAST, MOST } over;
	double bar;
	bool at_most;
};

static double value(const struct codec_rows *rows, const char *tool, const char *corpus, const char *metric,
		const char *peer)
{
	char name[48];
	const struct codec_row *row;

	snprintf(name, sizeof name, "%s/%s", tool, corpus);
	row = codec_rows_find(rows, name, metric, peer);
	return row ? row->value : (double)NAN;
}

static double speed_ratio(const struct codec_rows *rows, const char *tool, const char *corpus)
{
	return value(rows, tool, corpus, "speed_ratio", "");
}

static double bytes_to_freerdp(const struct codec_rows *rows, const char *tool, const char *corpus)
{
	return value(rows, tool, corpus, "bytes_per_frame", "") /
			value(rows, tool, corpus, "bytes_per_frame", "freerdp");
}

static double first_of_all(const struct codec_rows *rows, const char *tool, const char *corpus)
{
	return value(rows, tool, corpus, "first_of_all", "");
}

static double after_zgfx(const struct codec_rows *rows, const char *tool, const char *corpus)
{
	return value(rows, tool, corpus, "bytes_per_frame", "");
}

/* Planar as it does best: in tiles or with the rectangles and areas that ClearCodec gets. */
static double least_planar(const struct codec_rows *rows, const char *corpus)
{
	double tiles = after_zgfx(rows, "zgfx-planar", corpus);
	double rects = after_zgfx(rows, "zgfx-planar-rects", corpus);
	double areas = after_zgfx(rows, "zgfx-planar-areas", corpus);

	return isnan(tiles + rects + areas) ? (double)NAN : fmin(tiles, fmin(rects, areas));
}

static double clear_to_planar(const struct codec_rows *rows, const char *tool, const char *corpus)
{
	return after_zgfx(rows, "zgfx-clear", corpus) / least_planar(rows, corpus);
}

static double clear_to_tiles(const struct codec_rows *rows, const char *tool, const char *corpus)
{
	return after_zgfx(rows, "zgfx-clear", corpus) / after_zgfx(rows, "zgfx-planar", corpus);
}

/* Of both corpora together, whichever is asked for. */
static double clear_to_planar_sum(const struct codec_rows *rows, const char *tool, const char *corpus)
{
	return (after_zgfx(rows, "zgfx-clear", "typing") + after_zgfx(rows, "zgfx-clear", "scroll")) /
			(least_planar(rows, "typing") + least_planar(rows, "scroll"));
}

static double saving_to_zlib(const struct codec_rows *rows, const char *tool, const char *corpus)
{
	return value(rows, tool, corpus, "saving", "") / value(rows, tool, corpus, "saving", "zlib1");
}

static double found(const struct codec_rows *rows, const char *tool, const char *corpus)
{
	return value(rows, tool, corpus, "found", "");
}

static double wrong(const struct codec_rows *rows, const char *tool, const char *corpus)
{
	return value(rows, tool, corpus, "wrong", "");
}

static const struct bar bars[] = {
	{ "RFX encode, x FreeRDP, geometric mean", "rfx-enc", speed_ratio, NULL, GEOMETRIC_MEAN, 5, false },
	{ "RFX encode, x FreeRDP, worst corpus", "rfx-enc", speed_ratio, NULL, LEAST, 4, false },
	{ "RFX encode, bytes to FreeRDP, most", "rfx-enc", bytes_to_freerdp, NULL, MOST, 1.01, true },
	{ "RFX encode (RLGR3), x FreeRDP, geometric mean", "rfx3-enc", speed_ratio, NULL, GEOMETRIC_MEAN, 5,
			false },
	{ "RFX encode (RLGR3), x FreeRDP, worst corpus", "rfx3-enc", speed_ratio, NULL, LEAST, 4, false },
	{ "RFX encode (RLGR3), bytes to FreeRDP, most", "rfx3-enc", bytes_to_freerdp, NULL, MOST, 1.01,
			true },
	{ "RFX decode, x FreeRDP, geometric mean", "rfx-dec", speed_ratio, NULL, GEOMETRIC_MEAN, 3, false },
	{ "RFX decode, x FreeRDP, worst corpus", "rfx-dec", speed_ratio, NULL, LEAST, 3, false },
	{ "progressive encode, x FreeRDP, geometric mean", "progressive-enc", speed_ratio, NULL,
			GEOMETRIC_MEAN, 5, false },
	{ "progressive encode, x FreeRDP, worst corpus", "progressive-enc", speed_ratio, NULL, LEAST, 5,
			false },
	{ "progressive first pass, part of all bytes, most", "progressive-passes", first_of_all, NULL, MOST,
			0.25, true },
	{ "the same at MEDIUM", "progressive-passes-medium", first_of_all, NULL, MOST, 0.25, true },
	{ "planar encode, x FreeRDP, geometric mean", "planar-enc", speed_ratio, NULL, GEOMETRIC_MEAN, 4,
			false },
	{ "planar encode, x FreeRDP, worst corpus", "planar-enc", speed_ratio, NULL, LEAST, 4, false },
	{ "ClearCodec to planar in tiles after ZGFX, typing", "", clear_to_tiles, "typing", MOST, 0.5, true },
	{ "ClearCodec to planar in tiles after ZGFX, scroll", "", clear_to_tiles, "scroll", MOST, 0.5, true },
	{ "ClearCodec to planar at its best after ZGFX, typing", "", clear_to_planar, "typing", MOST, 0.5,
			true },
	{ "ClearCodec to planar at its best after ZGFX, scroll", "", clear_to_planar, "scroll", MOST, 0.5,
			true },
	{ "ClearCodec to planar at its best after ZGFX, both", "", clear_to_planar_sum, "typing", MOST, 0.5,
			true },
	{ "ZGFX saving to zlib 1, planar, worst", "zgfx-planar", saving_to_zlib, NULL, LEAST, 0.9, false },
	{ "ZGFX saving to zlib 1, clear, worst", "zgfx-clear", saving_to_zlib, NULL, LEAST, 0.9, false },
	{ "ZGFX saving to zlib 1, commands, worst", "zgfx-commands", saving_to_zlib, NULL, LEAST, 0.9,
			false },
	{ "ZGFX x zlib 1, planar, worst", "zgfx-planar", speed_ratio, NULL, LEAST, 1.5, false },
	{ "ZGFX x zlib 1, clear, worst", "zgfx-clear", speed_ratio, NULL, LEAST, 1.5, false },
	{ "ZGFX x zlib 1, commands, worst", "zgfx-commands", speed_ratio, NULL, LEAST, 1.5, false },
	{ "unchanged test to memcmp, worst", "changed", speed_ratio, NULL, LEAST, 0.7, false },
	{ "scroll found, part of frames", "moves", found, "scroll", LEAST, 0.95, false },
	{ "drag found, part of frames", "moves", found, "drag", LEAST, 0.95, false },
	{ "frames with a wrong move, any corpus", "moves", wrong, NULL, MOST, 0, true },
};

/* NAN when a corpus is missing. */
static double over_corpora(const struct codec_rows *rows, const struct bar *bar, const char **worst)
{
	double logs = 0, extreme = NAN;
	int count = 0;

	for (int i = 0; i < CORPUS_COUNT; i++) {
		double v;

		if (bar->corpora && strcmp(bar->corpora, corpus_names[i]) != 0)
			continue;
		v = bar->measure(rows, bar->tool, corpus_names[i]);
		if (isnan(v))
			return NAN;
		if (isnan(extreme) || (bar->at_most ? v > extreme : v < extreme)) {
			extreme = v;
			*worst = corpus_names[i];
		}
		logs += log(v);
		count++;
	}
	return bar->over == GEOMETRIC_MEAN ? exp(logs / count) : extreme;
}

void codec_summary(const struct codec_rows *rows)
{
	bool head = false;

	for (size_t i = 0; i < sizeof bars / sizeof bars[0]; i++) {
		const struct bar *bar = &bars[i];
		const char *worst = "";
		double v = over_corpora(rows, bar, &worst);
		bool met = bar->at_most ? v <= bar->bar : v >= bar->bar;

		if (isnan(v))
			continue;
		if (!head)
			printf("\n%-50s %9s %9s  %-8s %s\n", "bar", "measured", "wanted", "",
					"lowest or highest");
		head = true;
		printf("%-50s %9.3f %s %6.2f  %-8s %s\n", bar->what, v, bar->at_most ? "<=" : ">=", bar->bar,
				met ? "met" : "NOT MET", worst);
	}
}
