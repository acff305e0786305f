#include "fields.h"
#include <proto/broker.h>

enum {
	SIZE_MAX_PX = 16384,
	HEADS_MAX = 4,
	WEIGHT_MAX = 1000,
};

static void join_fields(struct fields *f, struct broker_join *j)
{
	field_u32(f, &j->flags);
	field_u32(f, &j->worker_pid);
	field_text(f, j->name, sizeof j->name);
	field_text(f, j->profile, sizeof j->profile);
	field_u32(f, &j->wanted_gpu);
}

static void limits_fields(struct fields *f, struct broker_limits *l)
{
	field_u32(f, &l->heads_max);
	field_u32(f, &l->width_px);
	field_u32(f, &l->height_px);
	field_u64(f, &l->video_memory_bytes);
	field_u32(f, &l->weight);
}

static void worker_fields(struct fields *f, struct broker_worker *w)
{
	field_u32(f, &w->status);
	field_u32(f, &w->worker_pid);
	field_u32(f, &w->reason);
	limits_fields(f, &w->limits);
	field_text(f, w->gpu, sizeof w->gpu);
	field_text(f, w->text, sizeof w->text);
}

static void item_fields(struct fields *f, struct broker_item *i)
{
	field_text(f, i->name, sizeof i->name);
	field_text(f, i->profile, sizeof i->profile);
	field_text(f, i->gpu, sizeof i->gpu);
	limits_fields(f, &i->limits);
	field_u32(f, &i->worker_pid);
	field_u32(f, &i->resets);
	field_u64(f, &i->gpu_time_us);
	field_u64(f, &i->memory_bytes);
	field_u64(f, &i->frames);
	field_u32(f, &i->queue);
	field_u32(f, &i->held);
	field_u32(f, &i->frames_per_1000_s);
}

/* The whole format. False: no such type. */
static bool message_fields(struct fields *f, struct broker_message *m)
{
	switch (m->type) {
	case BROKER_JOIN: join_fields(f, &m->join); break;
	case BROKER_WORKER: worker_fields(f, &m->worker); break;
	case BROKER_ITEM: item_fields(f, &m->item); break;
	case BROKER_LIST:
	case BROKER_PAGE:
	case BROKER_END:
	case BROKER_GO: break;
	default: return false;
	}
	return true;
}

static bool pid_ok(uint32_t pid)
{
	return pid >= 1 && pid <= INT32_MAX;
}

static bool join_ok(const struct broker_join *j)
{
	if (j->flags & BROKER_JOIN_HAS_WORKER)
		return j->flags == BROKER_JOIN_HAS_WORKER && pid_ok(j->worker_pid);
	return j->flags == 0 && j->worker_pid == 0;
}

static bool limits_ok(const struct broker_limits *l)
{
	return l->heads_max >= 1 && l->heads_max <= HEADS_MAX && l->width_px >= 1 &&
			l->width_px <= SIZE_MAX_PX && l->height_px >= 1 && l->height_px <= SIZE_MAX_PX &&
			l->weight >= 1 && l->weight <= WEIGHT_MAX;
}

static bool worker_ok(const struct broker_worker *w)
{
	if (w->status > BROKER_FAILED || w->reason > 1)
		return false;
	/* Who got nothing has no limits either: they are not looked at. */
	return w->status != BROKER_OK || (pid_ok(w->worker_pid) && limits_ok(&w->limits));
}

static bool item_ok(const struct broker_item *i)
{
	return limits_ok(&i->limits) && i->worker_pid <= INT32_MAX && i->held <= 1;
}

static bool values_ok(const struct broker_message *m)
{
	switch (m->type) {
	case BROKER_JOIN: return join_ok(&m->join);
	case BROKER_WORKER: return worker_ok(&m->worker);
	case BROKER_ITEM: return item_ok(&m->item);
	default: return true;
	}
}

int broker_parse(struct broker_message *msg, const void *packet, size_t len)
{
	struct fields f = { .r = reader_init(packet, len) };
	uint16_t type = reader_u16(&f.r), zero = reader_u16(&f.r);

	memset(msg, 0, sizeof *msg);
	msg->type = type;
	if (zero || !message_fields(&f, msg) || !reader_done(&f.r))
		return ERR_FORMAT;
	return values_ok(msg) ? 0 : ERR_FORMAT;
}

int broker_write(const struct broker_message *msg, void *dst, size_t cap)
{
	struct fields f = { .writing = true, .w = writer_init(dst, cap) };
	struct broker_message copy = *msg; /* fields are not const */

	if (!values_ok(msg))
		return ERR_ARGUMENT;
	writer_u16(&f.w, (uint16_t)msg->type);
	writer_u16(&f.w, 0);
	if (!message_fields(&f, &copy))
		return ERR_ARGUMENT;
	return writer_len(&f.w);
}
