/* A client's bytes through the dynamic channels into graphics and display control,
 * with a carrier that is sometimes blocked. The input is a list of steps: one byte
 * that says what, for chunks a length byte and the chunk. */
#include <base/reader.h>
#include <channels/disp.h>
#include <channels/gfx.h>
#include <stdlib.h>
#include <string.h>

enum {
	CHUNK = 0, /* one whole PDU; the upper bits: not first, not last */
	BLOCK = 4,
	UNBLOCK = 5,
	FRAME = 6,
	RESET = 7,
};

static bool blocked;
static struct gfx *gfx;

static int on_send(void *user, const uint8_t *pdu, size_t len)
{
	if (len == 0)
		abort();
	return 0; /* requests to open go out at once, also when it is blocked */
}

static bool on_blocked(void *user)
{
	return blocked;
}

static void on_ready(void *user, const struct gfx_caps_choice *choice)
{
	const struct link_layout layout = link_layout_single(64, 64);

	(void)!gfx_reset(gfx, &layout);
}

static void on_refused(void *user)
{
}

static void on_ack(void *user, uint32_t frame_id, uint64_t decoded_us)
{
}

static void on_layout(void *user, const struct link_layout *layout)
{
	if (link_layout_check(layout) < 0)
		abort();
}

static void send_frame(void)
{
	uint32_t id;

	if (gfx_frame_begin(gfx, &id) < 0)
		return;
	if (gfx_frame_bitmap(gfx, GFX_CODEC_PROGRESSIVE, (const uint8_t *)"bits", 4) < 0 ||
			gfx_frame_end(gfx) < 0)
		return;
	if (gfx_frames_in_flight(gfx) == 0 && gfx_acknowledges(gfx))
		abort();
}

static int receive(struct dvc *dvc, struct reader *r, uint8_t what)
{
	size_t len = reader_u8(r);
	uint8_t *copy;
	int err;

	if (len > reader_left(r))
		len = reader_left(r);
	copy = malloc(len ? len : 1);
	if (len)
		memcpy(copy, reader_take(r, len), len);
	err = dvc_receive(dvc, copy, len, !(what & 0x80), !(what & 0x40));
	free(copy);
	return err;
}

static int step(struct dvc *dvc, struct reader *r)
{
	const struct link_layout layout = link_layout_single(640, 480);
	uint8_t what = reader_u8(r);

	switch (what & 7) {
	case BLOCK: blocked = true; return 0;
	case UNBLOCK: blocked = false; return dvc_flush(dvc);
	case FRAME: send_frame(); return 0;
	case RESET: (void)!gfx_reset(gfx, &layout); return 0;
	default: return receive(dvc, r, what);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct dvc_carrier carrier = { on_send, on_blocked, NULL };
	const struct gfx_events events = { on_ready, on_refused, on_ack, NULL };
	struct reader r = reader_init(data, len);
	struct dvc *dvc = dvc_create(&carrier);
	struct disp *disp = disp_create(dvc, on_layout, NULL);

	gfx = gfx_create(dvc, &events);
	blocked = false;
	while (reader_left(&r) && step(dvc, &r) == 0)
		;
	gfx_destroy(gfx);
	disp_destroy(disp);
	dvc_destroy(dvc);
	return 0;
}
