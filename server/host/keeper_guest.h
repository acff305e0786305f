/* The parts of the keeper that become the user. */
#ifndef HOST_KEEPER_GUEST_H
#define HOST_KEEPER_GUEST_H

#include <base/err.h>
#include <pwd.h>
#include <sys/types.h>

struct keeper_guest {
	const struct passwd *account;
	const char *program;
	char *const *arguments;   /* from argv[1] on, ends with NULL */
	char *const *environment; /* PAM's additions, or NULL */
	int output_fd;            /* standard output and error */
	const char *gpu_socket;   /* NULL, or a path in our own folder for server/gpu_socket.h */
};

/* Forks and executes the guest in a session of its own, as the account's user when
 * we are root. The caller did initgroups. As root with gpu_socket the guest gets that
 * namespace, and the socket as systemd passes it (sd_listen_fds(3)). The guest gets
 * SIGTERM should the keeper die. Returns its pid, or ERR_IO. */
MUST_USE pid_t keeper_guest_start(const struct keeper_guest *guest);

/* Makes path (0700), which is in dir, and gives it to the account, or takes over one
 * that is there and the account's. 0, or negative after a log line. */
MUST_USE int keeper_folder_make(const char *dir, const char *path, const struct passwd *account);

/* Empties path as the account's user: root would follow what that user puts in its
 * way. Waits for it. */
void keeper_folder_empty(const char *path, const struct passwd *account);

#endif
