#include "display.h"
#include <base/log.h>
#include <stdlib.h>
#include <string.h>
#include <xcb/damage.h>
#include <xcb/randr.h>
#include <xcb/shm.h>
#include <xcb/xfixes.h>
#include <xcb/xkb.h>
#include <xcb/xtest.h>

enum {
	DEPTH = 24,
	BITS_PER_PIXEL = 32,
	SHM_MINOR_FD = 2, /* MIT-SHM 1.2: AttachFd */
};

struct extension {
	xcb_extension_t *id;
	const char *name;
	uint8_t *first_event; /* NULL: not wanted */
};

static int find_extensions(struct display *display)
{
	const struct extension wanted[] = {
		{ &xcb_damage_id, "DAMAGE", &display->damage_event },
		{ &xcb_xfixes_id, "XFIXES", &display->xfixes_event },
		{ &xcb_randr_id, "RANDR", &display->randr_event },
		{ &xcb_xkb_id, "XKEYBOARD", &display->xkb_event },
		{ &xcb_shm_id, "MIT-SHM", NULL },
		{ &xcb_test_id, "XTEST", NULL },
	};

	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
		xcb_prefetch_extension_data(display->conn, wanted[i].id);
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		const xcb_query_extension_reply_t *reply =
				xcb_get_extension_data(display->conn, wanted[i].id);

		if (!reply || !reply->present) {
			log_error("the X server has no %s extension", wanted[i].name);
			return ERR_ARGUMENT;
		}
		if (wanted[i].first_event)
			*wanted[i].first_event = reply->first_event;
	}
	return 0;
}

/* The server wants to be told which versions we speak before anything else. */
static int agree_versions(struct display *display)
{
	xcb_connection_t *c = display->conn;
	xcb_damage_query_version_reply_t *damage =
			xcb_damage_query_version_reply(c, xcb_damage_query_version(c, 1, 1), NULL);
	xcb_xfixes_query_version_reply_t *xfixes =
			xcb_xfixes_query_version_reply(c, xcb_xfixes_query_version(c, 4, 0), NULL);
	xcb_randr_query_version_reply_t *randr =
			xcb_randr_query_version_reply(c, xcb_randr_query_version(c, 1, 3), NULL);
	xcb_xkb_use_extension_reply_t *xkb =
			xcb_xkb_use_extension_reply(c, xcb_xkb_use_extension(c, 1, 0), NULL);
	xcb_shm_query_version_reply_t *shm = xcb_shm_query_version_reply(c, xcb_shm_query_version(c), NULL);
	bool good = damage && xfixes && randr && xkb && xkb->supported && shm && shm->shared_pixmaps &&
			(shm->major_version > 1 || shm->minor_version >= SHM_MINOR_FD);

	free(damage);
	free(xfixes);
	free(randr);
	free(xkb);
	free(shm);
	if (!good)
		log_error("the X server has no shared pixmaps or speaks too old protocols");
	return good ? 0 : ERR_ARGUMENT;
}

/* The link's pixels: bytes B, G, R, X. */
static int check_format(const struct display *display)
{
	const xcb_setup_t *setup = xcb_get_setup(display->conn);
	const xcb_format_t *format = xcb_setup_pixmap_formats(setup);
	int count = xcb_setup_pixmap_formats_length(setup);

	for (int i = 0; i < count; i++) {
		if (format[i].depth == DEPTH && format[i].bits_per_pixel == BITS_PER_PIXEL &&
				setup->image_byte_order == XCB_IMAGE_ORDER_LSB_FIRST &&
				display->screen->root_depth == DEPTH)
			return 0;
	}
	log_error("the X server has no pixels of 32 bits");
	return ERR_ARGUMENT;
}

int display_open(struct display *display)
{
	int err;

	*display = (struct display){ .conn = xcb_connect(NULL, NULL) };
	if (xcb_connection_has_error(display->conn)) {
		log_error("cannot connect to the X server %s", getenv("DISPLAY"));
		return ERR_IO;
	}
	display->screen = xcb_setup_roots_iterator(xcb_get_setup(display->conn)).data;
	display->root = display->screen->root;
	err = find_extensions(display);
	if (err == 0)
		err = check_format(display);
	return err == 0 ? agree_versions(display) : err;
}

void display_close(struct display *display)
{
	if (display->conn)
		xcb_disconnect(display->conn);
	display->conn = NULL;
}

xcb_atom_t display_atom(struct display *display, const char *name)
{
	xcb_intern_atom_cookie_t cookie = xcb_intern_atom(display->conn, 0, (uint16_t)strlen(name), name);
	xcb_intern_atom_reply_t *reply = xcb_intern_atom_reply(display->conn, cookie, NULL);
	xcb_atom_t atom = reply ? reply->atom : XCB_ATOM_NONE;

	free(reply);
	return atom;
}

bool display_check(struct display *display, xcb_void_cookie_t cookie)
{
	xcb_generic_error_t *error = xcb_request_check(display->conn, cookie);
	bool good = !error && !xcb_connection_has_error(display->conn);

	free(error);
	return good;
}
