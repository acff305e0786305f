/* Packets with descriptors over unix SOCK_SEQPACKET sockets. Not thread-safe per
 * socket. Descriptors are made close-on-exec. */
#ifndef BASE_PACKET_H
#define BASE_PACKET_H

#include <base/err.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Sends one packet; pass_fd (borrowed) goes along unless it is -1.
 * Returns 0; ERR_AGAIN (the socket's buffer is full); ERR_CLOSED; ERR_IO. */
MUST_USE int packet_send(int fd, const void *data, size_t len, int pass_fd);

/* The same for a SOCK_STREAM socket, which may take less than all; pass_fd goes with the
 * first byte. len is at most INT_MAX. Returns how many bytes were taken, or as above. */
MUST_USE int packet_send_some(int fd, const void *data, size_t len, int pass_fd);

/* Receives one packet without waiting. *passed_fd: returned owned, -1 if none
 * came and after every error; when passed_fd is NULL descriptors are closed. More
 * than one descriptor, or a packet longer than cap, is ERR_FORMAT; an empty packet
 * counts as ERR_CLOSED.
 * Returns its length (> 0); ERR_AGAIN; ERR_CLOSED; ERR_FORMAT; ERR_IO. */
MUST_USE int packet_receive(int fd, void *data, size_t cap, int *passed_fd);

/* Waits up to timeout_ms for the socket to be readable. 0, ERR_TIMEOUT, ERR_IO. */
MUST_USE int packet_wait(int fd, int timeout_ms);

/* A listening socket at path, made with that mode; a stale socket file that
 * nobody listens on is replaced. Returns a descriptor, close-on-exec and
 * non-blocking; ERR_BUSY when somebody listens there or the file is none of ours;
 * ERR_ARGUMENT (path too long); ERR_IO. */
MUST_USE int packet_listen(const char *path, mode_t mode);

/* Returns a connected descriptor (non-blocking); ERR_MISSING (no file);
 * ERR_CLOSED (nobody listens); ERR_ARGUMENT; ERR_IO. */
MUST_USE int packet_connect(const char *path);

/* Who is at the other end (SO_PEERCRED, as of its connect). 0 or ERR_IO. */
MUST_USE int packet_peer(int fd, uid_t *uid, pid_t *pid);

#endif
