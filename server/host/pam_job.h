/* A question to PAM, asked in a child process (pam_child.h): modules may block,
 * crash or want to be root, and none of that belongs into the loop. Loop thread only. */
#ifndef HOST_PAM_JOB_H
#define HOST_PAM_JOB_H

#include <base/err.h>
#include <proto/control.h>
#include <systemd/sd-event.h>

enum {
	PAM_JOBS_MAX = 16, /* at once; more are refused with CONTROL_LIMIT */
	/* Then the child is killed: CONTROL_INTERNAL. A session waits 15 s. */
	PAM_JOB_TIME_S = 12,
};

struct pam_job;

/* account: the name as PAM and the system have it, valid during the call; "" unless
 * status is CONTROL_OK. The job is gone when this is called. */
typedef void (*pam_job_done_t)(void *user, enum control_status status, const char *account);

/* password NULL: ask only whether the account may log in. dir: where the service's
 * file is, NULL for the system's. All borrowed for the call; the password goes
 * straight into the pipe. on_done is called later, never from here.
 * 0; ERR_BUSY (PAM_JOBS_MAX); ERR_MEMORY; ERR_IO. */
MUST_USE int pam_job_start(struct pam_job **job, sd_event *event, const char *dir, const char *name,
		const char *password, pam_job_done_t on_done, void *user);

/* Kills the child; on_done is not called. NULL is fine. */
void pam_job_cancel(struct pam_job *job);

#endif
