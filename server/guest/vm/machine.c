#include "machine.h"
#include "emulated.h"
#include "exits.h"
#include <base/log.h>
#include <base/program.h>
#include <errno.h>
#include <proto/agent.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define QEMU  "qemu-system-x86_64"
#define FRONT "oriel-vgpu"

enum {
	/* Where QEMU finds its sockets, in the order of process_start. */
	QEMU_MONITOR_FD = PROCESS_FIRST_FD,
	QEMU_GPU_FD,
	QEMU_AGENT_FD,
	QEMU_FDS = 3,
	FRONT_GPU_FD = PROCESS_FIRST_FD,
	FRONT_SCREEN_FD,
	FRONT_FDS = 2,

	QEMU_NICE = 5,
	WORDS_MAX = 96,
	WORD_BYTES = 24 * 1024,
	STOP_TIME_MS = 2000,
	MEMORY_RESERVE_MIB = 256, /* for QEMU itself and the renderer */
};

/* A command line that is put together; too_long stays. */
struct words {
	const char *list[WORDS_MAX + 1];
	int count;
	char bytes[WORD_BYTES];
	size_t used;
	bool too_long;
};

static void __attribute__((format(printf, 2, 3))) word(struct words *words, const char *format, ...)
{
	size_t room = sizeof words->bytes - words->used;
	char *dst = words->bytes + words->used;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(dst, room, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= room || words->count == WORDS_MAX) {
		words->too_long = true;
		return;
	}
	words->used += (size_t)n + 1;
	words->list[words->count++] = dst;
	words->list[words->count] = NULL;
}

/* QEMU's option lists end a value at a comma; two commas are one. */
static const char *escaped(const char *path, char dst[PATH_MAX])
{
	size_t at = 0;

	for (; *path && at < PATH_MAX - 2; path++) {
		if (*path == ',')
			dst[at++] = ',';
		dst[at++] = *path;
	}
	dst[at] = 0;
	return dst;
}

static void add_board(struct words *words, const struct machine_settings *settings)
{
	word(words, "-nodefaults");
	word(words, "-no-user-config");
	word(words, "-sandbox");
	word(words, "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
	word(words, "-display");
	word(words, "none");
	word(words, "-machine");
	word(words, "q35,memory-backend=mem,vmport=off,sata=off,smbus=off,hpet=off");
	word(words, "-accel");
	word(words, settings->kvm ? "kvm" : "tcg,thread=multi");
	word(words, "-cpu");
	/* Fast strings are emulated byte by byte; without them guests copy by words. */
	word(words, settings->kvm ? "host" : "max,svm=off,erms=off,fsrm=off");
	word(words, "-smp");
	word(words, "%u", settings->cpus);
	word(words, "-m");
	word(words, "%uM", settings->memory_mib);
	word(words, "-object");
	word(words, "memory-backend-memfd,id=mem,size=%uM,share=on", settings->memory_mib);
}

static void add_devices(struct words *words, const struct machine_settings *settings)
{
	char dir[PATH_MAX];

	word(words, "-chardev");
	word(words, "socket,id=monitor,fd=%d", QEMU_MONITOR_FD);
	word(words, "-mon");
	word(words, "chardev=monitor,mode=control");
	word(words, "-chardev");
	word(words, "socket,id=gpu,fd=%d", QEMU_GPU_FD);
	word(words, "-device");
	word(words, "vhost-user-gpu-pci,chardev=gpu,max_outputs=%u", settings->heads);
	word(words, "-device");
	word(words, "virtio-keyboard-pci");
	word(words, "-device");
	word(words, "virtio-tablet-pci");
	word(words, "-device");
	word(words, "virtio-rng-pci");
	word(words, "-netdev");
	word(words, "user,id=net");
	word(words, "-device");
	word(words, "virtio-net-pci,netdev=net,romfile=");
	word(words, "-device");
	word(words, "virtio-serial-pci,max_ports=2");
	word(words, "-chardev");
	word(words, "socket,id=agent,fd=%d", QEMU_AGENT_FD);
	word(words, "-device");
	word(words, "virtserialport,chardev=agent,name=%s", AGENT_PORT_NAME);
	word(words, "-chardev");
	word(words, "socket,id=console,path=%s/console,server=on,wait=off", escaped(settings->dir, dir));
	word(words, "-serial");
	word(words, "chardev:console");
}

/* A kernel that has stopped starts again after 10 s. */
static void add_kernel_words(
		struct words *words, const struct machine_settings *settings, const char *image_words)
{
	char emulated[EMULATED_WORDS_CAP] = "";

	if (!settings->kvm)
		emulated_kernel_words(emulated);
	word(words, "-append");
	word(words, "panic=10%s %s%s%s", emulated, image_words, settings->append[0] ? " " : "",
			settings->append);
}

static void add_disk(struct words *words, const struct machine_settings *settings, const struct image *image)
{
	char path[PATH_MAX];

	word(words, "-blockdev");
	word(words, "driver=qcow2,node-name=disk,discard=unmap,file.driver=file,file.filename=%s",
			escaped(image->disk, path));
	word(words, "-device");
	word(words, "virtio-blk-pci,drive=disk");
	word(words, "-kernel");
	word(words, "%s", image->kernel);
	word(words, "-initrd");
	word(words, "%s", image->initrd);
	add_kernel_words(words, settings, image->append);
}

static int __attribute__((format(printf, 3, 4)))
fail(struct machine *machine, int exit_code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(machine->why, sizeof machine->why, format, args);
	va_end(args);
	return exit_code;
}

static int start_failed(struct machine *machine, int exit_code, const char *program, int result)
{
	if (result == ERR_MISSING)
		return fail(machine, exit_code, "%s is not installed; packaging/install-deps vm installs it",
				program);
	return fail(machine, exit_code, "%s does not start: %s", program, strerror(errno));
}

static int start_qemu(struct machine *machine, sd_event *event, const struct machine_settings *settings,
		const struct image *image, const int fds[QEMU_FDS])
{
	static struct words words; /* 25 KiB; a machine starts once */
	int result;

	word(&words, QEMU);
	word(&words, "-name");
	word(&words, "%s", settings->name);
	add_board(&words, settings);
	add_devices(&words, settings);
	add_disk(&words, settings, image);
	if (words.too_long)
		return fail(machine, VM_EXIT_QEMU, "the machine's command line is too long");
	/* Its processors would be in the way of the pictures that they wait for. */
	machine->qemu.nice = QEMU_NICE;
	result = process_start(&machine->qemu, event, words.list, fds, QEMU_FDS);
	return result == 0 ? 0 : start_failed(machine, VM_EXIT_QEMU, QEMU, result);
}

static int start_front(struct machine *machine, sd_event *event, const struct machine_settings *settings,
		const int fds[FRONT_FDS])
{
	char path[PROGRAM_PATH_CAP], gpu_fd[12], screen_fd[12];
	const char *argv[] = { path, "--fd", gpu_fd, "--screen-fd", screen_fd, "--broker", settings->broker,
		"--name", settings->name, settings->profile[0] ? "--profile" : NULL, settings->profile,
		NULL };
	int result;

	if (program_find(path, FRONT, ORIEL_BIN_DIR) < 0)
		return fail(machine, VM_EXIT_GPU, "%s: %s; it belongs to oriel-guest-vm", path,
				strerror(errno));
	snprintf(gpu_fd, sizeof gpu_fd, "%d", FRONT_GPU_FD);
	snprintf(screen_fd, sizeof screen_fd, "%d", FRONT_SCREEN_FD);
	result = process_start(&machine->front, event, argv, fds, FRONT_FDS);
	return result == 0 ? 0 : start_failed(machine, VM_EXIT_GPU, FRONT, result);
}

struct pairs {
	int monitor[2], agent[2], gpu[2], screen[2]; /* ours, or QEMU's, first */
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int open_pairs(struct pairs *pairs)
{
	*pairs = (struct pairs){ { -1, -1 }, { -1, -1 }, { -1, -1 }, { -1, -1 } };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pairs->monitor) < 0 ||
			socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pairs->agent) < 0 ||
			socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pairs->gpu) < 0 ||
			socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pairs->screen) < 0)
		return ERR_IO;
	return 0;
}

/* What the children have now is theirs alone. */
static void close_theirs(struct pairs *pairs)
{
	close_fd(&pairs->monitor[1]);
	close_fd(&pairs->agent[1]);
	close_fd(&pairs->screen[1]);
	close_fd(&pairs->gpu[0]);
	close_fd(&pairs->gpu[1]);
}

int machine_start(struct machine *machine, sd_event *event, const struct machine_settings *settings,
		const struct image *image, void (*on_qemu_end)(void *user), void (*on_front_end)(void *user),
		void *user)
{
	struct pairs pairs;
	int code = 0;

	*machine = (struct machine){
		.qemu = { .name = "qemu", .on_end = on_qemu_end, .user = user, .output_fd = -1 },
		.front = { .name = "vgpu", .on_end = on_front_end, .user = user, .output_fd = -1 },
	};
	if (open_pairs(&pairs) < 0)
		code = fail(machine, EXIT_FAILURE, "no sockets for the machine: %s", strerror(errno));
	if (code == 0)
		code = start_front(machine, event, settings, (int[]){ pairs.gpu[1], pairs.screen[1] });
	if (code == 0)
		code = start_qemu(machine, event, settings, image,
				(int[]){ pairs.monitor[1], pairs.gpu[0], pairs.agent[1] });
	close_theirs(&pairs);
	machine->monitor_fd = pairs.monitor[0];
	machine->agent_fd = pairs.agent[0];
	machine->screen_fd = pairs.screen[0];
	return code;
}

void machine_stop(struct machine *machine)
{
	process_stop(&machine->qemu, SIGTERM, STOP_TIME_MS);
	process_stop(&machine->front, SIGTERM, STOP_TIME_MS);
	close_fd(&machine->monitor_fd);
	close_fd(&machine->agent_fd);
	close_fd(&machine->screen_fd);
}

bool machine_memory_fits(uint32_t memory_mib, char *why, size_t cap)
{
	FILE *file = fopen("/proc/meminfo", "re");
	unsigned long long left_kib = 0;
	char line[128];
	bool known = false;

	while (file && !known && fgets(line, sizeof line, file))
		known = sscanf(line, "MemAvailable: %llu kB", &left_kib) == 1;
	if (file)
		fclose(file);
	if (!known || left_kib / 1024 >= (unsigned long long)memory_mib + MEMORY_RESERVE_MIB)
		return true;
	snprintf(why, cap,
			"the machine needs %u MiB of memory and %d more for itself; the host has %llu left",
			memory_mib, MEMORY_RESERVE_MIB, left_kib / 1024);
	return false;
}
