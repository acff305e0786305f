/* Display control, [MS-RDPEDISP]: the client asks for other monitors while it is
 * connected. No I/O, no state; thread-safe; nothing is owned.
 *
 * Two steps, because 1.3 wants a request that cannot be met to be ignored: bytes
 * that break the format end the connection (disp_layout_parse), a layout out of
 * bounds does not (disp_layout_to_link). */
#ifndef PROTO_DISP_H
#define PROTO_DISP_H

#include <base/err.h>
#include <base/writer.h>
#include <proto/link.h>
#include <stddef.h>
#include <stdint.h>

#define DISP_CHANNEL_NAME "Microsoft::Windows::RDS::DisplayControl"

enum {
	DISP_CAPS_BYTES = 20,
	DISP_MONITORS_MAX = LINK_MONITORS_MAX,
	DISP_SIZE_MIN_PX = 200, /* per axis, of a monitor: 2.2.2.2.1 */
	DISP_SIZE_MAX_PX = 8192,
};

/* DISPLAYCONTROL_MONITOR_LAYOUT, 2.2.2.2.1, as it came. */
struct disp_monitor {
	uint32_t flags; /* DISP_MONITOR_PRIMARY */
	int32_t left, top;
	uint32_t width_px, height_px;
	uint32_t width_mm, height_mm;
	uint32_t orientation_degrees; /* the sizes are those after turning */
	uint32_t desktop_scale_percent, device_scale_percent;
};

enum {
	DISP_MONITOR_PRIMARY = 1,
};

struct disp_layout {
	uint32_t count; /* 1..DISP_MONITORS_MAX */
	struct disp_monitor monitors[DISP_MONITORS_MAX];
};

/* DISPLAYCONTROL_CAPS_PDU, 2.2.2.1: the first message of the channel, from the
 * server. DISP_CAPS_BYTES; when there is no room the writer is failed. */
void disp_caps_write(struct writer *w);

/* DISPLAYCONTROL_MONITOR_LAYOUT_PDU, 2.2.2.2, one message of the channel: type,
 * lengths and count. 0 or ERR_FORMAT. */
MUST_USE int disp_layout_parse(struct disp_layout *layout, const void *message, size_t len);

/* Checks what 2.2.2.2.1 and 3.1.5.2 demand (sizes within DISP_SIZE_*, even widths,
 * exactly one primary, no overlap, each monitor touching another) and that the whole
 * fits LINK_SIZE_MAX_PX; then fills link, in the same order, with serial 0 and the
 * primary moved to 0,0. A scale out of bounds counts as 100 %.
 * 0, or ERR_ARGUMENT: ignore the request. */
MUST_USE int disp_layout_to_link(struct link_layout *link, const struct disp_layout *layout);

#endif
