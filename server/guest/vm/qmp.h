/* The monitor of a QEMU machine: JSON, one object a line, QEMU's docs/interop/qmp-spec.
 * QEMU runs beside a hostile guest, so what it says is parsed as a stranger's: bounded
 * lines, and only what is expected is looked at. Loop thread only. */
#ifndef VM_QMP_H
#define VM_QMP_H

#include <base/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

enum {
	QMP_LINE_MAX = 65536,   /* the greeting has 300 bytes, answers less */
	QMP_UNSENT_MAX = 16384, /* of commands, while QEMU is busy */
};

struct qmp_ops {
	/* The machine runs (its virtual CPUs may). */
	void (*ready)(void *user);
	/* It is going down: the guest did so itself, or was asked to. */
	void (*shutdown)(void *user, bool by_guest);
	/* The guest has started it again from the beginning, or its kernel did. */
	void (*restarted)(void *user);
	/* The machine's one virtio-serial port: somebody inside opened or closed it. */
	void (*port)(void *user, bool open);
	/* The host's disk is full; the machine stands until "cont". */
	void (*no_room)(void *user);
	/* The connection is lost, or QEMU speaks something else. */
	void (*closed)(void *user);
};

struct qmp {
	const struct qmp_ops *ops;
	void *user;
	int fd; /* owned; -1: closed */
	sd_event_source *io;
	bool ready; /* it has answered: it takes commands */
	bool full;  /* commands were lost; said once */
	char *line;
	size_t line_len;
	char unsent[QMP_UNSENT_MAX];
	size_t unsent_len;
};

/* Takes fd, a stream socket, also after a failure. ops is borrowed. 0; ERR_MEMORY; ERR_IO. */
MUST_USE int qmp_init(struct qmp *qmp, sd_event *event, int fd, const struct qmp_ops *ops, void *user);
void qmp_finish(struct qmp *qmp);

/* A command without arguments, by name. Its answer is not waited for; an error is
 * logged. */
void qmp_execute(struct qmp *qmp, const char *command);

enum qmp_axis {
	QMP_AXIS_X,
	QMP_AXIS_Y,
};

/* Events for the machine's keyboard and tablet. What QEMU does not take now waits; what
 * does not fit any more is dropped, as on a machine that hangs. */
void qmp_key(struct qmp *qmp, uint32_t number, bool down);       /* QEMU's key number */
void qmp_button(struct qmp *qmp, const char *button, bool down); /* "left", "wheel-up" */
void qmp_pointer(struct qmp *qmp, uint32_t x, uint32_t y);       /* 0..32767 each */

/* Bytes from QEMU; the rest of the module calls it, and so does its fuzz target.
 * 0, or ERR_FORMAT. */
MUST_USE int qmp_take(struct qmp *qmp, const char *bytes, size_t len);

#endif
