/* What a context is made of: its live objects and its current state, gathered from the
 * batches it submitted, so that it can be made again in another worker. A journal does
 * not grow with what was drawn, only with what is alive: an object goes when it is
 * destroyed, a state when it is set anew.
 *
 * Pictures are not in it: what was uploaded is kept per resource (uploads.h), and what
 * was only ever drawn is lost. A journal trusts nothing, and keeps no command that is out
 * of the renderer's bounds; but it cannot tell all that the renderer refuses, so it follows
 * a batch as far as commands can be told apart, which may be past the one that the renderer
 * stopped at. Loop thread only. */
#ifndef FRONT_JOURNAL_H
#define FRONT_JOURNAL_H

#include <base/err.h>
#include <proto/virgl.h>
#include <stdbool.h>

enum {
	JOURNAL_BYTES_MAX = 64 << 20,   /* of a context; with more it cannot be made again */
	JOURNALS_BYTES_MAX = 256 << 20, /* of all contexts of a guest; likewise for who wants more */
	JOURNAL_SUBS_MAX = 256,
};

struct journal;

/* Shared by all journals of a guest. */
struct journal_budget {
	size_t used_bytes;
};

/* What a batch does to the contents of resources, in its order. */
struct journal_uploads {
	void (*inline_write)(void *user, const struct virgl_upload *upload, const void *data, size_t len);
	/* From its own backing. */
	void (*transfer)(void *user, const struct virgl_upload *upload, uint64_t offset_bytes);
	/* From another resource's backing. */
	void (*copy_transfer)(void *user, const struct virgl_upload *upload, uint32_t source,
			uint64_t offset_bytes);
	/* The renderer draws, clears or copies into it. */
	void (*drawn)(void *user, uint32_t resource, uint32_t level);
	/* The same within one resource: mipmaps are made so. blit is a BLIT of full length. */
	void (*blit_within)(void *user, const struct virgl_entry *blit);
};

/* How a context is made again. */
struct journal_replay {
	/* Is there a resource of that id that the context may use? What refers to others
	 * is left out. */
	bool (*has_resource)(void *user, uint32_t resource);
	/* One command of the new context's first batches; count is at most
	 * VIRGL_LEN_MAX_WORDS + 1. Negative ends the replay. */
	int (*emit)(void *user, const uint32_t *words, size_t count);
};

/* budget is borrowed. NULL without memory. */
struct journal *journal_create(struct journal_budget *budget);
void journal_destroy(struct journal *journal);

/* A batch that the context submits. words is read once; it must not change meanwhile. */
void journal_take(struct journal *journal, const uint32_t *words, size_t count,
		const struct journal_uploads *uploads, void *user);

/* 0; ERR_SPACE when there was too much to keep; what emit returned. */
MUST_USE int journal_replay(struct journal *journal, const struct journal_replay *replay, void *user);

/* Bytes it keeps, for figures and tests. */
size_t journal_bytes(const struct journal *journal);

#endif
