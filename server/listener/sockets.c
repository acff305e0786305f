#include "sockets.h"
#include <base/log.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

static socklen_t address_len(const struct conf_address *address)
{
	return address->any.sa_family == AF_INET6 ? sizeof address->in6 : sizeof address->in;
}

static int bind_and_listen(int fd, const struct conf_address *address)
{
	const int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0)
		return ERR_IO;
	/* So that IPv4 and IPv6 can be given apart, whatever the system's default. */
	if (address->any.sa_family == AF_INET6 &&
			setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) < 0)
		return ERR_IO;
	if (bind(fd, &address->any, address_len(address)) < 0)
		return ERR_IO;
	return listen(fd, SOMAXCONN) < 0 ? ERR_IO : 0;
}

/* Returns a descriptor or ERR_IO (errno). */
static int open_one(const struct conf_address *address)
{
	int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), saved;

	if (fd < 0)
		return ERR_IO;
	if (bind_and_listen(fd, address) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return ERR_IO;
}

static int complain(const struct conf_address *address)
{
	int saved = errno;

	if (saved == EADDRINUSE) {
		log_error("cannot listen on %s: the port is in use by another program", address->text);
		return ERR_BUSY;
	}
	log_error("cannot listen on %s: %s", address->text, strerror(saved));
	return saved == EACCES ? ERR_DENIED : ERR_IO;
}

/* A kernel without IPv6 must not keep the default addresses from working. */
static bool is_family_missing(const struct conf_address *address)
{
	static const struct in6_addr any6 = IN6ADDR_ANY_INIT;

	if (errno != EAFNOSUPPORT && errno != EADDRNOTAVAIL)
		return false;
	if (address->any.sa_family == AF_INET6)
		return memcmp(&address->in6.sin6_addr, &any6, sizeof any6) == 0;
	return address->in.sin_addr.s_addr == INADDR_ANY;
}

static void add(struct sockets *sockets, int fd, const char *text)
{
	struct listening *listening = &sockets->at[sockets->count++];

	*listening = (struct listening){ .fd = fd };
	snprintf(listening->text, sizeof listening->text, "%s", text);
}

static void drop(struct listening *listening)
{
	sd_event_source_disable_unref(listening->source);
	if (listening->fd >= 0)
		close(listening->fd);
	*listening = (struct listening){ .fd = -1 };
}

static struct listening *find(struct sockets *sockets, const char *text)
{
	for (int i = 0; i < sockets->count; i++) {
		if (sockets->at[i].fd >= 0 && strcmp(sockets->at[i].text, text) == 0)
			return &sockets->at[i];
	}
	return NULL;
}

/* Opens those of wanted that `have` lacks; failing, opens none. */
static int open_missing(struct sockets *sockets, const struct conf_listen *wanted, struct sockets *have)
{
	int err = 0;

	*sockets = (struct sockets){ .count = 0 };
	for (int i = 0; i < wanted->count && err == 0; i++) {
		const struct conf_address *address = &wanted->at[i];
		int fd;

		if (have && find(have, address->text))
			continue;
		fd = open_one(address);
		if (fd >= 0)
			add(sockets, fd, address->text);
		else if (wanted->count > 1 && is_family_missing(address))
			log_warn("not listening on %s: %s", address->text, strerror(errno));
		else
			err = complain(address);
	}
	if (err < 0)
		sockets_close(sockets);
	return err;
}

static int socket_text(int fd, char *text, size_t cap)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof address;
	char host[64], port[8];

	if (getsockname(fd, (struct sockaddr *)&address, &len) < 0)
		return ERR_IO;
	if (getnameinfo((struct sockaddr *)&address, len, host, sizeof host, port, sizeof port,
			    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return ERR_IO;
	snprintf(text, cap, address.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
	return 0;
}

static int is_ours(int fd)
{
	return sd_is_socket(fd, AF_INET, SOCK_STREAM, 1) > 0 ||
			sd_is_socket(fd, AF_INET6, SOCK_STREAM, 1) > 0;
}

static int inherit(struct sockets *sockets, int count)
{
	char text[CONF_ADDRESS_CAP];

	*sockets = (struct sockets){ .inherited = true };
	for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + count; fd++) {
		if (sockets->count == CONF_LISTEN_MAX || !is_ours(fd) ||
				socket_text(fd, text, sizeof text) < 0 ||
				fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0) {
			log_error("descriptor %d from systemd is not a listening TCP socket, or one too many",
					fd);
			sockets_close(sockets);
			return ERR_IO;
		}
		add(sockets, fd, text);
	}
	return 0;
}

int sockets_open(struct sockets *sockets, const struct conf_listen *wanted)
{
	int inherited = sd_listen_fds(1);

	return inherited > 0 ? inherit(sockets, inherited) : open_missing(sockets, wanted, NULL);
}

static bool is_wanted(const struct conf_listen *wanted, const char *text)
{
	for (int i = 0; i < wanted->count; i++) {
		if (strcmp(wanted->at[i].text, text) == 0)
			return true;
	}
	return false;
}

static int port_of(const struct conf_address *address)
{
	return address->any.sa_family == AF_INET6 ? address->in6.sin6_port : address->in.sin_port;
}

/* Is a socket that goes in the way of one that comes (0.0.0.0:3389 of 127.0.0.1:3389)? */
static bool is_in_the_way(const struct sockets *sockets, const struct conf_listen *wanted)
{
	for (int i = 0; i < sockets->count; i++) {
		struct conf_address old;

		if (is_wanted(wanted, sockets->at[i].text) ||
				conf_address_parse(&old, sockets->at[i].text, CONF_PORT) < 0)
			continue;
		for (int k = 0; k < wanted->count; k++) {
			if (port_of(&wanted->at[k]) == port_of(&old) &&
					wanted->at[k].any.sa_family == old.any.sa_family)
				return true;
		}
	}
	return false;
}

/* Closes those that are not wanted and keeps their addresses in *closed. */
static void close_unwanted(
		struct sockets *sockets, const struct conf_listen *wanted, struct conf_listen *closed)
{
	int kept = 0;

	closed->count = 0;
	for (int i = 0; i < sockets->count; i++) {
		if (is_wanted(wanted, sockets->at[i].text)) {
			sockets->at[kept++] = sockets->at[i];
			continue;
		}
		if (conf_address_parse(&closed->at[closed->count], sockets->at[i].text, CONF_PORT) == 0)
			closed->count++;
		drop(&sockets->at[i]);
	}
	sockets->count = kept;
}

static void merge(struct sockets *sockets, const struct sockets *more)
{
	for (int i = 0; i < more->count; i++)
		sockets->at[sockets->count++] = more->at[i];
}

int sockets_change(struct sockets *sockets, const struct conf_listen *wanted)
{
	struct sockets fresh, again;
	struct conf_listen closed = { .count = 0 };
	int err;

	if (sockets->inherited)
		return 0;
	if (is_in_the_way(sockets, wanted))
		close_unwanted(sockets, wanted, &closed);
	err = open_missing(&fresh, wanted, sockets);
	if (err == 0) {
		close_unwanted(sockets, wanted, &closed);
		merge(sockets, &fresh);
	} else if (closed.count && open_missing(&again, &closed, NULL) == 0) {
		merge(sockets, &again);
	}
	return err;
}

int sockets_attach(struct sockets *sockets, sd_event *event, sd_event_io_handler_t on_ready, void *user)
{
	for (int i = 0; i < sockets->count; i++) {
		struct listening *listening = &sockets->at[i];

		if (!listening->source &&
				sd_event_add_io(event, &listening->source, listening->fd, EPOLLIN, on_ready,
						user) < 0)
			return ERR_IO;
	}
	return 0;
}

void sockets_pause(struct sockets *sockets, bool pause)
{
	for (int i = 0; i < sockets->count; i++)
		sd_event_source_set_enabled(sockets->at[i].source, pause ? SD_EVENT_OFF : SD_EVENT_ON);
}

void sockets_describe(const struct sockets *sockets, char *text, size_t cap)
{
	size_t len = 0;

	text[0] = '\0';
	for (int i = 0; i < sockets->count && len < cap; i++)
		len += (size_t)snprintf(text + len, cap - len, "%s%s", i ? ", " : "", sockets->at[i].text);
}

void sockets_close(struct sockets *sockets)
{
	for (int i = 0; i < sockets->count; i++)
		drop(&sockets->at[i]);
	sockets->count = 0;
}
