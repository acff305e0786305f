#include "jobs.h"
#include <fcntl.h>
#include <klid.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	WORDS_MAX = 8,
	WORD_CAP = 48,
};

/* The script's arguments. */
struct words {
	char *list[WORDS_MAX + 2];
	char bytes[WORDS_MAX][WORD_CAP];
	int count;
};

static void __attribute__((format(printf, 2, 3))) word(struct words *words, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(words->bytes[words->count], WORD_CAP, format, args);
	va_end(args);
	words->list[1 + words->count] = words->bytes[words->count];
	words->count++;
}

static void layout_words(struct words *words, const struct agent_layout *layout)
{
	word(words, "layout");
	word(words, "%u", layout->scale_percent);
	for (uint32_t i = 0; i < layout->count; i++) {
		const struct link_rect *head = &layout->heads[i];

		word(words, "%ux%u+%u+%u", head->width, head->height, head->x, head->y);
	}
}

static void job_words(const struct jobs *jobs, enum job job, struct words *words)
{
	const struct klid_layout *keys = klid_find(jobs->klid);

	switch (job) {
	case JOB_LAYOUT: layout_words(words, &jobs->layout); break;
	case JOB_KEYMAP:
		word(words, "keymap");
		word(words, "%s%s", keys->layout, keys->add_latin ? ",us" : "");
		word(words, "%s%s", keys->variant, keys->add_latin ? "," : "");
		break;
	case JOB_LOCKS:
		word(words, "locks");
		for (uint32_t flag = LINK_LOCK_SCROLL; flag <= LINK_LOCK_CAPS; flag <<= 1)
			word(words, "%d", !!(jobs->locks & flag));
		break;
	default: word(words, "text"); break;
	}
}

/* A file with the text, to be read from its start; -1 when that fails. */
static int text_file(const struct jobs *jobs)
{
	int fd = memfd_create("text", MFD_CLOEXEC);

	if (fd < 0)
		return -1;
	if (write(fd, jobs->text, jobs->text_len) == (ssize_t)jobs->text_len && lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	close(fd);
	return -1;
}

static _Noreturn void run_script(const struct jobs *jobs, enum job job)
{
	struct words words = { .list[0] = (char *)jobs->script };
	int input = job == JOB_TEXT ? text_file(jobs) : open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	job_words(jobs, job, &words);
	if (dup2(input, STDIN_FILENO) >= 0)
		execv(jobs->script, words.list);
	_exit(127);
}

static void start(struct jobs *jobs, enum job job)
{
	pid_t pid = fork();

	if (pid == 0)
		run_script(jobs, job);
	if (pid < 0)
		return; /* tried again with the next message */
	jobs->pid = pid;
	jobs->running = job;
	jobs->due[job] = false;
	if (job == JOB_TEXT)
		jobs->text_len = 0;
	if (job == JOB_LAYOUT)
		jobs->done.serial = jobs->layout.serial;
}

void jobs_run(struct jobs *jobs)
{
	for (int job = 0; job < JOB_COUNT && !jobs->pid; job++) {
		if (jobs->due[job] && jobs->tries[job] == 0)
			start(jobs, (enum job)job);
	}
}

static void ended(struct jobs *jobs, int status)
{
	enum job job = jobs->running;
	bool ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;

	jobs->pid = 0;
	if (job == JOB_LAYOUT && (ok || jobs->tries[job] == 0)) {
		jobs->done.result = !ok;
		jobs->done_due = true;
	}
	if (ok || job == JOB_LOCKS || job == JOB_TEXT || jobs->due[job])
		jobs->tries[job] = 0; /* done with, or a newer one waits */
	else if (++jobs->tries[job] <= JOBS_TRIES_MAX)
		jobs->due[job] = true;
}

void jobs_reap(struct jobs *jobs)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == jobs->pid)
			ended(jobs, status);
	}
}

int jobs_wait_ms(const struct jobs *jobs)
{
	for (int job = 0; job < JOB_COUNT; job++) {
		if (jobs->due[job] && jobs->tries[job] && !jobs->pid)
			return JOBS_AGAIN_MS;
	}
	return -1;
}

void jobs_again(struct jobs *jobs)
{
	for (int job = 0; job < JOB_COUNT && !jobs->pid; job++) {
		if (jobs->due[job])
			start(jobs, (enum job)job);
	}
}

/* UTF-8, RFC 3629. */
static size_t encode(uint32_t c, char dst[4])
{
	if (c < 0x80) {
		dst[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		dst[0] = (char)(0xc0 | c >> 6);
		dst[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		dst[0] = (char)(0xe0 | c >> 12);
		dst[1] = (char)(0x80 | (c >> 6 & 0x3f));
		dst[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	dst[0] = (char)(0xf0 | c >> 18);
	dst[1] = (char)(0x80 | (c >> 12 & 0x3f));
	dst[2] = (char)(0x80 | (c >> 6 & 0x3f));
	dst[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

static void take_text(struct jobs *jobs, uint32_t code_point)
{
	char bytes[4];
	size_t len = encode(code_point, bytes);

	if (len > sizeof jobs->text - jobs->text_len)
		return;
	memcpy(jobs->text + jobs->text_len, bytes, len);
	jobs->text_len += len;
}

static void want(struct jobs *jobs, enum job job)
{
	jobs->due[job] = true;
	if (jobs->running != job || !jobs->pid)
		jobs->tries[job] = 0;
}

void jobs_take(struct jobs *jobs, const struct agent_message *msg)
{
	switch (msg->type) {
	case AGENT_LAYOUT:
		jobs->layout = msg->layout;
		want(jobs, JOB_LAYOUT);
		break;
	case AGENT_KEYMAP:
		jobs->klid = msg->klid;
		want(jobs, JOB_KEYMAP);
		break;
	case AGENT_LOCKS:
		jobs->locks = msg->locks;
		want(jobs, JOB_LOCKS);
		break;
	case AGENT_TEXT:
		take_text(jobs, msg->code_point);
		want(jobs, JOB_TEXT);
		break;
	default: break;
	}
}
