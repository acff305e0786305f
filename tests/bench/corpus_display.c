#include "corpus_display.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <xcb/xtest.h>

enum {
	PATIENCE_MS = 20000,
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void be_quiet(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return;
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
}

/* keep_fd: stays open in the program, or -1 */
static pid_t start(const char *const argv[], const char *display, int keep_fd)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	be_quiet();
	if (keep_fd >= 0)
		fcntl(keep_fd, F_SETFD, 0);
	if (display)
		setenv("DISPLAY", display, 1);
	unsetenv("XAUTHORITY");
	setenv("LIBGL_ALWAYS_SOFTWARE", "1", 1);
	setenv("LESSHISTFILE", "-", 1);
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

static void end(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
}

/* Xvfb chooses a free display and tells its number on a descriptor. */
/* Until the end of the line: the server writes it in pieces, and ends when the pipe is
 * closed too early. */
static int read_line(int fd, char *line, size_t cap)
{
	size_t len = 0;

	while (len + 1 < cap && !memchr(line, '\n', len)) {
		ssize_t n = read(fd, line + len, cap - 1 - len);

		if (n <= 0)
			return ERR_MISSING;
		len += (size_t)n;
	}
	line[len] = 0;
	line[strcspn(line, "\n")] = 0;
	return 0;
}

static int start_server(struct corpus_display *d)
{
	char screen[32], fd_text[16], number[8] = "";
	int fds[2], err;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return ERR_IO;
	snprintf(screen, sizeof screen, "%dx%dx24", d->w_px, d->h_px);
	snprintf(fd_text, sizeof fd_text, "%d", fds[1]);
	d->server = start((const char *const[]){ "Xvfb", "-displayfd", fd_text, "-screen", "0", screen,
					  "-nolisten", "tcp", "-noreset", NULL },
			NULL, fds[1]);
	close(fds[1]);
	err = d->server > 0 ? read_line(fds[0], number, sizeof number) : ERR_MISSING;
	close(fds[0]);
	if (err < 0)
		return err;
	snprintf(d->name, sizeof d->name, ":%s", number);
	return 0;
}

int corpus_display_open(struct corpus_display *d, int w_px, int h_px)
{
	int err;

	*d = (struct corpus_display){
		.w_px = w_px, .h_px = h_px, .frame_bytes = (size_t)w_px * (size_t)h_px * 4
	};
	err = start_server(d);
	if (err)
		return err;
	d->x = xcb_connect(d->name, NULL);
	if (xcb_connection_has_error(d->x))
		return ERR_IO;
	d->screen = xcb_setup_roots_iterator(xcb_get_setup(d->x)).data;
	d->gc = xcb_generate_id(d->x);
	xcb_create_gc(d->x, d->gc, d->screen->root, 0, NULL);
	xcb_warp_pointer(d->x, XCB_NONE, d->screen->root, 0, 0, 0, 0, (int16_t)(w_px / 2),
			(int16_t)(h_px / 2));
	return 0;
}

void corpus_display_close(struct corpus_display *d)
{
	for (int i = 0; i < d->program_count; i++)
		end(d->programs[i]);
	if (d->x)
		xcb_disconnect(d->x);
	end(d->server);
}

int corpus_display_run(struct corpus_display *d, const char *const argv[])
{
	pid_t pid;

	if (d->program_count == CORPUS_PROGRAMS_MAX)
		return ERR_SPACE;
	pid = start(argv, d->name, -1);
	if (pid < 0)
		return ERR_IO;
	d->programs[d->program_count++] = pid;
	return 0;
}

static bool is_shown(struct corpus_display *d, xcb_window_t window)
{
	xcb_get_window_attributes_reply_t *a =
			xcb_get_window_attributes_reply(d->x, xcb_get_window_attributes(d->x, window), NULL);
	bool yes = a && a->map_state == XCB_MAP_STATE_VIEWABLE;

	free(a);
	return yes;
}

int corpus_display_window(struct corpus_display *d, xcb_window_t *window)
{
	for (int64_t until_ms = now_ms() + PATIENCE_MS; now_ms() < until_ms;) {
		xcb_query_tree_reply_t *tree =
				xcb_query_tree_reply(d->x, xcb_query_tree(d->x, d->screen->root), NULL);
		bool found = tree && xcb_query_tree_children_length(tree) > 0;

		if (found)
			*window = xcb_query_tree_children(tree)[0];
		free(tree);
		if (found && is_shown(d, *window))
			return 0;
	}
	return ERR_TIMEOUT;
}

static xcb_keycode_t keycode_of(struct corpus_display *d, uint32_t keysym)
{
	const xcb_setup_t *setup = xcb_get_setup(d->x);
	int count = setup->max_keycode - setup->min_keycode + 1;
	xcb_get_keyboard_mapping_reply_t *map = xcb_get_keyboard_mapping_reply(
			d->x, xcb_get_keyboard_mapping(d->x, setup->min_keycode, (uint8_t)count), NULL);
	xcb_keycode_t code = 0;

	for (int i = 0; map && i < count && !code; i++)
		if (xcb_get_keyboard_mapping_keysyms(map)[i * map->keysyms_per_keycode] == keysym)
			code = (xcb_keycode_t)(setup->min_keycode + i);
	free(map);
	return code;
}

void corpus_display_type(struct corpus_display *d, char c)
{
	xcb_keycode_t code = keycode_of(d, c == '\n' ? 0xff0d : (uint32_t)(unsigned char)c);

	xcb_test_fake_input(d->x, XCB_KEY_PRESS, code, 0, d->screen->root, 0, 0, 0);
	xcb_test_fake_input(d->x, XCB_KEY_RELEASE, code, 0, d->screen->root, 0, 0, 0);
	xcb_flush(d->x);
}

void corpus_display_paint(struct corpus_display *d, xcb_drawable_t where, const uint8_t *pixels, int w, int h)
{
	xcb_put_image(d->x, XCB_IMAGE_FORMAT_Z_PIXMAP, where, d->gc, (uint16_t)w, (uint16_t)h, 0, 0, 0,
			d->screen->root_depth, (uint32_t)(w * h * 4), pixels);
	xcb_flush(d->x);
}

void corpus_display_background(struct corpus_display *d, const uint8_t *pixels)
{
	xcb_pixmap_t pixmap = xcb_generate_id(d->x);

	xcb_create_pixmap(d->x, d->screen->root_depth, pixmap, d->screen->root, (uint16_t)d->w_px,
			(uint16_t)d->h_px);
	corpus_display_paint(d, pixmap, pixels, d->w_px, d->h_px);
	xcb_change_window_attributes(d->x, d->screen->root, XCB_CW_BACK_PIXMAP, &pixmap);
	xcb_clear_area(d->x, 0, d->screen->root, 0, 0, 0, 0);
	xcb_free_pixmap(d->x, pixmap);
	xcb_flush(d->x);
}

int corpus_display_grab(struct corpus_display *d, uint8_t *pixels)
{
	xcb_get_image_reply_t *image = xcb_get_image_reply(d->x,
			xcb_get_image(d->x, XCB_IMAGE_FORMAT_Z_PIXMAP, d->screen->root, 0, 0,
					(uint16_t)d->w_px, (uint16_t)d->h_px, ~0u),
			NULL);
	bool fits = image && (size_t)xcb_get_image_data_length(image) == d->frame_bytes;

	if (fits)
		memcpy(pixels, xcb_get_image_data(image), d->frame_bytes);
	free(image);
	return fits ? 0 : ERR_IO;
}

int corpus_display_next(
		struct corpus_display *d, const uint8_t *before, int rest_ms, uint8_t *pixels, uint8_t *spare)
{
	int64_t begin_ms = now_ms(), same_ms = -1;
	int err = corpus_display_grab(d, pixels);

	while (!err) {
		if (now_ms() - begin_ms > PATIENCE_MS)
			return ERR_TIMEOUT;
		if (!before || memcmp(before, pixels, d->frame_bytes) != 0) {
			if (rest_ms == 0 || (same_ms >= 0 && now_ms() - same_ms > rest_ms))
				return 0;
		}
		if (same_ms < 0)
			same_ms = now_ms();
		memcpy(spare, pixels, d->frame_bytes);
		err = corpus_display_grab(d, pixels);
		if (!err && memcmp(spare, pixels, d->frame_bytes) != 0)
			same_ms = -1;
	}
	return err;
}
