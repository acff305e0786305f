/* Measured values: collected, then told as a table for people or, with --json, as
 * one object a line: {"bench","case","metric","value","unit","peer"}. */
#ifndef BENCH_RESULTS_H
#define BENCH_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Prints one value on stdout. Texts are borrowed. */
void results_print(bool json, const char *bench, const char *name, const char *metric, double value,
		const char *unit);

/* The same of somebody else's, measured beside ours. */
void results_print_peer(bool json, const char *bench, const char *name, const char *metric, double value,
		const char *unit, const char *peer);

/* The value that a part (0..1) of them does not exceed (nearest rank); sorts them.
 * count > 0. */
double results_percentile(double *values, size_t count, double part);

/* Prints METRIC_p50, _p95 and _max of count values; nothing if there are none. */
void results_print_spread(bool json, const char *bench, const char *name, const char *metric, double *values,
		size_t count, const char *unit);

#endif
