#include "image.h"
#include "process.h"
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	MANIFEST_MAX = 4096,
	MANIFEST_VERSION = 1,
	OVERLAY_TIME_MS = 20000,
};

static int __attribute__((format(printf, 3, 4))) fail(struct image *image, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(image->why, sizeof image->why, format, args);
	va_end(args);
	return error;
}

static bool is_image(const char *folder)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof path, "%s/image.json", folder) < (int)sizeof path &&
			access(path, R_OK) == 0;
}

/* The one that the last build made. */
static int find_default(struct image *image, char folder[PATH_MAX])
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	folder[0] = 0;
	if (cache && cache[0] == '/')
		snprintf(folder, PATH_MAX, "%s/oriel/images/default", cache);
	else if (home)
		snprintf(folder, PATH_MAX, "%s/.cache/oriel/images/default", home);
	if (folder[0] && is_image(folder))
		return 0;
	snprintf(folder, PATH_MAX, "/var/cache/oriel/images/default");
	if (is_image(folder))
		return 0;
	return fail(image, ERR_MISSING,
			"there is no image for virtual machines; oriel image build makes one");
}

/* dst: folder/NAME, with NAME from the manifest: a plain file's name. */
static int take_file(struct image *image, const json_t *manifest, const char *key, const char *folder,
		char dst[PATH_MAX])
{
	const char *name = json_string_value(json_object_get(manifest, key));
	struct stat st;

	if (!name || !name[0] || strchr(name, '/') ||
			snprintf(dst, PATH_MAX, "%s/%s", folder, name) >= PATH_MAX)
		return fail(image, ERR_FORMAT, "%.300s/image.json: no %s", folder, key);
	if (stat(dst, &st) < 0)
		return fail(image, ERR_MISSING, "the image is broken: %.300s: %s", dst, strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_size == 0 || access(dst, R_OK) < 0)
		return fail(image, ERR_FORMAT, "the image is broken: %.300s is no file with something in it",
				dst);
	return 0;
}

static int take_manifest(struct image *image, const json_t *manifest, const char *folder, char base[PATH_MAX])
{
	const char *append = json_string_value(json_object_get(manifest, "append"));
	json_int_t bytes = json_integer_value(json_object_get(manifest, "disk_bytes"));
	struct stat st;
	int result;

	if (json_integer_value(json_object_get(manifest, "version")) != MANIFEST_VERSION || !append ||
			strlen(append) >= sizeof image->append)
		return fail(image, ERR_FORMAT,
				"%.300s/image.json is of another version; oriel image build makes a new image",
				folder);
	snprintf(image->append, sizeof image->append, "%s", append);
	result = take_file(image, manifest, "disk", folder, base);
	if (result == 0)
		result = take_file(image, manifest, "kernel", folder, image->kernel);
	if (result == 0)
		result = take_file(image, manifest, "initrd", folder, image->initrd);
	if (result == 0 && (stat(base, &st) < 0 || st.st_size != bytes))
		return fail(image, ERR_FORMAT,
				"the image is broken: %.300s has not the size it was made with", base);
	return result;
}

static int read_manifest(struct image *image, const char *folder, char base[PATH_MAX])
{
	char path[PATH_MAX], text[MANIFEST_MAX];
	json_t *manifest;
	ssize_t len = -1;
	int fd, result;

	if (snprintf(path, sizeof path, "%s/image.json", folder) >= (int)sizeof path)
		return fail(image, ERR_MISSING, "the image's path is too long");
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0) {
		len = read(fd, text, sizeof text);
		close(fd);
	}
	if (len < 0)
		return fail(image, ERR_MISSING, "no image in %.300s (image.json: %s)", folder,
				strerror(errno));
	manifest = json_loadb(text, (size_t)len, 0, NULL);
	if (!manifest)
		return fail(image, ERR_FORMAT, "the image is broken: %.300s is no JSON", path);
	result = take_manifest(image, manifest, folder, base);
	json_decref(manifest);
	return result;
}

static int make_parents(const char *path)
{
	char copy[PATH_MAX];

	snprintf(copy, sizeof copy, "%s", path);
	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		if (mkdir(copy, 0700) < 0 && errno != EEXIST)
			return ERR_IO;
		*slash = '/';
	}
	return 0;
}

static int make_overlay(struct image *image, const char *base)
{
	const char *const argv[] = { "qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", base,
		image->disk, NULL };
	struct process process = { .name = "qemu-img" };
	int result = make_parents(image->disk) < 0 ? ERR_IO : process_run(&process, argv, OVERLAY_TIME_MS);

	if (result == 0)
		return 0;
	if (result == ERR_MISSING)
		return fail(image, result,
				"qemu-img is not installed; packaging/install-deps vm installs it");
	return fail(image, result, "the disk %.200s cannot be made: %s", image->disk,
			process.last_line[0] ? process.last_line : err_text(result));
}

static void link_path(const struct image *image, char link[PATH_MAX])
{
	snprintf(link, PATH_MAX, "%.*s.image", PATH_MAX - 8, image->disk);
}

/* The link beside the overlay says which image it is of. */
static int bind_overlay(struct image *image, const char *link, char folder[PATH_MAX])
{
	ssize_t len = readlink(link, folder, PATH_MAX - 1);

	if (len < 0)
		return fail(image, ERR_FORMAT,
				"%.200s is there, but %.200s does not say of which image it is", image->disk,
				link);
	folder[len] = 0;
	if (!is_image(folder))
		return fail(image, ERR_MISSING,
				"the disk %.200s was made of the image %.200s, which is gone; remove the disk "
				"to begin with the present one",
				image->disk, folder);
	return 0;
}

/* The overlay last: when it is there, all of it is. */
static int new_overlay(struct image *image, const char *link, const char *folder)
{
	char base[PATH_MAX];
	int result = read_manifest(image, folder, base);

	if (result < 0)
		return result;
	unlink(link);
	if (make_parents(link) < 0 || symlink(folder, link) < 0)
		return fail(image, ERR_IO, "%.300s: %s", link, strerror(errno));
	return make_overlay(image, base);
}

void image_forget_temporary(const struct image *image)
{
	char link[PATH_MAX];

	if (!image->temporary)
		return;
	link_path(image, link);
	unlink(image->disk);
	unlink(link);
}

int image_open(struct image *image, const char *path, const char *disk_path, const char *dir)
{
	char folder[PATH_MAX], real[PATH_MAX], link[PATH_MAX], base[PATH_MAX];
	int result = 0;

	*image = (struct image){ .temporary = !disk_path };
	if ((disk_path ? snprintf(image->disk, sizeof image->disk, "%s", disk_path)
		       : snprintf(image->disk, sizeof image->disk, "%s/disk.qcow2", dir)) >=
			(int)sizeof image->disk - 8)
		return fail(image, ERR_IO, "the disk's path is too long");
	link_path(image, link);
	if (!disk_path)
		unlink(image->disk);
	if (access(image->disk, F_OK) == 0) {
		result = bind_overlay(image, link, folder);
		return result < 0 ? result : read_manifest(image, folder, base);
	}
	if (path)
		snprintf(folder, sizeof folder, "%s", path);
	else
		result = find_default(image, folder);
	if (result < 0)
		return result;
	if (!realpath(folder, real))
		return fail(image, ERR_MISSING, "no image in %.300s: %s", folder, strerror(errno));
	return new_overlay(image, link, real);
}
