/* A guest that sends random commands without end, while its workers die now and then: the
 * front stays, and keeps no more than a guest may make. With an argument: so many. */
#include "machine.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum {
	COMMANDS = 60000,
	COMMAND_MAX = 256,
	KILL_EVERY = 5000,
	GROWTH_MAX_KIB = 512 << 10, /* the budget of kept pictures, and as much again */
};

static uint32_t next(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static void flood_one(struct machine *m, uint32_t *seed)
{
	uint8_t command[COMMAND_MAX];
	size_t len = next(seed) % COMMAND_MAX;
	unsigned queue = next(seed) % 16 ? VHOST_CONTROL : VHOST_CURSOR;

	for (size_t i = 0; i < COMMAND_MAX; i += 4) {
		uint32_t word = next(seed);

		memcpy(command + i, &word, 4);
	}
	if (next(seed) % 8)
		machine_make_likely(command, len);
	if (queue == VHOST_CONTROL) {
		machine_command(m, command, len, NULL, 0);
	} else {
		machine_put(m, queue, command, len, 0x20000, 0, 0);
		machine_run(m);
	}
	while (machine_take(m, queue) >= 0)
		;
}

static long peak_kib(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

int main(int argc, char **argv)
{
	static struct machine machine;
	long count = argc > 1 ? atol(argv[1]) : COMMANDS, before;
	struct screen_message msg;
	uint32_t seed = 2463534242;

	if (!machine_start(&machine))
		return EXIT_FAILURE;
	before = peak_kib();
	for (long i = 0; i < count && machine.exit_code < 0; i++) {
		flood_one(&machine, &seed);
		if (i % KILL_EVERY == KILL_EVERY - 1)
			machine_kill_worker(&machine);
		while (machine_screen(&machine, SCREEN_RESET, &msg, NULL))
			;
	}
	printf("%ld commands: %u messages to %u workers, %zu resources, %zu contexts, %ld KiB more\n", count,
			machine.sent_count, machine.joins, machine.front.resources.count,
			machine.front.contexts.count, peak_kib() - before);
	if (machine.exit_code >= 0 || !front_running(&machine.front) || peak_kib() - before > GROWTH_MAX_KIB)
		return EXIT_FAILURE;
	machine_stop(&machine);
	return EXIT_SUCCESS;
}
