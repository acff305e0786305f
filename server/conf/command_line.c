#include <assert.h>
#include <server/command_line.h>
#include <stdio.h>
#include <string.h>

enum {
	OPT_CONFIG = 256,
	OPT_CHECK,
	OPT_LOG_LEVEL,
	OPT_VERSION,
};

static const struct option common[] = {
	{ "config", required_argument, NULL, OPT_CONFIG },
	{ "check-config", no_argument, NULL, OPT_CHECK },
	{ "log-level", required_argument, NULL, OPT_LOG_LEVEL },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, OPT_VERSION },
};

int command_line_complain(const char *name, const char *option, const char *value, const char *expected)
{
	fprintf(stderr, "%s: %s %s: expected %s\n", name, option, value, expected);
	return ERR_ARGUMENT;
}

static int take(struct command_line *line, const struct command_line_program *program, void *user, int option,
		const char *value)
{
	switch (option) {
	case OPT_CONFIG: line->config = value; return 0;
	case OPT_CHECK: line->task = COMMAND_LINE_CHECK; return 0;
	case OPT_LOG_LEVEL:
		line->log_level_given = log_level_parse(value, &line->log_level);
		return line->log_level_given ? 0
					     : command_line_complain(program->name, "--log-level", value,
							       "error, warn, info or debug");
	case 'h': line->task = COMMAND_LINE_HELP; return 0;
	case OPT_VERSION: line->task = COMMAND_LINE_VERSION; return 0;
	case '?': return ERR_ARGUMENT; /* getopt_long has said it */
	default: return program->take(user, option, value);
	}
}

int command_line_parse(struct command_line *line, const struct command_line_program *program, void *user,
		int argc, char **argv)
{
	struct option all[COMMAND_LINE_OWN_MAX + sizeof common / sizeof *common + 1] = { 0 };
	size_t own = 0;
	int option;

	while (program->own[own].name)
		own++;
	assert(own <= COMMAND_LINE_OWN_MAX);
	memcpy(all, common, sizeof common);
	memcpy(all + sizeof common / sizeof *common, program->own, own * sizeof *all);
	*line = (struct command_line){ .task = COMMAND_LINE_SERVE };
	while ((option = getopt_long(argc, argv, "h", all, NULL)) != -1) {
		if (take(line, program, user, option, optarg) < 0)
			return ERR_ARGUMENT;
	}
	if (optind < argc)
		return command_line_complain(
				program->name, "argument", argv[optind], "options only, see --help");
	return 0;
}

int command_line_load(const struct command_line *line, bool system, struct oriel_conf *conf,
		struct conf_error *error)
{
	int err = conf_load(line->config, system, conf, error);

	if (err == 0 && line->log_level_given)
		conf->log_level = line->log_level;
	return err;
}
