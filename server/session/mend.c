#include "mend.h"
#include <freerdp/transport_io.h>
#include <string.h>
#include <winpr/stream.h>

/* FreeRDP's own reader; the same for every connection. */
static pTransportRWFkt read_pdu;

/* What FreeRDP handles before the log-in's end; it keeps the memory for later PDUs. One
 * connection per process. */
static wStream *login_pdu;

/* rdesktop 1.9 writes the two numbers of MCS Erect Domain as 16 bit integers, 00 01
 * 00 01, where PER wants a length before each: read so, one byte is left over. They
 * mean nothing here: two zeroes of one byte take their place. [MS-RDPBCGR] 2.2.1.5 */
static void mend_erect_domain(BYTE *pdu, size_t len)
{
	static const BYTE wrong[] = { 0x03, 0x00, 0x00, 0x0c, 0x02, 0xf0, 0x80, 0x04, 0x00, 0x01, 0x00,
		0x01 };
	static const BYTE right[] = { 0x01, 0x00, 0x01, 0x00 };

	if (len == sizeof wrong && memcmp(pdu, wrong, sizeof wrong) == 0)
		memcpy(pdu + len - sizeof right, right, sizeof right);
}

static int read_and_mend(rdpTransport *transport, wStream *s)
{
	int len = read_pdu(transport, s);
	CONNECTION_STATE state = freerdp_get_state(transport_get_context(transport));

	login_pdu = len > 0 && state <= CONNECTION_STATE_SECURE_SETTINGS_EXCHANGE ? s : NULL;
	if (len > 0 && state == CONNECTION_STATE_MCS_ERECT_DOMAIN)
		mend_erect_domain(Stream_Buffer(s), (size_t)len);
	return len;
}

void mend_wipe_login(void)
{
	if (login_pdu)
		explicit_bzero(Stream_Buffer(login_pdu), Stream_Length(login_pdu));
	login_pdu = NULL;
}

int mend_attach(rdpContext *context)
{
	rdpTransportIo io = *freerdp_get_io_callbacks(context);

	read_pdu = io.ReadPdu;
	io.ReadPdu = read_and_mend;
	return freerdp_set_io_callbacks(context, &io) ? 0 : ERR_MEMORY;
}
