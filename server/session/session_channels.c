/* The dynamic channels of a connection, and how its client takes pictures: that is known
 * only when the graphics pipeline is open, or will not be. */
#include "session_parts.h"
#include <base/log.h>
#include <base/loop.h>
#include <freerdp/error.h>

enum {
	/* A client that promised a graphics pipeline and opens none gets pictures the
	 * older way after this. */
	PIPELINE_TIMEOUT_US = 5 * 1000 * 1000,
};

static bool set_sink(struct session *s, struct sink *sink)
{
	struct sink *old = s->sink;

	if (!sink) {
		session_fail(s, ERRINFO_OUT_OF_MEMORY, "no memory for an encoder");
		return false;
	}
	s->sink = sink;
	if (pictures_set_sink(s->pictures, sink) < 0) {
		session_fail(s, ERRINFO_OUT_OF_MEMORY, "cannot start sending pictures");
		return false;
	}
	if (old)
		old->ops->destroy(old);
	log_info("'%s' on desktop '%s': %ux%u, %s", s->login.user, s->status.record.guest, s->input.width_px,
			s->input.height_px, sink->ops->codec);
	session_flush(s);
	pictures_kick(s->pictures);
	return true;
}

void session_use_plain_sink(struct session *s)
{
	rdpContext *context = rdp_context(s->rdp);
	rdpSettings *settings = context->settings;
	bool remotefx = freerdp_settings_get_uint32(settings, FreeRDP_RemoteFxCodecId) != 0 &&
			freerdp_settings_get_bool(settings, FreeRDP_RemoteFxCodec) &&
			freerdp_settings_get_uint32(settings, FreeRDP_ColorDepth) == 32 &&
			(freerdp_settings_get_uint32(settings, FreeRDP_SurfaceCommandsSupported) &
					SURFCMDS_STREAM_SURFACE_BITS);

	loop_timer_disarm(s->pipeline_timer);
	if (s->sink)
		return;
	set_sink(s,
			remotefx ? sink_surface_create(context, pool_workers(s->pool))
				 : sink_bitmap_create(context));
}

int session_on_pipeline_timeout(sd_event_source *source, uint64_t usec, void *user)
{
	struct session *s = user;

	/* If it comes after all, on_gfx_ready changes over to it. */
	log_info("the client promised a graphics pipeline and has not opened it");
	session_use_plain_sink(s);
	return 0;
}

void session_use_pipeline(struct session *s)
{
	if (!s->gfx_due)
		return;
	s->gfx_due = false;
	s->pipeline = true;
	set_sink(s, sink_gfx_create(s->gfx, s->gfx_remotefx, pool_workers(s->pool)));
}

static void on_gfx_ready(void *user, const struct gfx_caps_choice *choice)
{
	struct session *s = user;

	loop_timer_disarm(s->pipeline_timer);
	s->gfx_due = true;
	s->gfx_remotefx = choice->remotefx;
	session_advance(s);
}

static void on_gfx_refused(void *user)
{
	struct session *s = user;

	if (s->pipeline)
		session_fail(s, ERRINFO_RPC_INITIATED_DISCONNECT, "the client closed its graphics pipeline");
	else
		session_use_plain_sink(s); /* if that was not done already */
}

static void on_gfx_ack(void *user, uint32_t frame_id, uint64_t now_us)
{
	struct session *s = user;

	pictures_on_ack(s->pictures, frame_id, now_us);
	session_advance(s);
}

static void on_disp_layout(void *user, const struct link_layout *wish)
{
	session_wish_layout(user, wish);
}

static int on_carrier_send(void *user, const uint8_t *pdu, size_t len)
{
	struct session *s = user;

	return rdp_send_dvc(s->rdp, pdu, len);
}

static bool on_carrier_blocked(void *user)
{
	struct session *s = user;

	return rdp_blocked(s->rdp);
}

bool session_open_channels(struct session *s)
{
	const struct dvc_carrier carrier = { on_carrier_send, on_carrier_blocked, s };
	const struct gfx_events events = { on_gfx_ready, on_gfx_refused, on_gfx_ack, s };

	s->dvc = dvc_create(&carrier);
	if (!s->dvc)
		return false;
	s->disp = disp_create(s->dvc, on_disp_layout, s);
	if (!s->disp)
		return false;
	if (!freerdp_settings_get_bool(rdp_context(s->rdp)->settings, FreeRDP_SupportGraphicsPipeline)) {
		session_use_plain_sink(s);
		return true;
	}
	s->gfx = gfx_create(s->dvc, &events);
	loop_timer_arm(s->pipeline_timer, PIPELINE_TIMEOUT_US);
	return s->gfx != NULL;
}
