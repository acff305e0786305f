#include "shaders.h"
#include <base/log.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	HEAD_MAX = 64, /* of an empty file; Mesa 22 writes 16 bytes */
	FDS_MAX = 64,
};

static const char *const names[RENDER_SHADERS_PARTS] = { "/foz_cache.foz", "/foz_cache_idx.foz" };

/* The root that the sandbox closes with goes over it. */
void shaders_prepare(bool in_namespaces)
{
	static const char dir[] = "/tmp", size[] = "size=4m";

	if (!in_namespaces || mount("none", dir, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, size) < 0) {
		setenv("MESA_SHADER_CACHE_DISABLE", "true", 1);
		return;
	}
	setenv("MESA_SHADER_CACHE_DIR", dir, 1);
	setenv("MESA_DISK_CACHE_SINGLE_FILE", "true", 1);
	unsetenv("MESA_SHADER_CACHE_DISABLE");
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static void look_at(struct shaders *shaders, int fd)
{
	char link[32], path[512];
	ssize_t n;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof path - 1);
	if (n < 0)
		return;
	path[n] = 0;
	for (int part = 0; part < RENDER_SHADERS_PARTS; part++) {
		if (ends_with(path, names[part]))
			shaders->fds[part] = fd;
	}
}

void shaders_find(struct shaders *shaders)
{
	for (int part = 0; part < RENDER_SHADERS_PARTS; part++)
		shaders->fds[part] = -1;
	for (int fd = 0; fd < FDS_MAX; fd++)
		look_at(shaders, fd);
	if (shaders->fds[0] < 0 || shaders->fds[1] < 0) {
		shaders->fds[0] = shaders->fds[1] = -1;
		log_info("compiled shaders are not kept: Mesa has no file for them here");
	}
}

/* Both empty, or begun by the same Mesa. An own file that is more than begun has been
 * used, and Mesa knows where in it things are. */
static bool fits(int own_fd, int fd)
{
	uint8_t own[HEAD_MAX], head[HEAD_MAX];
	ssize_t own_len = pread(own_fd, own, sizeof own, 0), len;
	struct stat st;

	if (own_len <= 0 || own_len == HEAD_MAX || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	if (st.st_size == 0)
		return write(fd, own, (size_t)own_len) == own_len;
	len = pread(fd, head, (size_t)own_len, 0);
	return len == own_len && memcmp(own, head, (size_t)len) == 0;
}

enum render_result shaders_take(struct shaders *shaders, uint32_t part, int fd)
{
	int own_fd = shaders->fds[part];

	if (own_fd < 0)
		return RENDER_OK;
	/* Mesa's stream goes on where it thinks that it is. */
	if (!fits(own_fd, fd) || lseek(fd, lseek(own_fd, 0, SEEK_CUR), SEEK_SET) < 0 ||
			dup3(fd, own_fd, O_CLOEXEC) < 0) {
		log_info("compiled shaders are not kept: the file is of another Mesa");
		shaders->fds[0] = shaders->fds[1] = -1;
		return RENDER_OK;
	}
	shaders->fds[part] = -1;
	return RENDER_OK;
}
