#include "process.h"
#include <base/log.h>
#include <base/loop.h>
#include <base/program.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	EXIT_NO_PROGRAM = 127,
	SAFE_FD = PROCESS_FIRST_FD + PROCESS_FDS_MAX, /* above those that a child is given */
	READS_PER_TURN = 16,
	LAST_READS = 64, /* as much as a pipe holds */
	MINUTE_US = 60 * 1000 * 1000,
};

/* Our own programs begin a line with date and time, as we do. */
static const char *skip_time(const char *line)
{
	static const char pattern[] = "dddd-dd-dd dd:dd:dd.ddd ";

	for (size_t i = 0; pattern[i]; i++) {
		if (pattern[i] == 'd' ? line[i] < '0' || line[i] > '9' : line[i] != pattern[i])
			return line;
	}
	return line + sizeof pattern - 1;
}

/* A guest can make QEMU complain as often as it likes. */
static void log_line(struct process *process, const char *line)
{
	uint64_t now_us = loop_now_us();

	if (now_us - process->minute_us >= MINUTE_US) {
		process->minute_us = now_us;
		process->minute_lines = 0;
	}
	if (++process->minute_lines <= PROCESS_LINES_PER_MINUTE)
		log_info("%s: %s", process->name, line);
	else if (process->minute_lines == PROCESS_LINES_PER_MINUTE + 1)
		log_warn("%s says too much; the rest of this minute is left out", process->name);
}

static void line_end(struct process *process)
{
	const char *line;

	process->line[process->line_len] = 0;
	process->line_len = 0;
	line = skip_time(process->line);
	if (!line[0])
		return;
	log_line(process, line);
	snprintf(process->last_line, sizeof process->last_line, "%s", line);
}

/* False: nothing will ever come. */
static bool read_output(struct process *process, int reads_max)
{
	char bytes[1024];
	ssize_t n = 1;

	for (int k = 0; k < reads_max && n > 0; k++) {
		n = read(process->output_fd, bytes, sizeof bytes);
		for (ssize_t i = 0; i < n; i++) {
			if (bytes[i] == '\n')
				line_end(process);
			else if (process->line_len < sizeof process->line - 1 && bytes[i])
				process->line[process->line_len++] = bytes[i];
		}
	}
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static void close_output(struct process *process)
{
	process->output = sd_event_source_disable_unref(process->output);
	if (process->output_fd < 0)
		return;
	read_output(process, LAST_READS);
	line_end(process);
	close(process->output_fd);
	process->output_fd = -1;
}

static int on_output(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct process *process = user;

	if (!read_output(process, READS_PER_TURN))
		sd_event_source_set_enabled(source, SD_EVENT_OFF);
	return 0;
}

static void ended(struct process *process)
{
	process->pid = 0;
	process->exit = sd_event_source_disable_unref(process->exit);
	close_output(process);
}

static int on_exit_event(sd_event_source *source, const siginfo_t *info, void *user)
{
	struct process *process = user;

	process->status = info->si_code == CLD_EXITED ? W_EXITCODE(info->si_status, 0)
						      : W_EXITCODE(0, info->si_status);
	ended(process);
	if (process->on_end)
		process->on_end(process->user);
	return 0;
}

/* First out of the way of the places that they shall have, then to these. */
static int place_descriptors(const int *fds, int count)
{
	int safe[PROCESS_FDS_MAX];

	for (int i = 0; i < count; i++) {
		safe[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, SAFE_FD);
		if (safe[i] < 0)
			return ERR_IO;
	}
	for (int i = 0; i < count; i++) {
		if (dup2(safe[i], PROCESS_FIRST_FD + i) < 0)
			return ERR_IO;
	}
	return 0;
}

static _Noreturn void run_child(const struct process *process, const char *const argv[], const int *fds,
		int count, int output, int report, pid_t parent)
{
	sigset_t none;
	int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC), outcome;

	report = fcntl(report, F_DUPFD_CLOEXEC, SAFE_FD);
	output = fcntl(output, F_DUPFD_CLOEXEC, SAFE_FD);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	(void)!nice(process->nice); /* lower is always allowed */
	setpgid(0, 0);              /* a terminal's Ctrl-C is for us, who shut down in order */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(EXIT_NO_PROGRAM);
	if (dup2(null_fd, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0 &&
			dup2(output, STDERR_FILENO) >= 0 && place_descriptors(fds, count) == 0 &&
			close_range((unsigned)(PROCESS_FIRST_FD + count), ~0u, CLOSE_RANGE_CLOEXEC) == 0)
		execvp(argv[0], (char *const *)argv);
	outcome = errno;
	if (write(report, &outcome, sizeof outcome) < 0)
		_exit(EXIT_FAILURE);
	_exit(EXIT_NO_PROGRAM);
}

/* The pipe closes by itself when the program starts; else it carries errno. */
static int read_outcome(int fd)
{
	int outcome = 0;
	ssize_t got;

	do {
		got = read(fd, &outcome, sizeof outcome);
	} while (got < 0 && errno == EINTR);
	return got == sizeof outcome ? outcome : 0;
}

static int fork_child(
		struct process *process, const char *const argv[], const int *fds, int count, int output)
{
	pid_t parent = getpid();
	int report[2], outcome;

	if (pipe2(report, O_CLOEXEC) < 0)
		return ERR_IO;
	process->pid = fork();
	if (process->pid == 0)
		run_child(process, argv, fds, count, output, report[1], parent);
	outcome = process->pid < 0 ? errno : 0;
	close(report[1]);
	if (process->pid > 0)
		outcome = read_outcome(report[0]);
	close(report[0]);
	if (outcome == 0)
		return 0;
	if (process->pid > 0)
		waitpid(process->pid, NULL, 0);
	process->pid = 0;
	errno = outcome;
	return outcome == ENOENT || outcome == ENOTDIR ? ERR_MISSING : ERR_IO;
}

static int watch(struct process *process, sd_event *event)
{
	if (sd_event_add_io(event, &process->output, process->output_fd, EPOLLIN, on_output, process) < 0 ||
			sd_event_add_child(event, &process->exit, process->pid, WEXITED, on_exit_event,
					process) < 0) {
		process_stop(process, SIGKILL, 0);
		errno = ENOMEM;
		return ERR_IO;
	}
	/* What it said by its sockets before it ended comes first. */
	(void)!sd_event_source_set_priority(process->exit, SD_EVENT_PRIORITY_NORMAL + 1);
	return 0;
}

int process_start(
		struct process *process, sd_event *event, const char *const argv[], const int *fds, int count)
{
	int output[2], result, saved;

	process->line_len = 0;
	process->last_line[0] = 0;
	if (pipe2(output, O_CLOEXEC) < 0)
		return ERR_IO;
	process->output_fd = output[0];
	result = fcntl(output[0], F_SETFL, O_NONBLOCK) < 0 ? ERR_IO
							   : fork_child(process, argv, fds, count, output[1]);
	saved = errno;
	close(output[1]);
	if (result == 0 && event)
		return watch(process, event);
	if (result < 0)
		close_output(process);
	errno = saved;
	return result;
}

void process_stop(struct process *process, int signal, int timeout_ms)
{
	if (process->pid == 0)
		return;
	process->exit = sd_event_source_disable_unref(process->exit);
	kill(process->pid, signal);
	if (!program_ended(process->pid, timeout_ms))
		kill(process->pid, SIGKILL);
	waitpid(process->pid, &process->status, 0);
	ended(process);
}

int process_run(struct process *process, const char *const argv[], int timeout_ms)
{
	int result = process_start(process, NULL, argv, NULL, 0);
	bool late;

	if (result < 0)
		return result;
	late = !program_ended(process->pid, timeout_ms);
	process_stop(process, 0, 0);
	if (late)
		return ERR_TIMEOUT;
	return WIFEXITED(process->status) && WEXITSTATUS(process->status) == 0 ? 0 : ERR_IO;
}

bool process_failed(const struct process *process)
{
	siginfo_t info = { 0 };

	if (process->pid == 0)
		return process->status != 0;
	if (waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOWAIT | WNOHANG) < 0 || info.si_pid == 0)
		return false;
	return info.si_code != CLD_EXITED || info.si_status != EXIT_SUCCESS;
}

void process_why(const struct process *process, char *dst, size_t cap)
{
	const char *line = process->last_line;

	if (WIFSIGNALED(process->status))
		snprintf(dst, cap, "signal %d", WTERMSIG(process->status));
	else
		snprintf(dst, cap, "code %d%s%s", WEXITSTATUS(process->status), line[0] ? ": " : "", line);
}
