#include "child.h"
#include <base/program.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	EXIT_NO_PROGRAM = 127,
};

static int namespace_fds[2] = { -1, -1 };

void children_move(int users_fd, int mounts_fd)
{
	namespace_fds[0] = users_fd;
	namespace_fds[1] = mounts_fd;
}

void children_adopt(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

static void child_signals(pid_t parent)
{
	sigset_t none;

	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent) /* it died before the line above */
		_exit(EXIT_NO_PROGRAM);
	setsid();
}

static void child_descriptors(int output_fd, int pass_fd)
{
	int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	dup2(output_fd, STDOUT_FILENO);
	dup2(output_fd, STDERR_FILENO);
	dup2(null_fd, STDIN_FILENO);
	if (pass_fd == CHILD_PASSED_FD)
		fcntl(pass_fd, F_SETFD, 0);
	else if (pass_fd >= 0)
		dup2(pass_fd, CHILD_PASSED_FD);
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

static int enter_namespaces(void)
{
	char cwd[PATH_MAX];
	bool has_cwd;

	if (namespace_fds[0] < 0)
		return 0;
	has_cwd = getcwd(cwd, sizeof cwd) != NULL;
	if (setns(namespace_fds[0], CLONE_NEWUSER) < 0 || setns(namespace_fds[1], CLONE_NEWNS) < 0)
		return ERR_IO;
	/* It is the root now, which is where whose folder is gone stays. */
	return has_cwd && chdir(cwd) < 0 && errno != ENOENT && errno != EACCES ? ERR_IO : 0;
}

static void child_run(const char *const argv[], char *const envp[], int output_fd, int pass_fd, int report_fd)
{
	int outcome;

	/* Out of the way of CHILD_PASSED_FD. */
	report_fd = fcntl(report_fd, F_DUPFD_CLOEXEC, CHILD_PASSED_FD + 1);
	child_descriptors(output_fd, pass_fd);
	if (enter_namespaces() == 0)
		execvpe(argv[0], (char *const *)argv, envp);
	outcome = errno;
	if (write(report_fd, &outcome, sizeof outcome) < 0)
		_exit(EXIT_FAILURE);
	_exit(EXIT_NO_PROGRAM);
}

int child_start(struct child *child, const char *const argv[], char *const envp[], int output_fd, int pass_fd)
{
	int report[2], outcome;
	pid_t pid, parent = getpid();

	if (pipe2(report, O_CLOEXEC) < 0)
		return ERR_IO;
	pid = fork();
	if (pid == 0) {
		child_signals(parent);
		child_run(argv, envp, output_fd, pass_fd, report[1]);
	}
	close(report[1]);
	outcome = pid < 0 ? errno : read_outcome(report[0]);
	close(report[0]);
	if (outcome == 0) {
		*child = (struct child){ .pid = pid };
		return 0;
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
	errno = outcome;
	return outcome == ENOENT || outcome == ENOTDIR ? ERR_MISSING : ERR_IO;
}

void children_reap(struct child *const known[], int count)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (int i = 0; i < count; i++) {
			if (known[i]->pid == pid)
				*known[i] = (struct child){ .status = status };
		}
	}
}

void child_await(struct child *child, int timeout_ms)
{
	if (child->pid && program_ended(child->pid, timeout_ms)) {
		waitpid(child->pid, &child->status, 0);
		child->pid = 0;
	}
}

void child_stop(struct child *child, int signal, int timeout_ms)
{
	pid_t pid = child->pid;

	if (pid == 0)
		return;
	kill(pid, signal);
	if (!program_ended(pid, timeout_ms))
		kill(pid, SIGKILL);
	waitpid(pid, &child->status, 0);
	child->pid = 0;
}

const char *child_status_text(const struct child *child, char *dst)
{
	if (WIFSIGNALED(child->status))
		snprintf(dst, 32, "signal %d", WTERMSIG(child->status));
	else
		snprintf(dst, 32, "code %d", WEXITSTATUS(child->status));
	return dst;
}
