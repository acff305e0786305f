/* The listening sockets: opened by address, or inherited from systemd. Not
 * thread-safe. */
#ifndef LISTENER_SOCKETS_H
#define LISTENER_SOCKETS_H

#include <base/err.h>
#include <server/conf.h>
#include <systemd/sd-event.h>

struct listening {
	int fd;
	char text[CONF_ADDRESS_CAP];
	sd_event_source *source; /* NULL before sockets_attach */
};

struct sockets {
	struct listening at[CONF_LISTEN_MAX];
	int count;
	bool inherited; /* from systemd: configured addresses do not count */
};

/* Binds and listens; takes what systemd handed over instead, if anything. Logs what
 * is wrong. All or nothing, but a wildcard address of a family that this machine
 * does not have is skipped as long as another works. 0; ERR_BUSY (port in use);
 * ERR_DENIED; ERR_IO. */
MUST_USE int sockets_open(struct sockets *sockets, const struct conf_listen *wanted);

/* Changes to another list: what is in both stays open. After an error the old list
 * is in force again (as far as it can be bound again). New ones need sockets_attach. */
MUST_USE int sockets_change(struct sockets *sockets, const struct conf_listen *wanted);

/* Has on_ready called (with the descriptor) for sockets without a source. 0 or ERR_IO. */
MUST_USE int sockets_attach(
		struct sockets *sockets, sd_event *event, sd_event_io_handler_t on_ready, void *user);

/* Stops or goes on with accepting; connections wait in the kernel meanwhile. */
void sockets_pause(struct sockets *sockets, bool pause);

/* "0.0.0.0:3389, [::]:3389" */
void sockets_describe(const struct sockets *sockets, char *text, size_t cap);

void sockets_close(struct sockets *sockets);

#endif
