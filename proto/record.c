#include "fields.h"
#include <proto/record.h>
#include <string.h>

/* Changes with the format: a record of another release is not read. "ORS1" */
static const uint32_t record_magic = 0x3153524f;

static void record_fields(struct fields *f, struct record *rec)
{
	uint32_t magic = record_magic;

	field_u32(f, &magic);
	if (magic != record_magic)
		fields_fail(f);
	field_u32(f, &rec->state);
	field_u32(f, &rec->pid);
	field_u64(f, &rec->started_us);
	field_u64(f, &rec->login_until_us);
	field_u32(f, &rec->width_px);
	field_u32(f, &rec->height_px);
	field_text(f, rec->address, sizeof rec->address);
	field_text(f, rec->user, sizeof rec->user);
	field_text(f, rec->guest, sizeof rec->guest);
	field_text(f, rec->client, sizeof rec->client);
	field_text(f, rec->security, sizeof rec->security);
	field_text(f, rec->reason, sizeof rec->reason);
}

int record_parse(struct record *rec, const void *data, size_t len)
{
	struct fields f = { .r = reader_init(data, len) };

	*rec = (struct record){ 0 };
	if (len != RECORD_LEN)
		return ERR_FORMAT;
	record_fields(&f, rec);
	if (!reader_ok(&f.r) || rec->state < RECORD_LOGIN || rec->state > RECORD_ENDED ||
			rec->pid > INT32_MAX)
		return ERR_FORMAT;
	return 0; /* the rest of the file is room for more fields */
}

void record_write(const struct record *rec, uint8_t dst[RECORD_LEN])
{
	struct fields f = { .writing = true, .w = writer_init(dst, RECORD_LEN) };

	memset(dst, 0, RECORD_LEN);
	/* Writing leaves the fields as they are. */
	record_fields(&f, (struct record *)rec);
}
