/* The RDP core of one connection: a FreeRDP peer on our loop. What FreeRDP calls
 * back is handed on as struct rdp_handlers; what it needs is set here. It verifies
 * TLS, speaks the connection sequence and the standard PDUs; dynamic channels and
 * all graphics are ours. One thread. Nothing here waits for the client, except the
 * TLS and NLA handshakes inside FreeRDP, which oriel-server's log-in time bounds. */
#ifndef SESSION_RDP_H
#define SESSION_RDP_H

#include <base/err.h>
#include <freerdp/freerdp.h>
#include <freerdp/peer.h>
#include <proto/control.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

struct input;
struct rdp;

/* All run in the loop thread. false ends the connection. */
struct rdp_handlers {
	/* NTLM proof of the password. Fill ntowf_v2 and return true if it is right. */
	bool (*on_nla)(void *user, struct control_nla *nla, uint8_t ntowf_v2[16]);
	/* Client Info is there; Demand Active goes out next, also before each
	 * reactivation. The desktop's size must be in the settings when it returns. */
	bool (*on_capabilities)(void *user);
	/* The client is ready for pictures, again after each reactivation. */
	bool (*on_activated)(void *user);
	/* A chunk of the static channel of dynamic channels. */
	bool (*on_dvc_chunk)(void *user, const uint8_t *data, size_t len, bool first, bool last);
	/* Acknowledge of a frame of surface commands. */
	void (*on_frame_ack)(void *user, uint32_t frame_id);
	/* The client's window is hidden (false) or seen again (true). */
	void (*on_output_wanted)(void *user, bool wanted);
	void (*on_refresh)(void *user);
	/* The socket took all that was written: more may go. */
	void (*on_drained)(void *user);
	/* The connection is gone; why as one line. Free nothing of rdp in here. */
	void (*on_closed)(void *user, const char *why);
	void *user;
};

struct rdp_config {
	int client_fd;                         /* taken */
	const char *certificate_pem, *key_pem; /* borrowed during rdp_create */
	bool nla, tls;
	struct input *input; /* borrowed: what FreeRDP's input callbacks are about */
};

/* FreeRDP's log goes to ours; its libraries load what they need later. Before the
 * sandbox, once. */
MUST_USE int rdp_library_init(void);

/* handlers are copied. NULL on failure (logged). */
struct rdp *rdp_create(sd_event *event, const struct rdp_config *config, const struct rdp_handlers *handlers);

/* NULL is fine. */
void rdp_destroy(struct rdp *rdp);

/* FreeRDP's settings, update and input of the connection. */
rdpContext *rdp_context(struct rdp *rdp);

/* The input of the connection that owns this context. */
struct input *rdp_input(rdpContext *context);

/* "nla" or "tls", as negotiated. */
const char *rdp_security(const struct rdp *rdp);

/* The client joined the channel that carries dynamic channels. */
bool rdp_has_dvc(struct rdp *rdp);

/* One PDU on the dynamic channels' static channel. 0 or ERR_CLOSED. */
MUST_USE int rdp_send_dvc(struct rdp *rdp, const uint8_t *pdu, size_t len);

/* Bytes wait in user space because the socket is full: write no pictures now. */
bool rdp_blocked(const struct rdp *rdp);

/* Call after writing anything: arms the loop to drain what the socket did not take. */
void rdp_written(struct rdp *rdp);

/* New desktop size: Deactivate-All, Demand Active; on_activated follows. 0 or ERR_CLOSED. */
MUST_USE int rdp_resize(struct rdp *rdp, uint32_t width_px, uint32_t height_px);

MUST_USE int rdp_send_heartbeat(struct rdp *rdp, unsigned period_s);

/* Tells the client why (an ERRINFO_* of [MS-RDPBCGR] 2.2.5.1.1; 0: nothing) and
 * closes. on_closed comes from the loop, with the text. */
void rdp_close(struct rdp *rdp, uint32_t error_info, const char *why);

#endif
