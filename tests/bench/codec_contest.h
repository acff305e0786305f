/* Two encoders (or decoders) at work on the same pictures, in turns, on one thread:
 * ours on a picture, the peer on it, ours on the next... Several rounds; the median counts. */
#ifndef BENCH_CODEC_CONTEST_H
#define BENCH_CODEC_CONTEST_H

#include "codec_frames.h"
#include "codec_rows.h"

enum {
	CODEC_MESSAGE_BYTES_MAX = 32 << 20, /* of one frame, for a screen of noise */
	CODEC_ROUNDS_MAX = 31,
};

/* What one frame became; data is freed by codec_messages_free. */
struct codec_messages {
	int count;
	struct codec_message {
		uint8_t *data;
		size_t len;
	} * of;
};

struct codec_setting {
	unsigned cpu_flags;
	const struct codec_frames *frames;
	const struct codec_messages *messages; /* for decoders */
};

struct codec_side {
	const char *peer; /* "" is ours */
	/* Returns owned, or NULL. */
	void *(*create)(const struct codec_setting *setting);
	void (*destroy)(void *state);
	/* The work that is timed, on frame number i. Encoders: *out is what they wrote, borrowed
	 * until the next call; decoders: the picture. Returns the bytes or ERR_*. */
	int (*work)(void *state, int i, const uint8_t **out);
};

struct codec_score {
	double mpix_per_cpu_s, bytes_per_frame, worst_frame_us;
	double instructions_per_px; /* < 0: this machine does not count them */
	double mb_per_cpu_s;        /* of output */
};

/* ours and, unless NULL, theirs; kept: what ours wrote in the last round, or NULL.
 * ratio: median over the rounds of ours to theirs in speed. Returns 0 or ERR_*. */
MUST_USE int codec_contest(const struct codec_setting *setting, int rounds, const struct codec_side *ours,
		const struct codec_side *theirs, struct codec_score scores[2], double *ratio,
		struct codec_messages kept[2]);

void codec_messages_free(struct codec_messages *messages);

/* The usual rows: speed, instructions where they are counted, where there are two the
 * ratio; and the bytes, which for decoders are of no interest. */
void codec_contest_tell_speed(struct codec_rows *rows, const char *name, const struct codec_side *ours,
		const struct codec_side *theirs, const struct codec_score scores[2], double ratio);
void codec_contest_tell(struct codec_rows *rows, const char *name, const struct codec_side *ours,
		const struct codec_side *theirs, const struct codec_score scores[2], double ratio);

#endif
