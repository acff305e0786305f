#include "shader_files.h"
#include <base/loop.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	FULL_BYTES = RENDER_SHADERS_MAX_BYTES / 4 * 3,
	SOON_US = 2 * 1000 * 1000,
};

int shader_files_init(struct shader_files *files)
{
	int err = 0;

	files->given_us = 0;
	for (int part = 0; part < RENDER_SHADERS_PARTS; part++) {
		files->fds[part] = memfd_create("oriel-shaders", MFD_CLOEXEC);
		if (files->fds[part] < 0 || fcntl(files->fds[part], F_SETFL, O_APPEND) < 0)
			err = ERR_IO;
	}
	return err;
}

void shader_files_finish(struct shader_files *files)
{
	for (int part = 0; part < RENDER_SHADERS_PARTS; part++) {
		if (files->fds[part] >= 0)
			close(files->fds[part]);
		files->fds[part] = -1;
	}
}

static bool is_full(const struct shader_files *files)
{
	struct stat st;

	for (int part = 0; part < RENDER_SHADERS_PARTS; part++) {
		if (fstat(files->fds[part], &st) < 0 || st.st_size > FULL_BYTES)
			return true;
	}
	return false;
}

int shader_files_ready(struct shader_files *files)
{
	uint64_t now_us = loop_now_us();
	bool soon = files->given_us && now_us - files->given_us < SOON_US;

	files->given_us = now_us;
	if (!soon && !is_full(files))
		return 0;
	for (int part = 0; part < RENDER_SHADERS_PARTS; part++) {
		if (ftruncate(files->fds[part], 0) < 0)
			return ERR_IO;
	}
	return 0;
}
