/* Settings of oriel-server and oriel-host: one file, read by both.
 *
 * The file: lines `key = value`, sections `[name]`, comment lines that begin with
 * # or ;. Anything unknown, twice or malformed is an error with file and line.
 * Relative paths are errors. docs/man/oriel.conf.5 describes each key.
 *
 * What the programs share in run_dir: `control` (socket of oriel-host for log-ins,
 * proto/control.h), `sessions/ID` (proto/record.h), `guests/`; `vgpu`
 * (socket of oriel-vgpu-broker) is looked for there.
 * What they keep in state_dir: `tls/key.pem`, `tls/cert.pem`.
 * For the system both directories themselves are root's, mode 0755, so that the
 * unprivileged oriel-server gets at its own part; what is secret goes into
 * subfolders or files with narrower modes. For an ordinary user they are 0700.
 *
 * No logging, no state, no allocation; thread-safe. A struct is a few KiB. */
#ifndef SERVER_CONF_H
#define SERVER_CONF_H

#include <base/err.h>
#include <base/log.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

enum {
	CONF_PORT = 3389,
	CONF_LISTEN_MAX = 16,
	CONF_PATH_CAP = 256, /* with the final NUL; of directories: see CONF_DIR_MAX */
	CONF_DIR_MAX = 64,   /* longest run_dir: a socket below it must fit sockaddr_un (108 bytes) */
	CONF_NAME_CAP = 64,  /* of a user */
	CONF_WORDS_CAP = 512,
	CONF_ADDRESS_CAP = 80, /* "[IPv6%scope]:port" */
	CONF_FILE_MAX = 65536, /* bytes; a longer file is somebody's mistake */
};

enum conf_guest_kind {
	CONF_GUEST_X11,
	CONF_GUEST_PATTERN,
	CONF_GUEST_VM,
};

enum conf_guest_gpu {
	CONF_GPU_NONE,
	CONF_GPU_VIRTUAL,
};

struct conf_address {
	union {
		struct sockaddr any; /* any.sa_family is AF_INET or AF_INET6 */
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	};
	char text[CONF_ADDRESS_CAP]; /* with the port; for logs and for comparing */
};

struct conf_listen {
	struct conf_address at[CONF_LISTEN_MAX];
	int count;
};

struct conf_server {
	struct conf_listen listen;    /* default 0.0.0.0:3389 and [::]:3389 */
	int max_sessions;             /* 1..10000, default 200 */
	int max_sessions_per_address; /* 1..10000, default 20; IPv6: per /64 */
	int login_timeout_s;          /* 1..600, default 10 */
	bool nla, tls;                /* key `security`; default both; at least one is true */
};

struct conf_host {
	bool pam; /* passwords of the system's accounts; default: yes for the system, else no */
	char server_user[CONF_NAME_CAP]; /* system only: whom oriel-server and its sessions run as; "oriel" */
};

struct conf_guest {
	enum conf_guest_kind kind;    /* default x11 */
	char options[CONF_WORDS_CAP]; /* more arguments of the guest program, separated by blanks; "" */
	enum conf_guest_gpu gpu;      /* of desktops (x11); default none */
	bool shared;                  /* several sessions attach at once, none takes over; default no */
};

struct oriel_conf {
	bool system;                   /* true: installed for the machine (started as root) */
	enum log_level log_level;      /* default info */
	char run_dir[CONF_PATH_CAP];   /* /run/oriel; user: $XDG_RUNTIME_DIR/oriel or /tmp/oriel-UID */
	char state_dir[CONF_PATH_CAP]; /* /var/lib/oriel; user: $XDG_STATE_HOME/oriel */
	char trace[CONF_PATH_CAP];     /* file of per-frame JSON lines; "" (default): none */
	struct conf_server server;
	struct conf_host host;
	struct conf_guest guest;
};

/* One sentence, e.g. "/etc/oriel/oriel.conf:12: max_sessions = 0: expected a
 * number from 1 to 10000". Bytes from the file are shown without control characters. */
struct conf_error {
	char text[512];
};

/* system: geteuid() == 0 at the program's start (keep it: oriel-server drops root
 * and reloads later). False: paths of the calling user's XDG directories. */
void conf_defaults(struct oriel_conf *conf, bool system);

/* Fills path with where the file is looked for without --config: /etc/oriel/oriel.conf,
 * or $XDG_CONFIG_HOME/oriel/oriel.conf. 0 or ERR_SPACE. */
MUST_USE int conf_default_path(char path[CONF_PATH_CAP], bool system);

/* Defaults, then the file over them. path NULL: the default file, which may be
 * missing; a missing file that was named is an error.
 * Returns 0; ERR_FORMAT, ERR_MISSING or ERR_IO with error filled and *conf unchanged. */
MUST_USE int conf_load(const char *path, bool system, struct oriel_conf *conf, struct conf_error *error);

/* The parser alone: len bytes of text (no NUL needed) over the values in *conf;
 * name stands in messages. Returns 0, or ERR_FORMAT with error filled, *conf then
 * half changed. */
MUST_USE int conf_parse(struct oriel_conf *conf, const char *text, size_t len, const char *name,
		struct conf_error *error);

/* "ADDR", "ADDR:PORT", "[ADDR]", "[ADDR]:PORT"; numeric, IPv4 or IPv6 (%scope allowed).
 * Without a port: default_port. 0 or ERR_FORMAT. */
MUST_USE int conf_address_parse(struct conf_address *address, const char *text, int default_port);

/* Takes the port of every address of the list. */
void conf_listen_set_port(struct conf_listen *listen, int port);

/* Makes path, with parents (0755), mode for the last; or, when it is there, checks
 * that it is a directory, not a link, of this owner (or of root or of ourselves) and
 * that nobody else may write in it: /tmp/oriel-UID could be somebody's trap. owner:
 * given to a directory made now when we are root; (uid_t)-1 for ourselves.
 * 0; ERR_DENIED (not ours, or open to others); ERR_IO. */
MUST_USE int conf_dir_make(const char *path, mode_t mode, uid_t owner, gid_t group);

#endif
