#include "connector.h"
#include <base/packet.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static void serve(int fd, const char *path)
{
	char ask;

	while (recv(fd, &ask, 1, 0) == 1) {
		int connected = packet_connect(path);

		if (packet_send(fd, &ask, 1, connected < 0 ? -1 : connected) < 0)
			break;
		if (connected >= 0)
			close(connected);
	}
}

int connector_start(const char *path)
{
	int fds[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return ERR_IO;
	pid = fork();
	if (pid == 0) {
		/* Nothing but the socket: whoever waits for the front's end must not wait
		 * for its child's. */
		dup2(fds[1], 3);
		close_range(4, ~0u, 0);
		close(STDIN_FILENO);
		prctl(PR_SET_NAME, "oriel-vgpu-dial");
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		signal(SIGPIPE, SIG_IGN);
		signal(SIGINT, SIG_IGN); /* of the terminal: it ends with the front */
		serve(3, path);
		_exit(0);
	}
	close(fds[1]);
	if (pid < 0) {
		close(fds[0]);
		return ERR_IO;
	}
	return fds[0];
}
