#include "host.h"
#include <base/packet.h>
#include <string.h>
#include <unistd.h>

enum {
	VERDICT_TIMEOUT_MS = 15000, /* PAM modules delay a refusal by some seconds */
	GUEST_TIMEOUT_MS = 40000,   /* the host itself gives a desktop 30 s to start */
};

static int receive(int control_fd, enum control_type asked, uint8_t *packet, size_t cap, int *passed_fd)
{
	int timeout_ms = asked == CONTROL_ATTACH ? GUEST_TIMEOUT_MS : VERDICT_TIMEOUT_MS;
	int err = packet_wait(control_fd, timeout_ms);

	return err < 0 ? err : packet_receive(control_fd, packet, cap, passed_fd);
}

int host_ask(int control_fd, struct control_message *message, int *passed_fd)
{
	enum control_type asked = message->type, expected;
	uint8_t packet[CONTROL_PACKET_MAX];
	int len = control_write(message, packet, sizeof packet);

	*passed_fd = -1;
	expected = asked == CONTROL_ATTACH ? CONTROL_GUEST : CONTROL_VERDICT;
	if (len > 0 && packet_send(control_fd, packet, (size_t)len, -1) < 0)
		len = ERR_CLOSED;
	explicit_bzero(message, sizeof *message);
	explicit_bzero(packet, sizeof packet);
	if (len < 0)
		return len;
	len = receive(control_fd, asked, packet, sizeof packet, passed_fd);
	if (len > 0)
		len = control_parse(message, packet, (size_t)len);
	explicit_bzero(packet, sizeof packet);
	if (len == 0 && message->type == expected)
		return 0;
	if (*passed_fd >= 0)
		close(*passed_fd);
	*passed_fd = -1;
	return len < 0 ? len : ERR_FORMAT;
}

const char *host_status_text(uint32_t status)
{
	switch (status) {
	case CONTROL_OK: return "accepted";
	case CONTROL_REFUSED: return "wrong user name or password";
	case CONTROL_NO_MIC: return "the client's NTLM has no message integrity code";
	case CONTROL_EXPIRED: return "the account or its password has expired";
	case CONTROL_LIMIT: return "too many tries";
	case CONTROL_NO_GUEST: return "the desktop does not start";
	default: return "oriel-host could not check the log-in";
	}
}
