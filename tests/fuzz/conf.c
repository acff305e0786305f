#include <server/conf.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size ? size : 1);
	struct oriel_conf conf;
	struct conf_error error;

	if (!copy)
		return 0;
	memcpy(copy, data, size);
	conf_defaults(&conf, true);
	if (conf_parse(&conf, copy, size, "fuzz.conf", &error) < 0 &&
			(strncmp(error.text, "fuzz.conf:", 10) != 0 || strchr(error.text, '\n')))
		abort();
	free(copy);
	return 0;
}
