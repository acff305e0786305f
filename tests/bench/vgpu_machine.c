#include "vgpu_machine.h"
#include "procfs.h"
#include <base/loop.h>
#include <base/program.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FILES     "/guests/machine" /* in our folder; where oriel-guest-vm has its own */
#define QEMU_NAME "qemu-system-x86" /* as the kernel cuts it */

enum {
	ARGUMENTS_MAX = 128,
	COMMAND_BYTES = 32 * 1024,
	LOOK_TIME_MS = 5,
	START_TIME_MS = 30000,
	END_TIME_MS = 12000, /* longer than oriel-guest-vm waits for QEMU */
	MEMORY_MIB = 1024,
	CPUS = 2,
	TASK_PATH_CAP = 96,
};

/* ---- processes ---- */

/* With its output in log, and an end when ours comes. argv[0] is looked for in PATH. */
static pid_t launch(const char *const *argv, const char *log)
{
	pid_t pid = fork();
	int in, out;

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
	in = open("/dev/null", O_RDONLY);
	out = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(126);
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	fprintf(stderr, "%s: %s; packaging/install-deps vm installs what is needed\n", argv[0],
			strerror(errno));
	_exit(127);
}

static void end(pid_t *pid)
{
	if (*pid <= 0)
		return;
	/* The second one says that the guest gets no time to shut down. */
	kill(*pid, SIGTERM);
	if (!program_ended(*pid, 100))
		kill(*pid, SIGTERM);
	if (!program_ended(*pid, END_TIME_MS))
		kill(*pid, SIGKILL);
	waitpid(*pid, NULL, 0);
	*pid = 0;
}

static bool is_alive(void *user)
{
	const struct vgpu_machine *machine = user;

	return machine->started[1] > 0 && !program_ended(machine->started[1], 0);
}

/* Every live process that descends from one we started, as far as there is room. */
int vgpu_machine_find(struct vgpu_machine *machine)
{
	DIR *proc = opendir("/proc");

	machine->process_count = 0;
	for (struct dirent *entry; proc && (entry = readdir(proc));) {
		pid_t pid = atoi(entry->d_name), above = pid;

		while (above > 1 && above != machine->started[0] && above != machine->started[1] &&
				procfs_alive(above, &above))
			;
		if (pid > 1 && above > 1 && machine->process_count < VGPU_PROCESSES_MAX &&
				procfs_alive(pid, NULL))
			machine->processes[machine->process_count++] = pid;
	}
	if (proc)
		closedir(proc);
	return machine->process_count ? 0 : ERR_MISSING;
}

static bool find_qemu(struct vgpu_machine *machine)
{
	if (vgpu_machine_find(machine) < 0)
		return false;
	for (int i = 0; i < machine->process_count; i++) {
		char name[16];

		procfs_name(machine->processes[i], name);
		if (strcmp(name, QEMU_NAME) == 0)
			machine->qemu = machine->processes[i];
	}
	return machine->qemu > 0;
}

/* ---- CPU time ---- */

/* One word or number of /proc/PID/task/TID/FILE. */
static bool read_task(pid_t pid, const char *task, const char *file, char word[32])
{
	char path[TASK_PATH_CAP];
	FILE *in;
	bool fine;

	snprintf(path, sizeof path, "/proc/%d/task/%.16s/%s", (int)pid, task, file);
	in = fopen(path, "re");
	fine = in && fscanf(in, "%31s", word) == 1;
	if (in)
		fclose(in);
	return fine;
}

/* QEMU's threads that bear its own name, but for the main one, are its processors, with
 * one or two that hardly run. llvmpipe's and virglrenderer's have names of their own. */
static double guest_cpu_s(pid_t qemu)
{
	char path[TASK_PATH_CAP], name[32], run_ns[32];
	double sum_s = 0;
	DIR *tasks;

	snprintf(path, sizeof path, "/proc/%d/task", (int)qemu);
	tasks = opendir(path);
	for (struct dirent *entry; tasks && (entry = readdir(tasks));) {
		if (atoi(entry->d_name) > 0 && atoi(entry->d_name) != qemu &&
				read_task(qemu, entry->d_name, "comm", name) &&
				strcmp(name, QEMU_NAME) == 0 &&
				read_task(qemu, entry->d_name, "schedstat", run_ns))
			sum_s += atof(run_ns) / 1e9;
	}
	if (tasks)
		closedir(tasks);
	return sum_s;
}

int vgpu_machine_cpu(const struct vgpu_machine *machine, struct vgpu_cpu *cpu)
{
	*cpu = (struct vgpu_cpu){ .guest_s = guest_cpu_s(machine->qemu) };
	for (int i = 0; i < machine->process_count; i++) {
		struct timespec t;
		clockid_t clock;

		/* Threads that ended count too. */
		if (clock_getcpuclockid(machine->processes[i], &clock) != 0 || clock_gettime(clock, &t) != 0)
			return ERR_MISSING;
		cpu->all_s += (double)t.tv_sec + (double)t.tv_nsec / 1e9;
	}
	return 0;
}

/* ---- frames ---- */

static int look_at_trace(struct vgpu_machine *machine)
{
	char text[4096];
	ssize_t n;

	while ((n = read(machine->trace_fd, text, sizeof text)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			machine->frames += text[i] == '\n';
	}
	return n < 0 ? ERR_IO : 0;
}

int vgpu_machine_look(struct vgpu_machine *machine)
{
	struct link_frame frame;
	int err;

	if (machine->trace_fd >= 0) {
		nanosleep(&(struct timespec){ .tv_nsec = LOOK_TIME_MS * 1000000L }, NULL);
		return look_at_trace(machine);
	}
	machine->link.timeout_ms = LOOK_TIME_MS;
	err = peer_frame(&machine->link, 0, &frame);
	machine->frames += err == 0;
	return err == ERR_TIMEOUT || err == ERR_AGAIN ? 0 : err;
}

/* ---- starting ---- */

static int complain(const struct vgpu_machine *machine, const char *what)
{
	char line[512] = "", next[512];
	FILE *log = fopen(machine->log, "re");

	while (log && fgets(next, sizeof next, log))
		memcpy(line, next, sizeof line);
	if (log)
		fclose(log);
	line[strcspn(line, "\n")] = 0;
	fprintf(stderr, "oriel-bench: %s%s%s\n", what, line[0] ? ": " : "", line);
	return ERR_CLOSED;
}

static void init(struct vgpu_machine *machine, const char *name, const char *dir)
{
	*machine = (struct vgpu_machine){ .name = name, .console.fd = -1, .trace_fd = -1 };
	snprintf(machine->dir, sizeof machine->dir, "%s", dir);
	snprintf(machine->log, sizeof machine->log, "%s/%s.log", dir, name);
}

/* The shell is there, and nothing else draws. */
static int boot(struct vgpu_machine *machine, const char *console)
{
	int err = vgpu_console_open(&machine->console, console, is_alive, machine);

	if (!err)
		err = vgpu_console_start(&machine->console,
				"systemctl stop getty@tty1 oriel-agent; echo 0 >/sys/class/graphics/fbcon/cursor_blink");
	if (!err)
		err = vgpu_console_end(&machine->console, START_TIME_MS);
	if (err != 0)
		return complain(machine, "the machine does not start");
	return 0;
}

/* Programs that take the largest mode there is shall find the same one on both sides:
 * QEMU's EDID has larger ones than ours, so both get the kernel's own. */
static void kernel_words(char words[96])
{
	snprintf(words, 96, "oriel.desktop=no drm.edid_firmware=edid/%dx%d.bin", VGPU_WIDTH_PX,
			VGPU_HEIGHT_PX);
}

static bool file_appears(const char *path)
{
	uint64_t until_us = loop_now_us() + START_TIME_MS * 1000ull;

	while (access(path, F_OK) != 0 && loop_now_us() < until_us)
		nanosleep(&(struct timespec){ .tv_nsec = LOOK_TIME_MS * 1000000L }, NULL);
	return access(path, F_OK) == 0;
}

int vgpu_machine_start_ours(struct vgpu_machine *machine, const char *dir, const char *image)
{
	char broker[PROGRAM_PATH_CAP], vm[PROGRAM_PATH_CAP], socket[96], files[96], log[96], path[128];
	char size[24], words[96], memory[12], cpus[12];
	const char *broker_argv[] = { broker, "--socket", socket, "--profiles", "/dev/null", NULL };
	const char *vm_argv[] = { vm, "--dir", files, "--temporary", "--heads", "1", "--size", size,
		"--memory", memory, "--cpus", cpus, "--append", words, image ? "--image" : NULL, image,
		NULL };
	int err;

	init(machine, "oriel", dir);
	if (program_find(broker, "oriel-vgpu-broker", ORIEL_BIN_DIR) < 0 ||
			program_find(vm, "oriel-guest-vm", ORIEL_BIN_DIR) < 0)
		return complain(machine, "oriel-guest-vm and oriel-vgpu-broker are not built");
	snprintf(socket, sizeof socket, "%s/vgpu", dir);
	snprintf(log, sizeof log, "%s/broker.log", dir);
	snprintf(files, sizeof files, "%s/guests", dir);
	mkdir(files, 0700);
	snprintf(files, sizeof files, "%s" FILES, dir);
	snprintf(size, sizeof size, "%dx%d", VGPU_WIDTH_PX, VGPU_HEIGHT_PX);
	snprintf(memory, sizeof memory, "%d", MEMORY_MIB);
	snprintf(cpus, sizeof cpus, "%d", CPUS);
	kernel_words(words);
	machine->started[0] = launch(broker_argv, log);
	if (!file_appears(socket))
		return complain(machine, "oriel-vgpu-broker does not start");
	machine->started[1] = launch(vm_argv, machine->log);
	snprintf(path, sizeof path, "%s/console", files);
	err = boot(machine, path);
	if (err)
		return err;
	snprintf(path, sizeof path, "%s/link", files);
	machine->attached = true;
	if (!find_qemu(machine) || peer_attach(&machine->link, NULL, path, "oriel-bench", 0) < 0)
		return complain(machine, "the machine's picture cannot be had");
	return 0;
}

/* An X server with room for the window wherever it is put. Returns the display's number. */
static int start_display(struct vgpu_machine *machine)
{
	char screen[32], number[16], fd[12], log[96];
	const char *argv[] = { "Xvfb", "-displayfd", fd, "-nolisten", "tcp", "-screen", "0", screen, NULL };
	FILE *in = NULL;
	int ends[2], display = ERR_MISSING;

	if (pipe(ends) != 0)
		return ERR_IO;
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	snprintf(fd, sizeof fd, "%d", ends[1]);
	snprintf(screen, sizeof screen, "%dx%dx24", 2 * VGPU_WIDTH_PX, 2 * VGPU_HEIGHT_PX);
	snprintf(log, sizeof log, "%s/Xvfb.log", machine->dir);
	machine->started[0] = launch(argv, log);
	close(ends[1]);
	in = fdopen(ends[0], "r");
	if (in && fgets(number, sizeof number, in))
		display = atoi(number);
	if (in)
		fclose(in);
	return display;
}

/* A disk like ours on the same image, whose folder has the kernel too. */
static int make_disk(const struct vgpu_machine *machine, const struct vgpu_machine *ours)
{
	char command[512];

	snprintf(command, sizeof command,
			"kernel=$(tr '\\0' '\\n' </proc/%d/cmdline | sed -n '/^-kernel$/ { n; p }') && "
			"qemu-img create -q -f qcow2 -F raw -b \"${kernel%%/*}/disk.raw\" '%s/disk.qcow2'",
			(int)ours->qemu, machine->dir);
	return system(command) == 0 ? 0 : ERR_IO;
}

/* A command line and what its words are made of. */
struct command {
	const char *words[ARGUMENTS_MAX + 1];
	int count;
	char bytes[COMMAND_BYTES];
	size_t used;
};

/* A word of our QEMU's command line as the other one has it. */
static void add_word(struct command *command, const char *word, const struct vgpu_machine *machine,
		const struct vgpu_machine *ours)
{
	static const char *const sockets[] = { "monitor", "gpu", "agent" };
	char *dst = command->bytes + command->used, files[96], socket[32];
	size_t room = sizeof command->bytes - command->used;
	const char *path;

	if (command->count == ARGUMENTS_MAX || strlen(word) + sizeof machine->dir + 64 > room)
		return; /* it will be missed */
	snprintf(files, sizeof files, "%s" FILES, ours->dir);
	path = strstr(word, files);
	if (path)
		snprintf(dst, room, "%.*s%s%s", (int)(path - word), word, machine->dir, path + strlen(files));
	else if (strncmp(word, "vhost-user-gpu-pci,", 19) == 0)
		snprintf(dst, room, "virtio-gpu-gl-pci,max_outputs=1,xres=%d,yres=%d", VGPU_WIDTH_PX,
				VGPU_HEIGHT_PX);
	else
		snprintf(dst, room, "%s", word);
	for (size_t i = 0; i < sizeof sockets / sizeof *sockets; i++) {
		snprintf(socket, sizeof socket, "socket,id=%s,fd=", sockets[i]);
		if (strncmp(word, socket, strlen(socket)) == 0)
			snprintf(dst, room, "null,id=%s", sockets[i]);
	}
	command->words[command->count++] = dst;
	command->used += strlen(dst) + 1;
}

/* Our QEMU's, but for display, GPU, sockets and sandbox, which would not let a display be. */
static int make_command(
		struct command *command, const struct vgpu_machine *machine, const struct vgpu_machine *ours)
{
	char path[TASK_PATH_CAP], text[COMMAND_BYTES];
	size_t len = 0;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/cmdline", (int)ours->qemu);
	file = fopen(path, "re");
	if (file) {
		len = fread(text, 1, sizeof text - 1, file);
		fclose(file);
	}
	text[len] = 0;
	for (const char *word = text; word < text + len; word += strlen(word) + 1) {
		bool sandbox = strcmp(word, "-sandbox") == 0, display = strcmp(word, "-display") == 0;

		if (sandbox || display)
			word += strlen(word) + 1; /* its value too */
		else
			add_word(command, word, machine, ours);
	}
	return len ? 0 : ERR_MISSING;
}

int vgpu_machine_start_qemu(struct vgpu_machine *machine, const char *dir, const struct vgpu_machine *ours)
{
	static struct command command; /* 33 KiB; once in a process */
	char display[32], cache[96], path[96], trace[160];
	int number, err;

	init(machine, "qemu", dir);
	number = start_display(machine);
	if (number < 0)
		return complain(machine, "Xvfb does not start; packaging/install-deps test installs it");
	snprintf(display, sizeof display, "DISPLAY=:%d", number);
	snprintf(cache, sizeof cache, "XDG_CACHE_HOME=%s", dir); /* of compiled shaders */
	snprintf(path, sizeof path, "%s/trace", dir);
	snprintf(trace, sizeof trace, "enable=virtio_gpu_cmd_res_flush,file=%s", path);
	command.count = 4;
	memcpy(command.words, (const char *[]){ "env", display, cache, "SDL_VIDEODRIVER=x11" },
			4 * sizeof *command.words);
	err = make_command(&command, machine, ours);
	if (err < 0 || command.count > ARGUMENTS_MAX - 4 || make_disk(machine, ours) < 0)
		return complain(machine, "the other machine cannot be made");
	memcpy(command.words + command.count,
			(const char *[]){ "-display", "sdl,gl=on", "-trace", trace, NULL },
			5 * sizeof *command.words);
	machine->started[1] = launch(command.words, machine->log);
	machine->qemu = machine->started[1];
	snprintf(path, sizeof path, "%s/console", dir);
	err = boot(machine, path);
	snprintf(path, sizeof path, "%s/trace", dir);
	machine->trace_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (!err && machine->trace_fd < 0)
		return complain(machine, "QEMU does not tell of its frames");
	return err;
}

void vgpu_machine_stop(struct vgpu_machine *machine)
{
	vgpu_console_finish(&machine->console);
	if (machine->attached)
		peer_finish(&machine->link);
	if (machine->trace_fd >= 0)
		close(machine->trace_fd);
	end(&machine->started[1]);
	end(&machine->started[0]);
	machine->attached = false;
	machine->trace_fd = -1;
}
