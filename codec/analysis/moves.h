/* Which distances are worth trying: guess.c. Trying them: moves.c. */
#ifndef ANALYSIS_MOVES_H
#define ANALYSIS_MOVES_H

#include <codec/analysis.h>

enum {
	ANALYSIS_DISTANCES_MAX = 6,
	/* of the table of anchors */
	ANALYSIS_BUCKETS_BITS = 12,
	ANALYSIS_BUCKET = 8,
	/* of the table of votes */
	ANALYSIS_BALLOTS_BITS = 10,
	ANALYSIS_BALLOT = 4,
};

/* How far something may have moved; (0, 0) never. */
struct analysis_distance {
	int dx, dy;
};

struct analysis_anchor {
	uint32_t number;
	uint16_t x, y;
};

struct analysis_vote {
	struct analysis_distance by;
	int weight; /* <= 0: free */
};

/* Working memory */
struct analysis_guess {
	struct analysis_anchor anchors[1 << ANALYSIS_BUCKETS_BITS][ANALYSIS_BUCKET];
	uint8_t counts[1 << ANALYSIS_BUCKETS_BITS]; /* of anchors; more than fit: the bucket is shut */
	struct analysis_vote votes[1 << ANALYSIS_BALLOTS_BITS][ANALYSIS_BALLOT];
	uint32_t numbers[ANALYSIS_SIDE_MAX_PX + ANALYSIS_TILE_PX]; /* of a row of places */
	int anchor_count, vote_count;
};

/* The distances by which most of what is in the changed tiles seems to have moved, the
 * likeliest first. Returns how many. */
int analysis_guess_distances(const struct analysis_dsp *dsp, struct analysis_guess *guess,
		const struct analysis_pair *pair, const uint8_t *changed,
		struct analysis_distance by[ANALYSIS_DISTANCES_MAX]);

#endif
