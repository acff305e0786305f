#include "options.h"
#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char help[] = "oriel-session: one remote desktop connection. Started by oriel-server with the\n"
			   "client's socket as descriptor 3; see oriel-session(8).\n"
			   "\n"
			   "  --id ID          name of the session in logs\n"
			   "  --address ADDR   the client's address, for logs\n"
			   "  --security LIST  log-ins to offer: nla, tls or nla,tls\n"
			   "  --log-level L    error, warn, info or debug\n"
			   "  --trace          write one JSON line per frame to descriptor 8\n"
			   "  --help           this text\n";

static const struct option long_options[] = {
	{ "id", required_argument, NULL, 'i' },
	{ "address", required_argument, NULL, 'a' },
	{ "security", required_argument, NULL, 's' },
	{ "log-level", required_argument, NULL, 'l' },
	{ "trace", no_argument, NULL, 't' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int parse_security(struct options *options, const char *text)
{
	options->nla = strcmp(text, "nla") == 0 || strcmp(text, "nla,tls") == 0 ||
			strcmp(text, "tls,nla") == 0;
	options->tls = strcmp(text, "tls") == 0 || strcmp(text, "nla,tls") == 0 ||
			strcmp(text, "tls,nla") == 0;
	if (options->nla || options->tls)
		return 0;
	fprintf(stderr, "oriel-session: --security is nla, tls or nla,tls, not '%s'\n", text);
	return ERR_ARGUMENT;
}

static int parse_level(struct options *options, const char *text)
{
	if (log_level_parse(text, &options->log_level))
		return 0;
	fprintf(stderr, "oriel-session: --log-level is error, warn, info or debug, not '%s'\n", text);
	return ERR_ARGUMENT;
}

static int take(struct options *options, int option)
{
	switch (option) {
	case 'i': options->id = optarg; return 0;
	case 'a': options->address = optarg; return 0;
	case 's': return parse_security(options, optarg);
	case 'l': return parse_level(options, optarg);
	case 't': options->trace = true; return 0;
	case 'h': fputs(help, stdout); return 1;
	default: return ERR_ARGUMENT; /* getopt said why */
	}
}

int options_parse(struct options *options, int argc, char **argv)
{
	int option, result = 0;

	*options = (struct options){
		.id = "-", .address = "-", .nla = true, .tls = true, .log_level = LOG_LEVEL_INFO
	};
	while (result == 0 && (option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		result = take(options, option);
	if (result == 0 && optind < argc) {
		fprintf(stderr, "oriel-session: unexpected argument '%s'\n", argv[optind]);
		return ERR_ARGUMENT;
	}
	return result;
}
