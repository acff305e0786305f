/* Header byte: command in the upper four bits, then Sp (two bits: how many bytes
 * the Length of DATA_FIRST has), then cbId (how many bytes the channel id has);
 * 0, 1 and 2 mean 1, 2 and 4 bytes. [MS-RDPEDYC] 2.2 */
#include <base/reader.h>
#include <proto/dvc.h>

static uint32_t read_variable(struct reader *r, unsigned width_code)
{
	switch (width_code) {
	case 0: return reader_u8(r);
	case 1: return reader_u16(r);
	case 2: return reader_u32(r);
	default: reader_fail(r); return 0;
	}
}

static unsigned width_code(uint32_t value)
{
	return value <= 0xff ? 0 : value <= 0xffff ? 1 : 2;
}

static void write_variable(struct writer *w, uint32_t value)
{
	switch (width_code(value)) {
	case 0: writer_u8(w, (uint8_t)value); break;
	case 1: writer_u16(w, (uint16_t)value); break;
	default: writer_u32(w, value); break;
	}
}

static void write_header(struct writer *w, enum dvc_command command, unsigned sp, uint32_t channel_id)
{
	writer_u8(w, (uint8_t)((unsigned)command << 4 | sp << 2 | width_code(channel_id)));
	write_variable(w, channel_id);
}

int dvc_parse(struct dvc_pdu *pdu, const void *data, size_t len)
{
	struct reader r = reader_init(data, len);
	uint8_t header = reader_u8(&r);

	*pdu = (struct dvc_pdu){ .command = (enum dvc_command)(header >> 4) };
	if (pdu->command == DVC_CAPABILITIES) {
		reader_u8(&r); /* pad */
		pdu->version = reader_u16(&r);
		return reader_ok(&r) ? 0 : ERR_FORMAT;
	}
	pdu->channel_id = read_variable(&r, header & 3);
	switch (pdu->command) {
	case DVC_CREATE: pdu->status = reader_s32(&r); break;
	case DVC_DATA_FIRST: pdu->total_bytes = read_variable(&r, header >> 2 & 3); break;
	case DVC_DATA:
	case DVC_CLOSE: break;
	default: return reader_ok(&r) ? ERR_ARGUMENT : ERR_FORMAT;
	}
	pdu->data_len = reader_left(&r);
	pdu->data = reader_take(&r, pdu->data_len);
	return reader_ok(&r) ? 0 : ERR_FORMAT;
}

void dvc_write_capabilities(struct writer *w)
{
	writer_u8(w, DVC_CAPABILITIES << 4);
	writer_u8(w, 0);
	writer_u16(w, 1);
}

void dvc_write_create(struct writer *w, uint32_t channel_id, const char *name)
{
	write_header(w, DVC_CREATE, 0, channel_id);
	writer_copy(w, name, strlen(name) + 1);
}

void dvc_write_close(struct writer *w, uint32_t channel_id)
{
	write_header(w, DVC_CLOSE, 0, channel_id);
}

size_t dvc_write_data(
		struct writer *w, uint32_t channel_id, const uint8_t *message, size_t total, size_t done)
{
	const uint8_t *start = w->at;
	size_t room, part;

	/* A message that fits goes without the Length field, as DATA: header and channel id. */
	if (done == 0 && total > DVC_PDU_MAX - 1 - ((size_t)1 << width_code(channel_id))) {
		write_header(w, DVC_DATA_FIRST, width_code((uint32_t)total), channel_id);
		write_variable(w, (uint32_t)total);
	} else {
		write_header(w, DVC_DATA, 0, channel_id);
	}
	room = DVC_PDU_MAX - (size_t)(w->at - start);
	part = total - done < room ? total - done : room;
	writer_copy(w, message + done, part);
	return part;
}
