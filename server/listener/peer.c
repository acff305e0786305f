#include "peer.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static void set_in(struct peer *peer, const struct in_addr *in)
{
	peer->key[10] = peer->key[11] = 0xff;
	memcpy(peer->key + 12, in, 4);
	inet_ntop(AF_INET, in, peer->text, sizeof peer->text);
}

static void set_in6(struct peer *peer, const struct in6_addr *in6)
{
	struct in_addr in;

	if (IN6_IS_ADDR_V4MAPPED(in6)) {
		memcpy(&in, in6->s6_addr + 12, 4);
		set_in(peer, &in);
		return;
	}
	memcpy(peer->key, in6->s6_addr, 8);
	inet_ntop(AF_INET6, in6, peer->text, sizeof peer->text);
}

void peer_init(struct peer *peer, const struct sockaddr *address)
{
	*peer = (struct peer){ .text = "unknown" };
	if (address->sa_family == AF_INET)
		set_in(peer, &((const struct sockaddr_in *)address)->sin_addr);
	else if (address->sa_family == AF_INET6)
		set_in6(peer, &((const struct sockaddr_in6 *)address)->sin6_addr);
}

int peer_parse(struct peer *peer, const char *text)
{
	struct in6_addr in6;
	struct in_addr in;

	*peer = (struct peer){ .text = "unknown" };
	if (inet_pton(AF_INET, text, &in) == 1)
		set_in(peer, &in);
	else if (inet_pton(AF_INET6, text, &in6) == 1)
		set_in6(peer, &in6);
	else
		return ERR_FORMAT;
	return 0;
}

bool peer_same(const uint8_t a[PEER_KEY_LEN], const uint8_t b[PEER_KEY_LEN])
{
	return memcmp(a, b, PEER_KEY_LEN) == 0;
}
