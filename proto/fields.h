/* One description of a message's fields that serves both directions, so that what
 * is written is what is read. Little-endian. For our own formats (link, control,
 * record), where both ends are ours. */
#ifndef PROTO_FIELDS_H
#define PROTO_FIELDS_H

#include <base/reader.h>
#include <base/writer.h>

struct fields {
	bool writing; /* then the fields are read only, though not const */
	struct reader r;
	struct writer w;
};

static inline void field_u16(struct fields *f, uint16_t *v)
{
	if (f->writing)
		writer_u16(&f->w, *v);
	else
		*v = reader_u16(&f->r);
}

static inline void field_u32(struct fields *f, uint32_t *v)
{
	if (f->writing)
		writer_u32(&f->w, *v);
	else
		*v = reader_u32(&f->r);
}

static inline void field_s32(struct fields *f, int32_t *v)
{
	if (f->writing)
		writer_u32(&f->w, (uint32_t)*v);
	else
		*v = reader_s32(&f->r);
}

static inline void field_u64(struct fields *f, uint64_t *v)
{
	if (f->writing)
		writer_u64(&f->w, *v);
	else
		*v = reader_u64(&f->r);
}

static inline void field_bytes(struct fields *f, void *data, size_t len)
{
	if (f->writing)
		writer_copy(&f->w, data, len);
	else
		reader_copy(&f->r, data, len);
}

/* A length out of bounds: nothing after it can be trusted. */
static inline void fields_fail(struct fields *f)
{
	f->r.failed = f->w.failed = true;
}

/* A text in a block of cap bytes: padded with NULs, at least one. */
void field_text(struct fields *f, char *text, size_t cap);

/* A text as u16 length and the bytes without NUL; less than cap of them. */
void field_string(struct fields *f, char *text, size_t cap);

/* Bytes as u16 length and the bytes; at most cap. */
void field_block(struct fields *f, uint8_t *data, uint16_t *len, size_t cap);

#endif
