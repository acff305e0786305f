#include "held.h"

void held_key(struct held *held, const struct link_key *key)
{
	uint32_t i = (key->scancode & 127) | (key->flags & LINK_KEY_EXTENDED ? 128 : 0) |
			(key->flags & LINK_KEY_EXTENDED1 ? 256 : 0);
	uint8_t bit = (uint8_t)(1 << (i % 8));

	if (key->flags & LINK_KEY_UP)
		held->keys[i / 8] &= (uint8_t)~bit;
	else
		held->keys[i / 8] |= bit;
}

void held_button(struct held *held, const struct link_button *button)
{
	uint8_t bit = (uint8_t)(1 << (button->button & 7));

	if (button->down)
		held->buttons |= bit;
	else
		held->buttons &= (uint8_t)~bit;
}

static struct link_key key_release(uint32_t i)
{
	return (struct link_key){ .scancode = i & 127,
		.flags = LINK_KEY_UP | (i & 128 ? LINK_KEY_EXTENDED : 0) |
				(i & 256 ? LINK_KEY_EXTENDED1 : 0) };
}

void held_release(struct held *held, const struct guest_ops *ops, void *user)
{
	struct held was = *held;

	*held = (struct held){ 0 };
	for (uint32_t i = 0; i < HELD_KEYS; i++) {
		struct link_key key = key_release(i);

		if (ops->key && was.keys[i / 8] & 1 << (i % 8))
			ops->key(user, &key);
	}
	for (int button = LINK_BUTTON_LEFT; button <= LINK_BUTTON_FORWARD; button++) {
		if (ops->button && was.buttons & 1 << button)
			ops->button(user, (enum link_button_name)button, false);
	}
}
