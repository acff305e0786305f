/* Stands in for oriel-session: does what the client says, one letter at a time, and
 * answers each with a line. End of the connection ends it, unless it was told to
 * stay (P). */
#include <base/err.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <proto/record.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	FD_CLIENT = 3,
	FD_RECORD = 5,
};

extern char **environ;

static void write_state(enum record_state state, const char *user, const char *reason)
{
	uint8_t data[RECORD_LEN];
	struct record rec;

	if (pread(FD_RECORD, data, sizeof data, 0) != RECORD_LEN || record_parse(&rec, data, sizeof data) < 0)
		_exit(9);
	rec.state = state;
	snprintf(rec.user, sizeof rec.user, "%s", user);
	snprintf(rec.security, sizeof rec.security, "nla");
	snprintf(rec.reason, sizeof rec.reason, "%s", reason);
	record_write(&rec, data);
	if (pwrite(FD_RECORD, data, sizeof data, 0) != RECORD_LEN)
		_exit(9);
}

static void tell_fds(FILE *out)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	while ((entry = readdir(dir))) {
		int fd = atoi(entry->d_name);
		char path[64], target[256];
		ssize_t len;

		if (entry->d_name[0] == '.' || fd == dirfd(dir) || fd == fileno(out))
			continue;
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
		len = readlink(path, target, sizeof target - 1);
		target[len < 0 ? 0 : len] = '\0';
		fprintf(out, "fd %d %s %x\n", fd, target, (unsigned)fcntl(fd, F_GETFL));
	}
	closedir(dir);
}

static void tell_option(FILE *out, const char *name, int level, int option)
{
	int value = -1;
	socklen_t len = sizeof value;

	if (getsockopt(FD_CLIENT, level, option, &value, &len) == 0)
		fprintf(out, "option %s %d\n", name, value);
}

static void tell_all(char **argv)
{
	FILE *out = fdopen(dup(FD_CLIENT), "w");
	struct rlimit files;
	sigset_t mask;

	sigprocmask(SIG_BLOCK, NULL, &mask);
	getrlimit(RLIMIT_NOFILE, &files);
	for (int i = 1; argv[i]; i++)
		fprintf(out, "arg %s\n", argv[i]);
	for (char **env = environ; *env; env++)
		fprintf(out, "env %s\n", *env);
	tell_fds(out);
	tell_option(out, "nodelay", IPPROTO_TCP, TCP_NODELAY);
	tell_option(out, "keepalive", SOL_SOCKET, SO_KEEPALIVE);
	tell_option(out, "user_timeout", IPPROTO_TCP, TCP_USER_TIMEOUT);
	fprintf(out, "pid %d\nleader %d\nuid %d\nfiles %lu\nblocked %d\n", (int)getpid(),
			getsid(0) == getpid(), (int)geteuid(), (unsigned long)files.rlim_cur,
			sigismember(&mask, SIGTERM) || sigismember(&mask, SIGHUP));
	fclose(out);
}

static void obey(char letter, char **argv)
{
	switch (letter) {
	case 'A': write_state(RECORD_ACTIVE, "alice", ""); break;
	case 'R': write_state(RECORD_REFUSED, "mallory", "wrong user name or password"); _exit(0);
	case 'E': write_state(RECORD_ENDED, "alice", "logged out"); _exit(0);
	case 'K': raise(SIGKILL); break;
	case 'T': tell_all(argv); break;
	case 'G':
		if (ftruncate(FD_RECORD, 0) < 0 || pwrite(FD_RECORD, "garbage", 7, 0) < 0)
			_exit(9);
		break;
	default: break;
	}
}

int main(int argc, char **argv)
{
	int flags = fcntl(FD_CLIENT, F_GETFL);
	char letter, stay = 0;

	if (flags < 0 || fcntl(FD_CLIENT, F_SETFL, flags & ~O_NONBLOCK) < 0)
		return 9;
	while (read(FD_CLIENT, &letter, 1) == 1) {
		obey(letter, argv);
		stay |= letter == 'P';
		if (write(FD_CLIENT, "ok\n", 3) != 3)
			break;
	}
	while (stay)
		pause();
	return 0;
}
