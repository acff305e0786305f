/* The disk that a machine starts from: a folder that `oriel image build` made (disk,
 * kernel, initial file system, image.json), and the overlay with what this machine
 * changed, which stays from one start to the next. */
#ifndef VM_IMAGE_H
#define VM_IMAGE_H

#include <base/err.h>
#include <limits.h>
#include <stdbool.h>

enum {
	IMAGE_APPEND_CAP = 512,
	IMAGE_WHY_CAP = 512,
};

struct image {
	char kernel[PATH_MAX], initrd[PATH_MAX];
	char append[IMAGE_APPEND_CAP]; /* the kernel's command line */
	char disk[PATH_MAX];           /* the overlay, qcow2 */
	bool temporary;                /* the overlay is for this start only */
	char why[IMAGE_WHY_CAP];       /* after an error: a sentence */
};

/* Finds the folder of an image: path itself, or, with path NULL, the one that the last
 * `oriel image build` made for this user or, failing that, for the system. Then opens
 * the overlay: disk_path, made when it is not there, with its folder. Beside it goes
 * disk_path.image, a link to the image's folder, which counts from then on: an overlay
 * is worth nothing on another base. disk_path NULL: a temporary overlay in dir.
 * 0; ERR_MISSING, ERR_FORMAT or ERR_IO with why filled. */
MUST_USE int image_open(struct image *image, const char *path, const char *disk_path, const char *dir);

/* Removes the names of a temporary overlay, once QEMU has it open or will never: its
 * bytes go with QEMU, however that ends. */
void image_forget_temporary(const struct image *image);

#endif
