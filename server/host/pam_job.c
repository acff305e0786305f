#include "pam_job.h"
#include "pam_child.h"
#include "spawn.h"
#include <base/log.h>
#include <base/loop.h>
#include <base/writer.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct pam_job {
	pam_job_done_t on_done;
	void *user;
	int fd; /* the child's answer */
	sd_event_source *child, *readable, *timer;
	char answer[CONTROL_NAME_CAP];
	size_t len;
};

static int running;

void pam_job_cancel(struct pam_job *job)
{
	if (!job)
		return;
	running--;
	sd_event_source_disable_unref(job->timer);
	sd_event_source_disable_unref(job->readable);
	sd_event_source_disable_unref(job->child); /* ours: kills it if it still runs */
	if (job->fd >= 0)
		close(job->fd);
	free(job);
}

/* The job goes first: on_done may start another. */
static void finish(struct pam_job *job, enum control_status status, const char *account)
{
	char name[CONTROL_NAME_CAP];
	pam_job_done_t on_done = job->on_done;
	void *user = job->user;

	strcpy(name, account);
	pam_job_cancel(job);
	on_done(user, status, name);
}

/* The text is NUL-terminated: len is below the array's size. */
static void finish_with_answer(struct pam_job *job)
{
	unsigned status = (unsigned char)job->answer[0] - '0';

	if (job->len == 0 || status > CONTROL_INTERNAL || (status == CONTROL_OK && job->len < 2)) {
		log_error("pam: the child ended without an answer");
		finish(job, CONTROL_INTERNAL, "");
	} else {
		finish(job, (enum control_status)status, status == CONTROL_OK ? job->answer + 1 : "");
	}
}

static int on_readable(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct pam_job *job = user;
	ssize_t n = read(fd, job->answer + job->len, sizeof job->answer - 1 - job->len);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	job->len += n > 0 ? (size_t)n : 0;
	/* Not only at the pipe's end: a module may have left a process that holds it. */
	if (n <= 0 || memchr(job->answer, 0, job->len))
		finish_with_answer(job);
	return 0;
}

static int on_late(sd_event_source *source, uint64_t now_us, void *user)
{
	log_warn("pam: no answer within %d s; the child is killed", PAM_JOB_TIME_S);
	finish(user, CONTROL_INTERNAL, "");
	return 0;
}

/* The pipe's end tells; this is here for the process to be reaped. */
static int on_child(sd_event_source *source, const siginfo_t *info, void *user)
{
	return 0;
}

/* An empty pipe takes PAM_CHILD_INPUT_MAX bytes at once. */
static int put_question(int fd, const char *name, const char *password)
{
	char question[PAM_CHILD_INPUT_MAX];
	struct writer w = writer_init(question, sizeof question);
	int len;

	writer_copy(&w, name, strlen(name) + 1);
	writer_copy(&w, password ? password : "", password ? strlen(password) + 1 : 1);
	len = writer_len(&w);
	if (len >= 0 && write(fd, question, (size_t)len) != len)
		len = ERR_IO;
	explicit_bzero(question, sizeof question);
	return len < 0 ? len : 0;
}

static pid_t start_child(int in, int out, const char *dir, bool password)
{
	const char *const argv[] = { "oriel-host", PAM_CHILD_MODE, password ? "password" : "account",
		dir ? dir : "", NULL };
	const struct spawn spawn = { .argv = argv, .in = in, .out = out, .err = -1, .extra = -1 };

	return spawn_self(&spawn);
}

static int watch(struct pam_job *job, sd_event *event, pid_t pid)
{
	if (sd_event_add_child(event, &job->child, pid, WEXITED, on_child, job) < 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return ERR_IO;
	}
	if (sd_event_source_set_child_process_own(job->child, true) < 0 ||
			sd_event_add_io(event, &job->readable, job->fd, EPOLLIN, on_readable, job) < 0 ||
			loop_timer_add(event, &job->timer, on_late, job) < 0)
		return ERR_IO;
	loop_timer_arm(job->timer, (uint64_t)PAM_JOB_TIME_S * 1000000);
	return 0;
}

static int start(
		struct pam_job *job, sd_event *event, const char *dir, const char *name, const char *password)
{
	int question[2], answer[2], result = ERR_IO;
	pid_t pid;

	if (pipe2(question, O_CLOEXEC) < 0)
		return ERR_IO;
	if (pipe2(answer, O_CLOEXEC) < 0)
		goto no_answer;
	job->fd = answer[0];
	if (fcntl(answer[0], F_SETFL, O_NONBLOCK) == 0 && put_question(question[1], name, password) == 0) {
		pid = start_child(question[0], answer[1], dir, password != NULL);
		result = pid < 0 ? ERR_IO : watch(job, event, pid);
	}
	close(answer[1]);
no_answer:
	close(question[0]);
	close(question[1]);
	return result;
}

int pam_job_start(struct pam_job **job, sd_event *event, const char *dir, const char *name,
		const char *password, pam_job_done_t on_done, void *user)
{
	struct pam_job *made;
	int result;

	if (running == PAM_JOBS_MAX)
		return ERR_BUSY;
	made = calloc(1, sizeof *made);
	if (!made)
		return ERR_MEMORY;
	running++;
	*made = (struct pam_job){ .on_done = on_done, .user = user, .fd = -1 };
	result = start(made, event, dir, name, password);
	if (result < 0) {
		log_error("pam: the child could not be started: %s", strerror(errno));
		pam_job_cancel(made);
		return result;
	}
	*job = made;
	return 0;
}
