/* The socket of a desktop's virtual GPU (oriel-vgpu-vtest). Mesa's driver virpipe
 * connects to one fixed path, so each desktop has a mount namespace of its own, in which
 * its socket is at that path; all else in there is what the machine has, also what is
 * mounted later.
 *
 * Root makes such a namespace as it is. Anybody else needs one of users for it, in which
 * only that user exists: sudo and other set-user-ID programs do not work in there.
 *
 * Nothing allocates. Single-threaded callers only; each says in the log what failed. */
#ifndef SERVER_GPU_SOCKET_H
#define SERVER_GPU_SOCKET_H

#include <base/err.h>
#include <sys/types.h>

/* In the shared /tmp. The file there, which is mounted over, must be root's or the
 * caller's (who may delete it takes the mount away, and may put another socket there). A
 * missing one is made; root replaces one that is somebody else's. */
#define GPU_SOCKET_PLACE "/tmp/.virgl_test"

/* A socket of that account alone that listens at path, in a folder of the caller's; what
 * was there is replaced. Returns a descriptor, non-blocking and close-on-exec; ERR_IO. */
MUST_USE int gpu_socket_listen(const char *path, uid_t uid, gid_t gid);

/* From now on this process is in such a namespace, with the socket of path at
 * GPU_SOCKET_PLACE; path itself is not needed any more. 0; ERR_DENIED, then the process
 * may be in a namespace without it. */
MUST_USE int gpu_socket_place(const char *path);

#endif
