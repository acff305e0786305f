#include "keeper_guest.h"
#include "registry.h"
#include <base/log.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <server/gpu_socket.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

/* For good: all three ids, and no way back. */
static int become_user(const struct passwd *account)
{
	uid_t uid = account->pw_uid;
	gid_t gid = account->pw_gid;

	if (geteuid() != 0)
		return geteuid() == uid ? 0 : ERR_DENIED;
	if (setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
		return ERR_IO;
	return uid == 0 || setuid(0) < 0 ? 0 : ERR_DENIED;
}

static void keep_variable(const char *name, const char *value)
{
	if (value && value[0])
		setenv(name, value, 1);
}

/* Nothing of ours but the language and the time zone; for an ordinary user, whose
 * session we are a part of, the runtime folder too. */
static void set_environment(const struct passwd *account, char *const *more)
{
	char *lang = getenv("LANG"), *zone = getenv("TZ"), *runtime = getenv("XDG_RUNTIME_DIR");

	lang = lang ? strdup(lang) : NULL;
	zone = zone ? strdup(zone) : NULL;
	runtime = runtime && geteuid() != 0 ? strdup(runtime) : NULL;
	clearenv();
	keep_variable("PATH",
			account->pw_uid ? "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games"
					: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	keep_variable("HOME", account->pw_dir);
	keep_variable("USER", account->pw_name);
	keep_variable("LOGNAME", account->pw_name);
	keep_variable("SHELL", account->pw_shell[0] ? account->pw_shell : "/bin/sh");
	keep_variable("LANG", lang);
	keep_variable("TZ", zone);
	keep_variable("XDG_RUNTIME_DIR", runtime);
	for (; more && *more; more++)
		putenv(*more);
}

static void reset_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
}

/* The guest does it itself, in a worse way, where it did not work. */
static void give_gpu_socket(const char *path, const struct passwd *account)
{
	int fd = gpu_socket_listen(path, account->pw_uid, account->pw_gid);
	char pid[16];

	if (fd < 0)
		return;
	if (gpu_socket_place(path) == 0 && dup2(fd, SD_LISTEN_FDS_START) >= 0 &&
			fcntl(SD_LISTEN_FDS_START, F_SETFD, 0) == 0) {
		snprintf(pid, sizeof pid, "%d", (int)getpid());
		setenv("LISTEN_PID", pid, 1);
		setenv("LISTEN_FDS", "1", 1);
	}
	unlink(path);
}

static _Noreturn void run_guest(const struct keeper_guest *guest, pid_t keeper)
{
	setsid();
	reset_signals();
	set_environment(guest->account, guest->environment);
	if (dup2(guest->output_fd, STDOUT_FILENO) < 0 || dup2(guest->output_fd, STDERR_FILENO) < 0)
		_exit(126);
	if (guest->gpu_socket && geteuid() == 0)
		give_gpu_socket(guest->gpu_socket, guest->account);
	if (become_user(guest->account) < 0) {
		dprintf(STDERR_FILENO, "becoming %s failed: %s\n", guest->account->pw_name, strerror(errno));
		_exit(126);
	}
	/* After the change of user, which takes it away. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != keeper)
		_exit(126);
	if (chdir(guest->account->pw_dir) < 0 && chdir("/") < 0)
		_exit(126);
	execv(guest->program, guest->arguments);
	dprintf(STDERR_FILENO, "%s: %s\n", guest->program, strerror(errno));
	_exit(127);
}

pid_t keeper_guest_start(const struct keeper_guest *guest)
{
	pid_t keeper = getpid(), pid = fork();

	if (pid == 0)
		run_guest(guest, keeper);
	return pid < 0 ? ERR_IO : pid;
}

/* At its place only when it is the account's: the host connects to what is there. */
static int make_folder(const char *dir, const char *path, const struct passwd *account)
{
	char made[REGISTRY_PATH_CAP + NAME_CAP + 2];

	/* No account's name begins with a dot. */
	snprintf(made, sizeof made, "%s/.%s", dir, account->pw_name);
	rmdir(made);
	if (mkdir(made, 0700) == 0 &&
			(geteuid() != 0 || lchown(made, account->pw_uid, account->pw_gid) == 0) &&
			rename(made, path) == 0)
		return 0;
	log_error("%s: %s", path, strerror(errno));
	return ERR_IO;
}

int keeper_folder_make(const char *dir, const char *path, const struct passwd *account)
{
	struct stat st;

	/* dir is ours, so path cannot be exchanged under our hands. */
	if (lstat(path, &st) < 0)
		return make_folder(dir, path, account);
	if (S_ISDIR(st.st_mode) && st.st_uid == account->pw_uid && (st.st_mode & 077) == 0)
		return 0;
	log_error("%s is in the way: it is no folder of %s with mode 700", path, account->pw_name);
	return ERR_DENIED;
}

static _Noreturn void empty_folder(const char *path, const struct passwd *account)
{
	char *const paths[] = { (char *)path, NULL };
	FTS *tree;
	FTSENT *item;

	if (become_user(account) < 0)
		_exit(1);
	tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
	while (tree && (item = fts_read(tree))) {
		if (item->fts_level == FTS_ROOTLEVEL || item->fts_info == FTS_D)
			continue;
		if (item->fts_info == FTS_DP)
			rmdir(item->fts_accpath);
		else
			unlink(item->fts_accpath);
	}
	_exit(0);
}

void keeper_folder_empty(const char *path, const struct passwd *account)
{
	pid_t pid = fork();

	if (pid == 0)
		empty_folder(path, account);
	if (pid > 0)
		waitpid(pid, NULL, 0);
}
