#include "headless.h"

#include <base/loop.h>
#include <freerdp/addin.h>
#include <freerdp/channels/channels.h>
#include <freerdp/channels/disp.h>
#include <freerdp/channels/drdynvc.h>
#include <freerdp/channels/rdpgfx.h>
#include <freerdp/client.h>
#include <freerdp/client/channels.h>
#include <freerdp/client/cmdline.h>
#include <freerdp/client/disp.h>
#include <freerdp/client/rdpgfx.h>
#include <freerdp/freerdp.h>
#include <freerdp/gdi/gdi.h>
#include <freerdp/gdi/gfx.h>
#include <freerdp/heartbeat.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <winpr/wlog.h>

enum {
	LOGIN_TIME_MS = 120000, /* all of it; FreeRDP's 9 s are short for a test under sanitizers */
};

/* FreeRDP's context with ours behind it: it allocates both (ContextSize). */
struct client_context {
	rdpClientContext common;
	struct headless *client;
};

struct headless {
	rdpContext *context;
	struct client_context *mine;
	struct headless_options options;
	struct headless_counts counts;
	RdpgfxClientContext *gfx;
	DispClientContext *disp;
	HANDLE also; /* of headless_also, or NULL */
	bool connected, can_resize;
	uint32_t error_info; /* Set Error Info, or what FreeRDP makes of a plain end */
	char fault[160];

	/* FreeRDP's own handlers, which ours call after their check. */
	pBitmapUpdate bitmap_update;
	pSurfaceBits surface_bits;
	pEndPaint end_paint;
	pcRdpgfxSurfaceCommand gfx_command;
	pcRdpgfxEndFrame gfx_end_frame;
};

static struct headless *client_of(void *context)
{
	return ((struct client_context *)context)->client;
}

static void __attribute__((format(printf, 2, 3))) note_fault(struct headless *client, const char *format, ...)
{
	va_list args;

	if (client->fault[0])
		return;
	va_start(args, format);
	vsnprintf(client->fault, sizeof client->fault, format, args);
	va_end(args);
}

static void desktop_size(struct headless *client, uint32_t *width_px, uint32_t *height_px)
{
	const rdpSettings *settings = client->context->settings;

	*width_px = freerdp_settings_get_uint32(settings, FreeRDP_DesktopWidth);
	*height_px = freerdp_settings_get_uint32(settings, FreeRDP_DesktopHeight);
}

/* Checked pictures: right and bottom are exclusive. */
static void check_rect(struct headless *client, const char *what, uint32_t left, uint32_t top, uint32_t right,
		uint32_t bottom)
{
	uint32_t width_px, height_px;

	desktop_size(client, &width_px, &height_px);
	if (left >= right || top >= bottom || right > width_px || bottom > height_px)
		note_fault(client, "%s %u,%u..%u,%u outside the desktop of %ux%u", what, left, top, right,
				bottom, width_px, height_px);
}

static BOOL on_bitmap_update(rdpContext *context, const BITMAP_UPDATE *update)
{
	struct headless *client = client_of(context);

	for (uint32_t i = 0; i < update->number; i++) {
		const BITMAP_DATA *b = &update->rectangles[i];

		check_rect(client, "bitmap", b->destLeft, b->destTop, b->destRight + 1, b->destBottom + 1);
		if (b->width != b->destRight - b->destLeft + 1 || b->height != b->destBottom - b->destTop + 1)
			note_fault(client, "bitmap of %ux%u for a rectangle of %ux%u", b->width, b->height,
					b->destRight - b->destLeft + 1, b->destBottom - b->destTop + 1);
		client->counts.tiles++;
	}
	return client->bitmap_update(context, update);
}

static BOOL on_surface_bits(rdpContext *context, const SURFACE_BITS_COMMAND *command)
{
	struct headless *client = client_of(context);

	/* destRight and destBottom are FreeRDP's own; the sizes came over the wire. */
	check_rect(client, "surface bits", command->destLeft, command->destTop,
			command->destLeft + command->bmp.width, command->destTop + command->bmp.height);
	client->counts.tiles++;
	return client->surface_bits(context, command);
}

static BOOL on_end_paint(rdpContext *context)
{
	struct headless *client = client_of(context);

	if (!client->gfx)
		client->counts.frames++;
	return client->end_paint ? client->end_paint(context) : TRUE;
}

static BOOL on_desktop_resize(rdpContext *context)
{
	struct headless *client = client_of(context);
	uint32_t width_px, height_px;

	desktop_size(client, &width_px, &height_px);
	if ((uint32_t)context->gdi->width != width_px || (uint32_t)context->gdi->height != height_px)
		client->counts.resizes++;
	return gdi_resize(context->gdi, width_px, height_px);
}

static UINT on_gfx_command(RdpgfxClientContext *gfx, const RDPGFX_SURFACE_COMMAND *command)
{
	struct headless *client = client_of(((rdpGdi *)gfx->custom)->context);

	if (command->codecId != RDPGFX_CODECID_CAPROGRESSIVE && command->codecId != RDPGFX_CODECID_CAVIDEO)
		check_rect(client, "surface command", command->left, command->top, command->right,
				command->bottom);
	client->counts.tiles++;
	return client->gfx_command(gfx, command);
}

static UINT on_gfx_end_frame(RdpgfxClientContext *gfx, const RDPGFX_END_FRAME_PDU *frame)
{
	struct headless *client = client_of(((rdpGdi *)gfx->custom)->context);
	UINT status = client->gfx_end_frame(gfx, frame);

	client->counts.frames++;
	return status;
}

static UINT on_gfx_open(RdpgfxClientContext *gfx, BOOL *advertise, BOOL *acknowledge)
{
	*acknowledge = FALSE;
	return CHANNEL_RC_OK;
}

static UINT on_disp_caps(DispClientContext *disp, UINT32 monitors, UINT32 factor_a, UINT32 factor_b)
{
	struct headless *client = disp->custom;

	client->can_resize = true;
	return CHANNEL_RC_OK;
}

static void on_channel_connected(void *context, const ChannelConnectedEventArgs *e)
{
	struct headless *client = client_of(context);

	if (strcmp(e->name, RDPGFX_DVC_CHANNEL_NAME) == 0) {
		client->gfx = e->pInterface;
		gdi_graphics_pipeline_init(client->context->gdi, client->gfx);
		client->gfx_command = client->gfx->SurfaceCommand;
		client->gfx_end_frame = client->gfx->EndFrame;
		client->gfx->SurfaceCommand = on_gfx_command;
		client->gfx->EndFrame = on_gfx_end_frame;
		if (client->options.no_acks)
			client->gfx->OnOpen = on_gfx_open;
	} else if (strcmp(e->name, DISP_DVC_CHANNEL_NAME) == 0) {
		client->disp = e->pInterface;
		client->disp->custom = client;
		client->disp->DisplayControlCaps = on_disp_caps;
	}
}

static void on_channel_disconnected(void *context, const ChannelDisconnectedEventArgs *e)
{
	struct headless *client = client_of(context);

	if (strcmp(e->name, RDPGFX_DVC_CHANNEL_NAME) == 0) {
		gdi_graphics_pipeline_uninit(client->context->gdi, e->pInterface);
		client->gfx = NULL;
	} else if (strcmp(e->name, DISP_DVC_CHANNEL_NAME) == 0) {
		client->disp = NULL;
		client->can_resize = false;
	}
}

static BOOL on_heartbeat(freerdp *instance, BYTE period, BYTE count1, BYTE count2)
{
	client_of(instance->context)->counts.heartbeats++;
	return TRUE;
}

/* FreeRDP forgets it when it cleans up a connection that failed. */
static void on_error_info(void *context, const ErrorInfoEventArgs *e)
{
	if (e->code)
		client_of(context)->error_info = e->code;
}

/* Only the two channels that are tested; FreeRDP's own list would add device
 * redirection and its threads. */
static BOOL on_load_channels(freerdp *instance)
{
	rdpSettings *settings = instance->context->settings;
	const char *const gfx[] = { RDPGFX_CHANNEL_NAME }, *const disp[] = { DISP_CHANNEL_NAME };
	PVIRTUALCHANNELENTRY entry;

	if (freerdp_settings_get_bool(settings, FreeRDP_SupportGraphicsPipeline) &&
			!freerdp_client_add_dynamic_channel(settings, 1, gfx))
		return FALSE;
	if (!freerdp_client_add_dynamic_channel(settings, 1, disp))
		return FALSE;
	entry = freerdp_load_channel_addin_entry(DRDYNVC_SVC_CHANNEL_NAME, NULL, NULL,
			FREERDP_ADDIN_CHANNEL_STATIC | FREERDP_ADDIN_CHANNEL_ENTRYEX);
	return entry &&
			freerdp_channels_client_load_ex(instance->context->channels, settings,
					(PVIRTUALCHANNELENTRYEX)(void *)entry, settings) == 0;
}

static BOOL on_pre_connect(freerdp *instance)
{
	PubSub_SubscribeErrorInfo(instance->context->pubSub, on_error_info);
	PubSub_SubscribeChannelConnected(instance->context->pubSub, on_channel_connected);
	PubSub_SubscribeChannelDisconnected(instance->context->pubSub, on_channel_disconnected);
	return TRUE;
}

/* Pointers are counted and thrown away. */
static BOOL count_pointer(rdpContext *context)
{
	client_of(context)->counts.pointers++;
	return TRUE;
}

static BOOL on_pointer_system(rdpContext *context, const POINTER_SYSTEM_UPDATE *pointer)
{
	return count_pointer(context);
}

static BOOL on_pointer_color(rdpContext *context, const POINTER_COLOR_UPDATE *pointer)
{
	return count_pointer(context);
}

static BOOL on_pointer_new(rdpContext *context, const POINTER_NEW_UPDATE *pointer)
{
	return count_pointer(context);
}

static BOOL on_pointer_cached(rdpContext *context, const POINTER_CACHED_UPDATE *pointer)
{
	return count_pointer(context);
}

static BOOL on_pointer_large(rdpContext *context, const POINTER_LARGE_UPDATE *pointer)
{
	return count_pointer(context);
}

static BOOL on_post_connect(freerdp *instance)
{
	rdpUpdate *update = instance->context->update;
	struct headless *client = client_of(instance->context);

	if (!gdi_init(instance, PIXEL_FORMAT_BGRX32))
		return FALSE;
	client->bitmap_update = update->BitmapUpdate;
	client->surface_bits = update->SurfaceBits;
	client->end_paint = update->EndPaint;
	update->BitmapUpdate = on_bitmap_update;
	update->SurfaceBits = on_surface_bits;
	update->EndPaint = on_end_paint;
	update->DesktopResize = on_desktop_resize;
	update->pointer->PointerSystem = on_pointer_system;
	update->pointer->PointerColor = on_pointer_color;
	update->pointer->PointerNew = on_pointer_new;
	update->pointer->PointerCached = on_pointer_cached;
	update->pointer->PointerLarge = on_pointer_large;
	if (instance->context->rdp && instance->heartbeat)
		instance->heartbeat->ServerHeartbeat = on_heartbeat;
	return TRUE;
}

static void on_post_disconnect(freerdp *instance)
{
	PubSub_UnsubscribeChannelConnected(instance->context->pubSub, on_channel_connected);
	PubSub_UnsubscribeChannelDisconnected(instance->context->pubSub, on_channel_disconnected);
	gdi_free(instance);
}

/* FreeRDP's own asks on the terminal. What we have not got we do not send. */
static BOOL on_authenticate(
		freerdp *instance, char **user, char **password, char **domain, rdp_auth_reason reason)
{
	return TRUE;
}

static BOOL on_client_new(freerdp *instance, rdpContext *context)
{
	instance->PreConnect = on_pre_connect;
	instance->PostConnect = on_post_connect;
	instance->PostDisconnect = on_post_disconnect;
	instance->LoadChannels = on_load_channels;
	instance->AuthenticateEx = on_authenticate;
	return TRUE;
}

static bool set_pictures(rdpSettings *s, enum headless_pictures pictures)
{
	bool gfx = pictures == HEADLESS_PROGRESSIVE || pictures == HEADLESS_GFX_THIN;
	bool rfx = pictures != HEADLESS_BITMAP;

	return freerdp_settings_set_bool(s, FreeRDP_SupportGraphicsPipeline, gfx) &&
			freerdp_settings_set_bool(s, FreeRDP_GfxThinClient, pictures == HEADLESS_GFX_THIN) &&
			freerdp_settings_set_bool(
					s, FreeRDP_GfxProgressive, pictures == HEADLESS_PROGRESSIVE) &&
			freerdp_settings_set_bool(s, FreeRDP_GfxH264, FALSE) &&
			freerdp_settings_set_bool(s, FreeRDP_GfxAVC444, FALSE) &&
			freerdp_settings_set_bool(s, FreeRDP_RemoteFxCodec, rfx) &&
			freerdp_settings_set_bool(s, FreeRDP_NSCodec, FALSE) &&
			freerdp_settings_set_bool(s, FreeRDP_SurfaceFrameMarkerEnabled, rfx) &&
			freerdp_settings_set_bool(s, FreeRDP_FrameMarkerCommandEnabled, rfx) &&
			freerdp_settings_set_bool(s, FreeRDP_FastPathOutput, TRUE) &&
			freerdp_settings_set_bool(s, FreeRDP_SurfaceCommandsEnabled, rfx);
}

static bool set_login(rdpSettings *s, const struct headless_options *o)
{
	return freerdp_settings_set_string(s, FreeRDP_ServerHostname, o->host) &&
			freerdp_settings_set_uint32(s, FreeRDP_ServerPort, (uint32_t)o->port) &&
			freerdp_settings_set_string(s, FreeRDP_Username, o->user) &&
			(!o->password || freerdp_settings_set_string(s, FreeRDP_Password, o->password)) &&
			freerdp_settings_set_bool(s, FreeRDP_AutoLogonEnabled, o->password != NULL) &&
			freerdp_settings_set_bool(s, FreeRDP_IgnoreCertificate, TRUE) &&
			freerdp_settings_set_bool(s, FreeRDP_RdpSecurity, FALSE) &&
			freerdp_settings_set_bool(s, FreeRDP_TlsSecurity, TRUE) &&
			freerdp_settings_set_bool(s, FreeRDP_NlaSecurity, o->nla) &&
			freerdp_settings_set_string(s, FreeRDP_AuthenticationPackageList, "none,ntlm");
}

static bool set_claims(rdpSettings *s, const struct headless_options *o)
{
	return (o->client_build < 0 ||
			       freerdp_settings_set_uint32(
					       s, FreeRDP_ClientBuild, (uint32_t)o->client_build)) &&
			freerdp_settings_set_uint32(s, FreeRDP_ConnectionType, o->link_type);
}

static bool set_all(rdpSettings *s, const struct headless_options *o)
{
	return set_login(s, o) && set_claims(s, o) && set_pictures(s, o->pictures) &&
			freerdp_settings_set_uint32(s, FreeRDP_DesktopWidth, o->width_px) &&
			freerdp_settings_set_uint32(s, FreeRDP_DesktopHeight, o->height_px) &&
			freerdp_settings_set_uint32(s, FreeRDP_ColorDepth, (uint32_t)o->depth_bpp) &&
			freerdp_settings_set_uint32(s, FreeRDP_KeyboardLayout, o->klid ? o->klid : 0x409) &&
			freerdp_settings_set_uint32(s, FreeRDP_TcpAckTimeout, LOGIN_TIME_MS) &&
			freerdp_settings_set_bool(s, FreeRDP_SoftwareGdi, TRUE) &&
			freerdp_settings_set_bool(s, FreeRDP_UnicodeInput, TRUE) &&
			freerdp_settings_set_bool(s, FreeRDP_DesktopResize, TRUE) &&
			freerdp_settings_set_bool(s, FreeRDP_SupportDisplayControl, TRUE) &&
			freerdp_settings_set_bool(s, FreeRDP_DynamicResolutionUpdate, TRUE) &&
			freerdp_settings_set_bool(s, FreeRDP_SupportHeartbeatPdu, TRUE) &&
			freerdp_settings_set_bool(s, FreeRDP_SupportErrorInfoPdu, TRUE) &&
			freerdp_settings_set_bool(s, FreeRDP_SynchronousDynamicChannels, TRUE) &&
			freerdp_settings_set_bool(s, FreeRDP_SynchronousStaticChannels, TRUE) &&
			freerdp_settings_set_uint32(
					s, FreeRDP_ThreadingFlags, THREADING_FLAGS_DISABLE_THREADS) &&
			freerdp_settings_set_bool(s, FreeRDP_AutoReconnectionEnabled, FALSE);
}

struct headless_options headless_defaults(void)
{
	return (struct headless_options){
		.host = "127.0.0.1",
		.port = 3389,
		.user = "",
		.width_px = 1920,
		.height_px = 1080,
		.pictures = HEADLESS_PROGRESSIVE,
		.depth_bpp = 32,
		.nla = true,
		.client_build = -1,
	};
}

struct headless *headless_create(const struct headless_options *options)
{
	RDP_CLIENT_ENTRY_POINTS entry = {
		.Size = sizeof entry,
		.Version = RDP_CLIENT_INTERFACE_VERSION,
		.ContextSize = sizeof(struct client_context),
		.ClientNew = on_client_new,
	};
	struct headless *client = calloc(1, sizeof *client);

	if (!client)
		return NULL;
	/* Its warnings about every refused log-in are not the judge's. WLOG_LEVEL in the
	 * environment still has the last word. */
	if (!getenv("WLOG_LEVEL"))
		WLog_SetLogLevel(WLog_GetRoot(), WLOG_FATAL);
	client->options = *options;
	client->context = freerdp_client_context_new(&entry);
	if (!client->context) {
		free(client);
		return NULL;
	}
	client->mine = (struct client_context *)client->context;
	client->mine->client = client;
	if (!set_all(client->context->settings, options)) {
		headless_destroy(client);
		return NULL;
	}
	return client;
}

void headless_destroy(struct headless *client)
{
	if (!client)
		return;
	if (client->connected)
		freerdp_disconnect(client->context->instance);
	freerdp_client_context_free(client->context);
	if (client->also)
		CloseHandle(client->also);
	free(client);
}

int headless_connect(struct headless *client)
{
	if (freerdp_connect(client->context->instance)) {
		client->connected = true;
		return 0;
	}
	switch (freerdp_get_last_error(client->context)) {
	case FREERDP_ERROR_CONNECT_LOGON_FAILURE:
	case FREERDP_ERROR_AUTHENTICATION_FAILED:
	case FREERDP_ERROR_CONNECT_WRONG_PASSWORD:
	case FREERDP_ERROR_CONNECT_ACCESS_DENIED: return ERR_DENIED;
	default: return ERR_CLOSED;
	}
}

int headless_also(struct headless *client, int fd)
{
	client->also = CreateFileDescriptorEvent(NULL, FALSE, FALSE, fd, WINPR_FD_READ);
	return client->also ? 0 : ERR_MEMORY;
}

int headless_step(struct headless *client, int timeout_ms)
{
	HANDLE handles[MAXIMUM_WAIT_OBJECTS];
	DWORD count = freerdp_get_event_handles(client->context, handles, MAXIMUM_WAIT_OBJECTS - 1);

	if (count == 0 || !client->connected || freerdp_shall_disconnect_context(client->context))
		return ERR_CLOSED;
	if (client->also)
		handles[count++] = client->also;
	if (WaitForMultipleObjects(count, handles, FALSE, (DWORD)timeout_ms) == WAIT_TIMEOUT)
		return 0;
	if (!freerdp_check_event_handles(client->context) ||
			freerdp_shall_disconnect_context(client->context))
		return ERR_CLOSED;
	return 0;
}

int headless_wait(struct headless *client, bool (*done)(void *user), void *user, int timeout_ms)
{
	uint64_t until_us = loop_now_us() + (uint64_t)timeout_ms * 1000;

	while (!done(user)) {
		uint64_t now_us = loop_now_us();
		int err;

		if (now_us >= until_us)
			return ERR_TIMEOUT;
		err = headless_step(client, (int)((until_us - now_us + 999) / 1000));
		if (err)
			return done(user) ? 0 : err;
	}
	return 0;
}

const uint8_t *headless_picture(
		struct headless *client, uint32_t *width_px, uint32_t *height_px, uint32_t *stride_bytes)
{
	const rdpGdi *gdi = client->context->gdi;

	if (!gdi) {
		*width_px = *height_px = *stride_bytes = 0;
		return NULL;
	}
	*width_px = (uint32_t)gdi->width;
	*height_px = (uint32_t)gdi->height;
	*stride_bytes = gdi->stride;
	return gdi->primary_buffer;
}

struct headless_counts headless_counts(struct headless *client)
{
	UINT64 in = 0, out = 0, in_packets = 0, out_packets = 0;

	if (client->context->rdp &&
			freerdp_get_stats(client->context->rdp, &in, &out, &in_packets, &out_packets)) {
		client->counts.bytes_in = in;
		client->counts.packets_in = in_packets;
	}
	return client->counts;
}

const char *headless_error_info(struct headless *client, uint32_t *code)
{
	const char *name = freerdp_get_error_info_name(client->error_info);

	if (code)
		*code = client->error_info;
	return client->error_info && name ? name : "";
}

const char *headless_fault(struct headless *client)
{
	return client->fault[0] ? client->fault : NULL;
}

int headless_scancode(struct headless *client, uint8_t scancode, bool extended, bool down)
{
	return freerdp_input_send_keyboard_event_ex(
			       client->context->input, down, FALSE, scancode | (extended ? KBDEXT : 0u))
			? 0
			: ERR_CLOSED;
}

int headless_unicode(struct headless *client, uint16_t code_unit, bool down)
{
	return freerdp_input_send_unicode_keyboard_event(
			       client->context->input, down ? 0 : KBD_FLAGS_RELEASE, code_unit)
			? 0
			: ERR_CLOSED;
}

int headless_pointer(struct headless *client, uint16_t x, uint16_t y)
{
	return freerdp_input_send_mouse_event(client->context->input, PTR_FLAGS_MOVE, x, y) ? 0 : ERR_CLOSED;
}

int headless_button(struct headless *client, int button, bool down, uint16_t x, uint16_t y)
{
	static const UINT16 flags[] = { 0, PTR_FLAGS_BUTTON1, PTR_FLAGS_BUTTON2, PTR_FLAGS_BUTTON3 };

	return freerdp_input_send_mouse_event(client->context->input,
			       (UINT16)(flags[button] | (down ? PTR_FLAGS_DOWN : 0)), x, y)
			? 0
			: ERR_CLOSED;
}

int headless_wheel(struct headless *client, int delta, bool horizontal)
{
	UINT16 flags = horizontal ? PTR_FLAGS_HWHEEL : PTR_FLAGS_WHEEL;

	/* Nine bits, two's complement: [MS-RDPBCGR] 2.2.8.1.1.3.1.1.3 */
	flags |= (UINT16)(delta & 0x01FF);
	return freerdp_input_send_mouse_event(client->context->input, flags, 0, 0) ? 0 : ERR_CLOSED;
}

int headless_layout(struct headless *client, const struct headless_monitor *monitors, size_t count)
{
	DISPLAY_CONTROL_MONITOR_LAYOUT layout[HEADLESS_MONITORS_MAX] = { 0 };

	if (count < 1 || count > HEADLESS_MONITORS_MAX)
		return ERR_ARGUMENT;
	if (!client->disp || !client->can_resize)
		return ERR_UNEXPECTED;
	for (size_t i = 0; i < count; i++) {
		layout[i].Flags = i ? 0 : DISPLAY_CONTROL_MONITOR_PRIMARY;
		layout[i].Left = monitors[i].x;
		layout[i].Top = monitors[i].y;
		layout[i].Width = monitors[i].width_px;
		layout[i].Height = monitors[i].height_px;
		layout[i].DesktopScaleFactor = 100;
		layout[i].DeviceScaleFactor = 100;
	}
	return client->disp->SendMonitorLayout(client->disp, (UINT32)count, layout) == CHANNEL_RC_OK
			? 0
			: ERR_CLOSED;
}

bool headless_can_resize(struct headless *client)
{
	return client->can_resize;
}
