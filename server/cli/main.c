/* oriel: the command line of oriel-host. Exit codes: 0; 1 when the host said no;
 * 2 for a wrong command line; 3 when no host answers. */
#include "gpu.h"
#include "http.h"
#include "image.h"
#include "password.h"
#include "table.h"
#include <errno.h>
#include <getopt.h>
#include <server/conf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	EXIT_USAGE = 2,
	EXIT_NO_HOST = 3,
	OPT_RUN_DIR = 256,
	OPT_JSON,
	URL_CAP = 256,
};

struct cli {
	char api[CONF_PATH_CAP + 16]; /* the socket */
	bool json;
	const char *name; /* the last word, for commands that take one */
};

static const struct table_column guest_columns[] = { { "NAME", "name", TABLE_TEXT },
	{ "KIND", "kind", TABLE_TEXT }, { "KEEPER", "keeper", TABLE_NUMBER },
	{ "STARTED", "started_us", TABLE_TIME }, { 0 } };
static const struct table_column session_columns[] = { { "ID", "id", TABLE_TEXT },
	{ "STATE", "state", TABLE_TEXT }, { "USER", "user", TABLE_TEXT }, { "GUEST", "guest", TABLE_TEXT },
	{ "ADDRESS", "address", TABLE_TEXT }, { "CLIENT", "client", TABLE_TEXT },
	{ "SECURITY", "security", TABLE_TEXT }, { "SIZE", "width_px", TABLE_SIZE },
	{ "STARTED", "started_us", TABLE_TIME }, { 0 } };

static const struct table_column gpu_columns[] = { { "NAME", "name", TABLE_TEXT },
	{ "PROFILE", "profile", TABLE_TEXT }, { "GPU", "gpu", TABLE_TEXT },
	{ "WEIGHT", "weight", TABLE_NUMBER }, { "GPU TIME", "gpu_time_us", TABLE_SECONDS },
	{ "MEMORY", "memory_bytes", TABLE_MIB }, { "OF", "video_memory_bytes", TABLE_MIB },
	{ "FPS", "fps", TABLE_REAL }, { "QUEUE", "queue", TABLE_NUMBER },
	{ "RESETS", "resets", TABLE_NUMBER }, { 0 } };

static const struct option long_options[] = {
	{ "run-dir", required_argument, NULL, OPT_RUN_DIR },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static void print_help(FILE *file)
{
	fprintf(file,
			"Usage: oriel [OPTION]... COMMAND\n"
			"Shows and changes what oriel-host keeps.\n"
			"\n"
			"  guests                the desktops that run\n"
			"  guest end NAME        end a desktop (log its user off)\n"
			"  sessions              the connections\n"
			"  session end ID        disconnect one; its desktop goes on\n"
			"  gpu                   the virtual GPUs: their shares, time and memory\n"
			"  user list             the names in the credential store\n"
			"  user add NAME         a new one; the password is asked for, or read from\n"
			"                        standard input when that is no terminal\n"
			"  user password NAME    change a password\n"
			"  user remove NAME\n"
			"  image build           make the disk image that virtual machines start from\n"
			"  image list            those that there are, and which are used\n"
			"  image prune           remove those that no machine uses; these three have\n"
			"                        options of their own: oriel image build --help\n"
			"\n"
			"  --json                print the host's JSON instead of a table\n"
			"  --run-dir DIR         where oriel-host runs; default as in its settings\n"
			"  --help, --version\n"
			"\n"
			"Exit codes: 0; 1 refused; 2 wrong usage; 3 no oriel-host answers.\n"
			"See oriel(1).\n");
}

static int say_no_host(const struct cli *cli, int err)
{
	switch (err) {
	case ERR_MISSING:
	case ERR_CLOSED:
		fprintf(stderr, "oriel: oriel-host is not running (nobody listens at %s)\n", cli->api);
		break;
	case ERR_DENIED:
		fprintf(stderr, "oriel: %s: only root and members of oriel-admin may do that\n", cli->api);
		break;
	case ERR_TIMEOUT:
		fprintf(stderr, "oriel: oriel-host did not answer within %d s\n", HTTP_TIME_S);
		break;
	case ERR_FORMAT: fprintf(stderr, "oriel: what answers at %s is not oriel-host\n", cli->api); break;
	default:
		fprintf(stderr, "oriel: %s: %s\n", cli->api, err == ERR_IO ? strerror(errno) : err_text(err));
		break;
	}
	return EXIT_NO_HOST;
}

/* *answer: owned by the caller, the host's "yes". Else the exit code, after a sentence. */
static int request(const struct cli *cli, const char *method, const char *url, const json_t *body,
		json_t **answer)
{
	int status = http_request(cli->api, method, url, body, answer);
	const char *text;

	if (status < 0) {
		json_decref(*answer);
		return say_no_host(cli, status);
	}
	if (status < 300)
		return EXIT_SUCCESS;
	text = json_string_value(json_object_get(*answer, "error"));
	fprintf(stderr, "oriel: %s\n", text ? text : "oriel-host refused");
	json_decref(*answer);
	return EXIT_FAILURE;
}

static void print_json(const json_t *value)
{
	json_dumpf(value, stdout, JSON_INDENT(2));
	putchar('\n');
}

static int list(const struct cli *cli, const char *url, const char *key, const struct table_column *columns)
{
	json_t *answer;
	int code = request(cli, "GET", url, NULL, &answer);

	if (code)
		return code;
	if (cli->json)
		print_json(json_object_get(answer, key));
	else
		table_print(columns, json_object_get(answer, key));
	json_decref(answer);
	return EXIT_SUCCESS;
}

static int run_guests(const struct cli *cli)
{
	return list(cli, "/v1/guests", "guests", guest_columns);
}

static int run_sessions(const struct cli *cli)
{
	return list(cli, "/v1/sessions", "sessions", session_columns);
}

static int say_no_broker(const char *path, int err)
{
	switch (err) {
	case ERR_MISSING:
	case ERR_CLOSED:
		fprintf(stderr, "oriel: oriel-vgpu-broker is not running (nobody listens at %s)\n", path);
		return EXIT_NO_HOST;
	case ERR_DENIED:
		fprintf(stderr, "oriel: %s: only root and the broker's own user may ask\n", path);
		return EXIT_FAILURE;
	default:
		fprintf(stderr, "oriel: %s: %s\n", path, err == ERR_IO ? strerror(errno) : err_text(err));
		return EXIT_FAILURE;
	}
}

/* The broker's socket stands beside the host's. */
static int run_gpu(const struct cli *cli)
{
	char path[sizeof cli->api + 8];
	json_t *rows;
	int err;

	snprintf(path, sizeof path, "%.*s/vgpu", (int)(strrchr(cli->api, '/') - cli->api), cli->api);
	err = gpu_list(path, &rows);
	if (err < 0)
		return say_no_broker(path, err);
	if (cli->json)
		print_json(rows);
	else
		table_print(gpu_columns, rows);
	json_decref(rows);
	return EXIT_SUCCESS;
}

static int run_user_list(const struct cli *cli)
{
	json_t *answer, *name;
	int code = request(cli, "GET", "/v1/users", NULL, &answer);
	size_t i;

	if (code)
		return code;
	if (cli->json)
		print_json(json_object_get(answer, "users"));
	else
		json_array_foreach(json_object_get(answer, "users"), i, name)
				table_print_text(json_string_value(name) ?: "");
	json_decref(answer);
	return EXIT_SUCCESS;
}

/* A request about cli->name that is answered with "done". */
static int change(const struct cli *cli, const char *method, const char *collection, const json_t *body)
{
	char url[URL_CAP];
	json_t *answer;
	int code;

	/* Names with anything else are refused by the host in the body of a POST, and
	 * cannot stand in a URL as they are. */
	if (strlen(cli->name) > 64 ||
			strspn(cli->name,
					"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					"0123456789_.@-") != strlen(cli->name)) {
		fprintf(stderr, "oriel: %s cannot be a name\n", cli->name);
		return EXIT_USAGE;
	}
	snprintf(url, sizeof url, "/v1/%s/%s", collection, cli->name);
	code = request(cli, method, url, body, &answer);
	if (code)
		return code;
	if (cli->json)
		print_json(answer);
	json_decref(answer);
	return EXIT_SUCCESS;
}

static int run_guest_end(const struct cli *cli)
{
	return change(cli, "DELETE", "guests", NULL);
}

static int run_session_end(const struct cli *cli)
{
	return change(cli, "DELETE", "sessions", NULL);
}

static int run_user_remove(const struct cli *cli)
{
	return change(cli, "DELETE", "users", NULL);
}

/* {"password": ..., "name": ... when it is not NULL}; NULL after a sentence. */
static json_t *read_credentials(const struct cli *cli, bool with_name)
{
	char password[PASSWORD_CAP];
	json_t *body;

	if (password_read(cli->name, password) < 0)
		return NULL;
	body = with_name ? json_pack("{s:s, s:s}", "name", cli->name, "password", password)
			 : json_pack("{s:s}", "password", password);
	explicit_bzero(password, sizeof password);
	if (!body)
		fprintf(stderr, "oriel: name and password must be UTF-8\n");
	return body;
}

static int run_user_add(const struct cli *cli)
{
	json_t *body = read_credentials(cli, true), *answer;
	int code;

	if (!body)
		return EXIT_USAGE;
	code = request(cli, "POST", "/v1/users", body, &answer);
	json_decref(body);
	if (code)
		return code;
	if (cli->json)
		print_json(answer);
	json_decref(answer);
	return EXIT_SUCCESS;
}

static int run_user_password(const struct cli *cli)
{
	json_t *body = read_credentials(cli, false);
	int code;

	if (!body)
		return EXIT_USAGE;
	code = change(cli, "PUT", "users", body);
	json_decref(body);
	return code;
}

static const struct {
	const char *words[2];
	bool named;
	int (*run)(const struct cli *cli);
} commands[] = {
	{ { "guests" }, false, run_guests },
	{ { "guest", "end" }, true, run_guest_end },
	{ { "sessions" }, false, run_sessions },
	{ { "session", "end" }, true, run_session_end },
	{ { "gpu" }, false, run_gpu },
	{ { "user", "list" }, false, run_user_list },
	{ { "user", "add" }, true, run_user_add },
	{ { "user", "password" }, true, run_user_password },
	{ { "user", "remove" }, true, run_user_remove },
};

static bool socket_is_there(const char *path)
{
	struct stat st;

	/* EACCES: it is there and not for us, which connect will say. */
	return stat(path, &st) == 0 || errno == EACCES;
}

/* The own host's, if one runs; else that of the system. */
static int find_api(struct cli *cli, const char *run_dir)
{
	bool root = geteuid() == 0;
	char system_api[sizeof cli->api];
	struct oriel_conf conf;
	struct conf_error error;

	if (run_dir) {
		snprintf(cli->api, sizeof cli->api, "%.240s/api", run_dir);
		return 0;
	}
	if (conf_load(NULL, root, &conf, &error) < 0) {
		fprintf(stderr, "oriel: %s\n", error.text);
		return ERR_FORMAT;
	}
	snprintf(cli->api, sizeof cli->api, "%s/api", conf.run_dir);
	if (root || socket_is_there(cli->api) || conf_load(NULL, true, &conf, &error) < 0)
		return 0;
	snprintf(system_api, sizeof system_api, "%s/api", conf.run_dir);
	if (socket_is_there(system_api))
		memcpy(cli->api, system_api, sizeof cli->api);
	return 0;
}

static int run_command(struct cli *cli, int count, char **words)
{
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		const char *second = commands[i].words[1];
		int used = second ? 2 : 1;

		if (count < used || strcmp(words[0], commands[i].words[0]) != 0 ||
				(second && strcmp(words[1], second) != 0))
			continue;
		if (count != used + commands[i].named)
			break;
		cli->name = commands[i].named ? words[used] : NULL;
		return commands[i].run(cli);
	}
	fprintf(stderr, "oriel: that is no command; see oriel --help\n");
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	struct cli cli = { 0 };
	const char *run_dir = NULL;
	int option;

	/* Commands with options of their own, which have nothing to do with oriel-host. */
	if (argc > 1 && strcmp(argv[1], "image") == 0)
		return image_run(argv + 2);
	prctl(PR_SET_DUMPABLE, 0); /* there may be a password in here */
	while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		switch (option) {
		case OPT_RUN_DIR: run_dir = optarg; break;
		case OPT_JSON: cli.json = true; break;
		case 'h': print_help(stdout); return EXIT_SUCCESS;
		case 'V': puts("oriel " ORIEL_VERSION); return EXIT_SUCCESS;
		default: return EXIT_USAGE;
		}
	}
	if (optind == argc) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	if (find_api(&cli, run_dir) < 0)
		return EXIT_USAGE;
	return run_command(&cli, argc - optind, argv + optind);
}
