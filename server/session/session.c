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
#include "session_parts.h"
#include <base/log.h>
#include <base/loop.h>
#include <base/text.h>
#include <freerdp/error.h>
#include <stdlib.h>

enum {
	HEARTBEAT_S = 10,
};

void session_fail(struct session *s, uint32_t error_info, const char *why)
{
	rdp_close(s->rdp, error_info, why);
}

/* --- writing --- */

static bool on_blocked(void *user)
{
	struct session *s = user;

	return (s->dvc && dvc_queued_bytes(s->dvc) > 0) || rdp_blocked(s->rdp);
}

void session_flush(struct session *s)
{
	if (s->dvc && dvc_flush(s->dvc) < 0)
		session_fail(s, 0, dvc_error(s->dvc));
	rdp_written(s->rdp);
	session_advance(s);
}

static void on_written(void *user)
{
	session_flush(user);
}

void session_send_cursor(struct session *s)
{
	if (s->reactivating || rdp_blocked(s->rdp))
		return;
	if (cursor_flush(s->cursor) < 0)
		session_fail(s, 0, "cannot send the cursor");
	rdp_written(s->rdp);
}

static void on_failed(void *user, const char *why)
{
	session_fail(user, ERRINFO_RPC_INITIATED_DISCONNECT, why);
}

static void on_pull(void *user, bool full)
{
	struct session *s = user;

	if (s->guest)
		guest_pull(s->guest, full);
}

void session_advance(struct session *s)
{
	if (!s->pictures || pictures_in_frame(s->pictures))
		return;
	session_use_pipeline(s);
	session_try_resize(s);
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
	if (ok && session_attach_guest(s, settings) && session_settle_layout(s, settings))
		return true;
	rdp_close(s->rdp, s->login.error_info, s->login.refusal);
	return false;
}

static bool first_activation(struct session *s)
{
	rdpSettings *settings = rdp_context(s->rdp)->settings;
	struct record *record = &s->status.record;
	const char *name = freerdp_settings_get_string(settings, FreeRDP_ClientHostname);

	text_copy(record->client, sizeof record->client, name ? name : "");
	s->activated = true;
	if (!session_enter_layout(s))
		return false;
	if (!session_size_is_told(s)) { /* the guest changed it since: how pictures go says what to do */
		s->resizing = true;
		pictures_hold(s->pictures, true);
	}
	status_write(&s->status);
	loop_timer_arm(s->heartbeat_timer, HEARTBEAT_S * 1000000u);
	if (rdp_has_dvc(s->rdp))
		return session_open_channels(s);
	session_use_plain_sink(s);
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
	else if (again && session_size_is_told(s))
		ok = session_enter_layout(s);
	session_advance(s); /* the size changed again meanwhile */
	session_send_cursor(s);
	return ok;
}

static bool on_dvc_chunk(void *user, const uint8_t *data, size_t len, bool first, bool last)
{
	struct session *s = user;

	if (!s->dvc)
		return true;
	if (dvc_receive(s->dvc, data, len, first, last) < 0) {
		session_fail(s, ERRINFO_RPC_INITIATED_DISCONNECT, dvc_error(s->dvc));
		return false;
	}
	session_flush(s);
	return true;
}

static void on_frame_ack(void *user, uint32_t frame_id)
{
	struct session *s = user;

	pictures_on_ack(s->pictures, frame_id, loop_now_us());
	session_advance(s);
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

	session_send_cursor(s);
	session_flush(s);
	pictures_kick(s->pictures);
	session_advance(s);
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
		session_fail(s, 0, "the connection was lost");
	loop_timer_arm(source, HEARTBEAT_S * 1000000u);
	return 0;
}

/* --- making and ending --- */

static void send_to_guest(void *user, const struct link_message *message)
{
	struct session *s = user;

	if (s->guest)
		guest_send(s->guest, message);
}

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
			loop_timer_add(s->event, &s->pipeline_timer, session_on_pipeline_timeout, s) == 0 &&
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
