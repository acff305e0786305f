#include "xorg.h"
#include "folder.h"
#include <base/log.h>
#include <base/packet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	START_TIMEOUT_MS = 20000,
	STOP_TIMEOUT_MS = 3000,
	COOKIE_LEN = 16,
	COOKIE_FAMILY_ANY = 0xffff, /* FamilyWild of Xauth.h: any host */
};

/* VideoRam holds 8192 x 8192 pixels and a little, as the driver wants more than it
 * needs. It is address space only: pages cost memory once they are painted. The
 * driver takes whatever modes RandR brings, the ranges are for its own ones. */
static const char config[] = "Section \"ServerFlags\"\n"
			     "	Option \"AutoAddDevices\" \"false\"\n"
			     "	Option \"AutoEnableDevices\" \"false\"\n"
			     "	Option \"AutoAddGPU\" \"false\"\n"
			     "	Option \"DontVTSwitch\" \"true\"\n"
			     "	Option \"DontZap\" \"true\"\n"
			     "	Option \"BlankTime\" \"0\"\n"
			     "	Option \"StandbyTime\" \"0\"\n"
			     "	Option \"SuspendTime\" \"0\"\n"
			     "	Option \"OffTime\" \"0\"\n"
			     "EndSection\n"
			     "Section \"Device\"\n"
			     "	Identifier \"oriel\"\n"
			     "	Driver \"dummy\"\n"
			     "	VideoRam 262208\n"
			     "EndSection\n"
			     "Section \"Monitor\"\n"
			     "	Identifier \"oriel\"\n"
			     "	HorizSync 1-2000\n"
			     "	VertRefresh 1-1000\n"
			     "EndSection\n"
			     "Section \"Screen\"\n"
			     "	Identifier \"oriel\"\n"
			     "	Device \"oriel\"\n"
			     "	Monitor \"oriel\"\n"
			     "	DefaultDepth 24\n"
			     "	SubSection \"Display\"\n"
			     "		Depth 24\n"
			     "		Virtual 8192 8192\n"
			     "	EndSubSection\n"
			     "EndSection\n"
			     "Section \"ServerLayout\"\n"
			     "	Identifier \"oriel\"\n"
			     "	Screen \"oriel\"\n"
			     "EndSection\n";

static size_t put_counted(uint8_t *dst, const void *data, size_t len)
{
	dst[0] = (uint8_t)(len >> 8);
	dst[1] = (uint8_t)len;
	if (len)
		memcpy(dst + 2, data, len);
	return len + 2;
}

/* One entry of an Xauthority file (Xau(3)), big-endian: it fits any display
 * number, as the server's is not known yet. */
static int write_cookie(const char *dir)
{
	static const char name[] = "MIT-MAGIC-COOKIE-1";
	uint8_t cookie[COOKIE_LEN], entry[2 + 2 + 2 + 2 + sizeof name + 2 + COOKIE_LEN];
	size_t len = 2;
	int err;

	if (getrandom(cookie, sizeof cookie, 0) != sizeof cookie)
		return ERR_IO;
	entry[0] = COOKIE_FAMILY_ANY >> 8;
	entry[1] = COOKIE_FAMILY_ANY & 0xff;
	len += put_counted(entry + len, NULL, 0);
	len += put_counted(entry + len, NULL, 0);
	len += put_counted(entry + len, name, sizeof name - 1);
	len += put_counted(entry + len, cookie, sizeof cookie);
	err = folder_write(dir, "Xauthority", entry, len);
	explicit_bzero(cookie, sizeof cookie);
	explicit_bzero(entry, sizeof entry);
	return err;
}

/* Debian's /usr/bin/Xorg is a wrapper that may ask for a console; go past it. */
static const char *find_program(void)
{
	static const char *const places[] = { "/usr/lib/xorg/Xorg", "/usr/libexec/Xorg", NULL };

	for (int i = 0; places[i]; i++) {
		if (access(places[i], X_OK) == 0)
			return places[i];
	}
	return "Xorg";
}

static int launch(struct xorg *xorg, const char *dir, int output_fd, int ready_fd)
{
	char config_path[PATH_MAX], configs_path[PATH_MAX], log_path[PATH_MAX];
	const char *argv[] = { find_program(), "-displayfd", "3", "-config", config_path, "-configdir",
		configs_path, "-logfile", log_path, "-auth", xorg->authority, "-noreset", "-nolisten", "tcp",
		"-novtswitch", "-sharevts", "-s", "0", "-dpi", "96", NULL };

	snprintf(config_path, sizeof config_path, "%s/xorg.conf", dir);
	/* Empty: the machine's own snippets are for its real screens. */
	snprintf(configs_path, sizeof configs_path, "%s/xorg.conf.d", dir);
	snprintf(log_path, sizeof log_path, "%s/xorg.log", dir);
	return child_start(&xorg->child, argv, environ, output_fd, ready_fd);
}

/* The server writes its display's number and a newline when it serves. */
static int read_display(struct xorg *xorg, int fd)
{
	char text[8];
	size_t have = 0;

	while (have < sizeof text - 1) {
		ssize_t n;
		int err = packet_wait(fd, START_TIMEOUT_MS);

		if (err < 0)
			return err;
		n = read(fd, text + have, sizeof text - 1 - have);
		if (n <= 0)
			return ERR_IO;
		have += (size_t)n;
		if (text[have - 1] == '\n')
			break;
	}
	text[have - 1] = 0;
	snprintf(xorg->display, sizeof xorg->display, ":%s", text);
	return 0;
}

static bool has(const char *line, const char *words, const char **rest)
{
	const char *at = strstr(line, words);

	if (at && rest)
		*rest = at + strlen(words);
	return at != NULL;
}

/* Why it gave up, from its log: the line after "Fatal server error", or what is
 * more to the point. "" if it does not say. */
static void find_complaint(const char *dir, char *dst, size_t cap)
{
	char path[PATH_MAX], line[512];
	const char *rest;
	bool fatal = false;
	FILE *file;

	dst[0] = 0;
	snprintf(path, sizeof path, "%s/xorg.log", dir);
	file = fopen(path, "re");
	while (file && !dst[0] && fgets(line, sizeof line, file)) {
		line[strcspn(line, "\n")] = 0;
		if (has(line, "Failed to load module \"dummy\"", NULL))
			snprintf(dst, cap,
					": the dummy driver is not installed (Debian: xserver-xorg-video-dummy)");
		else if (fatal && has(line, "(EE) ", &rest))
			snprintf(dst, cap, ": %s", rest);
		else if (has(line, "Fatal server error", NULL))
			fatal = true;
	}
	if (file)
		fclose(file);
}

static int await_ready(struct xorg *xorg, const char *dir, int fd)
{
	char complaint[256];
	int err = read_display(xorg, fd);

	if (err == 0)
		return 0;
	xorg_stop(xorg);
	find_complaint(dir, complaint, sizeof complaint);
	if (err == ERR_TIMEOUT)
		log_error("Xorg did not get ready within %d s; its log is %s/xorg.log",
				START_TIMEOUT_MS / 1000, dir);
	else
		log_error("Xorg did not start%s; its log is %s/xorg.log", complaint, dir);
	return err;
}

static int write_files(struct xorg *xorg, const char *dir)
{
	char configs_path[PATH_MAX];

	snprintf(xorg->authority, sizeof xorg->authority, "%s/Xauthority", dir);
	snprintf(configs_path, sizeof configs_path, "%s/xorg.conf.d", dir);
	if (mkdir(configs_path, 0700) < 0 && errno != EEXIST)
		log_warn("%s: %s", configs_path, strerror(errno));
	if (folder_write(dir, "xorg.conf", config, sizeof config - 1) < 0 || write_cookie(dir) < 0) {
		log_error("%s: cannot write the X server's files: %s", dir, strerror(errno));
		return ERR_IO;
	}
	return 0;
}

int xorg_start(struct xorg *xorg, const char *dir)
{
	int ready[2] = { -1, -1 }, output_fd = -1, err = write_files(xorg, dir);

	if (err < 0)
		return err;
	output_fd = folder_create(dir, "xorg.out");
	if (output_fd < 0 || pipe2(ready, O_CLOEXEC) < 0) {
		err = ERR_IO;
		log_error("cannot start Xorg: %s", strerror(errno));
		goto out;
	}
	err = launch(xorg, dir, output_fd, ready[1]);
	close(ready[1]);
	if (err == ERR_MISSING)
		log_error("Xorg is not installed (Debian: xserver-xorg-core and xserver-xorg-video-dummy)");
	else if (err < 0)
		log_error("cannot start Xorg: %s", strerror(errno));
	else
		err = await_ready(xorg, dir, ready[0]);
	close(ready[0]);
out:
	if (output_fd >= 0)
		close(output_fd);
	return err;
}

void xorg_stop(struct xorg *xorg)
{
	child_stop(&xorg->child, SIGTERM, STOP_TIMEOUT_MS);
}
