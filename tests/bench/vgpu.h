/* oriel-bench vgpu: the virtual GPU. */
#ifndef BENCH_VGPU_H
#define BENCH_VGPU_H

#include <stdbool.h>

/* argv[0] is the subcommand. Returns the exit code. */
int vgpu_bench(int argc, char **argv);

/* From a picture that was drawn to the memory that a session lent, against a plain
 * readback of the same picture by virglrenderer. Once in a process, since virglrenderer
 * is. Returns the exit code. */
int vgpu_bench_damage(bool json, int samples);

/* Programs in two virtual machines: frames per second of CPU time with our virtual GPU
 * and with QEMU's own. only: a text in a program's name, or NULL; image: a folder, or
 * NULL for the default. Returns the exit code. */
int vgpu_bench_frames(bool json, int rounds, const char *only, const char *image);

/* Whether a program has that text in its name. */
bool vgpu_bench_frames_has(const char *only);

#endif
