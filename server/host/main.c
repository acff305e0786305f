/* oriel-host: checks log-ins, starts and finds desktops. Parses no network bytes.
 * Exit codes: 0; 1 when it cannot serve; 2 for a command line or settings that are
 * wrong. The hidden modes are its own children: pam_child.h, keeper.h. */
#include "host.h"
#include "keeper.h"
#include "pam_child.h"
#include "secret.h"
#include <base/log.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

enum {
	EXIT_USAGE = 2,
};

/* A descriptor below 3 that is not open would be given to a socket. */
static void fill_standard_fds(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static int serve(const struct options *options, const struct oriel_conf *conf)
{
	struct host host = { .options = options, .conf = *conf };
	int err;

	log_init("host", conf->log_level);
	err = host_start(&host);
	if (err == 0) {
		sd_notify(0, "READY=1");
		err = sd_event_loop(host.event);
		sd_notify(0, "STOPPING=1");
		log_info("ends; the desktops go on");
	}
	host_stop(&host);
	return err < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct options options;
	struct oriel_conf conf;
	struct conf_error error;

	secret_protect_process();
	if (argc > 1 && strcmp(argv[1], PAM_CHILD_MODE) == 0)
		return pam_child_run(argc, argv);
	if (argc > 1 && strcmp(argv[1], KEEPER_MODE) == 0)
		return keeper_run(argc, argv);
	fill_standard_fds();
	if (options_parse(&options, argc, argv) < 0)
		return EXIT_USAGE;
	if (options.common.task == COMMAND_LINE_HELP) {
		options_print_help();
		return EXIT_SUCCESS;
	}
	if (options.common.task == COMMAND_LINE_VERSION) {
		puts("oriel-host " ORIEL_VERSION);
		return EXIT_SUCCESS;
	}
	if (command_line_load(&options.common, geteuid() == 0, &conf, &error) < 0) {
		fprintf(stderr, "oriel-host: %s\n", error.text);
		return EXIT_USAGE;
	}
	if (options.common.task == COMMAND_LINE_CHECK) {
		puts("the settings are valid");
		return EXIT_SUCCESS;
	}
	return serve(&options, &conf);
}
