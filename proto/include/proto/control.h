/* The control socket between oriel-session and oriel-host: "is this log-in right?
 * which guest?". SOCK_SEQPACKET; oriel-server connects it and hands the session
 * its end. One packet is one message: u16 type, u16 zero, then the fields,
 * little-endian, in the order of the struct; bytes with a length are u16 length
 * and then the bytes. The session asks, one request at a time; the host answers
 * each with one message. No I/O here; structs own nothing; thread-safe.
 *
 * Order: NLA or PASSWORD (at most CONTROL_TRIES_MAX in all), each answered by
 * VERDICT; after a verdict of CONTROL_OK one ATTACH, answered by GUEST. The host
 * closes the connection on anything else. */
#ifndef PROTO_CONTROL_H
#define PROTO_CONTROL_H

#include <base/err.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CONTROL_TRIES_MAX = 3,
	CONTROL_NAME_CAP = 256,     /* user and domain, UTF-8 with the final NUL */
	CONTROL_PASSWORD_CAP = 512, /* [MS-RDPBCGR] 2.2.1.11.1.1 allows 512 bytes of UTF-16 */
	CONTROL_TEXT_CAP = 128,
	CONTROL_MIC_INPUT_MAX = 16384, /* the three NTLM messages; real ones have 1 KiB */
	CONTROL_PACKET_MAX = 4 + 2 * CONTROL_NAME_CAP + CONTROL_MIC_INPUT_MAX + 256,
};

enum control_type {
	CONTROL_NLA = 1,
	CONTROL_PASSWORD = 2,
	CONTROL_ATTACH = 3,
	CONTROL_VERDICT = 16,
	CONTROL_GUEST = 17, /* carries one descriptor when status is CONTROL_OK: the guest link, connected */
};

enum control_status {
	CONTROL_OK = 0,
	CONTROL_REFUSED = 1,  /* wrong user or password; never told apart */
	CONTROL_NO_MIC = 2,   /* NTLM without a MIC is not taken */
	CONTROL_EXPIRED = 3,  /* the account or its password */
	CONTROL_LIMIT = 4,    /* too many tries; later */
	CONTROL_NO_GUEST = 5, /* the desktop does not start; text says why */
	CONTROL_INTERNAL = 6,
};

/* NTLMv2 proof of the password, [MS-NLMP] 3.3.2 and 3.2.5.1.2. The host computes
 * NTOWFv2(user, domain) from the stored hash, the session base key from it and
 * nt_proof, the exported session key from that and encrypted_key, and takes the
 * log-in only if HMAC-MD5(exported key, mic_input) equals mic. */
struct control_nla {
	char user[CONTROL_NAME_CAP],
			domain[CONTROL_NAME_CAP]; /* as the client sent them; the domain counts in NTOWFv2 */
	uint8_t nt_proof[16];
	uint8_t encrypted_key[16];
	uint8_t mic[16];
	uint16_t mic_input_len;
	uint8_t mic_input[CONTROL_MIC_INPUT_MAX]; /* NEGOTIATE, CHALLENGE, AUTHENTICATE; the MIC field zero */
};

struct control_password {
	char user[CONTROL_NAME_CAP], domain[CONTROL_NAME_CAP];
	char password[CONTROL_PASSWORD_CAP]; /* wipe after use */
};

/* Which desktop: the host knows the user from the verdict. */
struct control_attach {
	/* Of the client's screen, for a guest that starts now: 1..LINK_SIZE_MAX_PX (link.h). */
	uint32_t width_px, height_px;
	uint32_t scale_percent; /* 100..500 */
};

struct control_verdict {
	uint32_t status;      /* enum control_status */
	uint8_t ntowf_v2[16]; /* after CONTROL_NLA and CONTROL_OK: of this user and domain only; else zero */
	char user[CONTROL_NAME_CAP]; /* the account's name as the host knows it */
};

struct control_guest {
	uint32_t status;
	uint32_t shared;             /* 0 or 1: attach with LINK_HELLO_SHARED */
	char name[CONTROL_NAME_CAP]; /* of the guest, e.g. "alice" */
	char text[CONTROL_TEXT_CAP]; /* why not, for the log and the user */
};

struct control_message {
	enum control_type type;
	union {
		struct control_nla nla;
		struct control_password password;
		struct control_attach attach;
		struct control_verdict verdict;
		struct control_guest guest;
	};
};

/* Checks lengths, statuses, the bounds named above, and texts: UTF-8 without NUL
 * inside. Returns 0, or ERR_FORMAT (unknown types too: both ends are of one release);
 * msg is wiped then. */
MUST_USE int control_parse(struct control_message *msg, const void *packet, size_t len);

/* Bytes of a text that are not UTF-8 become ?, a text without NUL is cut. Returns the
 * length; ERR_SPACE (never with a cap of CONTROL_PACKET_MAX); ERR_ARGUMENT when msg
 * breaks a bound that control_parse would refuse. */
MUST_USE int control_write(const struct control_message *msg, void *dst, size_t cap);

#endif
