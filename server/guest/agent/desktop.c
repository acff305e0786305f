#include "desktop.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	WORDS_MAX = 2 + AGENT_HEADS_MAX,
	WORD_CAP = 48,
};

/* The script's command line. */
struct words {
	char *list[WORDS_MAX + 2];
	char bytes[WORDS_MAX][WORD_CAP];
	int count;
};

static char *next_word(struct words *words)
{
	char *word = words->bytes[words->count++];

	words->list[words->count] = word;
	return word;
}

static void layout_words(struct words *words, const struct agent_layout *layout)
{
	snprintf(next_word(words), WORD_CAP, "layout");
	snprintf(next_word(words), WORD_CAP, "%u", layout->scale_percent);
	for (uint32_t i = 0; i < layout->count; i++) {
		const struct link_rect *head = &layout->heads[i];

		snprintf(next_word(words), WORD_CAP, "%ux%u+%u+%u", head->width, head->height, head->x,
				head->y);
	}
}

/* Takes input_fd; output_fd (-1: ours) is borrowed. Returns the pid, or -1. */
static pid_t start_script(const struct desktop *desktop, struct words *words, int input_fd, int output_fd)
{
	pid_t pid = input_fd < 0 ? -1 : fork();
	sigset_t none;

	if (pid == 0) {
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		signal(SIGPIPE, SIG_DFL);
		words->list[0] = (char *)desktop->script;
		if (dup2(input_fd, STDIN_FILENO) >= 0 &&
				(output_fd < 0 || dup2(output_fd, STDOUT_FILENO) >= 0))
			execv(desktop->script, words->list);
		_exit(127);
	}
	if (input_fd >= 0)
		close(input_fd);
	return pid;
}

static void start_monitors(struct desktop *desktop)
{
	struct words words = { .count = 0 };
	pid_t pid;

	layout_words(&words, &desktop->layout);
	pid = start_script(desktop, &words, open("/dev/null", O_RDONLY | O_CLOEXEC), -1);
	if (pid < 0)
		return; /* tried again with the next message */
	desktop->monitors.pid = pid;
	desktop->monitors.due = false;
	desktop->done.serial = desktop->layout.serial;
}

/* What keys does not take now is lost, as with a desktop that hangs. */
static void say(struct desktop *desktop, const struct agent_message *msg)
{
	char line[AGENT_LINE_MAX];
	int len = agent_write(msg, line, sizeof line);

	if (len < 0 || desktop->keys_fd < 0 ||
			send(desktop->keys_fd, line, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL) != len)
		desktop->typed = desktop->texts; /* nobody shall wait for it */
}

static void start_keys(struct desktop *desktop)
{
	struct words words = { .count = 0 };
	int ends[2];
	pid_t pid;

	snprintf(next_word(&words), WORD_CAP, "keys");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return;
	pid = start_script(desktop, &words, ends[0], ends[0]);
	if (pid < 0) {
		close(ends[1]);
		return;
	}
	desktop->keys_first = desktop->texts;
	desktop->keys_lines = (struct agent_lines){ .len = 0 };
	desktop->keys.pid = pid;
	desktop->keys.due = false;
	desktop->keys_fd = ends[1];
	if (desktop->keymap_known)
		say(desktop, &desktop->keymap);
}

static bool ready(const struct desktop_child *child, bool again)
{
	return child->due && !child->pid && (again || child->failed == 0);
}

void desktop_run(struct desktop *desktop, bool again)
{
	if (ready(&desktop->monitors, again))
		start_monitors(desktop);
	if (ready(&desktop->keys, again))
		start_keys(desktop);
}

static int child_wait_ms(const struct desktop_child *child)
{
	if (!ready(child, true))
		return -1;
	return child->failed < DESKTOP_SOON_TRIES ? DESKTOP_SOON_MS : DESKTOP_LATER_MS;
}

int desktop_wait_ms(const struct desktop *desktop)
{
	int monitors = child_wait_ms(&desktop->monitors), keys = child_wait_ms(&desktop->keys);

	return monitors < 0 || (keys >= 0 && keys < monitors) ? keys : monitors;
}

static void failed(struct desktop_child *child)
{
	if (child->due)
		child->failed = 0; /* something newer waits */
	else if (++child->failed <= DESKTOP_TRIES_MAX)
		child->due = true;
}

static void monitors_ended(struct desktop *desktop, bool good)
{
	desktop->monitors.pid = 0;
	/* The first failure is told, that nobody waits; later the host sees for itself. */
	if (good || desktop->monitors.failed == 0) {
		desktop->done.result = !good;
		desktop->done_due = true;
	}
	if (good)
		desktop->monitors.failed = 0;
	else
		failed(&desktop->monitors);
}

static void keys_ended(struct desktop *desktop)
{
	desktop->keys.pid = 0;
	close(desktop->keys_fd);
	desktop->keys_fd = -1;
	desktop->typed = desktop->texts;
	failed(&desktop->keys);
}

void desktop_read_keys(struct desktop *desktop)
{
	char bytes[512];
	ssize_t n = recv(desktop->keys_fd, bytes, sizeof bytes, MSG_DONTWAIT);
	struct agent_message msg;
	size_t len;

	for (ssize_t i = 0; i < n; i++) {
		if (agent_lines_take(&desktop->keys_lines, bytes[i], &len) &&
				agent_parse(&msg, desktop->keys_lines.line, len) == 0 &&
				msg.type == AGENT_TYPED)
			desktop->typed = desktop->keys_first + msg.typed;
	}
}

void desktop_reap(struct desktop *desktop)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == desktop->monitors.pid)
			monitors_ended(desktop, WIFEXITED(status) && WEXITSTATUS(status) == 0);
		else if (pid == desktop->keys.pid)
			keys_ended(desktop);
	}
}

void desktop_init(struct desktop *desktop, const char *script)
{
	*desktop = (struct desktop){ .script = script, .keys_fd = -1, .keys.due = true };
}

static void want(struct desktop_child *child)
{
	child->due = true;
	if (!child->pid)
		child->failed = 0;
}

void desktop_take(struct desktop *desktop, const struct agent_message *msg)
{
	switch (msg->type) {
	case AGENT_LAYOUT:
		desktop->layout = msg->layout;
		want(&desktop->monitors);
		break;
	case AGENT_KEYMAP:
		desktop->keymap = *msg;
		desktop->keymap_known = true;
		say(desktop, msg);
		break;
	case AGENT_TEXT: desktop->texts++; /* fall through */
	case AGENT_WHEEL:
	case AGENT_LOCKS: say(desktop, msg); break;
	default: break;
	}
}

void desktop_renew(struct desktop *desktop)
{
	if (desktop->layout.count)
		want(&desktop->monitors);
	want(&desktop->keys); /* of one that runs: when that has ended with the last desktop */
}
