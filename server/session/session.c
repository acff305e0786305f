/* The order of a connection:
 * 1. FreeRDP negotiates TLS; with NLA it asks on_nla.
 * 2. on_capabilities: with TLS alone the password is checked now. Then the guest is
 *    attached and asked for the client's monitors, so that Demand Active carries the
 *    size that is really had.
 * 3. on_activated: dynamic channels are opened; when it is known how this client
 *    takes pictures, a sink is made and they start.
 * A resize (asked by the client, or made by the guest) ends with the same two steps:
 * new memory for the guest, new size for the sink. Without the graphics pipeline a
 * reactivation lies in between, and no picture is sent before it is over. */
#include "session.h"
#include "cursor.h"
#include "guest.h"
#include "input.h"
#include "layout.h"
#include "login.h"
#include "pictures.h"
#include "rdp.h"
#include "sink.h"
#include "status.h"
#include "trace.h"
#include <base/log.h>
#include <base/loop.h>
#include <base/text.h>
#include <channels/disp.h>
#include <channels/gfx.h>
#include <freerdp/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	LAYOUT_TIMEOUT_MS = 5000, /* a guest answers within milliseconds */
	/* A client that promised a graphics pipeline and opens none gets pictures the
	 * older way after this. */
	PIPELINE_TIMEOUT_US = 5 * 1000 * 1000,
	HEARTBEAT_S = 10,
};

struct session {
	sd_event *event;
	struct pool *pool;
	const struct options *options;
	struct rdp *rdp;
	struct login login;
	struct status status;
	struct guest *guest;
	struct dvc *dvc;
	struct gfx *gfx;
	struct disp *disp;
	struct sink *sink;
	struct pictures *pictures;
	struct cursor *cursor;
	struct trace *trace;
	struct input input;
	sd_event_source *pipeline_timer, *heartbeat_timer;
	struct layout layout;
	bool activated, resizing, reactivating, ended;
	bool unwanted;              /* the client's window is hidden */
	bool pipeline;              /* pictures go through the graphics pipeline */
	bool gfx_due, gfx_remotefx; /* a sink for it is to be made, of this kind */
};

static void advance(struct session *s);

static void fail(struct session *s, uint32_t error_info, const char *why)
{
	rdp_close(s->rdp, error_info, why);
}

/* --- writing --- */

static bool on_blocked(void *user)
{
	struct session *s = user;

	return (s->dvc && dvc_queued_bytes(s->dvc) > 0) || rdp_blocked(s->rdp);
}

static void on_written(void *user)
{
	struct session *s = user;

	if (s->dvc && dvc_flush(s->dvc) < 0)
		fail(s, 0, dvc_error(s->dvc));
	rdp_written(s->rdp);
	advance(s);
}

/* The cursor goes before the pictures that wait. */
static void send_cursor(struct session *s)
{
	if (s->reactivating || rdp_blocked(s->rdp))
		return;
	if (cursor_flush(s->cursor) < 0)
		fail(s, 0, "cannot send the cursor");
	rdp_written(s->rdp);
}

static void on_failed(void *user, const char *why)
{
	fail(user, ERRINFO_RPC_INITIATED_DISCONNECT, why);
}

static void on_pull(void *user, bool full)
{
	struct session *s = user;

	if (s->guest)
		guest_pull(s->guest, full);
}

/* --- layout --- */

/* Lends memory of the new size; pictures of it follow. */
static bool enter_layout(struct session *s)
{
	uint32_t width_px, height_px;
	int err;

	link_layout_bounds(&s->layout.now, &width_px, &height_px, NULL, NULL);
	s->resizing = false;
	s->input.width_px = s->status.record.width_px = width_px;
	s->input.height_px = s->status.record.height_px = height_px;
	err = guest_lend(s->guest, width_px, height_px);
	if (err == 0)
		err = pictures_resize(s->pictures, &s->layout.now);
	if (err < 0) {
		fail(s, ERRINFO_OUT_OF_MEMORY, "no memory for the desktop's picture");
		return false;
	}
	if (s->activated)
		status_write(&s->status);
	on_written(s);
	pictures_hold(s->pictures, s->unwanted);
	return true;
}

/* Goes on with a resize. No picture is in work. */
static void try_resize(struct session *s)
{
	uint32_t width_px, height_px;

	if (!s->resizing || s->reactivating || !s->activated || layout_is_open(&s->layout) || !s->sink)
		return;
	if (s->pipeline) {
		enter_layout(s);
		return;
	}
	if (!freerdp_settings_get_bool(rdp_context(s->rdp)->settings, FreeRDP_DesktopResize)) {
		fail(s, ERRINFO_RPC_INITIATED_DISCONNECT,
				"the desktop's size changed and this client cannot follow");
		return;
	}
	link_layout_bounds(&s->layout.now, &width_px, &height_px, NULL, NULL);
	s->reactivating = true;
	if (rdp_resize(s->rdp, width_px, height_px) < 0)
		fail(s, 0, "cannot resize the desktop");
	rdp_written(s->rdp);
}

/* The size went away and came back before the guest could say so: it has dropped the
 * memory that it was lent. */
static void lend_again(struct session *s)
{
	struct guest_picture picture = guest_picture(s->guest);

	if (guest_lend(s->guest, picture.width_px, picture.height_px) < 0)
		fail(s, ERRINFO_OUT_OF_MEMORY, "no memory for the desktop's picture");
	else
		pictures_pull_again(s->pictures);
}

static void on_layout(void *user, const struct link_layout *layout)
{
	struct session *s = user;
	bool changed = layout_take(&s->layout, layout);

	if (!s->activated)
		return;
	if (!changed && !s->resizing) {
		lend_again(s);
		return;
	}
	s->resizing = true;
	pictures_hold(s->pictures, true);
	advance(s);
}

static bool can_resize(struct session *s)
{
	return s->pipeline || freerdp_settings_get_bool(rdp_context(s->rdp)->settings, FreeRDP_DesktopResize);
}

static void on_disp_layout(void *user, const struct link_layout *wish)
{
	struct session *s = user;

	if (s->guest && can_resize(s))
		layout_wish(&s->layout, wish);
}

/* --- the guest --- */

static void on_frame(void *user, const struct link_frame *frame)
{
	struct session *s = user;

	pictures_on_frame(s->pictures, frame, guest_picture(s->guest));
	advance(s);
}

static void on_cursor(void *user, const struct link_cursor *shape, const uint8_t *pixels)
{
	struct session *s = user;

	if (cursor_set(s->cursor, shape, pixels) < 0)
		fail(s, ERRINFO_OUT_OF_MEMORY, "no memory for the cursor");
	send_cursor(s);
}

static void on_cursor_moved(void *user, uint32_t x, uint32_t y)
{
	struct session *s = user;

	cursor_move(s->cursor, x, y);
	send_cursor(s);
}

static void on_gone(void *user, uint32_t reason, const char *text)
{
	struct session *s = user;
	char why[160];

	switch (reason) {
	case LINK_BYE_TAKEN_OVER:
		snprintf(why, sizeof why, "taken over by a connection from %s", text);
		fail(s, ERRINFO_DISCONNECTED_BY_OTHER_CONNECTION, why);
		break;
	case LINK_BYE_ENDED: fail(s, ERRINFO_LOGOFF_BY_USER, "the desktop session ended"); break;
	default:
		snprintf(why, sizeof why, "the desktop was lost: %s", text);
		fail(s, ERRINFO_CLOSE_STACK_ON_DRIVER_FAILURE, why);
		break;
	}
}

static void send_to_guest(void *user, const struct link_message *message)
{
	struct session *s = user;

	if (s->guest)
		guest_send(s->guest, message);
}

static bool attach_guest(struct session *s, rdpSettings *settings)
{
	const struct guest_handlers handlers = { .on_layout = on_layout,
		.on_frame = on_frame,
		.on_cursor = on_cursor,
		.on_cursor_moved = on_cursor_moved,
		.on_gone = on_gone,
		.user = s };
	struct link_hello hello = { .version = LINK_VERSION };
	struct link_layout monitors = layout_of_client(settings);
	struct control_attach wish;
	bool shared;
	int fd;

	link_layout_bounds(&monitors, &wish.width_px, &wish.height_px, NULL, NULL);
	wish.scale_percent = monitors.monitors[0].scale_percent;
	fd = login_attach(&s->login, &wish, &shared);
	if (fd < 0)
		return false;
	hello.flags = shared ? LINK_HELLO_SHARED : 0;
	text_copy(hello.from, sizeof hello.from, s->options->address);
	s->guest = guest_create(s->event, fd, &hello, &handlers);
	if (!s->guest)
		return false;
	input_send_keymap(&s->input, settings);
	layout_wish(&s->layout, &monitors);
	return true;
}

/* Waits for the answer to the layout request and puts the size into the settings. */
static bool settle_layout(struct session *s, rdpSettings *settings)
{
	uint64_t end_us = loop_now_us() + LAYOUT_TIMEOUT_MS * 1000u;
	uint32_t width_px, height_px;

	while (layout_is_open(&s->layout) && loop_now_us() < end_us &&
			guest_turn(s->guest, LAYOUT_TIMEOUT_MS))
		;
	if (layout_is_open(&s->layout) || !s->layout.now.count) {
		s->login.refusal = "the desktop does not answer";
		return false;
	}
	link_layout_bounds(&s->layout.now, &width_px, &height_px, NULL, NULL);
	return freerdp_settings_set_uint32(settings, FreeRDP_DesktopWidth, width_px) &&
			freerdp_settings_set_uint32(settings, FreeRDP_DesktopHeight, height_px);
}

/* --- the connection --- */

static bool on_nla(void *user, struct control_nla *nla, uint8_t ntowf_v2[16])
{
	struct session *s = user;

	return login_check_nla(&s->login, nla, ntowf_v2);
}

static bool on_capabilities(void *user)
{
	struct session *s = user;
	rdpSettings *settings = rdp_context(s->rdp)->settings;

	bool ok;

	if (s->guest)
		return true; /* a reactivation */
	ok = s->login.done || login_check_password(&s->login, settings);
	login_forget_password(settings); /* NLA delegates one too */
	if (ok && attach_guest(s, settings) && settle_layout(s, settings))
		return true;
	rdp_close(s->rdp, s->login.error_info, s->login.refusal);
	return false;
}

static bool set_sink(struct session *s, struct sink *sink)
{
	struct sink *old = s->sink;

	if (!sink) {
		fail(s, ERRINFO_OUT_OF_MEMORY, "no memory for an encoder");
		return false;
	}
	s->sink = sink;
	if (pictures_set_sink(s->pictures, sink) < 0) {
		fail(s, ERRINFO_OUT_OF_MEMORY, "cannot start sending pictures");
		return false;
	}
	if (old)
		old->ops->destroy(old);
	log_info("'%s' on desktop '%s': %ux%u, %s", s->login.user, s->status.record.guest, s->input.width_px,
			s->input.height_px, sink->ops->codec);
	on_written(s);
	pictures_kick(s->pictures);
	return true;
}

/* Without the graphics pipeline. */
static void use_plain_sink(struct session *s)
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

static int on_pipeline_timeout(sd_event_source *source, uint64_t usec, void *user)
{
	struct session *s = user;

	/* If it comes after all, on_gfx_ready changes over to it. */
	log_info("the client promised a graphics pipeline and has not opened it");
	use_plain_sink(s);
	return 0;
}

static void on_gfx_ready(void *user, const struct gfx_caps_choice *choice)
{
	struct session *s = user;

	loop_timer_disarm(s->pipeline_timer);
	s->gfx_due = true;
	s->gfx_remotefx = choice->remotefx;
	advance(s);
}

/* What must wait until no picture is in work: the sink and the size may change then. */
static void advance(struct session *s)
{
	if (!s->pictures || pictures_in_frame(s->pictures))
		return;
	if (s->gfx_due) {
		s->gfx_due = false;
		s->pipeline = true;
		set_sink(s, sink_gfx_create(s->gfx, s->gfx_remotefx, pool_workers(s->pool)));
	}
	try_resize(s);
}

static void on_gfx_refused(void *user)
{
	struct session *s = user;

	if (s->pipeline)
		fail(s, ERRINFO_RPC_INITIATED_DISCONNECT, "the client closed its graphics pipeline");
	else
		use_plain_sink(s); /* if that was not done already */
}

static void on_gfx_ack(void *user, uint32_t frame_id, uint64_t now_us)
{
	struct session *s = user;

	pictures_on_ack(s->pictures, frame_id, now_us);
	advance(s);
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

static bool open_channels(struct session *s)
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
		use_plain_sink(s);
		return true;
	}
	s->gfx = gfx_create(s->dvc, &events);
	loop_timer_arm(s->pipeline_timer, PIPELINE_TIMEOUT_US);
	return s->gfx != NULL;
}

/* Demand Active told the client the size that the desktop still has. */
static bool size_is_told(struct session *s)
{
	const rdpSettings *settings = rdp_context(s->rdp)->settings;
	uint32_t width_px, height_px;

	link_layout_bounds(&s->layout.now, &width_px, &height_px, NULL, NULL);
	return freerdp_settings_get_uint32(settings, FreeRDP_DesktopWidth) == width_px &&
			freerdp_settings_get_uint32(settings, FreeRDP_DesktopHeight) == height_px;
}

static bool first_activation(struct session *s)
{
	rdpSettings *settings = rdp_context(s->rdp)->settings;
	struct record *record = &s->status.record;
	const char *name = freerdp_settings_get_string(settings, FreeRDP_ClientHostname);

	text_copy(record->client, sizeof record->client, name ? name : "");
	s->activated = true;
	if (!enter_layout(s))
		return false;
	if (!size_is_told(s)) { /* the guest changed it since: how pictures go says what to do */
		s->resizing = true;
		pictures_hold(s->pictures, true);
	}
	status_write(&s->status);
	loop_timer_arm(s->heartbeat_timer, HEARTBEAT_S * 1000000u);
	if (rdp_has_dvc(s->rdp))
		return open_channels(s);
	use_plain_sink(s);
	return true;
}

static bool on_activated(void *user)
{
	struct session *s = user;
	bool again = s->reactivating, ok = true;

	s->reactivating = false;
	cursor_activate(s->cursor);
	if (!s->activated)
		ok = first_activation(s);
	else if (again && size_is_told(s))
		ok = enter_layout(s);
	advance(s); /* the size changed again meanwhile */
	send_cursor(s);
	return ok;
}

static bool on_dvc_chunk(void *user, const uint8_t *data, size_t len, bool first, bool last)
{
	struct session *s = user;

	if (!s->dvc)
		return true;
	if (dvc_receive(s->dvc, data, len, first, last) < 0) {
		fail(s, ERRINFO_RPC_INITIATED_DISCONNECT, dvc_error(s->dvc));
		return false;
	}
	on_written(s);
	return true;
}

static void on_frame_ack(void *user, uint32_t frame_id)
{
	struct session *s = user;

	pictures_on_ack(s->pictures, frame_id, loop_now_us());
	advance(s);
}

static void on_output_wanted(void *user, bool wanted)
{
	struct session *s = user;

	s->unwanted = !wanted;
	pictures_hold(s->pictures, s->resizing || s->unwanted);
	if (wanted)
		pictures_refresh(s->pictures);
}

static void on_refresh(void *user)
{
	struct session *s = user;

	pictures_refresh(s->pictures);
}

static void on_drained(void *user)
{
	struct session *s = user;

	send_cursor(s);
	on_written(s);
	pictures_kick(s->pictures);
	advance(s);
}

static void on_closed(void *user, const char *why)
{
	struct session *s = user;

	if (s->ended)
		return;
	s->ended = true;
	log_debug("closed: %s", why); /* oriel-server says it, with who and from where */
	status_end(&s->status, RECORD_ENDED, why);
	sd_event_exit(s->event, EXIT_SUCCESS);
}

static int on_heartbeat(sd_event_source *source, uint64_t usec, void *user)
{
	struct session *s = user;

	/* Without the capability TCP's keepalive finds a dead client. */
	if (freerdp_settings_get_bool(rdp_context(s->rdp)->settings, FreeRDP_SupportHeartbeatPdu) &&
			rdp_send_heartbeat(s->rdp, HEARTBEAT_S) < 0)
		fail(s, 0, "the connection was lost");
	loop_timer_arm(source, HEARTBEAT_S * 1000000u);
	return 0;
}

/* --- making and ending --- */

static bool create_parts(struct session *s, const struct session_keys *keys)
{
	const struct rdp_handlers handlers = { .on_nla = on_nla,
		.on_capabilities = on_capabilities,
		.on_activated = on_activated,
		.on_dvc_chunk = on_dvc_chunk,
		.on_frame_ack = on_frame_ack,
		.on_output_wanted = on_output_wanted,
		.on_refresh = on_refresh,
		.on_drained = on_drained,
		.on_closed = on_closed,
		.user = s };
	const struct rdp_config config = { .client_fd = FD_CLIENT,
		.certificate_pem = keys->certificate_pem,
		.key_pem = keys->key_pem,
		.nla = s->options->nla,
		.tls = s->options->tls,
		.input = &s->input };
	const struct pictures_host host = { on_pull, on_blocked, on_written, on_failed, s };

	if (s->options->trace && !(s->trace = trace_create(FD_TRACE, s->options->id)))
		return false;
	s->rdp = rdp_create(s->event, &config, &handlers);
	if (!s->rdp)
		return false;
	s->cursor = cursor_create(rdp_context(s->rdp));
	s->pictures = pictures_create(s->pool, s->trace, &host);
	return s->cursor && s->pictures &&
			loop_timer_add(s->event, &s->pipeline_timer, on_pipeline_timeout, s) == 0 &&
			loop_timer_add(s->event, &s->heartbeat_timer, on_heartbeat, s) == 0;
}

struct session *session_create(sd_event *event, struct pool *pool, const struct options *options,
		const struct session_keys *keys)
{
	struct session *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->event = event;
	s->pool = pool;
	s->options = options;
	s->input = (struct input){ .send = send_to_guest, .user = s };
	s->layout = (struct layout){ .send = send_to_guest, .user = s };
	status_init(&s->status, FD_RECORD);
	status_write(&s->status);
	login_init(&s->login, FD_CONTROL, options->address, &s->status);
	if (create_parts(s, keys))
		return s;
	session_destroy(s);
	return NULL;
}

void session_stop(struct session *s)
{
	if (s->ended)
		return;
	s->ended = true;
	status_end(&s->status, RECORD_ENDED, "stopped by the administrator");
	rdp_close(s->rdp, ERRINFO_RPC_INITIATED_DISCONNECT, "stopped by the administrator");
}

void session_destroy(struct session *s)
{
	if (!s)
		return;
	trace_destroy(s->trace);
	sd_event_source_unref(s->pipeline_timer);
	sd_event_source_unref(s->heartbeat_timer);
	guest_destroy(s->guest);
	gfx_destroy(s->gfx);
	disp_destroy(s->disp);
	dvc_destroy(s->dvc);
	pictures_destroy(s->pictures);
	if (s->sink)
		s->sink->ops->destroy(s->sink);
	cursor_destroy(s->cursor);
	rdp_destroy(s->rdp);
	free(s);
}
