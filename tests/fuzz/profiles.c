/* A file of profiles: what is taken is within bounds. */
#include <profiles.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct profiles profiles;
	char *copy = malloc(size ? size : 1);
	int line;

	if (!copy)
		return 0;
	memcpy(copy, data, size);
	profiles_init(&profiles);
	if (profiles_parse(&profiles, copy, size, &line) == 0) {
		for (size_t i = 0; i < profiles.count; i++) {
			const struct broker_limits *limits = &profiles.list[i].limits;

			if (limits->weight < 1 || limits->weight > 1000 || limits->heads_max < 1 ||
					limits->heads_max > 4 || !limits->video_memory_bytes)
				abort();
		}
	}
	free(copy);
	return 0;
}
