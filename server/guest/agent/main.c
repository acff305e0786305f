/* oriel-guest-agent: runs inside a virtual machine (as /usr/lib/oriel/agent) and does
 * there what the host cannot from outside: monitors, keyboard layout, lock keys, text.
 * SIGUSR1 tells that a desktop is starting, which knows nothing of these.
 * Usage: oriel-guest-agent [PORT [SCRIPT]]. Needs nothing but the C library. */
#include "desktop.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
	HOST_AWAY_MS = 1000, /* between looks for a host that has closed the port */
};

struct agent {
	int port_fd, signal_fd;
	struct agent_lines lines;
	struct desktop desktop;
	uint32_t typed; /* that the host heard of */
};

static void say(const struct agent *agent, const struct agent_message *msg)
{
	char line[AGENT_LINE_MAX];
	int len = agent_write(msg, line, sizeof line);

	/* A host that does not listen misses it, as it would a machine that hangs. */
	if (len > 0 && write(agent->port_fd, line, (size_t)len) < 0 && errno != EAGAIN)
		perror("oriel-guest-agent: port");
}

static void say_news(struct agent *agent)
{
	struct agent_message msg = { .type = AGENT_LAYOUT_DONE, .layout_done = agent->desktop.done };

	if (agent->desktop.done_due)
		say(agent, &msg);
	agent->desktop.done_due = false;
	msg = (struct agent_message){ .type = AGENT_TYPED, .typed = agent->desktop.typed };
	if (agent->typed != agent->desktop.typed)
		say(agent, &msg);
	agent->typed = agent->desktop.typed;
}

/* False: the host is not there. */
static bool read_port(struct agent *agent)
{
	char bytes[512];
	ssize_t n = read(agent->port_fd, bytes, sizeof bytes);
	struct agent_message msg;
	size_t len;

	for (ssize_t i = 0; i < n; i++) {
		if (agent_lines_take(&agent->lines, bytes[i], &len) &&
				agent_parse(&msg, agent->lines.line, len) == 0)
			desktop_take(&agent->desktop, &msg);
	}
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static void read_signals(struct agent *agent)
{
	struct signalfd_siginfo info;

	while (read(agent->signal_fd, &info, sizeof info) == sizeof info) {
		if (info.ssi_signo == SIGUSR1)
			desktop_renew(&agent->desktop);
	}
	desktop_reap(&agent->desktop);
}

static int run(struct agent *agent)
{
	for (;;) {
		struct pollfd fds[] = { { .fd = agent->port_fd, .events = POLLIN },
			{ .fd = agent->signal_fd, .events = POLLIN },
			{ .fd = agent->desktop.keys_fd, .events = POLLIN } };
		int ready = poll(fds, 3, desktop_wait_ms(&agent->desktop));

		if (ready < 0 && errno != EINTR)
			return EXIT_FAILURE;
		if (ready > 0 && fds[1].revents)
			read_signals(agent);
		if (ready > 0 && fds[0].revents && !read_port(agent))
			poll(&fds[1], 1, HOST_AWAY_MS);
		if (ready > 0 && fds[2].revents && agent->desktop.keys_fd >= 0)
			desktop_read_keys(&agent->desktop);
		say_news(agent);
		desktop_run(&agent->desktop, ready == 0);
	}
}

int main(int argc, char **argv)
{
	const char *port = argc > 1 ? argv[1] : "/dev/virtio-ports/" AGENT_PORT_NAME;
	static struct agent agent;
	sigset_t set;

	desktop_init(&agent.desktop, argc > 2 ? argv[2] : "/usr/lib/oriel/desktop");
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	agent.signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	agent.port_fd = open(port, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (agent.signal_fd < 0 || agent.port_fd < 0) {
		fprintf(stderr, "oriel-guest-agent: %s: %s\n", port, strerror(errno));
		return EXIT_FAILURE;
	}
	say(&agent, &(struct agent_message){ .type = AGENT_HELLO, .version = AGENT_VERSION });
	desktop_run(&agent.desktop, false);
	return run(&agent);
}
