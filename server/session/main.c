/* oriel-session: one connection, in a process of its own that gives up everything it
 * does not need before it reads the first byte of the client. */
#include "options.h"
#include "rdp.h"
#include "sandbox.h"
#include "session.h"
#include <base/log.h>
#include <base/loop.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	PEM_MAX_BYTES = 64 * 1024,
	ENCODERS_MAX = 4, /* more of one session would starve the others */
};

#ifdef __SANITIZE_ADDRESS__
__attribute__((visibility("default"))) const char *__asan_default_options(void);

/* Looking for leaks at the end traces the process, which the sandbox refuses. */
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}
#endif

static char *read_pem(int fd, const char *what)
{
	char *text = calloc(1, PEM_MAX_BYTES);
	ssize_t n = text ? pread(fd, text, PEM_MAX_BYTES - 1, 0) : -1;

	close(fd);
	if (n > 0)
		return text;
	log_error("cannot read the %s from descriptor %d", what, fd);
	free(text);
	return NULL;
}

static void wipe_pem(char *text)
{
	if (text)
		explicit_bzero(text, PEM_MAX_BYTES);
	free(text);
}

static int encoder_threads(void)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	return cores < 2 ? 0 : cores > ENCODERS_MAX ? ENCODERS_MAX : (int)cores;
}

static bool has_descriptor(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static int run(sd_event *event, const struct options *options, const struct session_keys *keys)
{
	struct pool *pool = pool_create(event, encoder_threads());
	struct session *session = NULL;
	int code = EXIT_FAILURE;

	if (!pool) {
		log_error("cannot start the encoder's threads: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	if (sandbox_filter_calls() < 0) {
		log_error("the system call filter does not load; this session does not go on without it");
		goto out;
	}
	session = session_create(event, pool, options, keys);
	if (!session)
		goto out;
	code = sd_event_loop(event);
	session_stop(session);
out:
	pool_destroy(pool);
	session_destroy(session);
	return code < 0 ? EXIT_FAILURE : code;
}

int main(int argc, char **argv)
{
	struct session_keys keys;
	struct options options;
	sd_event *event;
	int result = options_parse(&options, argc, argv);

	if (result != 0)
		return result > 0 ? EXIT_SUCCESS : 2;
	log_init("session", options.log_level);
	log_set_tag(options.id);
	if (!has_descriptor(FD_CLIENT) || !has_descriptor(FD_CONTROL) || !has_descriptor(FD_RECORD)) {
		fprintf(stderr, "oriel-session: started by hand; it is for oriel-server, see oriel-session(8)\n");
		return 2;
	}
	char *certificate = read_pem(FD_CERTIFICATE, "certificate");
	char *key = read_pem(FD_KEY, "private key");

	keys = (struct session_keys){ certificate, key };
	event = loop_create();
	if (!certificate || !key || !event || rdp_library_init() < 0)
		return EXIT_FAILURE;
	if (sandbox_leave_system() < 0) {
		log_error("oriel-session does not run as root, and must be able to give up privileges");
		return EXIT_FAILURE;
	}
	result = run(event, &options, &keys);
	wipe_pem(certificate);
	wipe_pem(key);
	sd_event_unref(event);
	return result;
}
