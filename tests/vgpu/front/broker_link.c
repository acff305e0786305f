/* The front's link to the broker, with brokers that are played here. Its timer is caught
 * (the linker's --wrap): what it was set to is seen, and it runs out when we say so. */
#include <base/log.h>
#include <base/loop.h>
#include <base/packet.h>
#include <front/broker_link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	WORKER_PID = 1234,
	SOON_US = 1000 * 1000,
	LATER_US = 10 * SOON_US,
};

static sd_event *event;
static struct broker_link *link_;
static int broker, connector; /* our ends */
static int workers, refusals, worker_fd;
static sd_event_source *timer;
static uint64_t timer_us;

void __real_loop_timer_arm(sd_event_source *source, uint64_t delay_us);
void __wrap_loop_timer_arm(sd_event_source *source, uint64_t delay_us);

void __wrap_loop_timer_arm(sd_event_source *source, uint64_t delay_us)
{
	timer = source;
	timer_us = delay_us;
}

static void run(void)
{
	while (sd_event_run(event, 0) > 0)
		;
}

static void run_timer_out(void)
{
	__real_loop_timer_arm(timer, 0);
	assert_true(sd_event_run(event, UINT64_MAX) > 0);
	run();
}

static void on_worker(void *user, int render_fd, const struct broker_worker *worker)
{
	assert_int_equal(worker->worker_pid, WORKER_PID);
	close(worker_fd);
	worker_fd = render_fd;
	workers++;
}

static void on_refused(void *user, const struct broker_worker *worker)
{
	refusals++;
}

static void make_pair(int fds[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
}

static int setup(void **state)
{
	static const struct broker_link_ops ops = { on_worker, on_refused };
	struct broker_link_settings settings = { .name = "guest", .profile = "office" };
	int to_broker[2], to_connector[2];

	workers = refusals = 0;
	worker_fd = -1;
	event = loop_create();
	make_pair(to_broker);
	make_pair(to_connector);
	broker = to_broker[1];
	connector = to_connector[1];
	settings.connected_fd = to_broker[0];
	settings.connector_fd = to_connector[0];
	link_ = broker_link_create(event, &settings, &ops, NULL);
	assert_non_null(link_);
	return 0;
}

static int teardown(void **state)
{
	broker_link_destroy(link_);
	close(worker_fd);
	close(broker);
	close(connector);
	sd_event_unref(event);
	return 0;
}

static void broker_says(const struct broker_message *msg, int fd)
{
	uint8_t bytes[BROKER_PACKET_MAX];
	int len = broker_write(msg, bytes, sizeof bytes);

	assert_true(len > 0);
	assert_int_equal(packet_send(broker, bytes, (size_t)len, fd), 0);
	run();
}

static void broker_answers(enum broker_status status, int fd)
{
	struct broker_message msg = {
		.type = BROKER_WORKER,
		.worker = { .status = status, .worker_pid = WORKER_PID, .limits = { 1, 64, 64, 1 << 20, 1 } }
	};

	if (status != BROKER_OK)
		strcpy(msg.worker.text, "there is no profile office");
	broker_says(&msg, fd);
}

static void broker_gives_page(void)
{
	int fd = memfd_create("page", MFD_CLOEXEC);

	broker_says(&(struct broker_message){ .type = BROKER_PAGE }, fd);
	close(fd);
}

/* The pid of the worker that comes along; 0: one is wanted. */
static uint32_t joined(void)
{
	uint8_t bytes[BROKER_PACKET_MAX];
	struct broker_message msg;
	int fd, len = packet_receive(broker, bytes, sizeof bytes, &fd);

	assert_true(len > 0);
	assert_int_equal(broker_parse(&msg, bytes, (size_t)len), 0);
	assert_int_equal(msg.type, BROKER_JOIN);
	assert_string_equal(msg.join.name, "guest");
	assert_string_equal(msg.join.profile, "office");
	assert_int_equal(fd >= 0, (msg.join.flags & BROKER_JOIN_HAS_WORKER) != 0);
	close(fd);
	return msg.join.worker_pid;
}

static bool gone(int fd)
{
	char byte;

	return packet_receive(fd, &byte, 1, NULL) == ERR_CLOSED;
}

static bool silent(void)
{
	char byte;

	return packet_receive(broker, &byte, 1, NULL) == ERR_AGAIN;
}

/* After the time that the link gave itself. */
static void next_broker(void)
{
	int fds[2];
	char asked;

	close(broker);
	run();
	run_timer_out();
	assert_int_equal(packet_receive(connector, &asked, 1, NULL), 1);
	make_pair(fds);
	broker = fds[1];
	assert_int_equal(packet_send(connector, "c", 1, fds[0]), 0);
	close(fds[0]);
	run();
}

/* Returns the other end of its render socket, owned. */
static int get_worker(void)
{
	int render[2];

	make_pair(render);
	broker_link_want(link_);
	assert_int_equal(joined(), 0);
	broker_answers(BROKER_OK, render[0]);
	close(render[0]);
	return render[1];
}

static void the_next_broker_gets_the_worker(void **state)
{
	int render = get_worker();

	broker_gives_page();
	assert_int_equal(workers, 1);
	next_broker();
	assert_int_equal(joined(), WORKER_PID);
	broker_answers(BROKER_OK, -1);
	broker_gives_page();
	assert_int_equal(workers, 1);
	assert_false(gone(render));
	close(render);
}

/* How often the link complains is read from there. */
static int catch_stderr(int *kept)
{
	int fd = memfd_create("log", MFD_CLOEXEC);

	*kept = dup(STDERR_FILENO);
	assert_true(fd >= 0 && dup2(fd, STDERR_FILENO) >= 0);
	return fd;
}

static int warnings(int log_fd, int kept)
{
	char text[4096];
	ssize_t len = pread(log_fd, text, sizeof text - 1, 0);
	int count = 0;

	dup2(kept, STDERR_FILENO);
	close(kept);
	close(log_fd);
	text[len > 0 ? len : 0] = 0;
	for (const char *at = text; (at = strstr(at, "does not take the worker on")); at++)
		count++;
	return count;
}

static void a_broker_that_refuses_the_worker_is_asked_again(void **state)
{
	int render = get_worker(), kept, log_fd, said;

	broker_gives_page();
	next_broker();
	log_fd = catch_stderr(&kept);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(joined(), WORKER_PID);
		broker_answers(BROKER_NO_PROFILE, -1);
		assert_true(timer_us >= LATER_US);
		run_timer_out();
	}
	said = warnings(log_fd, kept);
	assert_int_equal(said, 1);
	assert_int_equal(joined(), WORKER_PID);
	broker_answers(BROKER_OK, -1);
	broker_gives_page();
	run_timer_out();
	assert_true(silent());
	assert_int_equal(workers, 1);
	assert_int_equal(refusals, 0);
	assert_false(gone(render));
	close(render);
}

static void who_wants_a_worker_does_not_wait_so_long(void **state)
{
	int render = get_worker();

	broker_gives_page();
	next_broker();
	assert_int_equal(joined(), WORKER_PID);
	broker_answers(BROKER_NO_PROFILE, -1);
	broker_link_want(link_);
	assert_int_equal(joined(), 0);
	broker_answers(BROKER_NO_PROFILE, -1);
	assert_int_equal(refusals, 1);
	assert_true(timer_us < SOON_US);
	run_timer_out();
	assert_int_equal(joined(), 0);
	close(render);
}

static void another_broker_is_not_waited_for_so_long(void **state)
{
	int render = get_worker();

	broker_gives_page();
	next_broker();
	assert_int_equal(joined(), WORKER_PID);
	broker_answers(BROKER_NO_PROFILE, -1);
	next_broker();
	assert_true(timer_us < SOON_US);
	assert_int_equal(joined(), WORKER_PID);
	close(render);
}

/* The next broker could not be told of it. */
static void a_worker_is_none_before_its_page_came(void **state)
{
	int render = get_worker();

	assert_int_equal(workers, 0);
	assert_false(gone(render));
	next_broker();
	assert_true(gone(render));
	close(render);
	assert_int_equal(joined(), 0);
	assert_int_equal(workers, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_next_broker_gets_the_worker, setup, teardown),
		cmocka_unit_test_setup_teardown(
				a_broker_that_refuses_the_worker_is_asked_again, setup, teardown),
		cmocka_unit_test_setup_teardown(who_wants_a_worker_does_not_wait_so_long, setup, teardown),
		cmocka_unit_test_setup_teardown(another_broker_is_not_waited_for_so_long, setup, teardown),
		cmocka_unit_test_setup_teardown(a_worker_is_none_before_its_page_came, setup, teardown),
	};

	log_init("front", LOG_LEVEL_WARN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
