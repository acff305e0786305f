/* Packets of a session through everything that oriel-host does with them short of
 * I/O: parser, order, NTLM, store and back-off. The input is a row of packets, u16
 * length each; a packet that begins with 0xff stands for an NLA message that is
 * right but for the bytes that follow. */
#include "../server/host/nla.h"
#include "door.h"
#include "login.h"
#include <base/log.h>
#include <base/reader.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static struct store *store;
static struct control_nla right;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char dir[] = "/tmp/oriel-fuzz-XXXXXX", path[64];
	uint8_t hash[16];

	log_init("fuzz", LOG_LEVEL_ERROR);
	if (!mkdtemp(dir) || !(store = store_create(dir, NULL)) || ntlm_hash("secret", hash) < 0 ||
			store_add(store, "alice", hash) < 0)
		abort();
	snprintf(path, sizeof path, "%s/users", dir);
	unlink(path);
	rmdir(dir);
	nla_make(&right, "secret", "alice", "DOMAIN");
	return 0;
}

/* The right message, with (position, value) pairs over it. */
static void make_nla(struct control_message *message, struct reader *packet)
{
	*message = (struct control_message){ .type = CONTROL_NLA, .nla = right };
	reader_u8(packet);
	while (reader_left(packet) >= 3) {
		size_t at = reader_u16(packet) % (right.mic_input_len + 64u);
		uint8_t value = reader_u8(packet);

		if (at < right.mic_input_len)
			message->nla.mic_input[at] ^= value;
		else if (at < right.mic_input_len + 16u)
			message->nla.mic[at - right.mic_input_len] ^= value;
		else if (at < right.mic_input_len + 32u)
			message->nla.nt_proof[at - right.mic_input_len - 16] ^= value;
		else
			message->nla.encrypted_key[at % 16] ^= value;
	}
}

/* Never yes to a message that was changed (one from the wire may be another right
 * one: a seed is); never a hash without a yes. */
static void check(const struct control_message *message, const struct control_verdict *verdict)
{
	static const uint8_t zero[16];

	if (verdict->status == CONTROL_OK && message->type == CONTROL_NLA &&
			memcmp(message->nla.mic, right.mic, sizeof right.mic) == 0 &&
			memcmp(&message->nla, &right, sizeof right) != 0)
		abort();
	if (verdict->status == CONTROL_OK && message->type == CONTROL_PASSWORD &&
			strcmp(message->password.password, "secret") != 0)
		abort();
	if (verdict->status != CONTROL_OK && memcmp(verdict->ntowf_v2, zero, sizeof zero) != 0)
		abort();
}

static int ask(struct door *door, struct login *login, const struct control_message *message, uint64_t now_us)
{
	struct control_verdict verdict = { 0 };

	if (door_message(door, message->type) < 0)
		return ERR_UNEXPECTED;
	if (message->type == CONTROL_ATTACH)
		return 0;
	if (message->type == CONTROL_NLA)
		login_nla(login, &message->nla, now_us, &verdict);
	else
		login_password(login, &message->password, now_us, &verdict);
	check(message, &verdict);
	door_verdict(door, &verdict);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct control_message message;
	struct reader r = reader_init(data, size);
	struct login login = { .store = store, .limit = limit_create() };
	struct door door = { 0 };
	uint64_t now_us = 1;
	int result = 0;

	while (login.limit && result == 0 && reader_left(&r)) {
		size_t len = reader_u16(&r);
		struct reader packet = reader_sub(&r, len < reader_left(&r) ? len : reader_left(&r));
		size_t left = reader_left(&packet);
		uint8_t *copy = malloc(left ? left : 1);

		if (!copy)
			break;
		if (left)
			memcpy(copy, packet.at, left);
		if (left && copy[0] == 0xff)
			make_nla(&message, &packet);
		else
			result = control_parse(&message, copy, left);
		if (result == 0)
			result = ask(&door, &login, &message, now_us += 1000000);
		free(copy);
	}
	limit_destroy(login.limit);
	return 0;
}
