#include "rdp.h"
#include "input.h"
#include "mend.h"
#include "ntlm.h"
#include "rdp_settings.h"
#include <base/log.h>
#include <base/loop.h>
#include <base/text.h>
#include <errno.h>
#include <freerdp/channels/wtsvc.h>
#include <freerdp/heartbeat.h>
#include <freerdp/primitives.h>
#include <netinet/tcp.h>
#include <openssl/provider.h>
#include <proto/dvc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <winpr/ssl.h>
#include <winpr/synch.h>
#include <winpr/wlog.h>
#include <winpr/wtsapi.h> /* CHANNEL_FLAG_* */

enum {
	HANDLES_MAX = 8,
	/* What the kernel may hold unsent. More would only age there: frames, and input
	 * echoes behind them. */
	UNSENT_MAX_BYTES = 64 * 1024,
	LINGER_US = 1000 * 1000, /* for the client to read why it is closed */
	POINTER_CACHE = 25,      /* what mstsc offers */
	MULTIFRAGMENT_MAX_BYTES = 8 * 1024 * 1024,
};

struct context {
	rdpContext base; /* first: FreeRDP allocates the whole */
	struct rdp *rdp;
};

struct rdp {
	freerdp_peer *peer;
	sd_event *event;
	sd_event_source *socket, *reread, *closing, *linger_timer;
	struct rdp_handlers handlers;
	struct input *input;
	bool nla_used, closed, lingering;
	char why[200];
};

/* FreeRDP's first complaint since the last PDU was handled: the reason when the
 * connection ends because of it. One connection per process. */
static char first_error[160];

static struct rdp *of(rdpContext *context)
{
	return ((struct context *)context)->rdp;
}

static BOOL on_log_message(const wLogMessage *message)
{
	if (message->Level >= WLOG_ERROR && message->Level != WLOG_OFF && !first_error[0])
		text_copy(first_error, sizeof first_error, message->TextString);
	log_debug("freerdp: %s", message->TextString);
	return TRUE;
}

static BOOL on_log_other(const wLogMessage *message)
{
	return TRUE;
}

int rdp_library_init(void)
{
	static wLogCallbacks callbacks = { .data = on_log_other,
		.image = on_log_other,
		.message = on_log_message,
		.package = on_log_other };
	wLog *root = WLog_GetRoot();

	if (!WLog_SetLogAppenderType(root, WLOG_APPENDER_CALLBACK) ||
			!WLog_ConfigureAppender(WLog_GetLogAppender(root), "callbacks", &callbacks))
		return ERR_MEMORY;
	WLog_SetLogLevel(root, WLOG_WARN);
	/* Its settings are made of paths below the home directory, which nothing opens. */
	if (setenv("HOME", "/", 1) < 0)
		return ERR_MEMORY;
	/* Else its first use runs a benchmark of 300 ms. */
	primitives_set_hints(PRIMITIVES_ONLY_CPU);
	/* NTLM wants md4 and rc4. */
	if (!winpr_InitializeSSL(WINPR_SSL_INIT_DEFAULT) || !OSSL_PROVIDER_load(NULL, "legacy") ||
			!OSSL_PROVIDER_load(NULL, "default")) {
		log_error("OpenSSL's legacy provider does not load; NLA needs it");
		return ERR_MISSING;
	}
	return 0;
}

/* --- closing --- */

static int on_closing(sd_event_source *source, void *user)
{
	struct rdp *rdp = user;

	rdp->handlers.on_closed(rdp->handlers.user, rdp->why);
	return 0;
}

/* From the loop, since those that call this are FreeRDP's callees. */
static void close_soon(struct rdp *rdp)
{
	if (rdp->closing)
		return;
	sd_event_source_set_enabled(rdp->socket, SD_EVENT_OFF);
	if (sd_event_add_defer(rdp->event, &rdp->closing, on_closing, rdp) < 0)
		sd_event_exit(rdp->event, EXIT_FAILURE);
}

static void mark_closed(struct rdp *rdp, const char *why)
{
	rdp->closed = true;
	text_copy(rdp->why, sizeof rdp->why, why);
	sd_event_source_set_enabled(rdp->reread, SD_EVENT_OFF);
}

/* The client is gone. */
static void lose(struct rdp *rdp, const char *why)
{
	if (rdp->closed)
		return;
	mark_closed(rdp, why);
	close_soon(rdp);
}

static int on_linger_time(sd_event_source *source, uint64_t usec, void *user)
{
	close_soon(user);
	return 0;
}

/* Bytes of the client that nobody reads would make the kernel answer our last words
 * with a reset, and the client throw them away: so they are read until it closes. */
static void linger(struct rdp *rdp, int fd)
{
	uint8_t unread[4096];
	ssize_t n;

	if (rdp_blocked(rdp)) {
		if (rdp->peer->DrainOutputBuffer(rdp->peer) < 0)
			close_soon(rdp);
		return;
	}
	sd_event_source_set_io_events(rdp->socket, EPOLLIN);
	shutdown(fd, SHUT_WR);
	n = recv(fd, unread, sizeof unread, MSG_DONTWAIT);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		close_soon(rdp);
}

void rdp_close(struct rdp *rdp, uint32_t error_info, const char *why)
{
	rdpContext *context = rdp->peer->context;

	if (rdp->closed)
		return;
	if (freerdp_get_state(context) >= CONNECTION_STATE_MCS_CHANNEL_JOIN_REQUEST) {
		/* Also to clients that do not announce that they know it: FreeRDP 3's shows
		 * the reason all the same, and it is the last PDU but one in any case. */
		if (error_info) {
			freerdp_set_error_info(context->rdp, error_info);
			freerdp_send_error_info(context->rdp);
		}
		/* Its Deactivate-All would confuse a client that has not seen Demand Active. */
		if (rdp->peer->activated)
			rdp->peer->Close(rdp->peer);
	}
	mark_closed(rdp, why);
	rdp->lingering = true;
	sd_event_source_set_io_events(rdp->socket, EPOLLIN | EPOLLOUT);
	if (loop_timer_add(rdp->event, &rdp->linger_timer, on_linger_time, rdp) < 0)
		close_soon(rdp);
	else
		loop_timer_arm(rdp->linger_timer, LINGER_US);
}

/* --- reading and writing --- */

bool rdp_blocked(const struct rdp *rdp)
{
	return rdp->peer->IsWriteBlocked(rdp->peer);
}

void rdp_written(struct rdp *rdp)
{
	/* Only on_socket takes EPOLLOUT away again, with on_drained: a write in between
	 * that finds the socket free must not swallow the wake-up of what waits. */
	if (!rdp->closed && rdp_blocked(rdp))
		sd_event_source_set_io_events(rdp->socket, EPOLLIN | EPOLLOUT);
}

static const char *end_text(void)
{
	/* BIO_...: the socket's end, in FreeRDP's words. */
	if (first_error[0] && strncmp(first_error, "BIO_", 4) != 0)
		return first_error;
	return "the client closed the connection";
}

static void read_client(struct rdp *rdp)
{
	first_error[0] = 0;
	if (!rdp->peer->CheckFileDescriptor(rdp->peer))
		lose(rdp, end_text());
}

static int on_socket(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct rdp *rdp = user;
	bool was_blocked = events & EPOLLOUT;

	if (rdp->lingering) {
		linger(rdp, fd);
		return 0;
	}
	if (was_blocked && rdp->peer->DrainOutputBuffer(rdp->peer) < 0) {
		lose(rdp, "the connection was lost");
		return 0;
	}
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		read_client(rdp);
	if (rdp->closed)
		return 0;
	rdp_written(rdp);
	if (was_blocked && !rdp_blocked(rdp)) {
		sd_event_source_set_io_events(rdp->socket, EPOLLIN);
		rdp->handlers.on_drained(rdp->handlers.user);
	}
	return 0;
}

static int on_reread(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct rdp *rdp = user;

	read_client(rdp);
	rdp_written(rdp);
	return 0;
}

/* --- FreeRDP's callbacks --- */

static BOOL on_capabilities(freerdp_peer *peer)
{
	struct rdp *rdp = of(peer->context);

	mend_wipe_login();
	return rdp->handlers.on_capabilities(rdp->handlers.user);
}

static BOOL on_post_connect(freerdp_peer *peer)
{
	return TRUE;
}

static BOOL on_activate(freerdp_peer *peer)
{
	struct rdp *rdp = of(peer->context);

	return rdp->handlers.on_activated(rdp->handlers.user);
}

/* Refuses nobody here: with TLS this comes before Client Info, see on_capabilities. */
static BOOL on_logon(freerdp_peer *peer, const SEC_WINNT_AUTH_IDENTITY *identity, BOOL automatic)
{
	struct rdp *rdp = of(peer->context);

	rdp->nla_used = automatic;
	return TRUE;
}

static BOOL on_channel_data(
		freerdp_peer *peer, UINT16 channel, const BYTE *data, size_t len, UINT32 flags, size_t total)
{
	struct rdp *rdp = of(peer->context);

	if (channel != WTSChannelGetId(peer, DVC_STATIC_NAME))
		return TRUE;
	return rdp->handlers.on_dvc_chunk(
			rdp->handlers.user, data, len, flags & CHANNEL_FLAG_FIRST, flags & CHANNEL_FLAG_LAST);
}

static BOOL on_frame_ack(rdpContext *context, UINT32 frame_id)
{
	struct rdp *rdp = of(context);

	rdp->handlers.on_frame_ack(rdp->handlers.user, frame_id);
	return TRUE;
}

static BOOL on_suppress_output(rdpContext *context, BYTE allow, const RECTANGLE_16 *area)
{
	struct rdp *rdp = of(context);

	rdp->handlers.on_output_wanted(rdp->handlers.user, allow != 0);
	return TRUE;
}

static BOOL on_refresh_rect(rdpContext *context, BYTE count, const RECTANGLE_16 *areas)
{
	struct rdp *rdp = of(context);

	rdp->handlers.on_refresh(rdp->handlers.user);
	return TRUE;
}

/* Returns non-zero for success, whatever its type says. client is the peer: the
 * context is reached through it. `proof` is the input of NTProofStr, not the client's. */
static SECURITY_STATUS on_ntlm(void *client, const SEC_WINNT_AUTH_IDENTITY *identity, const SecBuffer *proof,
		const BYTE *encrypted_key, const BYTE *mic, const SecBuffer *mic_input, BYTE *ntowf_v2)
{
	struct rdp *rdp = of(((freerdp_peer *)client)->context);
	struct control_nla *nla = calloc(1, sizeof *nla);
	bool ok;

	if (!nla)
		return 0;
	ok = ntlm_question(nla, identity, encrypted_key, mic, mic_input) == 0 &&
			rdp->handlers.on_nla(rdp->handlers.user, nla, ntowf_v2);
	explicit_bzero(nla, sizeof *nla);
	free(nla);
	return ok;
}

/* --- making a peer --- */

static void set_callbacks(struct rdp *rdp)
{
	freerdp_peer *peer = rdp->peer;
	rdpUpdate *update = peer->context->update;

	((struct context *)peer->context)->rdp = rdp;
	peer->Capabilities = on_capabilities;
	peer->PostConnect = on_post_connect;
	peer->Activate = on_activate;
	peer->Logon = on_logon;
	peer->ReceiveChannelData = on_channel_data;
	peer->SspiNtlmHashCallback = on_ntlm;
	input_attach(rdp->input, peer->context);
	update->SurfaceFrameAcknowledge = on_frame_ack;
	update->SuppressOutput = on_suppress_output;
	update->RefreshRect = on_refresh_rect;
}

static int watch(struct rdp *rdp, int client_fd)
{
	HANDLE handles[HANDLES_MAX];

	/* The first handle is "read again": bytes wait inside FreeRDP. The other is the
	 * socket, watched by itself. */
	if (rdp->peer->GetEventHandles(rdp->peer, handles, HANDLES_MAX) < 1)
		return ERR_IO;
	if (sd_event_add_io(rdp->event, &rdp->reread, GetEventFileDescriptor(handles[0]), EPOLLIN, on_reread,
			    rdp) < 0 ||
			sd_event_add_io(rdp->event, &rdp->socket, client_fd, EPOLLIN, on_socket, rdp) < 0)
		return ERR_MEMORY;
	return 0;
}

struct rdp *rdp_create(sd_event *event, const struct rdp_config *config, const struct rdp_handlers *handlers)
{
	struct rdp *rdp = calloc(1, sizeof *rdp);
	const int unsent = UNSENT_MAX_BYTES;

	if (!rdp)
		return NULL;
	rdp->event = event;
	rdp->handlers = *handlers;
	rdp->input = config->input;
	setsockopt(config->client_fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
	rdp->peer = freerdp_peer_new(config->client_fd);
	if (!rdp->peer)
		goto fail;
	rdp->peer->ContextSize = sizeof(struct context);
	if (!freerdp_peer_context_new(rdp->peer) ||
			rdp_settings_fill(rdp->peer->context->settings, config) < 0 ||
			mend_attach(rdp->peer->context) < 0)
		goto fail;
	if (rdp_settings_keys(rdp->peer->context->settings, config) < 0) {
		log_error("the certificate or its key cannot be read");
		goto fail;
	}
	set_callbacks(rdp);
	if (rdp->peer->Initialize(rdp->peer) && watch(rdp, config->client_fd) == 0)
		return rdp;
fail:
	log_error("cannot start the RDP core: %s", first_error[0] ? first_error : "out of memory");
	rdp_destroy(rdp);
	return NULL;
}

void rdp_destroy(struct rdp *rdp)
{
	if (!rdp)
		return;
	sd_event_source_unref(rdp->closing);
	sd_event_source_unref(rdp->linger_timer);
	sd_event_source_unref(rdp->socket);
	sd_event_source_unref(rdp->reread);
	if (rdp->peer) {
		freerdp_peer_context_free(rdp->peer);
		freerdp_peer_free(rdp->peer);
	}
	free(rdp);
}

rdpContext *rdp_context(struct rdp *rdp)
{
	return rdp->peer->context;
}

struct input *rdp_input(rdpContext *context)
{
	return of(context)->input;
}

const char *rdp_security(const struct rdp *rdp)
{
	return rdp->nla_used ? "nla" : "tls";
}

bool rdp_has_dvc(struct rdp *rdp)
{
	return WTSIsChannelJoinedByName(rdp->peer, DVC_STATIC_NAME);
}

int rdp_send_dvc(struct rdp *rdp, const uint8_t *pdu, size_t len)
{
	UINT16 channel = WTSChannelGetId(rdp->peer, DVC_STATIC_NAME);
	UINT32 flags = CHANNEL_FLAG_FIRST | CHANNEL_FLAG_LAST | CHANNEL_FLAG_SHOW_PROTOCOL;

	return rdp->peer->SendChannelPacket(rdp->peer, channel, len, flags, pdu, len) ? 0 : ERR_CLOSED;
}

int rdp_resize(struct rdp *rdp, uint32_t width_px, uint32_t height_px)
{
	rdpContext *context = rdp->peer->context;

	if (!freerdp_settings_set_uint32(context->settings, FreeRDP_DesktopWidth, width_px) ||
			!freerdp_settings_set_uint32(context->settings, FreeRDP_DesktopHeight, height_px))
		return ERR_MEMORY;
	return context->update->DesktopResize(context) ? 0 : ERR_CLOSED;
}

int rdp_send_heartbeat(struct rdp *rdp, unsigned period_s)
{
	/* Counts: how many missed ones make a client warn and reconnect, 2.2.16.1 */
	BOOL ok = freerdp_heartbeat_send_heartbeat_pdu(rdp->peer, (BYTE)period_s, 2, 4);

	rdp_written(rdp);
	return ok ? 0 : ERR_CLOSED;
}
