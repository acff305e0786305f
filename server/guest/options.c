#include <assert.h>
#include <errno.h>
#include <proto/link.h>
#include <server/guest_options.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPT_DIR = 256,
	OPT_SIZE,
	OPT_HELP,
};

static const struct option common[] = {
	{ "dir", required_argument, NULL, OPT_DIR },
	{ "size", required_argument, NULL, OPT_SIZE },
	{ "help", no_argument, NULL, OPT_HELP },
};

/* Up to the character end; *rest is behind it. */
static bool parse_number(
		const char *text, char end, uint32_t min, uint32_t max, uint32_t *value, const char **rest)
{
	char *stop;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &stop, 10);
	if (errno || *text < '0' || *text > '9' || *stop != end || n < min || n > max)
		return false;
	*value = (uint32_t)n;
	*rest = stop + 1;
	return true;
}

bool guest_options_number(const char *text, uint32_t min, uint32_t max, uint32_t *value)
{
	const char *rest;

	return parse_number(text, 0, min, max, value, &rest);
}

static bool take(struct guest_options *options, const struct guest_options_program *program, void *user,
		int option, const char *value)
{
	const char *height;

	switch (option) {
	case OPT_DIR: options->dir = value; return value[0] != 0;
	case OPT_SIZE:
		return parse_number(value, 'x', program->side_min_px, LINK_SIZE_MAX_PX, &options->width_px,
				       &height) &&
				guest_options_number(height, program->side_min_px, LINK_SIZE_MAX_PX,
						&options->height_px);
	case OPT_HELP: options->help = true; return true;
	default: return program->take(user, option, value);
	}
}

int guest_options_parse(struct guest_options *options, const struct guest_options_program *program,
		void *user, int argc, char **argv)
{
	struct option all[GUEST_OPTIONS_OWN_MAX + sizeof common / sizeof *common + 1] = { 0 };
	size_t own = 0;
	int option, index = 0;

	while (program->own[own].name)
		own++;
	assert(own <= GUEST_OPTIONS_OWN_MAX);
	memcpy(all, common, sizeof common);
	memcpy(all + sizeof common / sizeof *common, program->own, own * sizeof *all);
	while ((option = getopt_long(argc, argv, "", all, &index)) != -1) {
		if (option == '?')
			return ERR_ARGUMENT; /* getopt said why */
		if (!take(options, program, user, option, optarg)) {
			fprintf(stderr, "%s: --%s does not take \"%s\"\n", program->name, all[index].name,
					optarg);
			return ERR_ARGUMENT;
		}
	}
	if (options->help || (optind == argc && options->dir))
		return 0;
	fprintf(stderr, "%s: expected --dir DIR; see --help\n", program->name);
	return ERR_ARGUMENT;
}

void guest_options_broker(char path[PATH_MAX], const char *dir)
{
	char *slash = path;

	snprintf(path, PATH_MAX - 8, "%s", dir);
	for (int i = 0; i < 2; i++) {
		slash = strrchr(path, '/');
		if (!slash)
			slash = path;
		*slash = 0;
	}
	strcpy(slash, "/vgpu");
}
