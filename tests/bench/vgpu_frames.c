/* Frames per second of the host's CPU time, of the same program in two machines that
 * differ in their GPU alone (vgpu_machine.h). All processes of a side count: QEMU with
 * its emulated processors, ours with front, worker, broker and supervisor, theirs with
 * the X server of its window. Who looks at the pictures does not: our session's place is
 * taken by this program. The two take turns, and the other one is idle meanwhile.
 *
 * A turn is a program that draws so many frames and ends. Measured is a part of it, where
 * shaders are compiled and the picture is up, by the frames that the host saw: ours when
 * they are in the session's memory, QEMU's when they are flushed to its window. Frames that
 * were drawn and never shown do not count; all that were seen in the turn are compared with
 * what the program drew. */
#include "results.h"
#include "vgpu.h"
#include "vgpu_machine.h"
#include <base/loop.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	ROUNDS_MAX = 100,
	PATIENCE_MS = 180000, /* for one turn */
	QUIET_US = 500 * 1000,
	FRAMES = 600,       /* of a turn */
	BEGIN_PERCENT = 10, /* of them, as they are seen */
	END_PERCENT = 40,   /* even if many are never shown */
};

struct program {
	const char *name;
	/* Draws FRAMES frames, then fails unless virgl drew them in the right size. */
	const char *command;
};

#define GLMARK2(scene)                                                                                       \
	"glmark2-es2-drm --visual-config alpha=0 --swap-mode=fifo -b " scene                                 \
	":nframes=600 && grep -q 'GL_RENDERER: *virgl' /tmp/out && grep -q 'Size: *1280x1024' /tmp/out"

static const struct program programs[] = {
	{ "kmscube", "kmscube -c 601 && grep -q 'renderer: .virgl' /tmp/out" },
	{ "glmark2-build", GLMARK2("build") },
	{ "glmark2-texture", GLMARK2("texture") },
};

/* What one turn gave. */
struct turn {
	double frames_per_cpu_s;
	double guest_ms, rest_ms; /* CPU time for a frame */
	double seen;              /* of the frames drawn, by the host */
};

enum { OURS, THEIRS, SIDES };

struct frames {
	char dir[32], dirs[SIDES][48];
	struct vgpu_machine machines[SIDES];
	struct turn turns[SIDES][ROUNDS_MAX];
	bool json;
	int rounds;
};

/* Until so many frames were seen. 0; ERR_TIMEOUT; ERR_CLOSED: the program ended. */
static int wait_frames(struct vgpu_machine *machine, uint64_t frames)
{
	uint64_t until_us = loop_now_us() + PATIENCE_MS * 1000ull;

	while (machine->frames < frames) {
		int err = vgpu_machine_look(machine);

		if (err < 0)
			return err;
		if (vgpu_console_end(&machine->console, 0) != ERR_TIMEOUT)
			return ERR_CLOSED;
		if (loop_now_us() > until_us)
			return ERR_TIMEOUT;
	}
	return 0;
}

/* The frames go on being taken, or ours would wait for the session. */
static int wait_end(struct vgpu_machine *machine)
{
	uint64_t until_us = loop_now_us() + PATIENCE_MS * 1000ull;
	int code = ERR_TIMEOUT;

	while (code == ERR_TIMEOUT && loop_now_us() < until_us) {
		int err = vgpu_machine_look(machine);

		code = err < 0 ? err : vgpu_console_end(&machine->console, 0);
	}
	return code;
}

static void tell_failure(struct vgpu_machine *machine, const struct program *program, int err)
{
	const char *why = err_text(err);

	if (err > 0)
		why = "it failed, or drew without virgl or in another size";
	else if (err == ERR_CLOSED)
		why = "it ended before enough of its frames were seen";
	fprintf(stderr, "oriel-bench: %s in the machine of %s: %s\n", program->name, machine->name, why);
}

/* What the guest's queue still holds is drawn and shown, and the screen at rest. */
static int wait_quiet(struct vgpu_machine *machine)
{
	uint64_t since_us = loop_now_us();

	while (loop_now_us() - since_us < QUIET_US) {
		uint64_t before = machine->frames;
		int err = vgpu_machine_look(machine);

		if (err < 0)
			return err;
		if (machine->frames != before)
			since_us = loop_now_us();
	}
	return 0;
}

/* The measured part of the turn that begins now. 0; ERR_CLOSED: the program ended. */
static int take_part(struct vgpu_machine *machine, struct vgpu_cpu *cost, double *frames)
{
	uint64_t before = machine->frames, begin;
	struct vgpu_cpu from, to;
	int err = wait_frames(machine, before + FRAMES * BEGIN_PERCENT / 100);

	begin = machine->frames;
	if (!err)
		err = vgpu_machine_cpu(machine, &from);
	if (!err)
		err = wait_frames(machine, before + FRAMES * END_PERCENT / 100);
	*frames = (double)(machine->frames - begin);
	if (!err)
		err = vgpu_machine_cpu(machine, &to);
	if (!err)
		*cost = (struct vgpu_cpu){ to.all_s - from.all_s, to.guest_s - from.guest_s };
	return err;
}

static int take_turn(struct vgpu_machine *machine, const struct program *program, struct turn *turn)
{
	struct vgpu_cpu cost = { 0 };
	uint64_t before;
	double frames = 0;
	int err = wait_quiet(machine), code = 0;

	before = machine->frames;
	if (!err)
		err = vgpu_machine_find(machine);
	if (!err)
		err = vgpu_console_start(&machine->console, program->command);
	if (!err)
		err = take_part(machine, &cost, &frames);
	if (!err || err == ERR_CLOSED)
		code = wait_end(machine);
	if (!err && !code)
		err = wait_quiet(machine);
	if (err || code) {
		tell_failure(machine, program, code ? code : err);
		return ERR_CLOSED;
	}
	*turn = (struct turn){ frames / cost.all_s, cost.guest_s / frames * 1e3,
		(cost.all_s - cost.guest_s) / frames * 1e3, (double)(machine->frames - before) / FRAMES };
	return 0;
}

static double median(const struct frames *f, const struct turn *turns, double (*of)(const struct turn *))
{
	double values[ROUNDS_MAX];

	for (int i = 0; i < f->rounds; i++)
		values[i] = of(&turns[i]);
	return results_percentile(values, (size_t)f->rounds, 0.5);
}

static double speed(const struct turn *turn)
{
	return turn->frames_per_cpu_s;
}

static double guest_part(const struct turn *turn)
{
	return turn->guest_ms;
}

static double other_part(const struct turn *turn)
{
	return turn->rest_ms;
}

static double seen(const struct turn *turn)
{
	return turn->seen;
}

static void tell(const struct frames *f, const struct program *program)
{
	static const struct {
		const char *metric, *unit;
		double (*of)(const struct turn *);
	} rows[] = { { "frames_per_cpu_s", "1/s", speed }, { "guest_cpu_per_frame", "ms", guest_part },
		{ "other_cpu_per_frame", "ms", other_part }, { "seen_of_drawn", "x", seen } };
	double ratios[ROUNDS_MAX];
	char name[64];

	snprintf(name, sizeof name, "%s/%dx%d", program->name, VGPU_WIDTH_PX, VGPU_HEIGHT_PX);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		for (int side = 0; side < SIDES; side++)
			results_print_peer(f->json, "vgpu", name, rows[i].metric,
					median(f, f->turns[side], rows[i].of), rows[i].unit,
					f->machines[side].name);
	}
	for (int i = 0; i < f->rounds; i++)
		ratios[i] = f->turns[OURS][i].frames_per_cpu_s / f->turns[THEIRS][i].frames_per_cpu_s;
	results_print(f->json, "vgpu", name, "of_qemu", results_percentile(ratios, (size_t)f->rounds, 0.5),
			"x");
}

static int measure(struct frames *f, const struct program *program)
{
	for (int i = 0; i < f->rounds; i++) {
		for (int side = 0; side < SIDES; side++) {
			/* Who begins changes. */
			int who = (side + i) % SIDES;
			int err = take_turn(&f->machines[who], program, &f->turns[who][i]);

			if (err)
				return err;
		}
	}
	tell(f, program);
	return 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
	return remove(path);
}

static int start(struct frames *f, const char *image)
{
	snprintf(f->dir, sizeof f->dir, "/tmp/oriel-bench-XXXXXX");
	if (!mkdtemp(f->dir)) {
		perror("oriel-bench: /tmp");
		return ERR_IO;
	}
	for (int side = 0; side < SIDES; side++) {
		snprintf(f->dirs[side], sizeof f->dirs[side], "%s/%d", f->dir, side);
		if (mkdir(f->dirs[side], 0700) != 0)
			return ERR_IO;
	}
	if (vgpu_machine_start_ours(&f->machines[OURS], f->dirs[OURS], image) != 0)
		return ERR_CLOSED;
	return vgpu_machine_start_qemu(&f->machines[THEIRS], f->dirs[THEIRS], &f->machines[OURS]);
}

static bool wanted(const char *name, const char *only)
{
	return !only || strstr(name, only);
}

bool vgpu_bench_frames_has(const char *only)
{
	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
		if (wanted(programs[i].name, only))
			return true;
	}
	return false;
}

int vgpu_bench_frames(bool json, int rounds, const char *only, const char *image)
{
	static struct frames f; /* 8 KiB and more */
	int err;

	f = (struct frames){ .json = json, .rounds = rounds < ROUNDS_MAX ? rounds : ROUNDS_MAX };
	for (int side = 0; side < SIDES; side++)
		f.machines[side] = (struct vgpu_machine){ .console.fd = -1, .trace_fd = -1 };
	err = start(&f, image);
	for (size_t i = 0; !err && i < sizeof programs / sizeof *programs; i++) {
		if (wanted(programs[i].name, only))
			err = measure(&f, &programs[i]);
	}
	for (int side = 0; side < SIDES; side++)
		vgpu_machine_stop(&f.machines[side]);
	if (getenv("ORIEL_TEST_KEEP"))
		fprintf(stderr, "oriel-bench: logs are kept in %s\n", f.dir);
	else
		nftw(f.dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	return err ? 1 : 0;
}
