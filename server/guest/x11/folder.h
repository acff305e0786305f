/* The guest's own folder (--dir): small files in it, mode 0600, and folders, 0700. */
#ifndef X11_FOLDER_H
#define X11_FOLDER_H

#include <base/err.h>
#include <limits.h>
#include <stddef.h>

/* Makes the folder if it is missing and writes its absolute path to dst (PATH_MAX
 * bytes). 0; ERR_DENIED (somebody else owns it); ERR_IO. */
MUST_USE int folder_open(const char *path, char *dst);

/* dir/name, with the folders that name leads through. Replaces a file in one step.
 * 0 or ERR_IO. */
MUST_USE int folder_write(const char *dir, const char *name, const void *data, size_t len);

/* An empty dir/name, open for writing, or ERR_IO. */
MUST_USE int folder_create(const char *dir, const char *name);

#endif
