/* Which commands set state, what they replace, and where they name objects and
 * resources. A command either sets one thing whole (the framebuffer), or a run of
 * equal elements from a slot on (sampler views); then each slot is kept for itself. */
#ifndef FRONT_JOURNAL_STATE_H
#define FRONT_JOURNAL_STATE_H

#include <proto/virgl.h>

enum journal_names {
	JOURNAL_NO_NAMES,
	JOURNAL_OBJECTS,
	JOURNAL_RESOURCES,
};

/* Words are counted as in the command: the header is word 0. */
struct journal_state {
	uint8_t sets;       /* 0: this command sets no state */
	uint8_t group_word; /* a command sets this for one of several groups (shader types); 0: there is one */
	uint8_t groups;
	uint8_t slot_word;     /* of the first slot; 0: it is set whole */
	uint8_t element_words; /* each slot */
	uint8_t slots;
	uint8_t names; /* enum journal_names */
	/* Set whole: the first word that is a name, and every name_step words again (0: only
	 * that). By slots: the word of the element, from 0. */
	uint8_t name_word, name_step;
	/* Set whole: words behind the header, at most; the renderer refuses more. 0: as many as
	 * a command has. */
	uint8_t len_max;
	uint8_t ends_run; /* slots behind the last that is set are unset */
};

/* By command. */
extern const struct journal_state journal_states[VIRGL_COMMANDS];

#endif
