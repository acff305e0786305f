/* oriel-bench codec: the codec library on pictures of real programs, with FreeRDP's, zlib
 * and memcmp measured on the same ones. */
#ifndef BENCH_CODEC_H
#define BENCH_CODEC_H

/* argv[0] is the subcommand. Returns the exit code. */
int codec_bench(int argc, char **argv);

#endif
