#include "guest_link.h"
#include <base/log.h>
#include <base/packet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void guest_link_settle_later(struct guest_link *link)
{
	sd_event_source_set_enabled(link->settle_source, SD_EVENT_ONESHOT);
}

/* Removes the dead from the list, the last one taking each place. */
static void reap(struct guest_link *link)
{
	bool greeted = false;

	for (size_t i = 0; i < link->count;) {
		struct attachment *a = link->attachments[i];

		if (a->dead) {
			link->attachments[i] = link->attachments[--link->count];
			attachment_destroy(a, false);
		} else {
			greeted |= a->greeted;
			i++;
		}
	}
	if (link->attended && !greeted) {
		link->attended = false;
		if (link->ops->attended)
			link->ops->attended(link->user, false);
	}
}

/* The end of a turn. An op called from here may make somebody dead or due; that
 * enables this source once more. */
static int on_settle(sd_event_source *source, void *user)
{
	struct guest_link *link = user;

	reap(link);
	for (size_t i = 0; i < link->count; i++)
		attachment_settle(link->attachments[i]);
	return 0;
}

void guest_link_greet(struct guest_link *link, struct attachment *a, bool take_over)
{
	for (size_t i = 0; take_over && i < link->count; i++) {
		struct attachment *other = link->attachments[i];

		if (other == a || other->dead || !other->greeted)
			continue;
		/* Now, not at the turn's end: the newcomer's keys may follow at once. */
		held_release(&other->held, link->ops, link->user);
		attachment_end(other, LINK_BYE_TAKEN_OVER, a->from);
	}
	log_info("session %s attached", a->from[0] ? a->from : "(no name)");
	a->greeted = true;
	if (!link->attended) {
		link->attended = true;
		if (link->ops->attended)
			link->ops->attended(link->user, true);
	}
	attachment_post(a, UNSENT_WELCOME | UNSENT_LAYOUT | UNSENT_CURSOR);
}

static bool peer_allowed(int fd)
{
	uid_t uid;
	pid_t pid;

	if (packet_peer(fd, &uid, &pid) < 0)
		return false;
	if (uid == 0 || uid == geteuid())
		return true;
	log_warn("process %d of user %u tried to attach, refused", (int)pid, (unsigned)uid);
	return false;
}

/* Takes fd. */
static void admit(void *user, int fd)
{
	struct guest_link *link = user;
	struct attachment *a;

	if (link->count == GUEST_ATTACHMENTS_MAX) {
		log_warn("%d sessions are attached, one more refused", GUEST_ATTACHMENTS_MAX);
		close(fd);
	} else if (!peer_allowed(fd)) {
		close(fd);
	} else {
		a = attachment_create(link, fd);
		if (a)
			link->attachments[link->count++] = a;
		else
			log_error("no memory for a session");
	}
}

static int listen_start(struct guest_link *link, const char *path)
{
	int fd = packet_listen(path, 0700);

	if (fd < 0) {
		log_error("cannot listen on %s: %s", path, fd == ERR_IO ? strerror(errno) : err_text(fd));
		return fd;
	}
	link->path = strdup(path);
	link->acceptor = acceptor_create(link->event, fd, admit, link);
	if (link->path && link->acceptor)
		return 0;
	log_error("no memory for the guest link");
	return ERR_MEMORY;
}

static void layout_keep(struct guest_link *link, const struct link_layout *layout)
{
	link->layout = *layout;
	link_layout_bounds(layout, &link->width_px, &link->height_px, NULL, NULL);
}

struct guest_link *guest_link_create(sd_event *event, const char *path, const struct guest_ops *ops,
		void *user, const struct link_layout *layout)
{
	struct guest_link *link = calloc(1, sizeof *link);

	if (!link) {
		log_error("no memory for the guest link");
		return NULL;
	}
	link->event = sd_event_ref(event);
	link->ops = ops;
	link->user = user;
	link->cursor.hidden = 1;
	link->cursor_fd = -1;
	layout_keep(link, layout);
	if (sd_event_add_defer(event, &link->settle_source, on_settle, link) < 0 ||
			sd_event_source_set_enabled(link->settle_source, SD_EVENT_OFF) < 0 ||
			listen_start(link, path) < 0) {
		guest_link_destroy(link);
		return NULL;
	}
	return link;
}

static void listen_stop(struct guest_link *link)
{
	if (!link->acceptor)
		return;
	acceptor_destroy(link->acceptor);
	link->acceptor = NULL;
	if (link->path)
		unlink(link->path);
}

void guest_link_end(struct guest_link *link, enum link_bye_reason reason, const char *text)
{
	listen_stop(link);
	for (size_t i = 0; i < link->count; i++)
		attachment_end(link->attachments[i], reason, text);
}

void guest_link_destroy(struct guest_link *link)
{
	if (!link)
		return;
	if (link->settle_source)
		guest_link_end(link, LINK_BYE_ENDED, NULL);
	while (link->count)
		attachment_destroy(link->attachments[--link->count], true);
	sd_event_source_disable_unref(link->settle_source);
	if (link->cursor_fd >= 0)
		close(link->cursor_fd);
	free(link->path);
	sd_event_unref(link->event);
	free(link);
}
