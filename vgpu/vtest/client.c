/* Bytes of one connection. A client that waits for the worker, or whose answers are not
 * read, is not read either. */
#include "vtest.h"
#include <base/log.h>
#include <base/packet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	IN_FIRST_BYTES = 64 << 10,
};

static void forget_resources(struct vtest_client *client)
{
	struct vtest_resource *resource;
	size_t at = 0;

	while ((resource = table_next(&client->resources, &at, &(uint32_t){ 0 })) != NULL) {
		resource_forget(resource);
		at = 0;
	}
	table_finish(&client->resources);
}

void client_leave_strangers(struct vtest_client *client)
{
	struct vtest_client **slot = &client->server->strangers;

	while (*slot && *slot != client)
		slot = &(*slot)->next;
	if (*slot)
		*slot = client->next;
	client->next = NULL;
}

static void forget_context(struct vtest_client *client)
{
	struct render_message msg = { .type = RENDER_CONTEXT_DESTROY, .context = { client->context, 0, "" } };
	struct vtest *server = client->server;
	uint32_t serial;

	client_leave_strangers(client);
	if (!client->context)
		return;
	table_remove(&server->clients, client->context);
	/* Without a worker there is nothing to destroy. */
	(void)!renderer_send(server->renderer, &msg, -1);
	for (size_t at = 0; table_next(&server->waits, &at, &serial);) {
		if (table_get(&server->waits, serial) == client) {
			table_remove(&server->waits, serial);
			at = 0;
		}
	}
}

void client_destroy(struct vtest_client *client)
{
	log_debug("%s leaves", client->name);
	vtest_restore_drop(client->server, client);
	pending_drop(client);
	forget_resources(client);
	forget_context(client);
	journal_destroy(client->journal);
	sd_event_source_disable_unref(client->source);
	close(client->fd);
	free(client->in);
	client->server->client_count--;
	free(client);
}

static bool wants_input(const struct vtest_client *client)
{
	return client->wait == VTEST_WAITS_NOT && client->out_at == client->out_len &&
			vtest_ready(client->server);
}

/* A socket that is not read tells of its end all the same. */
static void set_events(struct vtest_client *client)
{
	uint32_t events = wants_input(client) && client->in_len < client->in_cap ? EPOLLIN : 0;

	if (client->out_at < client->out_len)
		events |= EPOLLOUT;
	sd_event_source_set_io_events(client->source, events);
}

static int send_some(struct vtest_client *client, const void *data, size_t len, int pass_fd)
{
	int n = packet_send_some(client->fd, data, len, pass_fd);

	return n == ERR_AGAIN ? 0 : n;
}

int client_send(struct vtest_client *client, const void *data, size_t len, int pass_fd)
{
	int sent = 0;

	if (client->out_at == client->out_len) {
		client->out_at = client->out_len = 0;
		sent = send_some(client, data, len, pass_fd);
		if (sent < 0)
			return sent;
	}
	/* A descriptor goes with the first byte, and a program reads before it asks on: its
	 * socket has room for that byte, or the program is not one of Mesa's. */
	if ((size_t)sent < len && (pass_fd >= 0 || len - (size_t)sent > sizeof client->out - client->out_len))
		return ERR_SPACE;
	memcpy(client->out + client->out_len, (const uint8_t *)data + sent, len - (size_t)sent);
	client->out_len += len - (size_t)sent;
	return 0;
}

static int flush(struct vtest_client *client)
{
	int sent = send_some(client, client->out + client->out_at, client->out_len - client->out_at, -1);

	if (sent > 0)
		client->out_at += (size_t)sent;
	return sent < 0 ? sent : 0;
}

/* Room for at least one message of any length that has begun. */
static int make_room(struct vtest_client *client)
{
	size_t cap = client->in_cap ? 2 * client->in_cap : IN_FIRST_BYTES;
	uint8_t *in;

	if (client->in_len < client->in_cap || client->in_cap >= VTEST_MESSAGE_MAX_BYTES)
		return 0;
	if (cap > VTEST_MESSAGE_MAX_BYTES)
		cap = VTEST_MESSAGE_MAX_BYTES;
	in = realloc(client->in, cap);
	if (!in)
		return ERR_MEMORY;
	client->in = in;
	client->in_cap = cap;
	return 0;
}

static int receive(struct vtest_client *client)
{
	ssize_t n;

	if (client->in_len == client->in_cap)
		return 0;
	do
		n = recv(client->fd, client->in + client->in_len, client->in_cap - client->in_len,
				MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n == 0 || (n < 0 && errno != EAGAIN))
		return ERR_CLOSED;
	if (n > 0)
		client->in_len += (size_t)n;
	return 0;
}

/* ERR_AGAIN: what is there must wait. */
static int run_messages(struct vtest_client *client)
{
	struct vtest_message msg;
	size_t at = 0;
	int err = 0;

	while (err == 0 && wants_input(client)) {
		int used = vtest_parse(&msg, client->in + at, client->in_len - at);

		if (used == 0)
			break;
		err = used < 0 ? used : command_run(client, &msg);
		if (err == 0)
			at += (size_t)used;
	}
	memmove(client->in, client->in + at, client->in_len - at);
	client->in_len -= at;
	return err;
}

static int take_turn(struct vtest_client *client, bool readable)
{
	int err = 0;

	if (readable)
		err = receive(client);
	if (err == 0)
		err = run_messages(client);
	if (err == ERR_AGAIN)
		err = 0;
	return err < 0 ? err : make_room(client);
}

static void end_on(struct vtest_client *client, int err)
{
	if (err == 0) {
		set_events(client);
		return;
	}
	if (err != ERR_CLOSED)
		log_warn("%s: %s; its connection is closed", client->name, err_text(err));
	client_destroy(client);
}

void client_go_on(struct vtest_client *client)
{
	int err = 0;

	if (client->in_len)
		err = take_turn(client, false);
	end_on(client, err);
}

static int on_client(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct vtest_client *client = user;
	int err = 0;

	if (events & EPOLLOUT)
		err = flush(client);
	if (err == 0 && !(events & EPOLLIN) && (events & (EPOLLHUP | EPOLLERR)))
		err = ERR_CLOSED;
	if (err == 0)
		err = take_turn(client, events & EPOLLIN);
	end_on(client, err);
	return 0;
}

void client_accept(struct vtest *server, int fd)
{
	struct vtest_client *client = NULL;

	if (server->client_count < VTEST_CLIENTS_MAX)
		client = calloc(1, sizeof *client);
	if (!client || make_room(client) < 0 ||
			sd_event_add_io(server->event, &client->source, fd, EPOLLIN, on_client, client) < 0) {
		log_warn("a program is refused: %s",
				client ? "no memory" : "there are as many as one guest may have");
		if (client)
			free(client->in);
		free(client);
		close(fd);
		return;
	}
	client->server = server;
	client->fd = fd;
	strcpy(client->name, "a program");
	server->client_count++;
	client->next = server->strangers;
	server->strangers = client;
	set_events(client);
}
