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

#endif
