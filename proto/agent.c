#include "link_bounds.h"
#include <proto/agent.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What is left of a line; failed stays. */
struct cursor {
	const char *at, *end;
	bool failed;
};

static bool take_char(struct cursor *c, char wanted)
{
	if (c->failed || c->at == c->end || *c->at != wanted) {
		c->failed = true;
		return false;
	}
	c->at++;
	return true;
}

static uint32_t take_number(struct cursor *c)
{
	const char *start = c->at;
	uint64_t value = 0;

	while (c->at < c->end && *c->at >= '0' && *c->at <= '9' && value <= UINT32_MAX)
		value = value * 10 + (uint64_t)(*c->at++ - '0');
	if (c->at == start || value > UINT32_MAX || (*start == '0' && c->at - start > 1))
		c->failed = true;
	return c->failed ? 0 : (uint32_t)value;
}

static uint32_t next_number(struct cursor *c)
{
	take_char(c, ' ');
	return take_number(c);
}

static bool take_word(struct cursor *c, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(c->end - c->at) < len || memcmp(c->at, word, len) != 0)
		return false;
	if (c->at + len < c->end && c->at[len] != ' ')
		return false;
	c->at += len;
	return true;
}

static void take_heads(struct cursor *c, struct agent_layout *layout)
{
	while (!c->failed && c->at < c->end) {
		struct link_rect *head = &layout->heads[layout->count];

		if (layout->count == AGENT_HEADS_MAX) {
			c->failed = true;
			return;
		}
		layout->count++;
		head->width = next_number(c);
		take_char(c, 'x');
		head->height = take_number(c);
		take_char(c, '+');
		head->x = take_number(c);
		take_char(c, '+');
		head->y = take_number(c);
	}
}

static const char *const words[] = {
	[AGENT_LAYOUT] = "layout",
	[AGENT_KEYMAP] = "keymap",
	[AGENT_LOCKS] = "locks",
	[AGENT_TEXT] = "text",
	[AGENT_WHEEL] = "wheel",
	[AGENT_HELLO] = "hello",
	[AGENT_LAYOUT_DONE] = "layout-done",
	[AGENT_TYPED] = "typed",
};

static bool layout_ok(const struct agent_layout *layout)
{
	if (layout->count < 1 || layout->count > AGENT_HEADS_MAX || layout->scale_percent < 100 ||
			layout->scale_percent > 500)
		return false;
	for (uint32_t i = 0; i < layout->count; i++) {
		if (!link_rect_ok(&layout->heads[i]))
			return false;
	}
	return true;
}

static bool message_ok(const struct agent_message *msg)
{
	switch (msg->type) {
	case AGENT_LAYOUT: return layout_ok(&msg->layout);
	case AGENT_LOCKS: return msg->locks <= 15;
	case AGENT_TEXT:
		return msg->code_point != 0 && msg->code_point <= 0x10ffff &&
				(msg->code_point < 0xd800 || msg->code_point >= 0xe000);
	case AGENT_WHEEL:
		return msg->horizontal_120 != 0 && msg->horizontal_120 <= LINK_WHEEL_MAX_120 &&
				msg->horizontal_120 >= -LINK_WHEEL_MAX_120;
	case AGENT_LAYOUT_DONE: return msg->layout_done.result <= 1;
	default: return msg->type <= AGENT_TYPED;
	}
}

static int32_t take_turn(struct cursor *c)
{
	uint32_t left = next_number(c), right = next_number(c);

	if ((left && right) || left > LINK_WHEEL_MAX_120 || right > LINK_WHEEL_MAX_120) {
		c->failed = true;
		return 0;
	}
	return (int32_t)right - (int32_t)left;
}

int agent_parse(struct agent_message *msg, const char *line, size_t len)
{
	struct cursor c = { .at = line, .end = line + len };
	size_t type = 0;

	while (type < sizeof words / sizeof *words && !take_word(&c, words[type]))
		type++;
	memset(msg, 0, sizeof *msg);
	msg->type = (enum agent_type)type;
	switch (msg->type) {
	case AGENT_LAYOUT:
		msg->layout.serial = next_number(&c);
		msg->layout.scale_percent = next_number(&c);
		take_heads(&c, &msg->layout);
		break;
	case AGENT_KEYMAP: msg->klid = next_number(&c); break;
	case AGENT_LOCKS: msg->locks = next_number(&c); break;
	case AGENT_TEXT: msg->code_point = next_number(&c); break;
	case AGENT_WHEEL: msg->horizontal_120 = take_turn(&c); break;
	case AGENT_HELLO: msg->version = next_number(&c); break;
	case AGENT_LAYOUT_DONE:
		msg->layout_done.serial = next_number(&c);
		msg->layout_done.result = next_number(&c);
		break;
	case AGENT_TYPED: msg->typed = next_number(&c); break;
	default: return ERR_FORMAT;
	}
	return !c.failed && c.at == c.end && message_ok(msg) ? 0 : ERR_FORMAT;
}

/* A text that grows; at its end once cap is reached. */
struct text {
	char *dst;
	size_t len, cap;
};

static void __attribute__((format(printf, 2, 3))) text_add(struct text *text, const char *format, ...)
{
	char part[64];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(part, sizeof part, format, args);
	va_end(args);
	if (n < 0 || (size_t)n > text->cap - text->len) {
		text->cap = text->len = 0;
		text->dst = NULL;
		return;
	}
	if (text->dst)
		memcpy(text->dst + text->len, part, (size_t)n);
	text->len += (size_t)n;
}

static void add_heads(struct text *text, const struct agent_layout *layout)
{
	for (uint32_t i = 0; i < layout->count; i++) {
		const struct link_rect *head = &layout->heads[i];

		text_add(text, " %ux%u+%u+%u", head->width, head->height, head->x, head->y);
	}
}

int agent_write(const struct agent_message *msg, char *dst, size_t cap)
{
	struct text text = { .dst = dst, .cap = cap };

	if (!message_ok(msg))
		return ERR_ARGUMENT;
	text_add(&text, "%s", words[msg->type]);
	switch (msg->type) {
	case AGENT_LAYOUT:
		text_add(&text, " %u %u", msg->layout.serial, msg->layout.scale_percent);
		add_heads(&text, &msg->layout);
		break;
	case AGENT_LAYOUT_DONE:
		text_add(&text, " %u %u", msg->layout_done.serial, msg->layout_done.result);
		break;
	case AGENT_KEYMAP: text_add(&text, " %u", msg->klid); break;
	case AGENT_LOCKS: text_add(&text, " %u", msg->locks); break;
	case AGENT_TEXT: text_add(&text, " %u", msg->code_point); break;
	case AGENT_WHEEL:
		text_add(&text, " %d %d", msg->horizontal_120 < 0 ? -msg->horizontal_120 : 0,
				msg->horizontal_120 > 0 ? msg->horizontal_120 : 0);
		break;
	case AGENT_HELLO: text_add(&text, " %u", msg->version); break;
	case AGENT_TYPED: text_add(&text, " %u", msg->typed); break;
	}
	text_add(&text, "\n");
	return text.dst ? (int)text.len : ERR_SPACE;
}

bool agent_lines_take(struct agent_lines *lines, char byte, size_t *len)
{
	bool whole;

	if (byte != '\n') {
		if (lines->len < sizeof lines->line)
			lines->line[lines->len++] = byte;
		else
			lines->skipping = true;
		return false;
	}
	whole = !lines->skipping;
	*len = lines->len;
	lines->len = 0;
	lines->skipping = false;
	return whole;
}
