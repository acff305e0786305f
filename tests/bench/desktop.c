#include "desktop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xcb/xcb.h>

enum {
	WINDOW_PX = 64,
	PLACE_X = 640, /* on tile borders, so that a change is one tile */
	PLACE_Y = 448,
	CELL_WIDTH = 8,
	CELL_HEIGHT = 4,
	ENVIRON_MAX = 65536,
};

struct desktop {
	xcb_connection_t *x;
	xcb_window_t window;
	xcb_gcontext_t gc;
};

/* NAME=value of another process's environment; false: it is not there. */
static bool read_environ(pid_t pid, const char *name, char *value, size_t cap)
{
	char path[32], *all = malloc(ENVIRON_MAX);
	size_t len = 0, name_len = strlen(name);
	FILE *file;
	bool found = false;

	snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
	file = fopen(path, "re");
	if (file && all)
		len = fread(all, 1, ENVIRON_MAX - 1, file);
	if (file)
		fclose(file);
	if (all)
		all[len] = 0;
	for (size_t at = 0; at < len && !found; at += strlen(all + at) + 1) {
		found = strncmp(all + at, name, name_len) == 0 && all[at + name_len] == '=';
		if (found)
			snprintf(value, cap, "%s", all + at + name_len + 1);
	}
	free(all);
	return found;
}

/* A compositing manager owns the selection _NET_WM_CM_S0. */
static bool is_composited(xcb_connection_t *x)
{
	static const char name[] = "_NET_WM_CM_S0";
	xcb_intern_atom_reply_t *atom =
			xcb_intern_atom_reply(x, xcb_intern_atom(x, 0, sizeof name - 1, name), NULL);
	xcb_get_selection_owner_reply_t *owner = atom
			? xcb_get_selection_owner_reply(x, xcb_get_selection_owner(x, atom->atom), NULL)
			: NULL;
	bool yes = owner && owner->owner != XCB_NONE;

	free(atom);
	free(owner);
	return yes;
}

static void make_window(struct desktop *d)
{
	const xcb_screen_t *screen = xcb_setup_roots_iterator(xcb_get_setup(d->x)).data;
	const uint32_t values[] = { screen->black_pixel, 1 };

	d->window = xcb_generate_id(d->x);
	d->gc = xcb_generate_id(d->x);
	xcb_create_window(d->x, XCB_COPY_FROM_PARENT, d->window, screen->root, PLACE_X, PLACE_Y, WINDOW_PX,
			WINDOW_PX, 0, XCB_WINDOW_CLASS_INPUT_OUTPUT, screen->root_visual,
			XCB_CW_BACK_PIXEL | XCB_CW_OVERRIDE_REDIRECT, values);
	xcb_map_window(d->x, d->window);
	xcb_create_gc(d->x, d->gc, d->window, 0, NULL);
}

int desktop_open(struct desktop **desktop, const struct stack *stack)
{
	char display[64], authority[512];
	pid_t manager = stack_find(stack, "xfwm4");
	struct desktop *d;
	int err;

	if (manager < 0 || !read_environ(manager, "DISPLAY", display, sizeof display))
		return ERR_AGAIN;
	if (read_environ(manager, "XAUTHORITY", authority, sizeof authority))
		setenv("XAUTHORITY", authority, 1);
	d = calloc(1, sizeof *d);
	if (!d)
		return ERR_MEMORY;
	d->x = xcb_connect(display, NULL);
	err = xcb_connection_has_error(d->x) ? ERR_IO : is_composited(d->x) ? 0 : ERR_AGAIN;
	if (err) {
		desktop_close(d);
		return err;
	}
	make_window(d);
	*desktop = d;
	return desktop_paint(d, 0);
}

void desktop_close(struct desktop *desktop)
{
	if (!desktop)
		return;
	xcb_disconnect(desktop->x);
	free(desktop);
}

/* A new number in the LFSR of x^32 + x^22 + x^2 + x + 1, for cells that look random. */
static uint32_t next_bits(uint32_t bits)
{
	return bits >> 1 ^ (bits & 1 ? 0x80200003u : 0);
}

/* As many edges as the test picture's tile has: 8x4 cells, black or white. */
int desktop_paint(struct desktop *desktop, int step)
{
	const xcb_rectangle_t all = { 0, 0, WINDOW_PX, WINDOW_PX };
	const uint32_t black = 0, white = 0x00ffffff;
	xcb_rectangle_t cells[WINDOW_PX / CELL_WIDTH * (WINDOW_PX / CELL_HEIGHT)];
	uint32_t bits = (uint32_t)step * 2654435761u | 1, count = 0;

	for (int16_t y = 0; y < WINDOW_PX; y += CELL_HEIGHT) {
		for (int16_t x = 0; x < WINDOW_PX; x += CELL_WIDTH) {
			bits = next_bits(bits);
			if (bits & 1)
				cells[count++] = (xcb_rectangle_t){ x, y, CELL_WIDTH, CELL_HEIGHT };
		}
	}
	xcb_change_gc(desktop->x, desktop->gc, XCB_GC_FOREGROUND, &black);
	xcb_poly_fill_rectangle(desktop->x, desktop->window, desktop->gc, 1, &all);
	xcb_change_gc(desktop->x, desktop->gc, XCB_GC_FOREGROUND, &white);
	xcb_poly_fill_rectangle(desktop->x, desktop->window, desktop->gc, count, cells);
	return xcb_flush(desktop->x) > 0 ? 0 : ERR_IO;
}
