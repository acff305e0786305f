/* RDPGFX, [MS-RDPEGFX], as a server speaks it: commands for the client are
 * written into a struct writer, what the client sends is parsed into structs.
 * No I/O, no state, no allocation; thread-safe; nothing is owned.
 *
 * Out: any number of commands, one after the other, make a message for the ZGFX
 * packer (2.2.5). A command that does not fit, or that the format cannot carry (more
 * than GFX_COUNT_MAX rectangles), makes the writer failed: check writer_len once,
 * at the end. Rectangles are those of the surface and must lie inside it: strict
 * clients end the connection otherwise.
 *
 * In: a message of the channel holds one or more commands, each taken off with
 * gfx_header_parse and handed, by its type, to the parser of its body:
 *
 *     while (reader_left(&message)) {
 *             if (gfx_header_parse(&header, &message) < 0)
 *                     return ERR_FORMAT;
 *             ... gfx_frame_ack_parse(&ack, &header.body) ...
 *     } */
#ifndef PROTO_GFX_H
#define PROTO_GFX_H

#include <base/err.h>
#include <base/reader.h>
#include <base/writer.h>
#include <proto/link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GFX_CHANNEL_NAME "Microsoft::Windows::RDS::Graphics"

/* RDPGFX_HEADER, 2.2.1.5 */
enum gfx_command {
	GFX_WIRE_TO_SURFACE_1 = 0x01,
	GFX_WIRE_TO_SURFACE_2 = 0x02,
	GFX_DELETE_ENCODING_CONTEXT = 0x03,
	GFX_SOLID_FILL = 0x04,
	GFX_SURFACE_TO_SURFACE = 0x05,
	GFX_SURFACE_TO_CACHE = 0x06,
	GFX_CACHE_TO_SURFACE = 0x07,
	GFX_EVICT_CACHE_ENTRY = 0x08,
	GFX_CREATE_SURFACE = 0x09,
	GFX_DELETE_SURFACE = 0x0a,
	GFX_START_FRAME = 0x0b,
	GFX_END_FRAME = 0x0c,
	GFX_FRAME_ACK = 0x0d, /* from the client */
	GFX_RESET_GRAPHICS = 0x0e,
	GFX_MAP_SURFACE_TO_OUTPUT = 0x0f,
	GFX_CACHE_IMPORT_OFFER = 0x10, /* from the client */
	GFX_CACHE_IMPORT_REPLY = 0x11,
	GFX_CAPS_ADVERTISE = 0x12, /* from the client */
	GFX_CAPS_CONFIRM = 0x13,
	GFX_QOE_FRAME_ACK = 0x16, /* from the client */
};

/* 2.2.2.1, 2.2.2.2 */
enum gfx_codec {
	GFX_CODEC_UNCOMPRESSED = 0x0,
	GFX_CODEC_REMOTEFX = 0x3, /* CAVIDEO; its rectangles count from those of the command */
	GFX_CODEC_CLEAR = 0x8,
	GFX_CODEC_PROGRESSIVE = 0x9, /* in GFX_WIRE_TO_SURFACE_2 only */
	GFX_CODEC_PLANAR = 0xa,
	GFX_CODEC_AVC420 = 0xb,
	GFX_CODEC_ALPHA = 0xc,
	GFX_CODEC_AVC444 = 0xe,
	GFX_CODEC_AVC444V2 = 0xf,
};

/* 2.2.1.4 */
enum gfx_format {
	GFX_FORMAT_XRGB = 0x20,
	GFX_FORMAT_ARGB = 0x21,
};

enum {
	GFX_HEADER_BYTES = 8,
	GFX_WIRE_1_BYTES = 25, /* GFX_WIRE_TO_SURFACE_1 without its bitmap */
	GFX_WIRE_2_BYTES = 21,
	GFX_RESET_BYTES = 340,      /* whatever the number of monitors, 2.2.2.14 */
	GFX_COUNT_MAX = 65535,      /* rectangles or points of one command: a 16 bit count */
	GFX_CACHE_OFFER_MAX = 5461, /* 2.2.2.16 */
	/* Sets in one advertisement. Ten are specified and none may come twice
	 * (3.3.5.18); the rest is room for versions to come. */
	GFX_CAPS_MAX = 32,
};

/* Pixels of a surface; right and bottom are the first outside. 2.2.1.2 */
struct gfx_rect {
	uint16_t left, top, right, bottom;
};

/* 2.2.1.1 */
struct gfx_point {
	int16_t x, y;
};

/* --- capabilities, 2.2.1.6 and 2.2.3 --- */

enum gfx_version {
	GFX_VERSION_8 = 0x00080004,
	GFX_VERSION_81 = 0x00080105,
	GFX_VERSION_10 = 0x000a0002,
	GFX_VERSION_101 = 0x000a0100, /* 16 reserved bytes in place of flags */
	GFX_VERSION_102 = 0x000a0200,
	GFX_VERSION_103 = 0x000a0301,
	GFX_VERSION_104 = 0x000a0400,
	GFX_VERSION_105 = 0x000a0502,
	GFX_VERSION_106 = 0x000a0600,
	GFX_VERSION_107 = 0x000a0701,
};

enum {
	GFX_CAPS_THINCLIENT = 0x01,        /* 8 and 8.1 */
	GFX_CAPS_SMALL_CACHE = 0x02,       /* all but 10.1 and 10.3 */
	GFX_CAPS_AVC420_ENABLED = 0x10,    /* 8.1 */
	GFX_CAPS_AVC_DISABLED = 0x20,      /* 10, 10.2 and later */
	GFX_CAPS_AVC_THINCLIENT = 0x40,    /* 10.3 and later: prefers AVC444 */
	GFX_CAPS_SCALEDMAP_DISABLE = 0x80, /* 10.7 */
};

struct gfx_caps_set {
	uint32_t version; /* enum gfx_version */
	uint32_t flags;   /* GFX_CAPS_*; 0 for 10.1 */
};

/* The sets of known versions, in the client's order. */
struct gfx_caps {
	uint32_t count;
	struct gfx_caps_set sets[GFX_CAPS_MAX];
};

/* What a connection is held to after GFX_CAPS_CONFIRM of `confirm`. */
struct gfx_caps_choice {
	struct gfx_caps_set confirm;
	bool remotefx;        /* the client wants GFX_CODEC_REMOTEFX in place of progressive */
	bool avc420;          /* GFX_CODEC_AVC420 is allowed */
	bool avc444;          /* GFX_CODEC_AVC444 is allowed */
	bool resets;          /* the client may advertise again at any time: start anew then, 3.2.5.18 */
	uint32_t cache_bytes; /* of the bitmap cache, and its slots: 1..cache_slots; 3.3.1.4 */
	uint32_t cache_slots;
};

/* Picks the best version that both ends know and tells what follows from it.
 * THINCLIENT counts in whichever set the client says it: versions from 10 on have
 * no flag for it, and RemoteFX is allowed with every version.
 * 0, or ERR_ARGUMENT: no common version. */
MUST_USE int gfx_caps_choose(struct gfx_caps_choice *choice, const struct gfx_caps *caps);

/* --- from the client --- */

/* 2.2.1.5; flags must be zero but nothing hangs on them: not looked at. */
struct gfx_header {
	uint16_t command;   /* enum gfx_command, or unknown */
	struct reader body; /* the rest of this command */
};

/* Takes one command off the message. 0 or ERR_FORMAT. */
MUST_USE int gfx_header_parse(struct gfx_header *header, struct reader *message);

/* Bodies. Each must fill its command exactly. All return 0 or ERR_FORMAT. */

/* 2.2.2.18. Unknown versions are left out; a known one with a wrong length or more
 * than GFX_CAPS_MAX sets are malformed. */
MUST_USE int gfx_caps_parse(struct gfx_caps *caps, struct reader *r);

/* queue_depth_bytes of a client that will send no more acknowledges. */
#define GFX_QUEUE_SUSPEND 0xffffffffu

/* 2.2.2.13 */
struct gfx_frame_ack {
	uint32_t queue_depth_bytes; /* not yet decoded; 0: not known; or GFX_QUEUE_SUSPEND */
	uint32_t frame_id;
	uint32_t frames_decoded; /* since the channel was opened */
};
MUST_USE int gfx_frame_ack_parse(struct gfx_frame_ack *ack, struct reader *r);

/* 2.2.2.21 */
struct gfx_qoe_ack {
	uint32_t frame_id;
	uint32_t start_ms;   /* the client's clock when it began to decode; wraps */
	uint16_t decode_ms;  /* from there to the frame's end; 0 also: over 65 s */
	uint16_t present_ms; /* from there to the picture on screen; 0 also: over 65 s */
};
MUST_USE int gfx_qoe_ack_parse(struct gfx_qoe_ack *ack, struct reader *r);

/* 2.2.2.16. The entries stay in the message, which is borrowed. */
struct gfx_cache_offer {
	uint32_t count; /* 0..GFX_CACHE_OFFER_MAX */
	const uint8_t *entries;
};
struct gfx_cache_entry {
	uint64_t key;
	uint32_t size_bytes;
};
MUST_USE int gfx_cache_offer_parse(struct gfx_cache_offer *offer, struct reader *r);

/* index < offer->count */
struct gfx_cache_entry gfx_cache_offer_entry(const struct gfx_cache_offer *offer, uint32_t index);

/* --- to the client --- */

/* 2.2.2.19 */
void gfx_caps_confirm_write(struct writer *w, const struct gfx_caps_set *set);

/* 2.2.2.14. New output size and monitors; the layout must be valid (link_layout_check).
 * Surfaces stay: delete those of the old size. */
void gfx_reset_graphics_write(struct writer *w, const struct link_layout *layout);

/* 2.2.2.9, 2.2.2.10 */
void gfx_create_surface_write(struct writer *w, uint16_t surface, uint16_t width_px, uint16_t height_px,
		enum gfx_format format);
void gfx_delete_surface_write(struct writer *w, uint16_t surface);

/* 2.2.2.15. Place of the surface's top left pixel in the output. */
void gfx_map_surface_write(struct writer *w, uint16_t surface, uint32_t x_px, uint32_t y_px);

/* 2.2.2.11, 2.2.2.12. utc_us: CLOCK_REALTIME in microseconds, 0: none given. */
void gfx_start_frame_write(struct writer *w, uint32_t frame_id, uint64_t utc_us);
void gfx_end_frame_write(struct writer *w, uint32_t frame_id);

/* 2.2.2.1: GFX_WIRE_1_BYTES; the caller appends exactly bitmap_len bytes. When
 * that length is not known yet, keep w->at from before the call, write 0 and mend
 * it with gfx_wire_set_len. */
void gfx_wire_1_write(struct writer *w, uint16_t surface, enum gfx_codec codec, enum gfx_format format,
		struct gfx_rect rect, uint32_t bitmap_len);

/* 2.2.2.2, likewise with GFX_WIRE_2_BYTES. context: of the codec, chosen by the
 * server, for one surface. */
void gfx_wire_2_write(struct writer *w, uint16_t surface, enum gfx_codec codec, uint32_t context,
		enum gfx_format format, uint32_t bitmap_len);

/* command: the first byte that gfx_wire_1_write or gfx_wire_2_write wrote (not
 * when the writer failed). */
void gfx_wire_set_len(uint8_t *command, uint32_t bitmap_len);

/* 2.2.2.3 */
void gfx_delete_context_write(struct writer *w, uint16_t surface, uint32_t context);

/* 2.2.2.4. pixel: 0x00RRGGBB (0xAARRGGBB on a surface with alpha). */
void gfx_solid_fill_write(struct writer *w, uint16_t surface, uint32_t pixel, const struct gfx_rect *rects,
		size_t count);

/* 2.2.2.5. The rectangle from, of surface source, to each of the points, which are
 * top left corners; source and target may be one surface. */
void gfx_surface_to_surface_write(struct writer *w, uint16_t source, uint16_t target, struct gfx_rect from,
		const struct gfx_point *to, size_t count);

/* 2.2.2.6, 2.2.2.7, 2.2.2.8. slot: 1..cache_slots. */
void gfx_surface_to_cache_write(
		struct writer *w, uint16_t surface, uint64_t key, uint16_t slot, struct gfx_rect from);
void gfx_cache_to_surface_write(
		struct writer *w, uint16_t slot, uint16_t surface, const struct gfx_point *to, size_t count);
void gfx_evict_cache_write(struct writer *w, uint16_t slot);

/* 2.2.2.17, the answer to every offer: slots of its first count entries; count 0
 * takes none. */
void gfx_cache_reply_write(struct writer *w, const uint16_t *slots, size_t count);

#endif
