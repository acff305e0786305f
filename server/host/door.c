#include "door.h"
#include <string.h>

static const struct {
	enum control_type type;
	enum door_state when, then;
} allowed[] = {
	{ CONTROL_NLA, DOOR_LOGIN, DOOR_CHECKING },
	{ CONTROL_PASSWORD, DOOR_LOGIN, DOOR_CHECKING },
	{ CONTROL_ATTACH, DOOR_LOGGED_IN, DOOR_ATTACHING },
};

int door_message(struct door *door, enum control_type type)
{
	for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
		if (allowed[i].type != type || allowed[i].when != door->state)
			continue;
		if (allowed[i].then == DOOR_CHECKING && ++door->tries > CONTROL_TRIES_MAX)
			return ERR_DENIED;
		door->state = allowed[i].then;
		return 0;
	}
	return ERR_UNEXPECTED;
}

void door_verdict(struct door *door, const struct control_verdict *verdict)
{
	if (verdict->status != CONTROL_OK) {
		door->state = DOOR_LOGIN;
		return;
	}
	door->state = DOOR_LOGGED_IN;
	memcpy(door->user, verdict->user, sizeof door->user);
}
