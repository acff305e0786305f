/* The worker, the broker, and the socket that programs connect to. */
#include "vtest.h"
#include <base/acceptor.h>
#include <base/log.h>
#include <base/loop.h>
#include <proto/screen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	STRIKES_MAX = 3,
	STRIKES_US = 5 * 1000 * 1000,
	STRIKES_ENDLESS_US = 60 * 1000 * 1000,
	CAPS_VERSION = 1, /* as virglrenderer's own server asks for */
};

bool vtest_ready(const struct vtest *server)
{
	return renderer_connected(server->renderer) && !server->restore.running && server->caps[0].known &&
			server->caps[1].known;
}

/* A client may be destroyed by its turn, and a turn may make others come. */
void vtest_go_on(struct vtest *server)
{
	uint32_t ids[VTEST_CLIENTS_MAX];
	size_t at = 0, count = 0;

	while (count < VTEST_CLIENTS_MAX && table_next(&server->clients, &at, &ids[count]))
		count++;
	for (size_t i = 0; i < count; i++) {
		struct vtest_client *client = table_get(&server->clients, ids[i]);

		if (client)
			client_go_on(client);
	}
	/* Those that have no context yet look for themselves. */
	for (struct vtest_client *client = server->strangers, *next; client; client = next) {
		next = client->next;
		client_go_on(client);
	}
}

/* The client's answer goes out, and it may go on. */
static void finish_wait(struct vtest_client *client)
{
	if (command_finish(client) < 0)
		client_destroy(client);
	else
		client_go_on(client);
}

static void on_fence(struct vtest_client *client)
{
	client->fence = 0;
	client->done_work = client->fence_work;
	if (client->wait == VTEST_WAITS_IDLE)
		finish_wait(client);
}

static void on_done(void *user, uint32_t serial, enum render_result result)
{
	struct vtest *server = user;
	struct vtest_client *client = table_remove(&server->waits, serial);

	snapshots_done(&server->snapshots, serial, result);
	if (!client)
		return;
	if (serial == client->fence) { /* there is no such context: nothing to wait for */
		on_fence(client);
		return;
	}
	client->failed |= result != RENDER_OK;
	if (serial == client->last_serial)
		finish_wait(client);
}

static void on_fenced(void *user, uint32_t serial)
{
	struct vtest *server = user;
	struct vtest_client *client = table_remove(&server->waits, serial);

	if (client)
		pending_fenced(client, serial);
	if (client && serial == client->fence)
		on_fence(client);
}

static void on_caps(void *user, const struct render_caps_data *data)
{
	struct vtest *server = user;
	struct vtest_caps *caps = &server->caps[data->set == 1 ? 0 : 1];

	/* Programs hear them once, so the first ones stay. */
	if (data->set < 1 || data->set > VTEST_CAP_SETS || caps->known || data->len > sizeof caps->data)
		return;
	caps->known = true;
	caps->len = data->len;
	memcpy(caps->data, data->data, data->len);
	if (vtest_ready(server))
		vtest_go_on(server);
}

static void on_room(void *user)
{
	struct vtest *server = user;

	vtest_restore_step(server);
	if (vtest_ready(server))
		vtest_go_on(server);
}

/* Whose command the worker was at: the first that it has not answered. */
static struct vtest_client *find_culprit(const struct vtest *server)
{
	struct vtest_client *client, *culprit = NULL;
	uint32_t serial, first = 0;

	for (size_t at = 0; (client = table_next(&server->waits, &at, &serial)) != NULL;) {
		if (culprit && (int32_t)(serial - first) > 0)
			continue;
		culprit = client;
		first = serial;
	}
	return culprit;
}

/* What was under way is not answered; restore.c sees to those who wait. */
static void on_lost(void *user)
{
	struct vtest *server = user;
	struct vtest_client *client, *culprit = find_culprit(server);
	size_t at = 0;

	log_warn("the worker is lost%s%s", culprit ? " while it was at what was sent by " : "",
			culprit ? culprit->name : "");
	server->restore.lost_us = loop_now_us();
	vtest_restore_drop(server, NULL);
	snapshots_lost(&server->snapshots);
	table_finish(&server->waits);
	server->waits = (struct table){ 0 };
	server->culprit = culprit ? culprit->context : 0;
	while ((client = table_next(&server->clients, &at, &(uint32_t){ 0 })) != NULL)
		client->fence = 0;
	broker_link_want(server->link);
}

static const struct renderer_ops renderer_ops = {
	.done = on_done, .fenced = on_fenced, .caps = on_caps, .room = on_room, .lost = on_lost
};

static void ask_for_caps(struct vtest *server)
{
	for (uint32_t set = 1; set <= VTEST_CAP_SETS; set++) {
		struct render_message msg = { .type = RENDER_CAPS, .caps = { set, CAPS_VERSION } };

		(void)!renderer_send(server->renderer, &msg, -1);
	}
}

/* One program must not take the worker from all others for ever. A worker that lived for a
 * while did not die of what the last one died of, unless both were at a batch that did
 * not end. */
static void strike(struct vtest_client *culprit, bool endless)
{
	const struct vtest *server = culprit->server;
	uint64_t since_us = endless ? culprit->strike_us : server->restore.done_us;

	if (server->restore.lost_us - since_us > (endless ? STRIKES_ENDLESS_US : STRIKES_US))
		culprit->strikes = 0;
	culprit->strike_us = server->restore.lost_us;
	culprit->strikes++;
}

/* What a worker died of is not sent again: a batch that did not end in time, or what was
 * there when the second one died. The program's next batches come. */
static void judge(struct vtest *server, uint32_t reason)
{
	struct vtest_client *culprit = table_get(&server->clients, server->culprit);
	bool endless = reason == SCREEN_RESET_WATCHDOG;

	server->culprit = 0;
	if (!culprit)
		return;
	strike(culprit, endless);
	if (culprit->strikes >= STRIKES_MAX) {
		log_warn("%s: workers died over what it draws; its connection is closed", culprit->name);
		client_destroy(culprit);
	} else if (endless || culprit->strikes > 1) {
		pending_settle_all(culprit);
	}
}

static void on_worker(void *user, int render_fd, const struct broker_worker *worker)
{
	struct vtest *server = user;

	log_info("drawn by %s, with %llu MB", worker->gpu,
			(unsigned long long)(worker->limits.video_memory_bytes >> 20));
	if (renderer_connect(server->renderer, render_fd) < 0) {
		broker_link_want(server->link);
		return;
	}
	ask_for_caps(server);
	judge(server, worker->reason);
	vtest_restore_start(server);
}

static void on_refused(void *user, const struct broker_worker *worker)
{
	log_warn("the broker gives no worker: %s", worker->text);
}

static const struct broker_link_ops link_ops = { on_worker, on_refused };

static void on_connection(void *user, int fd)
{
	client_accept(user, fd);
}

static bool is_running(void *user)
{
	return vtest_ready(user);
}

static int start_snapshots(struct vtest *server)
{
	const struct snapshots_source source = { server->renderer, &server->resources, &server->budget,
		is_running, server };

	return snapshots_init(&server->snapshots, server->event, &source);
}

int vtest_start(struct vtest *server, sd_event *event, const struct vtest_sockets *sockets)
{
	memset(server, 0, sizeof *server);
	server->event = event;
	server->renderer = renderer_create(event, &renderer_ops, server);
	server->link = broker_link_create(event, &sockets->broker, &link_ops, server);
	server->acceptor = acceptor_create(event, sockets->listen_fd, on_connection, server);
	if (!server->renderer || !server->link || !server->acceptor || start_snapshots(server) < 0)
		return ERR_MEMORY;
	broker_link_want(server->link);
	return 0;
}

void vtest_stop(struct vtest *server)
{
	struct vtest_client *client;

	while ((client = table_next(&server->clients, &(size_t){ 0 }, &(uint32_t){ 0 })) != NULL)
		client_destroy(client);
	while (server->strangers)
		client_destroy(server->strangers);
	acceptor_destroy(server->acceptor);
	broker_link_destroy(server->link);
	renderer_destroy(server->renderer);
	vtest_restore_drop(server, NULL);
	snapshots_finish(&server->snapshots);
	table_finish(&server->clients);
	table_finish(&server->resources);
	table_finish(&server->waits);
}
