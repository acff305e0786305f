#include "x11_stage.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	NOBODY = 65534,
};

void stage_own(const char *path)
{
	if (geteuid() == 0)
		assert_int_equal(chown(path, NOBODY, NOBODY), 0);
}

void stage_prepare(struct stage *stage)
{
	*stage = (struct stage){ .log_fd = -1, .peer = { .fd = -1, .memfd = -1, .cursor_fd = -1 } };
	strcpy(stage->dir, "/tmp/oriel-x11-XXXXXX");
	assert_non_null(mkdtemp(stage->dir));
	stage_own(stage->dir);
}

static void write_map(const char *path, unsigned id)
{
	char line[64];
	int fd = open(path, O_WRONLY | O_CLOEXEC), len = snprintf(line, sizeof line, "%u %u 1", id, id);

	if (fd < 0 || write(fd, line, (size_t)len) != len)
		_exit(125);
	close(fd);
}

/* In a mount namespace; an ordinary user needs one of users for that. */
static void hide(const char *path)
{
	unsigned uid = geteuid();

	if (unshare(CLONE_NEWNS | (uid ? CLONE_NEWUSER : 0)) < 0)
		_exit(125);
	if (uid)
		write_map("/proc/self/uid_map", uid);
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
			mount("none", path, "tmpfs", 0, "mode=755") < 0)
		_exit(125);
}

static void become_user(const struct stage *stage)
{
	static const char *const keep[] = { "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS" };
	char *kept[sizeof keep / sizeof *keep];

	for (size_t i = 0; i < sizeof keep / sizeof *keep; i++)
		kept[i] = getenv(keep[i]) ? strdup(getenv(keep[i])) : NULL;
	clearenv();
	for (size_t i = 0; i < sizeof keep / sizeof *keep; i++) {
		if (kept[i])
			setenv(keep[i], kept[i], 1);
	}
	setenv("PATH", "/usr/local/bin:/usr/bin:/bin", 1);
	setenv("HOME", stage->dir, 1);
	setenv("LANG", "C.UTF-8", 1);
	if (geteuid() == 0 && (setgroups(0, NULL) < 0 || setgid(NOBODY) < 0 || setuid(NOBODY) < 0))
		_exit(126);
}

void stage_spawn(struct stage *stage, const char *command, const char *size)
{
	const char *argv[10] = { GUEST_PROGRAM, "--dir" };
	/* Opened first: the build may be in a folder that the other user cannot enter. */
	int program_fd = open(GUEST_PROGRAM, O_PATH | O_CLOEXEC);
	char dir[96];
	int said[2], count = 2;

	snprintf(dir, sizeof dir, "%s/guest", stage->dir);
	argv[count++] = dir;
	if (size) {
		argv[count++] = "--size";
		argv[count++] = size;
	}
	if (command) {
		argv[count++] = "--desktop";
		argv[count++] = command;
	}
	assert_int_equal(pipe2(said, O_CLOEXEC), 0);
	stage->pid = fork();
	assert_true(stage->pid >= 0);
	if (stage->pid == 0) {
		if (stage->hidden)
			hide(stage->hidden);
		become_user(stage);
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		dup2(said[1], STDERR_FILENO);
		fexecve(program_fd, (char *const *)argv, environ);
		_exit(127);
	}
	close(program_fd);
	close(said[1]);
	stage->log_fd = said[0];
}

/* Reads what the guest says, a line at a time, up to one with these words. */
static void await_line(struct stage *stage, const char *words)
{
	char line[512];
	size_t len = 0;

	for (;;) {
		struct pollfd poll_fd = { .fd = stage->log_fd, .events = POLLIN };

		assert_int_equal(poll(&poll_fd, 1, STAGE_TIMEOUT_MS), 1);
		if (read(stage->log_fd, line + len, 1) != 1)
			fail_msg("the guest ended before it said \"%s\"", words);
		if (line[len] == '\n' || len == sizeof line - 2) {
			line[len] = 0;
			if (strstr(line, words))
				return;
			fprintf(stderr, "%s\n", line);
			len = 0;
		} else {
			len++;
		}
	}
}

/* DISPLAY and XAUTHORITY out of the guest's file, into our own environment. */
static void take_variables(struct stage *stage)
{
	char path[96], name[64], value[256];
	FILE *file;

	snprintf(path, sizeof path, "%s/guest/display.env", stage->dir);
	file = fopen(path, "re");
	assert_non_null(file);
	while (fscanf(file, "%63[^=]='%255[^']'\n", name, value) == 2)
		setenv(name, value, 1);
	fclose(file);
}

void stage_run(struct stage *stage, const char *command)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid > 0)
		return; /* it ends with the X server; nobody waits for it */
	become_user(stage);
	take_variables(stage);
	execl("/bin/sh", "sh", "-c", command, NULL);
	_exit(127);
}

static void attach(struct stage *stage)
{
	struct link_message msg;
	char path[96];

	snprintf(path, sizeof path, "%s/guest/link", stage->dir);
	assert_int_equal(peer_attach(&stage->peer, NULL, path, "test", 0), 0);
	stage->peer.timeout_ms = STAGE_TIMEOUT_MS;
	assert_int_equal(peer_expect(&stage->peer, LINK_LAYOUT, &msg), 0);
}

void stage_start(struct stage *stage, const char *command, const char *size)
{
	stage_spawn(stage, command, size);
	await_line(stage, "serving at");
	take_variables(stage);
	attach(stage);
	stage->conn = xcb_connect(NULL, NULL);
	assert_int_equal(xcb_connection_has_error(stage->conn), 0);
	stage->screen = xcb_setup_roots_iterator(xcb_get_setup(stage->conn)).data;
}

void stage_reattach(struct stage *stage)
{
	peer_finish(&stage->peer);
	attach(stage);
}

int stage_wait_exit(struct stage *stage)
{
	size_t have = 0;
	ssize_t n;
	int status;

	/* Its end closes the pipe. */
	for (;;) {
		struct pollfd poll_fd = { .fd = stage->log_fd, .events = POLLIN };

		assert_int_equal(poll(&poll_fd, 1, STAGE_TIMEOUT_MS), 1);
		n = read(stage->log_fd, stage->said + have, sizeof stage->said - 1 - have);
		if (n <= 0)
			break;
		have += (size_t)n;
	}
	stage->said[have] = 0;
	fputs(stage->said, stderr);
	assert_int_equal(waitpid(stage->pid, &status, 0), stage->pid);
	stage->pid = 0;
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	return remove(path);
}

void stage_finish(struct stage *stage)
{
	if (!stage->dir[0])
		return;
	if (stage->conn)
		xcb_disconnect(stage->conn);
	stage->conn = NULL;
	if (stage->pid) {
		kill(stage->pid, SIGTERM);
		assert_int_equal(stage_wait_exit(stage), 0);
	}
	peer_finish(&stage->peer);
	close(stage->log_fd);
	nftw(stage->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	stage->dir[0] = 0;
}

/* Cursors and layouts that came meanwhile: a guest drops a session that does not read. */
static void read_on(struct stage *stage)
{
	struct link_message msg;

	stage->peer.timeout_ms = 0;
	while (peer_receive(&stage->peer, &msg) == 0)
		continue;
	stage->peer.timeout_ms = STAGE_TIMEOUT_MS;
}

void stage_send(struct stage *stage, const struct link_message *msg)
{
	struct pollfd poll_fd = { .fd = stage->peer.fd, .events = POLLOUT };
	int err;

	while ((err = peer_send(&stage->peer, msg, -1)) == ERR_AGAIN)
		assert_int_equal(poll(&poll_fd, 1, STAGE_TIMEOUT_MS), 1);
	assert_int_equal(err, 0);
	read_on(stage);
}

/* True when the FIFO has something; meanwhile what the guest says is read. */
static bool wait_text(struct stage *stage, int fifo_fd)
{
	struct pollfd poll_fds[] = {
		{ .fd = fifo_fd, .events = POLLIN },
		{ .fd = stage->peer.fd, .events = POLLIN },
	};

	while (poll(poll_fds, 2, STAGE_TIMEOUT_MS) > 0) {
		if (poll_fds[0].revents)
			return true;
		read_on(stage);
	}
	return false;
}

void stage_expect_text(struct stage *stage, int fifo_fd, const char *want)
{
	size_t len = strlen(want), have = 0;
	char *got = calloc(1, len + 1);

	while (have < len && wait_text(stage, fifo_fd)) {
		ssize_t n = read(fifo_fd, got + have, len - have);

		if (n <= 0)
			break;
		have += (size_t)n;
		if (memcmp(got, want, have) != 0)
			break; /* no use in waiting for the rest */
	}
	assert_string_equal(got, want);
	free(got);
}

void stage_key(struct stage *stage, uint32_t scancode, uint32_t flags)
{
	stage_send(stage,
			&(struct link_message){
					.type = LINK_KEY,
					.key = { scancode, flags },
			});
}

void stage_tap(struct stage *stage, uint32_t scancode, uint32_t flags)
{
	stage_key(stage, scancode, flags);
	stage_key(stage, scancode, flags | LINK_KEY_UP);
}

void stage_text(struct stage *stage, uint32_t code_point)
{
	struct link_message msg = { .type = LINK_UNICODE, .unicode = { code_point, 0 } };

	stage_send(stage, &msg);
	msg.unicode.flags = LINK_KEY_UP;
	stage_send(stage, &msg);
}

void stage_keymap(struct stage *stage, uint32_t klid)
{
	stage_send(stage,
			&(struct link_message){
					.type = LINK_KEYMAP,
					.keymap = { klid, 4, 0, 12 },
			});
}

void stage_pointer(struct stage *stage, uint32_t x, uint32_t y)
{
	stage_send(stage,
			&(struct link_message){
					.type = LINK_POINTER,
					.pointer = { x, y },
			});
}

xcb_generic_event_t *stage_event(struct stage *stage, uint8_t type)
{
	struct pollfd poll_fd = { .fd = xcb_get_file_descriptor(stage->conn), .events = POLLIN };

	xcb_flush(stage->conn);
	for (;;) {
		xcb_generic_event_t *event = xcb_poll_for_event(stage->conn);

		if (event && (event->response_type & 0x7f) == type)
			return event;
		if (!event)
			assert_int_equal(poll(&poll_fd, 1, STAGE_TIMEOUT_MS), 1);
		assert_int_equal(xcb_connection_has_error(stage->conn), 0);
		free(event);
	}
}

void stage_full_frame(struct stage *stage)
{
	struct link_frame frame;

	assert_false(stage->peer.pulling);
	assert_int_equal(peer_frame(&stage->peer, LINK_PULL_FULL, &frame), 0);
}

void stage_check_picture(struct stage *stage)
{
	const struct link_buffer *buffer = &stage->peer.buffer;
	xcb_get_image_reply_t *image;
	const uint8_t *want;

	stage_full_frame(stage);
	image = xcb_get_image_reply(stage->conn,
			xcb_get_image(stage->conn, XCB_IMAGE_FORMAT_Z_PIXMAP, stage->screen->root, 0, 0,
					(uint16_t)buffer->width_px, (uint16_t)buffer->height_px, ~0u),
			NULL);
	assert_non_null(image);
	want = xcb_get_image_data(image);
	for (uint32_t y = 0; y < buffer->height_px; y++) {
		for (uint32_t x = 0; x < buffer->width_px; x++) {
			const uint8_t *a = stage->peer.map + (size_t)y * buffer->stride_bytes + 4 * x;
			const uint8_t *b = want + 4 * ((size_t)y * buffer->width_px + x);

			if (memcmp(a, b, 3) != 0)
				fail_msg("pixel %u,%u differs", x, y);
		}
	}
	free(image);
}
