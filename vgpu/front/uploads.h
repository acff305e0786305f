/* What was uploaded into a resource, so that it can be uploaded again. Most of it the
 * guest still has, in the resource's own backing: then the box and its place there are
 * enough. Bytes that came by another way (within a batch, or from another resource's
 * backing), and boxes that do not join, are kept as a picture of the level, as long as
 * the guest's budget for that lasts. Of formats whose texels come in blocks only the
 * last whole uploads are kept. Loop thread only. */
#ifndef FRONT_UPLOADS_H
#define FRONT_UPLOADS_H

#include <base/err.h>
#include <proto/render.h>
#include <proto/virgl.h>
#include <stdbool.h>

enum {
	UPLOADS_LEVELS_MAX = 16,
	UPLOADS_BUDGET_BYTES = 256 << 20, /* of pictures, for all resources of a guest */
	UPLOADS_TURN_BYTES = 512 << 20,   /* painted into them, at most, in one turn of the loop */
	UPLOADS_BLITS_MAX = 96,           /* levels, and sides of a cube */
	UPLOADS_BUFFER = 0,               /* render_resource.target of a buffer: width is in bytes */
};

/* One level. */
struct upload_level {
	bool known; /* something was uploaded */
	struct virgl_upload to;
	uint64_t offset_bytes; /* into the backing; without picture */
	uint8_t *picture;      /* owned; all of the level, tight; then to is the level */
	size_t picture_bytes;
};

/* A level, or a layer of one, that was made from another one of the same resource. */
struct upload_blit {
	uint32_t level, z;
	uint32_t words[1 + VIRGL_BLIT_WORDS]; /* the command */
};

struct uploads {
	struct upload_level *levels; /* NULL: nothing yet */
	struct upload_blit *blits;   /* in the order of the last of each; NULL: none */
	uint32_t blit_count;
};

/* Shared by all resources of a guest. */
struct uploads_budget {
	size_t used_bytes;
	uint64_t turn, painted_bytes; /* in that turn */
};

/* Where bytes of a backing are read: what lies outside reads as zero. */
struct uploads_backing {
	void (*read)(void *user, uint64_t offset_bytes, void *dst, size_t len);
	void *user;
	uint64_t len_bytes;
	uint32_t parts; /* it is scattered in so many, which reading goes through */
};

/* Empty uploads are all zeroes. */
void uploads_finish(struct uploads *uploads, struct uploads_budget *budget);

/* The backing is gone, and with it what was only there. */
void uploads_detached(struct uploads *uploads);

/* A box came into the resource, from offset_bytes of its own backing, or, unless that
 * is NULL, of foreign, which is read now. What is out of the renderer's bounds is left
 * out, as a box that reaches beyond what it is read from; so is what there is no memory or
 * budget for, and what is too much for one turn: a batch may paint the same again and
 * again, and the renderer may have stopped at its first command (journal.h). */
void uploads_add(struct uploads *uploads, struct uploads_budget *budget,
		const struct render_resource *resource, const struct virgl_upload *to, uint64_t offset_bytes,
		const struct uploads_backing *own, const struct uploads_backing *foreign);

/* The loop's turn, by any number: in another than the last, so much may be painted again. */
void uploads_turn(struct uploads_budget *budget, uint64_t turn);

/* A BLIT from one of the resource's levels into another. */
void uploads_add_blit(struct uploads *uploads, const struct virgl_entry *blit);

/* Where a picture of the whole level 0 is kept, for who has read it: rows of width texels
 * without gaps. NULL: no budget or memory, or not a format for that. */
uint8_t *uploads_picture(struct uploads *uploads, struct uploads_budget *budget,
		const struct render_resource *resource);

/* What a new worker is given: level 0.., *level begins as 0. NULL at the end. */
const struct upload_level *uploads_next(const struct uploads *uploads, uint32_t *level);

#endif
