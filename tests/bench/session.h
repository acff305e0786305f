/* oriel-bench session: a private server, one headless client, 1920x1080. */
#ifndef BENCH_SESSION_H
#define BENCH_SESSION_H

/* argv[0] is the subcommand. Returns the exit code. */
int session_bench(int argc, char **argv);

#endif
