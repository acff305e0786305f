#include "guests.h"
#include "keeper.h"
#include "spawn.h"
#include <base/log.h>
#include <base/loop.h>
#include <base/program.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	WORDS_MAX = 64, /* of conf's options */
};

/* A guest that somebody waits for. */
struct guest_start {
	struct guests *guests;
	struct guest_start *next;
	char name[NAME_CAP];
	struct guest_wait *waits;
	sd_event_source *timer;
	uint64_t late_us;
	bool ours; /* we started it just now; so it is ours to end when it does not come */
};

struct guests {
	sd_event *event;
	const struct oriel_conf *conf;
	const char *pam_dir;
	struct registry registry;
	struct guest_start *starts;
};

struct guests *guests_create(sd_event *event, const struct oriel_conf *conf, const char *pam_dir)
{
	struct guests *guests = calloc(1, sizeof *guests);

	if (!guests) {
		log_error("guests: no memory");
		return NULL;
	}
	*guests = (struct guests){ .event = event, .conf = conf, .pam_dir = pam_dir };
	if (registry_open(&guests->registry, conf->run_dir) < 0) {
		free(guests);
		return NULL;
	}
	return guests;
}

struct registry *guests_registry(struct guests *guests)
{
	return &guests->registry;
}

static void drop_start(struct guest_start *start)
{
	struct guest_start **at = &start->guests->starts;

	while (*at != start)
		at = &(*at)->next;
	*at = start->next;
	while (start->waits) {
		struct guest_wait *wait = start->waits;

		start->waits = wait->next;
		*wait = (struct guest_wait){ .on_done = wait->on_done };
	}
	sd_event_source_disable_unref(start->timer);
	free(start);
}

void guests_destroy(struct guests *guests)
{
	if (!guests)
		return;
	while (guests->starts)
		drop_start(guests->starts);
	registry_close(&guests->registry);
	free(guests);
}

void guest_wait_cancel(struct guest_wait *wait)
{
	struct guest_wait **at;

	if (!wait->start)
		return;
	at = &wait->start->waits;
	while (*at != wait)
		at = &(*at)->next;
	*at = wait->next;
	/* The start itself goes on: who reconnects finds it. */
	*wait = (struct guest_wait){ .on_done = wait->on_done };
}

/* Takes fd. The wait is out of the list before its owner hears of it. */
static void answer_first(struct guest_start *start, int fd, const char *text)
{
	struct guest_wait *wait = start->waits;

	guest_wait_cancel(wait);
	wait->on_done(wait, fd, text);
}

static void fail_start(struct guest_start *start, int error, const char *text)
{
	log_warn("guest %s: %s", start->name, text);
	while (start->waits)
		answer_first(start, error, text);
	drop_start(start);
}

static void fail_gone(struct guest_start *start)
{
	char text[CONTROL_TEXT_CAP];

	registry_last_words(&start->guests->registry, start->name, text, sizeof text);
	fail_start(start, ERR_MISSING, text[0] ? text : "the desktop ended before it was ready");
}

static void fail_late(struct guest_start *start)
{
	char text[CONTROL_TEXT_CAP];

	snprintf(text, sizeof text, "the desktop was not ready within %d s", GUESTS_START_TIME_S);
	if (start->ours && registry_end(&start->guests->registry, start->name) < 0)
		log_warn("guest %s: could not be ended", start->name);
	fail_start(start, ERR_TIMEOUT, text);
}

/* Whether it is there; ERR_AGAIN: not yet; ERR_MISSING: no more; else a trap. */
static int look(struct guests *guests, const char *name)
{
	struct registry_entry entry;
	int result = registry_find(&guests->registry, name, &entry);

	if (result < 0)
		return result;
	result = registry_connect(&guests->registry, &entry);
	return result == ERR_MISSING || result == ERR_CLOSED ? ERR_AGAIN : result;
}

/* Takes fd, the first connection to the guest. */
static void finish_start(struct guest_start *start, int fd)
{
	while (start->waits) {
		answer_first(start, fd, fd < 0 ? err_text(fd) : "");
		fd = start->waits ? look(start->guests, start->name) : ERR_AGAIN;
	}
	if (fd >= 0)
		close(fd);
	drop_start(start);
}

static int on_look(sd_event_source *source, uint64_t now_us, void *user)
{
	struct guest_start *start = user;
	int fd = look(start->guests, start->name);

	if (fd >= 0) {
		finish_start(start, fd);
	} else if (fd == ERR_MISSING) {
		fail_gone(start);
	} else if (fd != ERR_AGAIN) {
		fail_start(start, fd, "what listens there is not this user's desktop");
	} else if (!start->waits && !start->ours) {
		drop_start(start);
	} else if (loop_now_us() >= start->late_us) {
		fail_late(start);
	} else {
		loop_timer_arm(source, GUESTS_LOOK_EVERY_US);
	}
	return 0;
}

static int on_keeper_exit(sd_event_source *source, const siginfo_t *info, void *user)
{
	return 0; /* reaped; its lock is gone, which is what counts */
}

/* Splits text at blanks, in place. Returns how many words there are, or ERR_SPACE. */
static int split_words(char *text, const char **words, int cap)
{
	int count = 0;

	for (char *rest, *word = strtok_r(text, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest)) {
		if (count == cap)
			return ERR_SPACE;
		words[count++] = word;
	}
	return count;
}

/* Takes nothing; lock_fd is borrowed. */
static int start_keeper(struct guests *guests, const char *name, const struct control_attach *attach,
		int lock_fd, int log_fd)
{
	const struct oriel_conf *conf = guests->conf;
	static const char *const kinds[] = {
		[CONF_GUEST_X11] = "x11", [CONF_GUEST_PATTERN] = "pattern", [CONF_GUEST_VM] = "vm"
	};
	const char *kind = kinds[conf->guest.kind];
	const bool gpu = conf->guest.kind == CONF_GUEST_X11 && conf->guest.gpu == CONF_GPU_VIRTUAL;
	char program[PROGRAM_PATH_CAP], folder[REGISTRY_PATH_CAP + NAME_CAP + 1], size[32], scale[16];
	char words[CONF_WORDS_CAP], guest[32];
	const char *argv[2 + KEEPER_ARGUMENTS + 10 + WORDS_MAX + 1] = { "oriel-host", KEEPER_MODE, name,
		guests->registry.path, kind, program, gpu ? "virtual" : "none",
		conf->system && conf->host.pam ? "pam" : "no-pam", guests->pam_dir ? guests->pam_dir : "",
		program, "--dir", folder, "--size", size, "--scale", scale };
	int count = 2 + KEEPER_ARGUMENTS + 7;
	const struct spawn spawn = {
		.argv = argv, .in = -1, .out = log_fd, .err = log_fd, .extra = lock_fd, .new_session = true
	};
	pid_t pid;

	snprintf(guest, sizeof guest, "oriel-guest-%s", kind);
	if (program_find(program, guest, ORIEL_LIBEXEC_DIR) < 0) {
		dprintf(log_fd, "%s is not installed\n", guest);
		return ERR_MISSING;
	}
	snprintf(folder, sizeof folder, "%s/%s", guests->registry.path, name);
	snprintf(size, sizeof size, "%ux%u", attach->width_px, attach->height_px);
	snprintf(scale, sizeof scale, "%u", attach->scale_percent);
	if (gpu) {
		argv[count++] = "--gpu";
		argv[count++] = "virtual";
	}
	snprintf(words, sizeof words, "%s", conf->guest.options);
	if (split_words(words, argv + count, WORDS_MAX) < 0) {
		dprintf(log_fd, "the guest options have more than %d words\n", WORDS_MAX);
		return ERR_SPACE;
	}
	pid = spawn_self(&spawn);
	if (pid < 0) {
		dprintf(log_fd, "no process for the guest: %s\n", strerror(errno));
		return ERR_IO;
	}
	log_info("guest %s: starting, %s %s, keeper %d", name, kind, size, (int)pid);
	return sd_event_add_child(guests->event, NULL, pid, WEXITED, on_keeper_exit, NULL) < 0 ? ERR_MEMORY
											       : 0;
}

static int open_log(struct guests *guests, const char *name)
{
	char file[NAME_CAP + sizeof ".log"];

	snprintf(file, sizeof file, "%s.log", name);
	return openat(guests->registry.dir_fd, file,
			O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
}

/* 0: it is starting (ours, or somebody was quicker). Else the log's last line says why not. */
static int start_guest(struct guests *guests, const char *name, const struct control_attach *attach)
{
	int lock_fd = registry_claim(&guests->registry, name), log_fd, result;

	if (lock_fd < 0)
		return lock_fd == ERR_BUSY ? 0 : lock_fd;
	log_fd = open_log(guests, name);
	result = log_fd < 0 ? ERR_IO : start_keeper(guests, name, attach, lock_fd, log_fd);
	if (log_fd >= 0)
		close(log_fd);
	if (result < 0)
		registry_unclaim(&guests->registry, name, lock_fd);
	else
		close(lock_fd);
	return result;
}

static struct guest_start *find_start(struct guests *guests, const char *name)
{
	struct guest_start *start = guests->starts;

	while (start && strcmp(start->name, name) != 0)
		start = start->next;
	return start;
}

static struct guest_start *make_start(struct guests *guests, const char *name, bool ours)
{
	struct guest_start *start = calloc(1, sizeof *start);

	if (!start)
		return NULL;
	if (loop_timer_add(guests->event, &start->timer, on_look, start) < 0) {
		sd_event_source_disable_unref(start->timer);
		free(start);
		return NULL;
	}
	start->guests = guests;
	start->ours = ours;
	start->late_us = loop_now_us() + (uint64_t)GUESTS_START_TIME_S * 1000000;
	snprintf(start->name, sizeof start->name, "%s", name);
	start->next = guests->starts;
	guests->starts = start;
	loop_timer_arm(start->timer, GUESTS_LOOK_EVERY_US);
	return start;
}

static void say_why(struct guests *guests, const char *name, int error, char text[CONTROL_TEXT_CAP])
{
	int saved = errno;

	registry_last_words(&guests->registry, name, text, CONTROL_TEXT_CAP);
	if (!text[0] || error == ERR_DENIED)
		snprintf(text, CONTROL_TEXT_CAP, "the desktop does not start: %s",
				error == ERR_IO ? strerror(saved) : err_text(error));
	log_warn("guest %s: %s", name, text);
}

int guests_attach(struct guests *guests, const char *user, const struct control_attach *attach,
		struct guest_wait *wait, char text[CONTROL_TEXT_CAP])
{
	struct guest_start *start = find_start(guests, user);
	int fd = start ? ERR_AGAIN : look(guests, user);

	if (fd == ERR_MISSING) {
		int result = start_guest(guests, user, attach);

		if (result < 0) {
			say_why(guests, user, result, text);
			return result;
		}
	}
	if (fd == ERR_MISSING || fd == ERR_AGAIN) {
		if (!start)
			start = make_start(guests, user, fd == ERR_MISSING);
		fd = start ? ERR_AGAIN : ERR_MEMORY;
	}
	if (fd == ERR_AGAIN) {
		wait->start = start;
		wait->next = start->waits;
		start->waits = wait;
	} else if (fd < 0) {
		say_why(guests, user, fd, text);
	}
	return fd;
}
