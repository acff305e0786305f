#include <arpa/inet.h>
#include <net/if.h>
#include <server/conf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int port_parse(const char *text)
{
	char *end;
	long port;

	if (*text < '0' || *text > '9')
		return ERR_FORMAT;
	port = strtol(text, &end, 10);
	return *end || port < 1 || port > 65535 ? ERR_FORMAT : (int)port;
}

/* Splits "[host]:port", "host:port" and "host" (which may hold several colons) in
 * place. Returns the port or ERR_FORMAT. */
static int split(char *text, char **host, int default_port)
{
	char *colon = strchr(text, ':'), *bracket;

	*host = text;
	if (*text == '[') {
		bracket = strchr(text, ']');
		if (!bracket)
			return ERR_FORMAT;
		*host = text + 1;
		*bracket = '\0';
		if (!bracket[1])
			return default_port;
		return bracket[1] == ':' ? port_parse(bracket + 2) : ERR_FORMAT;
	}
	if (!colon || strchr(colon + 1, ':'))
		return default_port;
	*colon = '\0';
	return port_parse(colon + 1);
}

static int parse_in6(struct conf_address *address, char *host, int port)
{
	char *scope = strchr(host, '%'), shown[INET6_ADDRSTRLEN];

	if (scope)
		*scope++ = '\0';
	address->in6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	if (inet_pton(AF_INET6, host, &address->in6.sin6_addr) != 1)
		return ERR_FORMAT;
	inet_ntop(AF_INET6, &address->in6.sin6_addr, shown, sizeof shown);
	if (scope) {
		if (strlen(scope) >= IF_NAMESIZE || !(address->in6.sin6_scope_id = if_nametoindex(scope)))
			return ERR_FORMAT;
		snprintf(address->text, sizeof address->text, "[%s%%%.15s]:%d", shown, scope, port);
	} else {
		snprintf(address->text, sizeof address->text, "[%s]:%d", shown, port);
	}
	return 0;
}

static int parse_in(struct conf_address *address, const char *host, int port)
{
	char shown[INET_ADDRSTRLEN];

	address->in = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	if (inet_pton(AF_INET, host, &address->in.sin_addr) != 1)
		return ERR_FORMAT;
	inet_ntop(AF_INET, &address->in.sin_addr, shown, sizeof shown);
	snprintf(address->text, sizeof address->text, "%s:%d", shown, port);
	return 0;
}

int conf_address_parse(struct conf_address *address, const char *text, int default_port)
{
	struct conf_address parsed = { .text = "" };
	char copy[CONF_ADDRESS_CAP], *host;
	int port, result;

	if (strlen(text) >= sizeof copy)
		return ERR_FORMAT;
	strcpy(copy, text);
	port = split(copy, &host, default_port);
	if (port < 0)
		return port;
	if (strchr(host, ':'))
		result = parse_in6(&parsed, host, port);
	else if (copy[0] != '[')
		result = parse_in(&parsed, host, port);
	else
		result = ERR_FORMAT;
	if (result == 0)
		*address = parsed;
	return result;
}

void conf_listen_set_port(struct conf_listen *listen, int port)
{
	for (int i = 0; i < listen->count; i++) {
		struct conf_address *address = &listen->at[i];

		/* Both families keep the port at the same place, but say so only by convention. */
		if (address->any.sa_family == AF_INET6)
			address->in6.sin6_port = htons((uint16_t)port);
		else
			address->in.sin_port = htons((uint16_t)port);
		snprintf(strrchr(address->text, ':'), 7, ":%d", port);
	}
}
