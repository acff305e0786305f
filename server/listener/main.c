/* oriel-server: accepts RDP connections, parses none of them, and starts one
 * oriel-session for each. Exit codes: 0; 1 when it cannot serve; 2 for a command
 * line or settings that are wrong. */
#include "server.h"
#include <base/log.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
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

static int print_fingerprint(const struct oriel_conf *conf)
{
	char folder[CONF_PATH_CAP + 16];
	struct identity identity;
	int err;

	snprintf(folder, sizeof folder, "%s/tls", conf->state_dir);
	err = identity_read_fingerprint(&identity, folder);
	if (err == 0) {
		puts(identity.fingerprint);
		return EXIT_SUCCESS;
	}
	fprintf(stderr, "oriel-server: %s: %s%s\n", identity.cert_path, err_text(err),
			err == ERR_MISSING ? "; it is made when the server starts first" : "");
	return EXIT_FAILURE;
}

static int serve(const struct options *options, const struct oriel_conf *conf)
{
	static struct server server; /* the back-off table alone is 80 KiB */
	int err;

	server.options = options;
	server.conf = *conf;
	server.sessions.records.dir_fd = server.sessions.records.lock_fd = -1;
	TAILQ_INIT(&server.sessions.list);
	log_init("server", conf->log_level);
	err = server_start(&server);
	if (err == 0)
		err = sd_event_loop(server.event);
	server_stop(&server);
	return err < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct options options;
	struct oriel_conf conf;
	struct conf_error error;

	fill_standard_fds();
	if (options_parse(&options, argc, argv) < 0)
		return EXIT_USAGE;
	if (options.common.task == COMMAND_LINE_HELP) {
		options_print_help();
		return EXIT_SUCCESS;
	}
	if (options.common.task == COMMAND_LINE_VERSION) {
		puts("oriel-server " ORIEL_VERSION);
		return EXIT_SUCCESS;
	}
	if (options_load(&options, geteuid() == 0, &conf, &error) < 0) {
		fprintf(stderr, "oriel-server: %s\n", error.text);
		return EXIT_USAGE;
	}
	if (options.common.task == COMMAND_LINE_CHECK) {
		puts("the settings are valid");
		return EXIT_SUCCESS;
	}
	return options.fingerprint ? print_fingerprint(&conf) : serve(&options, &conf);
}
