#include "results.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char ourselves[] = "oriel";

void results_print_peer(bool json, const char *bench, const char *name, const char *metric, double value,
		const char *unit, const char *peer)
{
	if (json)
		printf("{\"bench\":\"%s\",\"case\":\"%s\",\"metric\":\"%s\",\"value\":%.6g,\"unit\":\"%s\","
		       "\"peer\":\"%s\"}\n",
				bench, name, metric, value, unit, peer);
	else
		printf("%-10s %-22s %-28s %12.3f %s%s%s\n", bench, name, metric, value, unit,
				strcmp(peer, ourselves) ? "  " : "", strcmp(peer, ourselves) ? peer : "");
	fflush(stdout);
}

void results_print(bool json, const char *bench, const char *name, const char *metric, double value,
		const char *unit)
{
	results_print_peer(json, bench, name, metric, value, unit, ourselves);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double results_percentile(double *values, size_t count, double part)
{
	size_t rank = (size_t)ceil(part * (double)count);

	qsort(values, count, sizeof *values, compare);
	return values[rank ? rank - 1 : 0];
}

void results_print_spread(bool json, const char *bench, const char *name, const char *metric, double *values,
		size_t count, const char *unit)
{
	static const struct {
		const char *tail;
		double part;
	} rows[] = { { "p50", 0.5 }, { "p95", 0.95 }, { "max", 1 } };
	char text[64];

	for (size_t i = 0; count && i < sizeof rows / sizeof rows[0]; i++) {
		snprintf(text, sizeof text, "%s_%s", metric, rows[i].tail);
		results_print(json, bench, name, text, results_percentile(values, count, rows[i].part), unit);
	}
}
