/* The files in which a guest's workers, one after the other, keep what their driver has
 * compiled (RENDER_SHADERS): memory of the front's, which never reads it. */
#ifndef FRONT_SHADER_FILES_H
#define FRONT_SHADER_FILES_H

#include <base/err.h>
#include <proto/render.h>

struct shader_files {
	int fds[RENDER_SHADERS_PARTS];
	uint64_t given_us; /* to the last worker; 0: to none */
};

/* 0, or ERR_IO; shader_files_finish in any case. */
MUST_USE int shader_files_init(struct shader_files *files);
void shader_files_finish(struct shader_files *files);

/* For the next worker. Emptied first when they are nearly full, or when the last worker died
 * so soon that it may have died of what is in them. 0 or ERR_IO. */
MUST_USE int shader_files_ready(struct shader_files *files);

#endif
