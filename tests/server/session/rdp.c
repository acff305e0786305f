/* What becomes of bytes that the socket does not take: they go out when it takes some,
 * and on_drained comes once that was all, whatever is written in between. There is no
 * client that would understand: bytes go the way that FreeRDP's PDUs go. */
#include <session/rdp.h>

#include <base/loop.h>
#include <freerdp/transport_io.h>
#include <identity.h>
#include <netinet/in.h>
#include <session/input.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <winpr/stream.h>

#include <cmocka.h>

enum {
	SMALL_BYTES = 4096,
	PEM_CAP = 16384,
	PDU_BYTES = 1000,
	WRITES_MAX = 100 * 1000, /* far more than the socket takes */
	MORE_WRITES = 300,
	TURN_US = 10 * 1000 * 1000,
};

static struct {
	sd_event *event;
	struct rdp *rdp;
	rdpTransport *transport;
	pTransportRWFkt read_pdu, write_pdu;
	struct input input;
	int client_fd, drained;
	char certificate[PEM_CAP], key[PEM_CAP];
} t;

static void on_drained(void *user)
{
	t.drained++;
}

static void on_closed(void *user, const char *why)
{
	fail_msg("closed: %s", why);
}

/* Two ends of a TCP connection that holds little. */
static void make_pair(int fds[2])
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof address;
	const int small = SMALL_BYTES;
	int listen_fd = socket(AF_INET, SOCK_STREAM, 0);

	fds[1] = socket(AF_INET, SOCK_STREAM, 0);
	assert_return_code(setsockopt(fds[1], SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
	assert_return_code(bind(listen_fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_return_code(listen(listen_fd, 1), 0);
	assert_return_code(getsockname(listen_fd, (struct sockaddr *)&address, &len), 0);
	assert_return_code(connect(fds[1], (struct sockaddr *)&address, sizeof address), 0);
	fds[0] = accept(listen_fd, NULL, NULL);
	assert_true(fds[0] >= 0);
	close(listen_fd);
}

static void read_file(const char *path, char *text)
{
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	text[fread(text, 1, PEM_CAP - 1, file)] = 0;
	fclose(file);
	unlink(path);
}

static int make_keys(void **state)
{
	char folder[] = "/tmp/oriel-rdp-XXXXXX";
	struct identity identity;

	assert_non_null(mkdtemp(folder));
	assert_int_equal(identity_prepare(&identity, folder), 0);
	read_file(identity.cert_path, t.certificate);
	read_file(identity.key_path, t.key);
	rmdir(folder);
	return 0;
}

/* The only way to FreeRDP's transport: it is what reads. */
static int note_transport(rdpTransport *transport, wStream *s)
{
	t.transport = transport;
	return t.read_pdu(transport, s);
}

static int find_transport(void)
{
	rdpTransportIo io = *freerdp_get_io_callbacks(rdp_context(t.rdp));

	t.transport = NULL;
	t.read_pdu = io.ReadPdu;
	t.write_pdu = io.WritePdu;
	io.ReadPdu = note_transport;
	if (!freerdp_set_io_callbacks(rdp_context(t.rdp), &io) || send(t.client_fd, "\x03", 1, 0) != 1)
		return -1;
	while (!t.transport)
		if (sd_event_run(t.event, TURN_US) <= 0)
			return -1;
	return 0;
}

static int start(void **state)
{
	const struct rdp_handlers handlers = { .on_drained = on_drained, .on_closed = on_closed };
	struct rdp_config config = {
		.certificate_pem = t.certificate, .key_pem = t.key, .tls = true, .input = &t.input
	};
	int fds[2];

	make_pair(fds);
	t.drained = 0;
	t.client_fd = fds[1];
	config.client_fd = fds[0];
	t.event = loop_create();
	t.rdp = rdp_create(t.event, &config, &handlers);
	return t.rdp ? find_transport() : -1;
}

static int stop(void **state)
{
	rdp_destroy(t.rdp);
	close(t.client_fd);
	sd_event_unref(t.event);
	return 0;
}

static void write_pdu(void)
{
	wStream *s = Stream_New(NULL, PDU_BYTES);

	Stream_Zero(s, PDU_BYTES);
	assert_true(t.write_pdu(t.transport, s) > 0);
	Stream_Free(s, TRUE);
	rdp_written(t.rdp);
}

static void block(void)
{
	for (int i = 0; i < WRITES_MAX && !rdp_blocked(t.rdp); i++)
		write_pdu();
	for (int i = 0; i < MORE_WRITES; i++) /* which wait in FreeRDP, too much for one go */
		write_pdu();
	assert_true(rdp_blocked(t.rdp));
}

/* All that the kernel has. */
static size_t read_client(void)
{
	uint8_t bytes[65536];
	size_t all = 0;

	for (ssize_t n; (n = recv(t.client_fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0;)
		all += (size_t)n;
	return all;
}

/* Turns of the loop, while the client reads, until all went out. */
static void run_until_drained(void)
{
	while (!t.drained) {
		read_client();
		assert_true(sd_event_run(t.event, TURN_US) > 0);
	}
}

static void nothing_is_told_while_the_client_does_not_read(void **state)
{
	block();
	while (sd_event_run(t.event, 0) > 0)
		assert_int_equal(t.drained, 0);
	assert_true(rdp_blocked(t.rdp));
}

static void it_is_told_when_all_went_out(void **state)
{
	for (int i = 1; i <= 3; i++) {
		t.drained = 0;
		block();
		run_until_drained();
		assert_false(rdp_blocked(t.rdp));
		while (sd_event_run(t.event, 0) > 0)
			;
		assert_int_equal(t.drained, 1);
	}
}

/* The write finds the socket free and takes along what waited. What waits for on_drained
 * (pictures) does not know of that write. */
static void a_write_in_between_does_not_swallow_it(void **state)
{
	block();
	while (rdp_blocked(t.rdp)) {
		read_client();
		write_pdu();
	}
	assert_int_equal(t.drained, 0);
	run_until_drained();
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_told_while_the_client_does_not_read),
		TEST(it_is_told_when_all_went_out),
		TEST(a_write_in_between_does_not_swallow_it),
	};

	return cmocka_run_group_tests(tests, make_keys, NULL);
}
