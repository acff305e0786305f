#include "codec_bench.h"
#include "codec_quality.h"
#include "codec_sides.h"

#include <stdio.h>
#include <string.h>

struct coder {
	const char *enc_case, *dec_case;
	const struct codec_side *enc, *enc_peer, *dec, *dec_peer;
	bool lossy;
};

static const struct coder coders[] = {
	{ "rfx-enc", "rfx-dec", &codec_own_rfx1, &codec_freerdp_rfx1, &codec_own_rfx_decoder,
			&codec_freerdp_rfx_decoder, true },
	{ "rfx3-enc", "rfx3-dec", &codec_own_rfx3, &codec_freerdp_rfx3, &codec_own_rfx_decoder,
			&codec_freerdp_rfx_decoder, true },
	{ "progressive-enc", "progressive-dec", &codec_own_progressive, &codec_freerdp_progressive,
			&codec_own_progressive_decoder, &codec_freerdp_progressive_decoder, true },
	{ "planar-enc", "planar-dec", &codec_own_planar, &codec_freerdp_planar, &codec_own_planar_decoder,
			NULL, false },
	{ "rle16-enc", "rle16-dec", &codec_own_rle16, &codec_freerdp_rle16, &codec_own_rle16_decoder,
			&codec_freerdp_rle16_decoder, false },
	{ "rle24-enc", "rle24-dec", &codec_own_rle24, &codec_freerdp_rle24, &codec_own_rle24_decoder,
			&codec_freerdp_rle24_decoder, false },
	{ "clear-enc", "clear-dec", &codec_own_clear, NULL, &codec_own_clear_decoder, NULL, false },
};

bool codec_case_name(const struct codec_bench *b, char *name, size_t cap, const char *tool,
		const struct codec_frames *frames)
{
	snprintf(name, cap, "%s/%s", tool, frames->name);
	return !b->only || strstr(name, b->only);
}

/* What messages look like when our decoder shows them. */
static int tell_quality(struct codec_bench *b, const char *name, const struct codec_frames *frames,
		const struct coder *coder, const struct codec_messages *messages, const char *peer)
{
	struct codec_setting setting = { b->cpu_flags, frames, messages };
	struct codec_quality q = { 0 };
	void *state = coder->dec->create(&setting);
	int err = state ? 0 : ERR_MEMORY;

	for (int i = 0; i < frames->count && err >= 0; i++) {
		const uint8_t *picture;

		err = coder->dec->work(state, i, &picture);
		if (err >= 0)
			codec_quality_add(&q, &frames->frames[i], picture);
	}
	coder->dec->destroy(state);
	if (err < 0)
		return err;
	codec_rows_add(&b->rows, name, "psnr", codec_quality_psnr(&q), "dB", peer);
	codec_rows_add(&b->rows, name, "ssim", codec_quality_ssim(&q), "", peer);
	return 0;
}

static int run_decoder(struct codec_bench *b, const struct codec_frames *frames, const struct coder *coder,
		const char *name, const struct codec_messages *messages)
{
	struct codec_setting setting = { b->cpu_flags, frames, messages };
	struct codec_score scores[2];
	double ratio;
	int err = codec_contest(&setting, b->rounds, coder->dec, coder->dec_peer, scores, &ratio, NULL);

	if (err)
		return err;
	codec_contest_tell_speed(&b->rows, name, coder->dec, coder->dec_peer, scores, ratio);
	return 0;
}

static int run_coder(struct codec_bench *b, const struct codec_frames *frames, const struct coder *coder)
{
	struct codec_setting setting = { b->cpu_flags, frames, NULL };
	struct codec_messages kept[2] = { { 0 }, { 0 } };
	struct codec_score scores[2];
	char enc[48], dec[48];
	bool wants_enc = codec_case_name(b, enc, sizeof enc, coder->enc_case, frames);
	bool wants_dec = codec_case_name(b, dec, sizeof dec, coder->dec_case, frames);
	double ratio;
	int err;

	if (!wants_enc && !wants_dec)
		return 0;
	err = codec_contest(&setting, wants_enc ? b->rounds : 1, coder->enc, coder->enc_peer, scores, &ratio,
			kept);
	if (!err && wants_enc) {
		codec_contest_tell(&b->rows, enc, coder->enc, coder->enc_peer, scores, ratio);
		err = tell_quality(b, enc, frames, coder, &kept[0], "");
		if (!err && coder->enc_peer && coder->lossy)
			err = tell_quality(b, enc, frames, coder, &kept[1], coder->enc_peer->peer);
	}
	if (!err && wants_dec)
		err = run_decoder(b, frames, coder, dec, &kept[0]);
	codec_messages_free(&kept[0]);
	codec_messages_free(&kept[1]);
	return err;
}

int codec_bench_coders(struct codec_bench *b, const struct codec_frames *frames)
{
	int err = 0;

	for (size_t i = 0; i < sizeof coders / sizeof coders[0] && !err; i++)
		err = run_coder(b, frames, &coders[i]);
	return err;
}
