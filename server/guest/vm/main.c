/* oriel-guest-vm: a virtual machine with a virtual GPU, for sessions to attach to. */
#include "exits.h"
#include "guest.h"
#include "kvm.h"
#include "options.h"
#include <base/log.h>
#include <errno.h>
#include <server/guest_options.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	/* The guest decides how often it restarts and loses renderers. More than its two
	 * programs may say (PROCESS_LINES_PER_MINUTE), so that they cannot hide our lines. */
	LINES_PER_MINUTE = 3 * PROCESS_LINES_PER_MINUTE,
};

struct program {
	sd_event *event;
	struct image image;
	struct guest guest;
};

/* The guest is told to shut down; a second signal does not wait for it. */
static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *user)
{
	guest_power_down(user);
	return 0;
}

static int make_loop(struct program *program)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0 || sd_event_new(&program->event) < 0 ||
			sd_event_add_signal(program->event, NULL, SIGTERM, on_signal, &program->guest) < 0 ||
			sd_event_add_signal(program->event, NULL, SIGINT, on_signal, &program->guest) < 0) {
		log_error("cannot make an event loop");
		return ERR_IO;
	}
	return 0;
}

/* The folder's absolute path; made when it is missing. */
static int open_dir(const char *path, char dir[PATH_MAX])
{
	struct stat st;

	if ((mkdir(path, 0700) < 0 && errno != EEXIST) || !realpath(path, dir) || stat(dir, &st) < 0) {
		log_error("%s: %s", path, strerror(errno));
		return ERR_IO;
	}
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid()) {
		log_error("%s: it is no folder of ours", path);
		return ERR_DENIED;
	}
	return 0;
}

/* Where the disk is kept: NULL with --temporary. */
static const char *disk_path(const struct options *options, char dst[PATH_MAX])
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (options->disk || options->temporary)
		return options->disk;
	if (state && state[0] == '/')
		snprintf(dst, PATH_MAX, "%s/oriel/machine.qcow2", state);
	else
		snprintf(dst, PATH_MAX, "%s/.local/state/oriel/machine.qcow2", home ? home : "");
	return dst;
}

/* A name for people: the folder's. Commas would end it on QEMU's command line. */
static void take_name(char name[MACHINE_NAME_CAP], const char *dir)
{
	const char *slash = strrchr(dir, '/');

	snprintf(name, MACHINE_NAME_CAP, "%s", slash && slash[1] ? slash + 1 : "machine");
	for (char *c = name; *c; c++) {
		if (*c == ',')
			*c = '_';
	}
}

static void take_settings(struct machine_settings *settings, const struct options *options, const char *dir,
		char broker[PATH_MAX])
{
	char why[256];

	guest_options_broker(broker, dir);
	*settings = (struct machine_settings){
		.dir = dir,
		.broker = options->broker ? options->broker : broker,
		.profile = options->profile ? options->profile : "",
		.append = options->append ? options->append : "",
		.memory_mib = options->memory_mib,
		.cpus = options->cpus,
		.heads = options->heads,
		.kvm = kvm_works(why, sizeof why),
	};
	take_name(settings->name, dir);
	if (!settings->kvm)
		log_warn("%s: the machine's processors are emulated (TCG), which is many times slower", why);
}

/* Returns an exit code. */
static int start(struct program *program, const struct options *options, const char *dir, const char *path)
{
	struct link_layout layout = link_layout_single(options->common.width_px, options->common.height_px);
	struct machine_settings settings;
	char disk[PATH_MAX], broker[PATH_MAX], why[256];
	int code;

	layout.monitors[0].scale_percent = options->scale_percent;
	if (!machine_memory_fits(options->memory_mib, why, sizeof why)) {
		log_error("%s", why);
		return VM_EXIT_MEMORY;
	}
	if (image_open(&program->image, options->image, disk_path(options, disk), dir) < 0) {
		log_error("%s", program->image.why);
		return VM_EXIT_IMAGE;
	}
	take_settings(&settings, options, dir, broker);
	code = guest_init(&program->guest, program->event, path, &layout, &settings, &program->image);
	if (code == 0)
		log_info("%u MiB, %u processors, disk %s, serving at %s", settings.memory_mib, settings.cpus,
				program->image.disk, path);
	return code;
}

static int run(const struct options *options, const char *dir, const char *path)
{
	static struct program program;
	struct guest *guest = &program.guest;
	int code;

	if (make_loop(&program) < 0)
		return EXIT_FAILURE;
	code = start(&program, options, dir, path);
	if (code == 0 && sd_event_loop(program.event) < 0)
		code = EXIT_FAILURE;
	guest_finish(guest);
	image_forget_temporary(&program.image);
	if (guest->why[0])
		log_error("%s", guest->why);
	else if (code == 0)
		log_info("the machine is off");
	sd_event_unref(program.event);
	return code ? code : guest->exit_code;
}

int main(int argc, char **argv)
{
	struct options options;
	char dir[PATH_MAX], path[108]; /* as long as a socket's path can be */

	log_init("guest-vm", LOG_LEVEL_INFO);
	log_limit(LINES_PER_MINUTE);
	if (options_parse(&options, argc, argv) < 0)
		return VM_EXIT_USAGE;
	if (options.common.help) {
		fputs(options_help, stdout);
		return EXIT_SUCCESS;
	}
	umask(077);
	if (open_dir(options.common.dir, dir) < 0)
		return EXIT_FAILURE;
	/* The longest socket in it is dir/console. */
	if (snprintf(path, sizeof path, "%s/link", dir) >= (int)sizeof path - 3) {
		log_error("%s is too long for a socket", dir);
		return EXIT_FAILURE;
	}
	return run(&options, dir, path);
}
