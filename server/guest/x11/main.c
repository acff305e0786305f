/* oriel-guest-x11: a desktop session on an X server of its own, for sessions to
 * attach to. */
#include "child.h"
#include "desktop.h"
#include "folder.h"
#include "gpu.h"
#include "guest.h"
#include "xorg.h"
#include <base/log.h>
#include <base/loop.h>
#include <base/packet.h>
#include <base/program.h>
#include <errno.h>
#include <server/guest_options.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	SIDE_MIN_PX = 64, /* the dummy driver's */
	CHILDREN_END_MS = 1000,
};

struct options {
	struct guest_options common;
	const char *desktop, *broker; /* NULL: the default */
	uint32_t scale_percent;
	bool virtual_gpu;
};

struct program {
	sd_event *event;
	struct gpu gpu;
	struct xorg xorg;
	struct desktop desktop;
	struct guest guest;
};

static const char help[] =
		"usage: oriel-guest-x11 --dir DIR [--size WxH] [--scale PERCENT] [--desktop COMMAND]\n"
		"                       [--gpu none|virtual] [--broker PATH]\n"
		"\n"
		"Runs a desktop session on an X server of its own (Xorg with the dummy driver).\n"
		"Sessions attach at DIR/link. Runs as an ordinary user, never as root.\n"
		"\n"
		"  --dir DIR          folder for the socket, settings and logs; made if missing\n"
		"  --size WxH         size of the monitor at start (1920x1080)\n"
		"  --scale PERCENT    size of fonts at start, 100 to 500 (100)\n"
		"  --desktop COMMAND  the session's program, for the shell (Xfce)\n"
		"  --gpu KIND         virtual: programs draw with a virtual GPU (none)\n"
		"  --broker PATH      socket of oriel-vgpu-broker (beside the folder that DIR is in)\n"
		"  --help\n"
		"\n"
		"DIR/display.env says how a program comes onto the desktop: . DIR/display.env\n";

enum { OPT_SCALE = 1, OPT_DESKTOP, OPT_GPU, OPT_BROKER };

static bool take_option(void *user, int option, const char *value)
{
	struct options *options = user;

	switch (option) {
	case OPT_SCALE: return guest_options_number(value, 100, 500, &options->scale_percent);
	case OPT_DESKTOP: options->desktop = value; return value[0] != 0;
	case OPT_GPU:
		options->virtual_gpu = strcmp(value, "virtual") == 0;
		return options->virtual_gpu || strcmp(value, "none") == 0;
	case OPT_BROKER: options->broker = value; return value[0] != 0;
	default: return false;
	}
}

/* False after a line that says why. */
static bool parse_options(struct options *options, int argc, char **argv)
{
	static const struct option own[] = {
		{ "scale", required_argument, NULL, OPT_SCALE },
		{ "desktop", required_argument, NULL, OPT_DESKTOP },
		{ "gpu", required_argument, NULL, OPT_GPU },
		{ "broker", required_argument, NULL, OPT_BROKER },
		{ NULL, 0, NULL, 0 },
	};
	static const struct guest_options_program program = { "oriel-guest-x11", SIDE_MIN_PX, own,
		take_option };

	return guest_options_parse(&options->common, &program, options, argc, argv) == 0;
}

static int on_child(sd_event_source *source, const struct signalfd_siginfo *info, void *user)
{
	struct program *program = user;
	struct child *xorg = &program->xorg.child, *bus = &program->desktop.bus;
	struct child *session = &program->desktop.session, *gpu = &program->gpu.child;
	struct child *const known[] = { xorg, bus, session, gpu };
	bool had_session = session->pid != 0, had_gpu = gpu->pid != 0;
	char text[32];

	children_reap(known, sizeof known / sizeof *known);
	if (had_gpu && gpu->pid == 0)
		gpu_on_end(&program->gpu);
	if (xorg->pid == 0) {
		sd_event_exit(program->event, GUEST_EXIT_XORG);
	} else if (had_session && session->pid == 0) {
		log_info("the desktop ended with %s", child_status_text(session, text));
		sd_event_exit(program->event, session->status ? GUEST_EXIT_DESKTOP : EXIT_SUCCESS);
	}
	return 0;
}

static int watch_children(struct program *program)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	children_adopt();
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0 ||
			sd_event_add_signal(program->event, NULL, SIGCHLD, on_child, program) < 0) {
		log_error("cannot watch child processes");
		return ERR_IO;
	}
	return 0;
}

static void start_gpu(struct program *program, const struct options *options, const char *dir)
{
	char broker[PATH_MAX];

	guest_options_broker(broker, dir);
	gpu_start(&program->gpu, program->event, dir, options->broker ? options->broker : broker);
}

/* Before anything in the folder is written over. */
static bool is_served(const char *path)
{
	int fd = packet_connect(path);

	if (fd < 0)
		return false;
	close(fd);
	log_error("another guest serves at %s", path);
	return true;
}

/* Returns an exit code. */
static int start(struct program *program, const struct options *options, const char *dir, const char *path)
{
	struct link_layout layout = link_layout_single(options->common.width_px, options->common.height_px);

	if (is_served(path))
		return EXIT_FAILURE;
	layout.monitors[0].scale_percent = options->scale_percent;
	if (options->virtual_gpu)
		start_gpu(program, options, dir);
	if (xorg_start(&program->xorg, dir) < 0)
		return GUEST_EXIT_XORG;
	setenv("DISPLAY", program->xorg.display, 1);
	setenv("XAUTHORITY", program->xorg.authority, 1);
	if (guest_init(&program->guest, program->event, &layout) < 0)
		return GUEST_EXIT_XORG;
	gpu_join(&program->gpu);
	if (desktop_start(&program->desktop, dir, options->desktop) < 0)
		return GUEST_EXIT_DESKTOP;
	/* Last: who is let in is to be answered. */
	if (guest_serve(&program->guest, path) < 0)
		return EXIT_FAILURE;
	log_info("display %s, %ux%u, serving at %s", program->xorg.display, options->common.width_px,
			options->common.height_px, path);
	return EXIT_SUCCESS;
}

/* Sessions hear that it ends; programs may save; then the X server goes. */
static void stop(struct program *program, const char *dir, int code)
{
	bool had_display = program->guest.display.conn;
	char text[32];

	if (program->guest.link)
		guest_link_end(program->guest.link, LINK_BYE_ENDED,
				code == GUEST_EXIT_XORG ? "the X server ended" : "the desktop ended");
	desktop_stop(&program->desktop);
	gpu_stop(&program->gpu);
	guest_finish(&program->guest);
	xorg_stop(&program->xorg);
	program_end_children(CHILDREN_END_MS);
	if (code == GUEST_EXIT_XORG && had_display)
		log_error("Xorg ended with %s; its log is %s/xorg.log",
				child_status_text(&program->xorg.child, text), dir);
}

static int run(const struct options *options, const char *dir, const char *path)
{
	static struct program program = { .gpu = GPU_NONE };
	int code = EXIT_FAILURE;

	program.event = loop_create();
	if (!program.event || watch_children(&program) < 0) {
		log_error("cannot make an event loop");
		sd_event_unref(program.event);
		return EXIT_FAILURE;
	}
	code = start(&program, options, dir, path);
	if (code == EXIT_SUCCESS)
		code = sd_event_loop(program.event);
	stop(&program, dir, code);
	sd_event_unref(program.event);
	return code < 0 ? EXIT_FAILURE : code;
}

int main(int argc, char **argv)
{
	struct options options = { .common = { .width_px = 1920, .height_px = 1080 }, .scale_percent = 100 };
	char dir[PATH_MAX], path[GUEST_OPTIONS_PATH_CAP];
	int err;

	log_init("guest-x11", LOG_LEVEL_INFO);
	if (!parse_options(&options, argc, argv))
		return GUEST_EXIT_USAGE;
	if (options.common.help) {
		fputs(help, stdout);
		return EXIT_SUCCESS;
	}
	if (geteuid() == 0) {
		log_error("a desktop does not run as root; start it as the user whose it is");
		return GUEST_EXIT_ROOT;
	}
	umask(077);
	err = folder_open(options.common.dir, dir);
	if (err < 0) {
		log_error("%s: %s", options.common.dir,
				err == ERR_DENIED ? "the folder is somebody else's" : strerror(errno));
		return EXIT_FAILURE;
	}
	if (snprintf(path, sizeof path, "%s/link", dir) >= (int)sizeof path) {
		log_error("%s: too long for a socket", dir);
		return EXIT_FAILURE;
	}
	return run(&options, dir, path);
}
