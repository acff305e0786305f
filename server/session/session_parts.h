/* One connection, as the session_*.c files share it: session.c has its order, each of
 * the others one part. */
#ifndef SESSION_PARTS_H
#define SESSION_PARTS_H

#include "cursor.h"
#include "guest.h"
#include "input.h"
#include "layout.h"
#include "login.h"
#include "pictures.h"
#include "rdp.h"
#include "session.h"
#include "sink.h"
#include "status.h"
#include "trace.h"
#include <channels/disp.h>
#include <channels/gfx.h>

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

/* --- session.c --- */

/* Ends the connection; error_info as in rdp_close. */
void session_fail(struct session *s, uint32_t error_info, const char *why);

/* Something was written, or may be: hands it to the socket. */
void session_flush(struct session *s);

/* Sends the newest cursor, which goes before the pictures that wait. */
void session_send_cursor(struct session *s);

/* Does what had to wait until no picture is in work: the sink and the size may change
 * then. */
void session_advance(struct session *s);

/* --- session_guest.c --- */

/* After the log-in; asks for the client's monitors. */
bool session_attach_guest(struct session *s, rdpSettings *settings);

/* Waits for the answer to the layout request and puts the size into the settings. */
bool session_settle_layout(struct session *s, rdpSettings *settings);

/* --- session_size.c --- */

/* Lends memory of the present layout's size; pictures of it follow. False: the
 * connection ends. */
bool session_enter_layout(struct session *s);

/* The guest's layout. */
void session_take_layout(struct session *s, const struct link_layout *layout);

/* The client's. */
void session_wish_layout(struct session *s, const struct link_layout *wish);

/* Goes on with a resize. No picture is in work. */
void session_try_resize(struct session *s);

/* Demand Active told the client the size that the desktop still has. */
bool session_size_is_told(struct session *s);

/* --- session_channels.c --- */

/* For a client with dynamic channels; pictures start when it is known how. */
bool session_open_channels(struct session *s);

/* Pictures without the graphics pipeline, unless they go already. */
void session_use_plain_sink(struct session *s);

/* Changes over to the graphics pipeline if that has opened. No picture is in work. */
void session_use_pipeline(struct session *s);

/* Timer: the client has not opened what it promised. */
int session_on_pipeline_timeout(sd_event_source *source, uint64_t usec, void *user);

#endif
