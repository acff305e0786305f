/* Frames per second of the host's CPU time, of the same program in two machines that
 * differ in their GPU alone (vgpu_machine.h). All processes of a side count: QEMU with
 * its emulated processors, ours with front, worker, broker and supervisor, theirs with
 * the X server of its window. Who looks at the pictures does not: our session's place is
 * taken by this program. The two take turns, and the other one is idle meanwhile.
 *
 * A turn is a program that draws so many frames and ends. Measured is the middle of it,
 * where shaders are compiled and the picture is up, by the frames that the host saw: ours
 * when they are in the session's memory, QEMU's when they are flushed to its window. That
 * is compared with what the program says that it drew. */
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
	BEGIN_PERCENT = 20,   /* of the frames of a turn */
	END_PERCENT = 80,
};

struct program {
	const char *name;
	/* Draws so many frames, then fails unless virgl drew them in the right size. */
	const char *command;
	int frames;
};

#define GLMARK2(scene, count)                                                                                \
	"glmark2-es2-drm --visual-config alpha=0 --swap-mode=fifo -b " scene ":nframes=" count               \
	" && grep -q 'GL_RENDERER: *virgl' /tmp/out && grep -q 'Size: *1280x1024' /tmp/out"

static const struct program programs[] = {
	{ "kmscube", "kmscube -c 601 && grep -q 'renderer: .virgl' /tmp/out", 600 },
	{ "glmark2-build", GLMARK2("build", "400"), 400 },
	{ "glmark2-texture", GLMARK2("texture", "400"), 400 },
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
	fprintf(stderr, "oriel-bench: %s in the machine of %s: %s\n", program->name, machine->name,
			err > 0 ? "it failed, or drew without virgl or in another size" : err_text(err));
}

static int take_turn(struct vgpu_machine *machine, const struct program *program, struct turn *turn)
{
	uint64_t before, begin = 0, count = (uint64_t)program->frames;
	struct vgpu_cpu from, to;
	double frames, cpu_s;
	int err = vgpu_machine_look(machine), code;

	before = machine->frames;
	if (!err)
		err = vgpu_machine_find(machine);
	if (!err)
		err = vgpu_console_start(&machine->console, program->command);
	if (!err)
		err = wait_frames(machine, before + count * BEGIN_PERCENT / 100);
	begin = machine->frames;
	if (!err)
		err = vgpu_machine_cpu(machine, &from);
	if (!err)
		err = wait_frames(machine, before + count * END_PERCENT / 100);
	frames = (double)(machine->frames - begin);
	if (!err)
		err = vgpu_machine_cpu(machine, &to);
	code = err && err != ERR_CLOSED ? err : wait_end(machine);
	if (err || code) {
		tell_failure(machine, program, code ? code : err);
		return ERR_CLOSED;
	}
	cpu_s = to.all_s - from.all_s;
	*turn = (struct turn){ frames / cpu_s, (to.guest_s - from.guest_s) / frames * 1e3, 0,
		(double)(machine->frames - before) / (double)count };
	turn->rest_ms = cpu_s / frames * 1e3 - turn->guest_ms;
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
