#include "stack.h"

#include "procfs.h"
#include <arpa/inet.h>
#include <base/loop.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <proto/record.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ACCOUNT "oriel-bench" /* made and removed when root runs this */

enum {
	ANSWER_TIME_MS = 30000, /* a program that starts */
	END_TIME_MS = 15000,
	POLL_MS = 20,
	ARGUMENTS_MAX = 10,
};

/* As those that run it: with their uid and a home in our folder. */
static void become(const struct stack *stack)
{
	if (geteuid() == 0 && (setgid(stack->gid) != 0 || setuid(stack->uid) != 0))
		_exit(126);
	setenv("HOME", stack->dir, 1);
	setenv("XDG_RUNTIME_DIR", stack->dir, 1);
	unsetenv("XDG_STATE_HOME");
	unsetenv("XDG_CONFIG_HOME");
	if (chdir("/") != 0)
		_exit(126);
}

/* Starts bin/argv[0] with its output in dir/argv[0].log; in: its stdin. */
static pid_t launch(const struct stack *stack, const char *const *argv, int in)
{
	char program[2 * STACK_PATH_CAP], log[2 * STACK_PATH_CAP];
	pid_t pid;
	int out;

	snprintf(program, sizeof program, "%s/%s", stack->bin, argv[0]);
	snprintf(log, sizeof log, "%s/%s.log", stack->dir, argv[0]);
	pid = fork();
	if (pid != 0)
		return pid;
	become(stack);
	setsid();
	out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (in < 0)
		in = open("/dev/null", O_RDONLY);
	if (out < 0 || in < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(126);
	execv(program, (char *const *)(uintptr_t)argv);
	_exit(127);
}

static void pause_ms(int ms)
{
	nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L }, NULL);
}

/* Runs `oriel` with the password on its stdin; its exit code, or negative. */
static int oriel(const struct stack *stack, const char *verb, const char *what, const char *name)
{
	char run[STACK_PATH_CAP + 8], line[STACK_PASSWORD_CAP + 2];
	const char *argv[] = { "oriel", "--run-dir", run, verb, what, name, NULL };
	int pipe_fd[2], status;
	pid_t pid;

	snprintf(run, sizeof run, "%s/run", stack->dir);
	snprintf(line, sizeof line, "%s\n", stack->password);
	if (pipe2(pipe_fd, O_CLOEXEC) != 0)
		return ERR_IO;
	pid = launch(stack, argv, pipe_fd[0]);
	close(pipe_fd[0]);
	if (pid < 0 || write(pipe_fd[1], line, strlen(line)) < 0)
		status = ERR_IO;
	close(pipe_fd[1]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return ERR_IO;
	return WEXITSTATUS(status);
}

static bool host_answers(const struct stack *stack)
{
	char path[STACK_PATH_CAP + 16];

	snprintf(path, sizeof path, "%s/run/control", stack->dir);
	return access(path, F_OK) == 0 && oriel(stack, "guests", NULL, NULL) == 0;
}

static bool server_answers(const struct stack *stack)
{
	FILE *table = fopen("/proc/net/tcp", "re");
	char line[256];
	bool found = false;

	while (table && !found && fgets(line, sizeof line, table)) {
		unsigned port, state;

		found = sscanf(line, " %*u: %*x:%x %*x:%*x %x", &port, &state) == 2 && state == 10 &&
				(int)port == stack->port;
	}
	if (table)
		fclose(table);
	return found;
}

static int wait_answer(
		const struct stack *stack, const char *name, pid_t pid, bool (*answers)(const struct stack *))
{
	uint64_t until_us = loop_now_us() + ANSWER_TIME_MS * 1000ull;

	while (!answers(stack)) {
		if (!procfs_alive(pid, NULL) || loop_now_us() > until_us) {
			char command[3 * STACK_PATH_CAP];

			fprintf(stderr, "oriel-bench: %s does not start; the end of its log:\n", name);
			snprintf(command, sizeof command, "tail -n 5 %s/%s.log >&2", stack->dir, name);
			return system(command) == 0 ? ERR_CLOSED : ERR_IO;
		}
		pause_ms(POLL_MS);
	}
	return 0;
}

static int free_port(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), port = ERR_IO;

	if (fd >= 0 && bind(fd, (struct sockaddr *)&at, len) == 0 &&
			getsockname(fd, (struct sockaddr *)&at, &len) == 0)
		port = ntohs(at.sin_port);
	if (fd >= 0)
		close(fd);
	return port;
}

static int find_bin(struct stack *stack)
{
	ssize_t len = readlink("/proc/self/exe", stack->bin, sizeof stack->bin - 1);
	char *slash;

	if (len <= 0)
		return ERR_IO;
	stack->bin[len] = 0;
	slash = strrchr(stack->bin, '/');
	*slash = 0;
	return 0;
}

static int write_conf(const struct stack *stack, const char *guest, const char *options)
{
	char path[STACK_PATH_CAP + 16];
	FILE *file;

	snprintf(path, sizeof path, "%s/oriel.conf", stack->dir);
	file = fopen(path, "we");
	if (!file)
		return ERR_IO;
	fprintf(file, "run_dir = %s/run\nstate_dir = %s/state\ntrace = %s\n", stack->dir, stack->dir,
			stack->trace);
	fprintf(file, "[server]\nlisten = 127.0.0.1:%d\n[host]\npam = no\n[guest]\nkind = %s\n", stack->port,
			guest);
	if (options[0])
		fprintf(file, "options = %s\n", options);
	return fclose(file) == 0 && chmod(path, 0644) == 0 ? 0 : ERR_IO;
}

/* Waits for it. Complaints (of useradd about a stale account, of userdel about none)
 * are not of interest: what it should do is looked at afterwards. */
static void run_quietly(const char *const *argv)
{
	pid_t pid = fork();

	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
			_exit(126);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

static void remove_account(void)
{
	const char *const argv[] = { "userdel", ACCOUNT, NULL };

	run_quietly(argv);
}

/* Whose desktop it is: a user of its own with a home in our folder, or ourselves. */
static struct passwd *find_user(const struct stack *stack)
{
	const char *const argv[] = { "useradd", "--no-create-home", "--no-log-init", "--home-dir", stack->dir,
		ACCOUNT, NULL };

	if (geteuid() != 0)
		return getpwuid(geteuid());
	remove_account();
	run_quietly(argv);
	return getpwnam(ACCOUNT);
}

/* Root's clone may be closed to the account: then it gets a copy of the programs. */
static int find_programs(struct stack *stack)
{
	char from[STACK_PATH_CAP + 4], to[sizeof stack->bin];
	const char *const argv[] = { "cp", "-r", from, to, NULL };
	int err = find_bin(stack);

	if (err || geteuid() != 0)
		return err;
	snprintf(from, sizeof from, "%s/.", stack->bin);
	snprintf(to, sizeof to, "%s/bin", stack->dir);
	run_quietly(argv);
	memcpy(stack->bin, to, sizeof to);
	return 0;
}

/* Folder, user, password and port. */
static int prepare(struct stack *stack)
{
	uint8_t random[(STACK_PASSWORD_CAP - 1) / 2];
	struct passwd *entry;

	snprintf(stack->dir, sizeof stack->dir, "/tmp/oriel-bench-XXXXXX");
	if (!mkdtemp(stack->dir))
		return ERR_IO;
	entry = find_user(stack);
	if (!entry || find_programs(stack) != 0 || getrandom(random, sizeof random, 0) != sizeof random)
		return ERR_MISSING;
	snprintf(stack->user, sizeof stack->user, "%s", entry->pw_name);
	stack->uid = entry->pw_uid;
	stack->gid = entry->pw_gid;
	for (size_t i = 0; i < sizeof random; i++)
		snprintf(stack->password + 2 * i, 3, "%02x", random[i]);
	stack->port = free_port();
	if (stack->port < 0 || (geteuid() == 0 && chown(stack->dir, stack->uid, stack->gid) != 0))
		return ERR_IO;
	snprintf(stack->trace, sizeof stack->trace, "%s/trace", stack->dir);
	return 0;
}

int stack_start(struct stack *stack, const char *guest, const char *options)
{
	char conf[STACK_PATH_CAP + 16];
	const char *host[] = { "oriel-host", "--config", conf, NULL };
	const char *server[] = { "oriel-server", "--config", conf, NULL };
	int err;

	*stack = (struct stack){ .port = 0 };
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); /* what they leave behind comes to us */
	err = prepare(stack);
	if (!err)
		err = write_conf(stack, guest, options);
	if (err) {
		fprintf(stderr, "oriel-bench: no folder for a server: %s\n", strerror(errno));
		return err;
	}
	snprintf(conf, sizeof conf, "%s/oriel.conf", stack->dir);
	stack->host = launch(stack, host, -1);
	err = wait_answer(stack, host[0], stack->host, host_answers);
	if (!err && oriel(stack, "user", "add", stack->user) != 0) {
		fprintf(stderr, "oriel-bench: oriel user add fails\n");
		err = ERR_DENIED;
	}
	if (!err) {
		stack->server = launch(stack, server, -1);
		err = wait_answer(stack, server[0], stack->server, server_answers);
	}
	return err;
}

/* Calls on_process for every live process that descends from us. */
static void for_descendants(void (*on_process)(pid_t pid, void *user), void *user)
{
	DIR *proc = opendir("/proc");

	for (struct dirent *entry; proc && (entry = readdir(proc));) {
		pid_t pid = atoi(entry->d_name), above = pid;

		while (pid > 1 && above > 1 && above != getpid() && procfs_alive(above, &above))
			;
		if (pid > 1 && pid != getpid() && above == getpid() && procfs_alive(pid, NULL))
			on_process(pid, user);
	}
	if (proc)
		closedir(proc);
}

struct search {
	const char *name;
	pid_t found;
	int signal, count;
};

static void on_find(pid_t pid, void *user)
{
	struct search *search = user;
	char name[16];

	procfs_name(pid, name);
	if (strcmp(name, search->name) == 0)
		search->found = pid;
}

/* Signal 0 only counts. What is not ours by name is killed at the very end only:
 * guests end their own children. */
static void on_end(pid_t pid, void *user)
{
	struct search *search = user;
	char name[16];

	procfs_name(pid, name);
	if (search->signal != SIGKILL && strncmp(name, "oriel", 5) != 0)
		return;
	kill(pid, search->signal);
	search->count++;
}

/* True when nothing is left before END_TIME_MS is over. */
static bool end_all(int number)
{
	uint64_t until_us = loop_now_us() + END_TIME_MS * 1000ull;
	struct search search = { .signal = number };

	for_descendants(on_end, &search);
	while (search.count > 0 && loop_now_us() < until_us) {
		pause_ms(POLL_MS);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		search.count = 0;
		search.signal = number == SIGKILL ? SIGKILL : 0;
		for_descendants(on_end, &search);
	}
	return search.count == 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
	return remove(path);
}

void stack_stop(struct stack *stack, bool keep)
{
	if (stack->host > 0) {
		end_all(SIGTERM);
		end_all(SIGKILL);
	}
	stack->host = stack->server = 0;
	if (stack->dir[0] && (keep || getenv("ORIEL_TEST_KEEP")))
		fprintf(stderr, "oriel-bench: logs are kept in %s\n", stack->dir);
	else if (stack->dir[0])
		nftw(stack->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	stack->dir[0] = 0;
	if (geteuid() == 0)
		remove_account();
}

pid_t stack_find(const struct stack *stack, const char *program)
{
	struct search search = { .name = program, .found = ERR_MISSING };

	for_descendants(on_find, &search);
	return search.found;
}

static bool read_record(const char *path, struct record *rec)
{
	uint8_t data[RECORD_LEN];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool fine = fd >= 0 && read(fd, data, sizeof data) == sizeof data &&
			record_parse(rec, data, sizeof data) == 0;

	if (fd >= 0)
		close(fd);
	return fine;
}

pid_t stack_session(const struct stack *stack)
{
	char path[STACK_PATH_CAP + 300];
	pid_t found = ERR_MISSING;
	DIR *dir;

	snprintf(path, sizeof path, "%s/run/sessions", stack->dir);
	dir = opendir(path);
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		struct record rec;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/run/sessions/%s", stack->dir, entry->d_name);
		if (read_record(path, &rec) && rec.state == RECORD_ACTIVE &&
				procfs_alive((pid_t)rec.pid, NULL))
			found = (pid_t)rec.pid;
	}
	if (dir)
		closedir(dir);
	return found;
}
