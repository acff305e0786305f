/* A client's address: as text for people, as key for the limits. Thread-safe. */
#ifndef LISTENER_PEER_H
#define LISTENER_PEER_H

#include <base/err.h>
#include <proto/record.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum {
	PEER_KEY_LEN = 16,
};

struct peer {
	/* IPv4 as ::ffff:a.b.c.d; of IPv6 the first 64 bits, because whoever has one
	 * address has the whole /64. */
	uint8_t key[PEER_KEY_LEN];
	char text[RECORD_TEXT_CAP]; /* without port; never mapped IPv4 */
};

/* AF_INET or AF_INET6; of anything else a peer "unknown" is made. */
void peer_init(struct peer *peer, const struct sockaddr *address);

/* The text of a peer again, as in a record. 0 or ERR_FORMAT. */
MUST_USE int peer_parse(struct peer *peer, const char *text);

bool peer_same(const uint8_t a[PEER_KEY_LEN], const uint8_t b[PEER_KEY_LEN]);

#endif
