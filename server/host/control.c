#include "control.h"
#include "door.h"
#include "pam_job.h"
#include <base/acceptor.h>
#include <base/log.h>
#include <base/loop.h>
#include <base/packet.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct connection {
	struct control *control;
	struct connection *next, **link; /* link: what points here */
	struct door door;
	int fd;
	pid_t peer; /* for the log */
	sd_event_source *readable, *timer;
	struct pam_job *job;
	struct control_verdict verdict; /* while PAM is asked */
	struct guest_wait wait;
};

struct control {
	sd_event *event;
	struct control_settings settings;
	char path[CONF_PATH_CAP + 16];
	struct acceptor *acceptor;
	struct connection *connections;
	int count;
	/* Of the message at hand; wiped after it, for there are passwords in it. */
	uint8_t packet[CONTROL_PACKET_MAX + 1];
	struct control_message message;
};

static void drop(struct connection *c)
{
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	c->control->count--;
	pam_job_cancel(c->job);
	guest_wait_cancel(&c->wait);
	sd_event_source_disable_unref(c->timer);
	sd_event_source_disable_unref(c->readable);
	close(c->fd);
	explicit_bzero(c, sizeof *c);
	free(c);
}

/* false: the connection is gone. */
static bool answer(struct connection *c, const struct control_message *message, int pass_fd)
{
	uint8_t packet[CONTROL_PACKET_MAX];
	int len = control_write(message, packet, sizeof packet);
	int result = len < 0 ? len : packet_send(c->fd, packet, (size_t)len, pass_fd);

	explicit_bzero(packet, sizeof packet);
	if (result == 0)
		return true;
	/* One that asks one thing at a time always has room for the answer. */
	log_warn("control: session %d does not take its answer: %s", (int)c->peer, err_text(result));
	drop(c);
	return false;
}

static void send_verdict(struct connection *c, const struct control_verdict *verdict)
{
	struct control_message message = { .type = CONTROL_VERDICT, .verdict = *verdict };

	door_verdict(&c->door, verdict);
	if (answer(c, &message, -1))
		explicit_bzero(&c->verdict, sizeof c->verdict);
	explicit_bzero(&message, sizeof message);
}

/* fd is taken. The conversation ends here. */
static void send_guest(struct connection *c, int fd, const char *text)
{
	struct control_message message = { .type = CONTROL_GUEST,
		.guest = { .status = fd < 0 ? CONTROL_NO_GUEST : CONTROL_OK,
				.shared = c->control->settings.conf->guest.shared } };

	snprintf(message.guest.name, sizeof message.guest.name, "%s", c->door.user);
	snprintf(message.guest.text, sizeof message.guest.text, "%s", fd < 0 ? text : "");
	c->door.state = DOOR_DONE;
	if (answer(c, &message, fd))
		drop(c); /* what was sent is still received */
	if (fd >= 0)
		close(fd);
}

static void on_guest(struct guest_wait *wait, int fd, const char *text)
{
	struct connection *c = (struct connection *)((char *)wait - offsetof(struct connection, wait));

	send_guest(c, fd, text);
}

static void on_pam(void *user, enum control_status status, const char *account)
{
	struct connection *c = user;

	c->job = NULL;
	if (status == CONTROL_OK && !name_valid(account))
		status = CONTROL_REFUSED;
	login_finish(c->control->settings.login, status, account, &c->verdict);
	send_verdict(c, &c->verdict);
}

static void ask_pam(struct connection *c, const char *password)
{
	const struct control_settings *settings = &c->control->settings;
	int result = pam_job_start(
			&c->job, c->control->event, settings->pam_dir, c->verdict.user, password, on_pam, c);

	if (result < 0)
		on_pam(c, result == ERR_BUSY ? CONTROL_LIMIT : CONTROL_INTERNAL, "");
}

static void on_try(struct connection *c, const struct control_message *message)
{
	const struct login *login = c->control->settings.login;
	const char *password = NULL;
	enum login_next next;

	if (message->type == CONTROL_NLA) {
		next = login_nla(login, &message->nla, loop_now_us(), &c->verdict);
	} else {
		next = login_password(login, &message->password, loop_now_us(), &c->verdict);
		password = message->password.password;
	}
	if (next == LOGIN_DECIDED)
		send_verdict(c, &c->verdict);
	else
		ask_pam(c, next == LOGIN_ASK_PASSWORD ? password : NULL);
}

static void on_attach(struct connection *c, const struct control_message *message)
{
	char text[CONTROL_TEXT_CAP] = "";
	int fd = guests_attach(c->control->settings.guests, c->door.user, &message->attach, &c->wait, text);

	if (fd != ERR_AGAIN)
		send_guest(c, fd, text);
}

static void on_message(struct connection *c, size_t len)
{
	struct control_message *message = &c->control->message;
	int result = control_parse(message, c->control->packet, len);

	if (result == 0)
		result = door_message(&c->door, message->type);
	if (result < 0) {
		log_warn("control: session %d sent a message of %zu bytes: %s; closed", (int)c->peer, len,
				err_text(result));
		drop(c);
	} else if (message->type == CONTROL_ATTACH) {
		on_attach(c, message);
	} else {
		on_try(c, message);
	}
}

static int on_readable(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct connection *c = user;
	struct control *control = c->control;
	int len = packet_receive(fd, control->packet, sizeof control->packet, NULL);

	if (len > 0) {
		on_message(c, (size_t)len);
		explicit_bzero(control->packet, sizeof control->packet);
		explicit_bzero(&control->message, sizeof control->message);
	} else if (len == ERR_CLOSED) {
		drop(c);
	} else if (len != ERR_AGAIN) {
		log_warn("control: session %d: %s; closed", (int)c->peer, err_text(len));
		drop(c);
	}
	return 0;
}

static int on_late(sd_event_source *source, uint64_t now_us, void *user)
{
	struct connection *c = user;

	log_warn("control: session %d took longer than %d s; closed", (int)c->peer, CONTROL_TIME_S);
	drop(c);
	return 0;
}

/* Takes fd. */
static void add_connection(struct control *control, int fd, pid_t peer)
{
	struct connection *c = calloc(1, sizeof *c);

	if (!c) {
		log_error("control: no memory for a session");
		close(fd);
		return;
	}
	*c = (struct connection){ .control = control,
		.next = control->connections,
		.link = &control->connections,
		.fd = fd,
		.peer = peer,
		.wait.on_done = on_guest };
	if (c->next)
		c->next->link = &c->next;
	control->connections = c;
	control->count++;
	if (sd_event_add_io(control->event, &c->readable, fd, EPOLLIN, on_readable, c) < 0 ||
			loop_timer_add(control->event, &c->timer, on_late, c) < 0) {
		log_error("control: no memory for a session");
		drop(c);
		return;
	}
	loop_timer_arm(c->timer, (uint64_t)CONTROL_TIME_S * 1000000);
}

static bool may_ask(const struct control *control, uid_t uid)
{
	return uid == 0 || uid == geteuid() || uid == control->settings.server_uid;
}

static void on_connection(void *user, int fd)
{
	struct control *control = user;
	uid_t uid = (uid_t)-1;
	pid_t pid = 0;

	if (packet_peer(fd, &uid, &pid) == 0 && may_ask(control, uid) &&
			control->count < CONTROL_CONNECTIONS_MAX) {
		add_connection(control, fd, pid);
		return;
	}
	if (control->count >= CONTROL_CONNECTIONS_MAX)
		log_warn("control: more than %d log-ins at once; closed", CONTROL_CONNECTIONS_MAX);
	else
		log_warn("control: uid %u may not ask; closed", (unsigned)uid);
	close(fd);
}

static int listen_start(struct control *control)
{
	const struct control_settings *settings = &control->settings;
	int fd = packet_listen(control->path, 0600);

	if (fd < 0) {
		log_error("control: %s: %s", control->path, fd == ERR_IO ? strerror(errno) : err_text(fd));
		return fd;
	}
	control->acceptor = acceptor_create(control->event, fd, on_connection, control);
	if (!control->acceptor) {
		unlink(control->path);
		log_error("control: no memory");
		return ERR_MEMORY;
	}
	if (geteuid() == 0 && chown(control->path, settings->server_uid, (gid_t)-1) < 0) {
		log_error("control: %s: %s", control->path, strerror(errno));
		return ERR_IO;
	}
	return 0;
}

struct control *control_create(sd_event *event, const struct control_settings *settings)
{
	struct control *control = calloc(1, sizeof *control);

	if (!control) {
		log_error("control: no memory");
		return NULL;
	}
	control->event = event;
	control->settings = *settings;
	snprintf(control->path, sizeof control->path, "%s/control", settings->conf->run_dir);
	if (listen_start(control) == 0)
		return control;
	control_destroy(control);
	return NULL;
}

void control_destroy(struct control *control)
{
	if (!control)
		return;
	while (control->connections)
		drop(control->connections);
	if (control->acceptor) {
		acceptor_destroy(control->acceptor);
		unlink(control->path);
	}
	free(control);
}
