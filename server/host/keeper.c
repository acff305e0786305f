#include "keeper.h"
#include "keeper_guest.h"
#include "keeper_log.h"
#include "keeper_pam.h"
#include "registry.h"
#include "spawn.h"
#include <base/log.h>
#include <base/loop.h>
#include <base/program.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	NEVER = -1,
	ACCOUNT_TEXT_CAP = 16384,
	ORPHANS_END_MS = 1000,
};

struct keeper {
	char **argv;                   /* from enum keeper_argument on */
	struct passwd entry, *account; /* account: NULL, or &entry */
	char entry_text[ACCOUNT_TEXT_CAP];
	char folder[REGISTRY_PATH_CAP + NAME_CAP + 1];
	struct keeper_pam pam;
	struct keeper_log log;
	int signal_fd;
	pid_t guest; /* 0: ended */
	int status;  /* of waitpid */
	uint64_t kill_at_us;
	bool ending, killed;
};

static int take_signals(struct keeper *keeper)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_SETMASK, &set, NULL) < 0)
		return ERR_IO;
	keeper->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return keeper->signal_fd < 0 ? ERR_IO : 0;
}

static int find_account(struct keeper *keeper)
{
	const char *name = keeper->argv[KEEPER_NAME];

	/* A copy of our own: PAM modules call getpwnam too. */
	if (getpwnam_r(name, &keeper->entry, keeper->entry_text, sizeof keeper->entry_text,
			    &keeper->account) != 0 ||
			!keeper->account) {
		log_error("there is no account %s on this machine", name);
		return ERR_MISSING;
	}
	if (geteuid() != 0 && geteuid() != keeper->account->pw_uid) {
		log_error("%s is somebody else and we are not root", name);
		return ERR_DENIED;
	}
	if (geteuid() == 0 && initgroups(name, keeper->account->pw_gid) < 0) {
		log_error("the groups of %s: %s", name, strerror(errno));
		return ERR_IO;
	}
	return 0;
}

static int register_guest(const struct keeper *keeper)
{
	struct registry_entry entry = { .uid = keeper->account->pw_uid, .keeper = getpid() };
	struct timespec now;
	int result;

	clock_gettime(CLOCK_REALTIME, &now);
	entry.started_us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
	snprintf(entry.name, sizeof entry.name, "%s", keeper->argv[KEEPER_NAME]);
	snprintf(entry.user, sizeof entry.user, "%s", keeper->argv[KEEPER_NAME]);
	snprintf(entry.kind, sizeof entry.kind, "%s", keeper->argv[KEEPER_KIND]);
	result = registry_fill(SPAWN_EXTRA_FD, &entry);
	if (result < 0)
		log_error("the registry entry: %s", result == ERR_IO ? strerror(errno) : err_text(result));
	return result;
}

static int make_folder(struct keeper *keeper)
{
	int result;

	snprintf(keeper->folder, sizeof keeper->folder, "%s/%s", keeper->argv[KEEPER_GUESTS_DIR],
			keeper->argv[KEEPER_NAME]);
	result = keeper_folder_make(keeper->argv[KEEPER_GUESTS_DIR], keeper->folder, keeper->account);
	if (result == 0)
		keeper_folder_empty(keeper->folder, keeper->account);
	return result;
}

static int start_guest(struct keeper *keeper)
{
	struct keeper_guest guest = { .account = keeper->account,
		.program = keeper->argv[KEEPER_PROGRAM],
		.arguments = keeper->argv + KEEPER_ARGUMENTS,
		.environment = keeper->pam.environment };
	char gpu_socket[sizeof keeper->folder + 8];
	pid_t pid;
	int ends[2];

	/* No account's name has a colon. */
	snprintf(gpu_socket, sizeof gpu_socket, "%s/.%s:gpu", keeper->argv[KEEPER_GUESTS_DIR],
			keeper->argv[KEEPER_NAME]);
	if (strcmp(keeper->argv[KEEPER_GPU], "virtual") == 0)
		guest.gpu_socket = gpu_socket;
	if (pipe2(ends, O_CLOEXEC) < 0) {
		log_error("no pipe for the guest's log: %s", strerror(errno));
		return ERR_IO;
	}
	guest.output_fd = ends[1];
	pid = keeper_guest_start(&guest);
	if (pid < 0)
		log_error("no process for the guest: %s", strerror(errno));
	close(ends[1]);
	keeper->log.pipe_fd = ends[0];
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	if (pid < 0)
		return ERR_IO;
	keeper->guest = pid;
	return 0;
}

static void end_guest(struct keeper *keeper)
{
	if (keeper->ending || !keeper->guest)
		return;
	keeper->ending = true;
	keeper->kill_at_us = loop_now_us() + (uint64_t)KEEPER_END_TIME_S * 1000000;
	kill(keeper->guest, SIGTERM);
}

static void reap_guest(struct keeper *keeper)
{
	siginfo_t info = { 0 };

	if (!keeper->guest || waitid(P_PID, (id_t)keeper->guest, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
			info.si_pid != keeper->guest)
		return;
	/* What it left behind in its process group, while the group's number is still
	 * its own; a desktop ends its children itself. */
	kill(-keeper->guest, SIGTERM);
	waitpid(keeper->guest, &keeper->status, 0);
	keeper->guest = 0;
}

static void on_signals(struct keeper *keeper)
{
	struct signalfd_siginfo info;

	while (read(keeper->signal_fd, &info, sizeof info) == sizeof info) {
		if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
			end_guest(keeper);
		else if (info.ssi_signo == SIGCHLD)
			reap_guest(keeper);
	}
}

static int time_left_ms(const struct keeper *keeper)
{
	uint64_t now = loop_now_us();

	if (!keeper->ending || keeper->killed)
		return NEVER;
	return keeper->kill_at_us > now ? (int)((keeper->kill_at_us - now) / 1000) + 1 : 0;
}

static void wait_for_end(struct keeper *keeper)
{
	while (keeper->guest) {
		struct pollfd fds[] = { { .fd = keeper->signal_fd, .events = POLLIN },
			{ .fd = keeper->log.pipe_fd, .events = POLLIN } };

		if (poll(fds, 2, time_left_ms(keeper)) < 0 && errno != EINTR)
			break;
		if (fds[1].revents)
			keeper_log_copy(&keeper->log);
		if (fds[0].revents)
			on_signals(keeper);
		if (keeper->guest && keeper->ending && time_left_ms(keeper) == 0) {
			log_warn("the guest did not end within %d s and is killed", KEEPER_END_TIME_S);
			kill(-keeper->guest, SIGKILL);
			keeper->killed = true;
		}
	}
	if (keeper->log.pipe_fd >= 0)
		keeper_log_copy(&keeper->log);
}

static void tell_end(const struct keeper *keeper)
{
	if (WIFSIGNALED(keeper->status))
		log_info("the guest ended by signal %d", WTERMSIG(keeper->status));
	else if (WEXITSTATUS(keeper->status) == 0)
		log_info("the guest ended");
	/* Else its own last line says more than a number. */
}

static void clean_up(struct keeper *keeper)
{
	char path[sizeof keeper->folder + 8];

	keeper_pam_close(&keeper->pam);
	if (keeper->folder[0]) {
		keeper_folder_empty(keeper->folder, keeper->account);
		rmdir(keeper->folder);
	}
	if (keeper->log.pipe_fd >= 0)
		close(keeper->log.pipe_fd);
	close(keeper->signal_fd);
	/* Last: without the entry a new guest of that name may start. */
	snprintf(path, sizeof path, "%s/%s.json", keeper->argv[KEEPER_GUESTS_DIR], keeper->argv[KEEPER_NAME]);
	unlink(path);
}

int keeper_run(int argc, char **argv)
{
	struct keeper keeper = { .argv = argv + 2, .signal_fd = -1, .log.pipe_fd = -1 };
	const int least = 2 + KEEPER_ARGUMENTS + 1;
	bool with_pam;
	int result;

	if (argc < least || fcntl(SPAWN_EXTRA_FD, F_SETFD, FD_CLOEXEC) < 0)
		return 2;
	prctl(PR_SET_NAME, "oriel-keeper"); /* else it is called "exe" */
	unsetenv("JOURNAL_STREAM");         /* our standard error is a file */
	log_init("keeper", LOG_LEVEL_INFO);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	umask(022);
	keeper.log.dir = keeper.argv[KEEPER_GUESTS_DIR];
	keeper.log.name = keeper.argv[KEEPER_NAME];
	with_pam = strcmp(keeper.argv[KEEPER_PAM], "pam") == 0;
	result = take_signals(&keeper);
	if (result == 0)
		result = find_account(&keeper);
	if (result == 0)
		result = register_guest(&keeper);
	if (result == 0 && with_pam)
		result = keeper_pam_open(&keeper.pam, keeper.argv[KEEPER_PAM_DIR], keeper.account->pw_name);
	if (result == 0)
		result = make_folder(&keeper);
	if (result == 0)
		result = start_guest(&keeper);
	if (result == 0) {
		wait_for_end(&keeper);
		/* Of a guest that could not do it itself. */
		program_end_children(ORPHANS_END_MS);
		tell_end(&keeper);
	}
	clean_up(&keeper);
	return result < 0;
}
