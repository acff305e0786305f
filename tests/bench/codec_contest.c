#include "codec_contest.h"

#include "codec_clock.h"
#include "results.h"
#include <stdlib.h>
#include <string.h>

struct lane {
	const struct codec_side *side;
	void *state;
	int64_t cpu_ns, instructions, bytes, worst_ns; /* of one round */
	double speeds[CODEC_ROUNDS_MAX], worst_us[CODEC_ROUNDS_MAX];
	struct codec_messages *kept;
};

static int keep(struct codec_messages *kept, int i, const uint8_t *out, size_t len)
{
	struct codec_message *m = &kept->of[i];

	free(m->data);
	m->data = malloc(len ? len : 1);
	if (!m->data)
		return ERR_MEMORY;
	memcpy(m->data, out, len);
	m->len = len;
	return 0;
}

static int take_turn(struct lane *lane, struct codec_clock *clock, int i)
{
	const uint8_t *out = NULL;
	struct codec_time begin = codec_clock_read(clock), spent;
	int len = lane->side->work(lane->state, i, &out);

	spent = codec_clock_since(clock, &begin);
	if (len < 0)
		return len;
	lane->cpu_ns += spent.cpu_ns;
	lane->instructions += spent.instructions;
	lane->bytes += len;
	if (spent.cpu_ns > lane->worst_ns)
		lane->worst_ns = spent.cpu_ns;
	return lane->kept && out ? keep(lane->kept, i, out, (size_t)len) : 0;
}

/* State is made anew for each round, so that every round sees the same. */
static int run_round(const struct codec_setting *setting, struct lane *lanes, int lane_count,
		struct codec_clock *clock, int round)
{
	int err = 0;

	for (int l = 0; l < lane_count && !err; l++) {
		lanes[l].cpu_ns = lanes[l].instructions = lanes[l].bytes = lanes[l].worst_ns = 0;
		lanes[l].state = lanes[l].side->create(setting);
		err = lanes[l].state ? 0 : ERR_MEMORY;
	}
	for (int i = 0; i < setting->frames->count && !err; i++)
		for (int l = 0; l < lane_count && !err; l++)
			err = take_turn(&lanes[(l + round) % lane_count], clock, i);
	for (int l = 0; l < lane_count; l++) {
		struct lane *lane = &lanes[l];

		lane->side->destroy(lane->state);
		lane->state = NULL;
		lane->speeds[round] = lane->cpu_ns
				? (double)setting->frames->changed_px * 1e3 / (double)lane->cpu_ns
				: 0;
		lane->worst_us[round] = (double)lane->worst_ns / 1e3;
	}
	return err;
}

static struct codec_score score_of(struct lane *lane, const struct codec_setting *setting,
		const struct codec_clock *clock, int rounds)
{
	double px = (double)setting->frames->changed_px;
	struct codec_score score = { .bytes_per_frame = (double)lane->bytes / setting->frames->count,
		.instructions_per_px = -1 };

	score.mpix_per_cpu_s = results_percentile(lane->speeds, (size_t)rounds, 0.5);
	score.worst_frame_us = results_percentile(lane->worst_us, (size_t)rounds, 0.5);
	score.mb_per_cpu_s = (double)lane->bytes / px * score.mpix_per_cpu_s;
	if (codec_clock_counts(clock))
		score.instructions_per_px = (double)lane->instructions / px;
	return score;
}

int codec_contest(const struct codec_setting *setting, int rounds, const struct codec_side *ours,
		const struct codec_side *theirs, struct codec_score scores[2], double *ratio,
		struct codec_messages kept[2])
{
	struct lane lanes[2] = { { .side = ours }, { .side = theirs } };
	int lane_count = theirs ? 2 : 1, err = 0;
	double ratios[CODEC_ROUNDS_MAX];
	struct codec_clock clock;

	codec_clock_open(&clock);
	for (int l = 0; kept && l < lane_count; l++) {
		kept[l].of = calloc((size_t)setting->frames->count, sizeof *kept[l].of);
		kept[l].count = setting->frames->count;
		err = kept[l].of ? err : ERR_MEMORY;
	}
	/* One that does not count: caches, tables and libraries that are made at first use. */
	if (!err)
		err = run_round(setting, lanes, lane_count, &clock, 0);
	for (int round = 0; round < rounds && !err; round++) {
		for (int l = 0; l < lane_count; l++)
			lanes[l].kept = kept && round == rounds - 1 ? &kept[l] : NULL;
		err = run_round(setting, lanes, lane_count, &clock, round);
		ratios[round] = theirs && lanes[1].speeds[round] > 0
				? lanes[0].speeds[round] / lanes[1].speeds[round]
				: 0;
	}
	for (int l = 0; l < lane_count && !err; l++)
		scores[l] = score_of(&lanes[l], setting, &clock, rounds);
	if (!err)
		*ratio = results_percentile(ratios, (size_t)rounds, 0.5);
	codec_clock_close(&clock);
	return err;
}

void codec_messages_free(struct codec_messages *messages)
{
	for (int i = 0; messages->of && i < messages->count; i++)
		free(messages->of[i].data);
	free(messages->of);
	*messages = (struct codec_messages){ 0 };
}

void codec_contest_tell_speed(struct codec_rows *rows, const char *name, const struct codec_side *ours,
		const struct codec_side *theirs, const struct codec_score scores[2], double ratio)
{
	const struct codec_side *sides[2] = { ours, theirs };

	for (int l = 0; l < 2 && sides[l]; l++) {
		codec_rows_add(rows, name, "mpix_per_cpu_s", scores[l].mpix_per_cpu_s, "Mpix/s",
				sides[l]->peer);
		if (scores[l].instructions_per_px >= 0)
			codec_rows_add(rows, name, "instructions_per_px", scores[l].instructions_per_px, "",
					sides[l]->peer);
	}
	if (theirs)
		codec_rows_add(rows, name, "speed_ratio", ratio, "x", "");
}

void codec_contest_tell(struct codec_rows *rows, const char *name, const struct codec_side *ours,
		const struct codec_side *theirs, const struct codec_score scores[2], double ratio)
{
	const struct codec_side *sides[2] = { ours, theirs };

	codec_contest_tell_speed(rows, name, ours, theirs, scores, ratio);
	for (int l = 0; l < 2 && sides[l]; l++)
		codec_rows_add(rows, name, "bytes_per_frame", scores[l].bytes_per_frame, "B", sides[l]->peer);
}
