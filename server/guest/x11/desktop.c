#include "desktop.h"
#include "folder.h"
#include "settings.h"
#include <base/log.h>
#include <base/packet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	BUS_TIMEOUT_MS = 10000,
	/* Log-out: programs are told one after the other. */
	LOGOUT_MS = 5000,
	SESSION_STOP_MS = 2000,
	BUS_STOP_MS = 1000,
	ADDRESS_CAP = 256,
};

static int write_settings(const char *dir)
{
	for (size_t i = 0; i < settings_count; i++) {
		const struct settings_file *file = &settings_files[i];

		if (folder_write(dir, file->name, file->data, file->len) < 0) {
			log_error("%s/%s: %s", dir, file->name, strerror(errno));
			return ERR_IO;
		}
	}
	return 0;
}

static void prepend_config_dir(const char *dir)
{
	const char *rest = getenv("XDG_CONFIG_DIRS");
	char *dirs;

	if (!rest || !rest[0])
		rest = "/etc/xdg";
	if (asprintf(&dirs, "%s/xdg:%s", dir, rest) < 0)
		return;
	setenv("XDG_CONFIG_DIRS", dirs, 1);
	free(dirs);
}

/* Sockets of the session's programs; a log-in by PAM brings a folder of its own. */
static void set_runtime_dir(const char *dir)
{
	char path[PATH_MAX];

	if (getenv("XDG_RUNTIME_DIR"))
		return;
	snprintf(path, sizeof path, "%s/run", dir);
	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		setenv("XDG_RUNTIME_DIR", path, 1);
}

static void set_environment(const char *dir, bool xfce)
{
	/* Of the session that we were started from, if any. */
	static const char *const foreign[] = { "WAYLAND_DISPLAY", "SESSION_MANAGER", "GDK_BACKEND",
		"QT_QPA_PLATFORM", "DESKTOP_STARTUP_ID", "XDG_SEAT", "XDG_VTNR", NULL };

	for (int i = 0; foreign[i]; i++)
		unsetenv(foreign[i]);
	prepend_config_dir(dir);
	set_runtime_dir(dir);
	setenv("XDG_SESSION_TYPE", "x11", 1);
	/* Without a UTF-8 locale programs cannot take most of what is typed. */
	if (!getenv("LANG") && !getenv("LC_ALL") && !getenv("LC_CTYPE"))
		setenv("LANG", "C.UTF-8", 1);
	if (!xfce)
		return;
	setenv("XDG_CURRENT_DESKTOP", "XFCE", 1);
	setenv("XDG_SESSION_DESKTOP", "xfce", 1);
	setenv("DESKTOP_SESSION", "xfce", 1);
	setenv("XDG_MENU_PREFIX", "xfce-", 1);
}

/* The bus writes its address and a newline when it is ready. */
static int read_address(int fd, char *address)
{
	size_t have = 0;

	while (have < ADDRESS_CAP - 1) {
		ssize_t n;

		if (packet_wait(fd, BUS_TIMEOUT_MS) < 0)
			return ERR_TIMEOUT;
		n = read(fd, address + have, ADDRESS_CAP - 1 - have);
		if (n <= 0)
			return ERR_IO;
		have += (size_t)n;
		if (address[have - 1] == '\n') {
			address[have - 1] = 0;
			return 0;
		}
	}
	return ERR_FORMAT;
}

static int start_bus(struct desktop *desktop, int log_fd)
{
	const char *argv[] = { "dbus-daemon", "--session", "--nofork", "--nopidfile", "--nosyslog",
		"--print-address=3", NULL };
	char address[ADDRESS_CAP];
	int ready[2], err;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return ERR_IO;
	err = child_start(&desktop->bus, argv, environ, log_fd, ready[1]);
	close(ready[1]);
	if (err == 0)
		err = read_address(ready[0], address);
	close(ready[0]);
	if (err == 0)
		setenv("DBUS_SESSION_BUS_ADDRESS", address, 1);
	else if (err == ERR_MISSING)
		log_error("dbus-daemon is not installed (Debian: dbus)");
	else
		log_error("the desktop's message bus does not start: %s", err_text(err));
	return err;
}

static int start_session(struct desktop *desktop, const char *command, int log_fd)
{
	const char *xfce[] = { "xfce4-session", NULL };
	const char *shell[] = { "/bin/sh", "-c", command, NULL };
	int err = child_start(&desktop->session, command ? shell : xfce, environ, log_fd, -1);

	if (err == ERR_MISSING)
		log_error("xfce4-session is not installed (Debian: xfce4-session); see also --desktop");
	else if (err < 0)
		log_error("cannot start the desktop: %s", strerror(errno));
	return err;
}

static void put_variable(FILE *out, const char *name)
{
	fprintf(out, "%s='", name);
	for (const char *at = getenv(name); at && *at; at++) {
		if (*at == '\'')
			fputs("'\\''", out);
		else
			fputc(*at, out);
	}
	fputs("'\n", out);
}

/* For the shell: how a program comes onto this desktop. */
static int write_variables(const char *dir)
{
	static const char *const names[] = { "DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS",
		"XDG_RUNTIME_DIR", "XDG_CONFIG_DIRS", "LANG" };
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int err;

	if (!out)
		return ERR_MEMORY;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (getenv(names[i]))
			put_variable(out, names[i]);
	}
	err = fclose(out) == 0 ? folder_write(dir, "display.env", text, len) : ERR_MEMORY;
	free(text);
	if (err < 0)
		log_error("%s/display.env: %s", dir, strerror(errno));
	return err;
}

int desktop_start(struct desktop *desktop, const char *dir, const char *command)
{
	/* What its programs say goes where our own log goes, which has a bound. */
	int log_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0), err;

	*desktop = (struct desktop){ .is_xfce = !command };
	if (log_fd < 0) {
		log_error("no descriptor for the desktop's log: %s", strerror(errno));
		return ERR_IO;
	}
	set_environment(dir, !command);
	err = write_settings(dir);
	if (err == 0)
		err = start_bus(desktop, log_fd);
	if (err == 0)
		err = write_variables(dir);
	if (err == 0)
		err = start_session(desktop, command, log_fd);
	close(log_fd);
	if (err < 0)
		desktop_stop(desktop);
	return err;
}

/* A signal would end Xfce's session manager without a word to its programs. */
static void log_out(struct desktop *desktop)
{
	const char *argv[] = { "xfce4-session-logout", "--logout", "--fast", NULL };
	int null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct child helper = { 0 };

	if (null_fd >= 0 && child_start(&helper, argv, environ, null_fd, -1) == 0)
		child_await(&desktop->session, LOGOUT_MS);
	child_stop(&helper, SIGTERM, 0);
	if (null_fd >= 0)
		close(null_fd);
}

void desktop_stop(struct desktop *desktop)
{
	if (desktop->is_xfce && desktop->session.pid)
		log_out(desktop);
	child_stop(&desktop->session, SIGTERM, SESSION_STOP_MS);
	child_stop(&desktop->bus, SIGTERM, BUS_STOP_MS);
}
