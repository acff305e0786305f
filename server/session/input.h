/* What the client's user does, as messages of the guest link: keys, characters,
 * pointer, wheels, locks. Nothing is queued here: input never waits. One thread. */
#ifndef SESSION_INPUT_H
#define SESSION_INPUT_H

#include <freerdp/freerdp.h>
#include <proto/link.h>

struct input {
	/* Sends one message to the guest. */
	void (*send)(void *user, const struct link_message *message);
	void *user;
	/* The desktop's size: a pointer outside is moved to its edge. */
	uint32_t width_px, height_px;
	uint16_t high_surrogate; /* of a character of which the second half is missing */
};

/* Has FreeRDP call this input. The context must hand it out by rdp_input (rdp.h). */
void input_attach(struct input *input, rdpContext *context);

/* The layout that the client named when it connected. */
void input_send_keymap(struct input *input, const rdpSettings *settings);

#endif
