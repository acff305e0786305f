#include "fields.h"
#include <proto/control.h>
#include <proto/link.h>
#include <string.h>

static void nla_fields(struct fields *f, struct control_nla *nla)
{
	field_string(f, nla->user, sizeof nla->user);
	field_string(f, nla->domain, sizeof nla->domain);
	field_bytes(f, nla->nt_proof, sizeof nla->nt_proof);
	field_bytes(f, nla->encrypted_key, sizeof nla->encrypted_key);
	field_bytes(f, nla->mic, sizeof nla->mic);
	field_block(f, nla->mic_input, &nla->mic_input_len, sizeof nla->mic_input);
}

static void password_fields(struct fields *f, struct control_password *password)
{
	field_string(f, password->user, sizeof password->user);
	field_string(f, password->domain, sizeof password->domain);
	field_string(f, password->password, sizeof password->password);
}

static void attach_fields(struct fields *f, struct control_attach *attach)
{
	field_u32(f, &attach->width_px);
	field_u32(f, &attach->height_px);
	field_u32(f, &attach->scale_percent);
}

static void verdict_fields(struct fields *f, struct control_verdict *verdict)
{
	field_u32(f, &verdict->status);
	field_bytes(f, verdict->ntowf_v2, sizeof verdict->ntowf_v2);
	field_string(f, verdict->user, sizeof verdict->user);
}

static void guest_fields(struct fields *f, struct control_guest *guest)
{
	field_u32(f, &guest->status);
	field_u32(f, &guest->shared);
	field_string(f, guest->name, sizeof guest->name);
	field_string(f, guest->text, sizeof guest->text);
}

/* The whole format. False: no such type. */
static bool message_fields(struct fields *f, struct control_message *m)
{
	switch (m->type) {
	case CONTROL_NLA: nla_fields(f, &m->nla); return true;
	case CONTROL_PASSWORD: password_fields(f, &m->password); return true;
	case CONTROL_ATTACH: attach_fields(f, &m->attach); return true;
	case CONTROL_VERDICT: verdict_fields(f, &m->verdict); return true;
	case CONTROL_GUEST: guest_fields(f, &m->guest); return true;
	}
	return false;
}

static bool attach_ok(const struct control_attach *a)
{
	return a->width_px >= 1 && a->width_px <= LINK_SIZE_MAX_PX && a->height_px >= 1 &&
			a->height_px <= LINK_SIZE_MAX_PX && a->scale_percent >= 100 &&
			a->scale_percent <= 500;
}

static bool message_ok(const struct control_message *m)
{
	switch (m->type) {
	case CONTROL_NLA: return m->nla.mic_input_len <= CONTROL_MIC_INPUT_MAX;
	case CONTROL_PASSWORD: return true;
	case CONTROL_ATTACH: return attach_ok(&m->attach);
	case CONTROL_VERDICT: return m->verdict.status <= CONTROL_INTERNAL;
	case CONTROL_GUEST: return m->guest.status <= CONTROL_INTERNAL && m->guest.shared <= 1;
	}
	return false;
}

int control_parse(struct control_message *msg, const void *packet, size_t len)
{
	struct fields f = { .r = reader_init(packet, len) };
	uint16_t type = reader_u16(&f.r), zero = reader_u16(&f.r);

	memset(msg, 0, sizeof *msg);
	msg->type = (enum control_type)type;
	if (zero == 0 && len <= CONTROL_PACKET_MAX && message_fields(&f, msg) && reader_done(&f.r) &&
			message_ok(msg))
		return 0;
	explicit_bzero(msg, sizeof *msg); /* half a password is a secret too */
	return ERR_FORMAT;
}

int control_write(const struct control_message *msg, void *dst, size_t cap)
{
	struct fields f = { .writing = true, .w = writer_init(dst, cap) };

	if (!message_ok(msg))
		return ERR_ARGUMENT;
	writer_u16(&f.w, (uint16_t)msg->type);
	writer_u16(&f.w, 0);
	/* Writing leaves the fields as they are. */
	message_fields(&f, (struct control_message *)msg);
	return writer_len(&f.w);
}
