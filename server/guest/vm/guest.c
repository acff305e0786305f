#include "guest.h"
#include "exits.h"
#include <base/log.h>
#include <base/loop.h>
#include <base/program.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

/* The first sentence counts. */
static void __attribute__((format(printf, 3, 4)))
say_why(struct guest *guest, int exit_code, const char *format, ...)
{
	va_list args;

	if (guest->why[0])
		return;
	va_start(args, format);
	vsnprintf(guest->why, sizeof guest->why, format, args);
	va_end(args);
	guest->exit_code = exit_code;
}

/* QEMU ends with an error when the front does not do what it is needed for, and may be
 * faster than the front, which has something to put away. */
static bool front_is_to_blame(const struct machine *machine)
{
	int status = machine->qemu.status;

	return WIFEXITED(status) && WEXITSTATUS(status) != 0 && machine->front.pid &&
			program_ended(machine->front.pid, GUEST_FRONT_TIME_MS) &&
			process_failed(&machine->front);
}

static void on_qemu_end(void *user)
{
	struct guest *guest = user;
	char how[PROCESS_LINE_CAP + 32];

	if (guest->state == GUEST_RUNS && front_is_to_blame(&guest->machine))
		return; /* its end follows, and says why */
	process_why(&guest->machine.qemu, how, sizeof how);
	if (!guest->qmp.ready)
		say_why(guest, VM_EXIT_QEMU, "the machine does not start: QEMU ended with %s", how);
	else if (guest->state == GUEST_RUNS || guest->machine.qemu.status != 0)
		say_why(guest, VM_EXIT_QEMU, "the machine is lost: QEMU ended with %s", how);
	sd_event_exit(guest->event, 0);
}

/* The machine goes on blindly: it gets the time to save what is in it. */
static void on_front_end(void *user)
{
	struct guest *guest = user;
	char how[PROCESS_LINE_CAP + 32];

	if (guest->state != GUEST_RUNS) {
		if (!guest->machine.qemu.pid)
			sd_event_exit(guest->event, 0);
		return;
	}
	/* With 0 it ends because QEMU does, whose end says why. */
	if (guest->machine.front.status == 0 && guest->machine.qemu.pid &&
			program_ended(guest->machine.qemu.pid, GUEST_QEMU_TIME_MS))
		return;
	process_why(&guest->machine.front, how, sizeof how);
	say_why(guest, VM_EXIT_GPU, "the virtual GPU is lost: oriel-vgpu ended with %s", how);
	if (guest->machine.qemu.pid)
		guest_power_down(guest);
	else
		sd_event_exit(guest->event, 0);
}

/* ---- the picture ---- */

/* The monitors are as they are now: sessions hear of it, whoever waits is answered. */
static void layout_answer(struct guest *guest)
{
	struct link_layout layout;

	heads_layout(&guest->heads, &layout);
	layout.serial = guest->layout_serial;
	guest->layout_serial = 0;
	loop_timer_disarm(guest->layout_timer);
	link_layout_bounds(&layout, &guest->width_px, &guest->height_px, NULL, NULL);
	guest_link_layout_changed(guest->link, &layout);
}

static int on_layout_time(sd_event_source *source, uint64_t time_us, void *user)
{
	struct guest *guest = user;

	if (guest->layout_serial)
		layout_answer(guest);
	return 0;
}

static void on_scanout(void *user, const struct screen_scanout *scanout)
{
	struct guest *guest = user;
	struct link_rect all = { .width = guest->width_px, .height = guest->height_px };

	heads_scanout(&guest->heads, scanout);
	/* On the way to what somebody waits for there is a good deal of flicker. */
	if (guest->layout_serial == 0 || heads_settled(&guest->heads))
		layout_answer(guest);
	guest_link_damage(guest->link, &all, 1);
}

static void on_damage(void *user, const struct screen_damage *damage)
{
	struct guest *guest = user;
	struct link_rect rect;

	if (heads_rect(&guest->heads, damage->head, &damage->rect, &rect))
		guest_link_damage(guest->link, &rect, 1);
	/* The same, unless front and agent are not of one mind about the layout yet. */
	if (damage->read_serial)
		guest_link_damage(guest->link, &damage->read_rect, 1);
}

static void on_captured(void *user, struct gpu_target *target, int result)
{
	struct guest *guest = user;

	guest_link_captured(guest->link, target, result);
}

static void on_reset(void *user, const struct screen_reset *reset)
{
	struct guest *guest = user;
	struct link_rect all = { .width = guest->width_px, .height = guest->height_px };

	log_warn("the virtual GPU's renderer %s and was replaced (%u times by now)",
			reset->reason == SCREEN_RESET_WATCHDOG ? "took too long" : "died", reset->count);
	guest_link_damage(guest->link, &all, 1);
}

/* A pixel of damage makes the link ask again. */
static void on_writable(void *user)
{
	struct guest *guest = user;

	guest_link_damage(guest->link, &(struct link_rect){ .width = 1, .height = 1 }, 1);
}

static void on_gpu_lost(void *user)
{
	/* Its process ends too, which says more. */
}

/* Each head has a cursor of its own; when the pointer goes from one to another the
 * guest hides one and shows the other, in either order. */
static void on_cursor(void *user, const struct screen_cursor *cursor, const uint8_t *pixels)
{
	struct guest *guest = user;

	if (cursor->cursor.hidden && cursor->head != guest->cursor_head)
		return;
	guest->cursor_head = cursor->head;
	guest->hot_x = cursor->cursor.hot_x;
	guest->hot_y = cursor->cursor.hot_y;
	if (guest_link_cursor(guest->link, &cursor->cursor, pixels) < 0)
		log_warn("the cursor could not be passed on");
}

/* The guest tells where the image's corner is, and answers each move of ours. */
static void on_cursor_moved(void *user, const struct screen_cursor_moved *moved)
{
	struct guest *guest = user;
	struct link_rect at = { moved->x + guest->hot_x, moved->y + guest->hot_y, 1, 1 }, picture;

	if (moved->head == guest->cursor_head && heads_rect(&guest->heads, moved->head, &at, &picture) &&
			!input_is_echo(&guest->input, picture.x, picture.y))
		guest_link_cursor_moved(guest->link, picture.x, picture.y);
}

static const struct gpu_ops gpu_ops = {
	.scanout = on_scanout,
	.damage = on_damage,
	.captured = on_captured,
	.cursor = on_cursor,
	.cursor_moved = on_cursor_moved,
	.reset = on_reset,
	.writable = on_writable,
	.lost = on_gpu_lost,
};

/* ---- what sessions ask for ---- */

static void *on_buffer_attach(void *user, int memfd, const struct link_buffer *buffer)
{
	struct guest *guest = user;

	return gpu_target_add(guest->gpu, memfd, buffer);
}

static void on_buffer_detach(void *user, void *handle)
{
	struct guest *guest = user;

	gpu_target_drop(guest->gpu, handle);
}

static int on_capture(void *user, void *handle, const struct link_rect *rects, size_t count)
{
	struct guest *guest = user;
	int result = gpu_read(guest->gpu, handle, rects, count);

	if (result == GPU_READ_THERE)
		return 0;
	return result < 0 ? result : GUEST_CAPTURE_LATER;
}

static void on_await(void *user, void *handle)
{
	struct guest *guest = user;

	gpu_await(guest->gpu, handle);
}

static void tell_heads(struct guest *guest)
{
	struct screen_heads front;
	struct agent_layout agent;

	heads_for_front(&guest->heads, &front);
	gpu_heads(guest->gpu, &front);
	heads_for_agent(&guest->heads, &agent);
	agent.serial = ++guest->agent_serial;
	agent_link_layout(&guest->agent, &agent);
}

static int on_layout_set(void *user, const struct link_layout *layout)
{
	struct guest *guest = user;

	heads_want(&guest->heads, layout);
	guest->layout_serial = layout->serial;
	tell_heads(guest);
	if (heads_settled(&guest->heads))
		layout_answer(guest);
	else
		loop_timer_arm(guest->layout_timer, GUEST_LAYOUT_TIME_MS * 1000ull);
	return 0;
}

static void on_key(void *user, const struct link_key *key)
{
	struct guest *guest = user;

	input_key(&guest->input, key);
}

static void on_unicode(void *user, uint32_t code_point)
{
	struct guest *guest = user;

	agent_link_text(&guest->agent, code_point);
	if (agent_link_typing(&guest->agent)) {
		input_hold(&guest->input);
		loop_timer_arm(guest->text_timer, GUEST_TEXT_TIME_MS * 1000ull);
	}
}

static int on_text_time(sd_event_source *source, uint64_t time_us, void *user)
{
	struct guest *guest = user;

	input_release(&guest->input);
	return 0;
}

static void on_pointer(void *user, uint32_t x, uint32_t y)
{
	struct guest *guest = user;

	input_pointer(&guest->input, x, y, guest->width_px, guest->height_px);
}

static void on_button(void *user, enum link_button_name button, bool down)
{
	struct guest *guest = user;

	input_button(&guest->input, button, down);
}

static void on_wheel(void *user, int32_t vertical_120, int32_t horizontal_120)
{
	struct guest *guest = user;

	input_wheel(&guest->input, vertical_120);
	agent_link_wheel(&guest->agent, horizontal_120);
}

static void on_locks(void *user, uint32_t flags)
{
	struct guest *guest = user;

	agent_link_locks(&guest->agent, flags);
}

static void on_keymap(void *user, const struct link_keymap *keymap)
{
	struct guest *guest = user;

	agent_link_keymap(&guest->agent, keymap->klid);
}

static const struct guest_ops ops = {
	.kind = "vm",
	.buffer_attach = on_buffer_attach,
	.buffer_detach = on_buffer_detach,
	.capture = on_capture,
	.await = on_await,
	.layout_set = on_layout_set,
	.key = on_key,
	.unicode = on_unicode,
	.pointer = on_pointer,
	.button = on_button,
	.wheel = on_wheel,
	.locks = on_locks,
	.keymap = on_keymap,
};

/* ---- the machine ---- */

static void on_qmp_ready(void *user)
{
	struct guest *guest = user;

	image_forget_temporary(guest->image);
	log_info("the machine runs");
}

/* QEMU has stopped the machine. */
static void on_qmp_no_room(void *user)
{
	struct guest *guest = user;

	log_error("no room for what the machine writes to %s; it waits, tried again in %d s",
			guest->image->disk, MACHINE_ROOM_TIME_MS / 1000);
	loop_timer_arm(guest->room_timer, MACHINE_ROOM_TIME_MS * 1000ull);
}

static int on_room_time(sd_event_source *source, uint64_t time_us, void *user)
{
	struct guest *guest = user;

	qmp_execute(&guest->qmp, "cont");
	return 0;
}

static void on_qmp_shutdown(void *user, bool by_guest)
{
	struct guest *guest = user;

	if (guest->state == GUEST_RUNS && by_guest) {
		log_info("the machine was shut down from inside");
		guest_link_end(guest->link, LINK_BYE_ENDED, "the machine was shut down");
		guest->state = GUEST_GOES_DOWN;
		loop_timer_arm(guest->down_timer, MACHINE_DOWN_TIME_MS * 1000ull);
	}
}

static void on_qmp_restarted(void *user)
{
	log_info("the machine starts again, as its kernel asked");
}

static void on_qmp_port(void *user, bool open)
{
	struct guest *guest = user;

	agent_link_port(&guest->agent, open);
}

static void on_qmp_closed(void *user)
{
	/* QEMU's end follows. */
}

static const struct qmp_ops qmp_ops = {
	.ready = on_qmp_ready,
	.shutdown = on_qmp_shutdown,
	.restarted = on_qmp_restarted,
	.port = on_qmp_port,
	.no_room = on_qmp_no_room,
	.closed = on_qmp_closed,
};

static void on_agent_layout_done(void *user, const struct agent_layout_done *done)
{
	struct guest *guest = user;

	/* The scanouts are there by now, whatever they are. */
	if (guest->layout_serial && done->serial == guest->agent_serial)
		layout_answer(guest);
}

static void on_agent_typed(void *user)
{
	struct guest *guest = user;

	loop_timer_disarm(guest->text_timer);
	input_release(&guest->input);
}

static const struct agent_ops agent_ops = {
	.typed = on_agent_typed,
	.layout_done = on_agent_layout_done,
};

static int on_down_time(sd_event_source *source, uint64_t time_us, void *user)
{
	struct guest *guest = user;

	if (guest->state == GUEST_GOES_DOWN) {
		log_warn("the machine was not off after %d s; QEMU is told to quit",
				MACHINE_DOWN_TIME_MS / 1000);
		guest->state = GUEST_QUITS;
		qmp_execute(&guest->qmp, "quit");
		loop_timer_arm(guest->down_timer, MACHINE_QUIT_TIME_MS * 1000ull);
	} else {
		sd_event_exit(guest->event, 0); /* guest_finish ends it */
	}
	return 0;
}

void guest_power_down(struct guest *guest)
{
	if (guest->state != GUEST_RUNS || !guest->qmp.ready) {
		sd_event_exit(guest->event, 0);
		return;
	}
	guest_link_end(guest->link, LINK_BYE_ENDED,
			guest->why[0] ? "the machine is lost" : "the machine is shut down");
	guest->state = GUEST_GOES_DOWN;
	qmp_execute(&guest->qmp, "system_powerdown");
	loop_timer_arm(guest->down_timer, MACHINE_DOWN_TIME_MS * 1000ull);
}

static int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/* The machine is there; now its sockets. */
static int join(struct guest *guest)
{
	struct machine *machine = &guest->machine;

	guest->gpu = gpu_create(guest->event, take_fd(&machine->screen_fd), &gpu_ops, guest);
	if (!guest->gpu ||
			qmp_init(&guest->qmp, guest->event, take_fd(&machine->monitor_fd), &qmp_ops, guest) <
					0 ||
			agent_link_init(&guest->agent, guest->event, take_fd(&machine->agent_fd), &agent_ops,
					guest) < 0 ||
			loop_timer_add(guest->event, &guest->layout_timer, on_layout_time, guest) < 0 ||
			loop_timer_add(guest->event, &guest->text_timer, on_text_time, guest) < 0 ||
			loop_timer_add(guest->event, &guest->room_timer, on_room_time, guest) < 0 ||
			loop_timer_add(guest->event, &guest->down_timer, on_down_time, guest) < 0)
		return ERR_MEMORY;
	return 0;
}

int guest_init(struct guest *guest, sd_event *event, const char *path, const struct link_layout *layout,
		const struct machine_settings *settings, const struct image *image)
{
	int code;

	*guest = (struct guest){
		.event = event, .image = image, .heads = { .max = settings->heads }, .input.qmp = &guest->qmp
	};
	guest->qmp.fd = guest->agent.fd = -1;
	heads_want(&guest->heads, layout);
	link_layout_bounds(layout, &guest->width_px, &guest->height_px, NULL, NULL);
	code = machine_start(&guest->machine, event, settings, image, on_qemu_end, on_front_end, guest);
	if (code) {
		snprintf(guest->why, sizeof guest->why, "%s", guest->machine.why);
		return code;
	}
	if (join(guest) < 0) {
		snprintf(guest->why, sizeof guest->why, "no memory");
		return EXIT_FAILURE;
	}
	tell_heads(guest);
	guest->link = guest_link_create(event, path, &ops, guest, layout);
	if (guest->link)
		return 0;
	snprintf(guest->why, sizeof guest->why, "nobody could attach to the machine");
	return EXIT_FAILURE;
}

void guest_finish(struct guest *guest)
{
	if (!guest->event)
		return;
	if (guest->link)
		guest_link_end(guest->link, LINK_BYE_ENDED,
				guest->why[0] ? "the machine is lost" : "the machine ended");
	machine_stop(&guest->machine);
	guest_link_destroy(guest->link);
	gpu_destroy(guest->gpu);
	qmp_finish(&guest->qmp);
	agent_link_finish(&guest->agent);
	sd_event_source_disable_unref(guest->layout_timer);
	sd_event_source_disable_unref(guest->text_timer);
	sd_event_source_disable_unref(guest->room_timer);
	sd_event_source_disable_unref(guest->down_timer);
}
