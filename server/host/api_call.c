#include "api_call.h"
#include "session_list.h"
#include <base/log.h>
#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OK = 200,
	CREATED = 201,
	ACCEPTED = 202,
	BAD_REQUEST = 400,
	FORBIDDEN = 403,
	NOT_FOUND = 404,
	NOT_ALLOWED = 405,
	CONFLICT = 409,
	INTERNAL = 500,
};

/* What a handler gets: the part of the path after the collection, "" if none. */
struct call {
	const struct api_settings *settings;
	const char *name;
	const char *body;
	size_t body_len;
	json_t *answer;
};

json_t *api_error(const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	for (char *p = text; *p; p++) {
		/* Parts of a request may be no UTF-8, which JSON cannot hold. */
		if (*p < 0x20 || *p > 0x7e)
			*p = '?';
	}
	return json_pack("{s:s}", "error", text);
}

static json_t *done(const char *text)
{
	return json_pack("{s:s}", "done", text);
}

/* A text that a session wrote: not always UTF-8. */
static json_t *foreign_text(const char *text)
{
	return json_string(text) ?: json_string("?");
}

static int get_guests(struct call *call)
{
	struct registry_entry *entries = calloc(REGISTRY_GUESTS_MAX, sizeof *entries);
	json_t *list = json_array();
	int count = entries && list
			? registry_list(guests_registry(call->settings->guests), entries, REGISTRY_GUESTS_MAX)
			: 0;

	for (int i = 0; i < count; i++) {
		const struct registry_entry *e = &entries[i];

		json_array_append_new(list,
				json_pack("{s:s, s:s, s:I, s:s, s:i, s:I}", "name", e->name, "user", e->user,
						"uid", (json_int_t)e->uid, "kind", e->kind, "keeper",
						(int)e->keeper, "started_us", (json_int_t)e->started_us));
	}
	free(entries);
	call->answer = json_pack("{s:o}", "guests", list);
	return OK;
}

static int delete_guest(struct call *call)
{
	int result = name_valid(call->name)
			? registry_end(guests_registry(call->settings->guests), call->name)
			: ERR_MISSING;

	if (result == 0) {
		log_info("api: guest %s is told to end", call->name);
		call->answer = done("the guest is told to end");
		return ACCEPTED;
	}
	if (result == ERR_MISSING || result == ERR_AGAIN) {
		call->answer = api_error("no guest %.64s is running", call->name);
		return NOT_FOUND;
	}
	call->answer = api_error("the guest %.64s could not be told to end: %s", call->name, strerror(errno));
	return INTERNAL;
}

static json_t *session_object(const struct session_item *item)
{
	static const char *const states[] = { "", "login", "active", "refused", "ended" };
	const struct record *r = &item->record;

	return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o}", "id", item->id, "state",
			states[r->state], "pid", (json_int_t)r->pid, "started_us", (json_int_t)r->started_us,
			"width_px", (json_int_t)r->width_px, "height_px", (json_int_t)r->height_px, "address",
			foreign_text(r->address), "user", foreign_text(r->user), "guest",
			foreign_text(r->guest), "client", foreign_text(r->client), "security",
			foreign_text(r->security));
}

static int get_sessions(struct call *call)
{
	size_t count;
	struct session_item *items = session_list(call->settings->conf->run_dir, &count);
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, session_object(&items[i]));
	free(items);
	call->answer = json_pack("{s:o}", "sessions", list);
	return OK;
}

static int delete_session(struct call *call)
{
	switch (session_end(call->settings->conf->run_dir, call->name)) {
	case 0:
		log_info("api: session %s is told to end", call->name);
		call->answer = done("the session is told to end");
		return ACCEPTED;
	case ERR_MISSING: call->answer = api_error("no session %.64s is there", call->name); return NOT_FOUND;
	default:
		call->answer = api_error("the process of session %.64s was not found", call->name);
		return INTERNAL;
	}
}

static int get_users(struct call *call)
{
	json_t *list = json_array();

	for (size_t i = 0; i < store_count(call->settings->store); i++)
		json_array_append_new(list, json_string(store_name(call->settings->store, i)));
	call->answer = json_pack("{s:o}", "users", list);
	return OK;
}

static int refuse_store(struct call *call, const char *name, int err)
{
	switch (err) {
	case ERR_BUSY: call->answer = api_error("user %.64s is there already", name); return CONFLICT;
	case ERR_MISSING: call->answer = api_error("there is no user %.64s", name); return NOT_FOUND;
	case ERR_ARGUMENT:
		call->answer = api_error(
				"a user's name has 1 to 32 letters, digits and _ . @ -, and begins with a letter, a digit or _");
		return BAD_REQUEST;
	case ERR_DENIED:
		call->answer = api_error("this oriel-host was started by %s and serves nobody else",
				call->settings->only_user);
		return FORBIDDEN;
	case ERR_SPACE:
		call->answer = api_error("there are %d users already", STORE_USERS_MAX);
		return CONFLICT;
	default:
		call->answer = api_error("the users could not be saved: %s", strerror(errno));
		log_error("store: the users could not be saved: %s", strerror(errno));
		return INTERNAL;
	}
}

/* The password in the body, hashed. 0, or the HTTP status of what is wrong. */
static int take_password(struct call *call, json_t *body, uint8_t hash[NTLM_HASH_LEN])
{
	const char *password = json_string_value(json_object_get(body, "password"));

	if (password && password[0] && ntlm_hash(password, hash) == 0)
		return 0;
	call->answer = api_error(
			"\"password\" must be a text of 1 to %d characters", CONTROL_PASSWORD_CAP - 1);
	return BAD_REQUEST;
}

static int add_user(struct call *call, const char *name, const uint8_t hash[NTLM_HASH_LEN])
{
	const char *only = call->settings->only_user;
	int result;

	/* A desktop runs as an account of the machine: tell now, not at the first log-in. */
	if (!only && name_valid(name) && !getpwnam(name)) {
		call->answer = api_error(
				"there is no account %.64s on this machine; make it first (adduser %.64s)",
				name, name);
		return BAD_REQUEST;
	}
	result = store_add(call->settings->store, name, hash);
	if (result < 0)
		return refuse_store(call, name, result);
	log_info("api: user %s added", name);
	call->answer = done("the user is added");
	return CREATED;
}

static int post_user(struct call *call)
{
	json_t *body = json_loadb(call->body, call->body_len, JSON_REJECT_DUPLICATES, NULL);
	const char *name = json_string_value(json_object_get(body, "name"));
	uint8_t hash[NTLM_HASH_LEN];
	int status;

	if (!name) {
		call->answer = api_error("expected a JSON object with \"name\" and \"password\"");
		status = BAD_REQUEST;
	} else {
		status = take_password(call, body, hash);
		if (status == 0)
			status = add_user(call, name, hash);
	}
	explicit_bzero(hash, sizeof hash);
	json_decref(body);
	return status;
}

static int put_user(struct call *call)
{
	json_t *body = json_loadb(call->body, call->body_len, JSON_REJECT_DUPLICATES, NULL);
	uint8_t hash[NTLM_HASH_LEN];
	int status = take_password(call, body, hash), result;

	json_decref(body);
	if (status)
		return status;
	result = store_change(call->settings->store, call->name, hash);
	explicit_bzero(hash, sizeof hash);
	if (result < 0)
		return refuse_store(call, call->name, result);
	log_info("api: password of %s changed", call->name);
	call->answer = done("the password is changed");
	return OK;
}

static int delete_user(struct call *call)
{
	int result = store_remove(call->settings->store, call->name);

	if (result < 0)
		return refuse_store(call, call->name, result);
	log_info("api: user %s removed", call->name);
	call->answer = done("the user is removed");
	return OK;
}

static const struct {
	const char *method, *collection;
	bool named; /* /COLLECTION/NAME */
	int (*run)(struct call *call);
} routes[] = {
	{ "GET", "/v1/guests", false, get_guests },
	{ "DELETE", "/v1/guests", true, delete_guest },
	{ "GET", "/v1/sessions", false, get_sessions },
	{ "DELETE", "/v1/sessions", true, delete_session },
	{ "GET", "/v1/users", false, get_users },
	{ "POST", "/v1/users", false, post_user },
	{ "PUT", "/v1/users", true, put_user },
	{ "DELETE", "/v1/users", true, delete_user },
};

/* What comes after the collection's name in path; NULL: another path. */
static const char *match(const char *path, const char *collection, bool named)
{
	size_t len = strlen(collection);

	if (strncmp(path, collection, len) != 0)
		return NULL;
	if (!named)
		return path[len] == 0 ? path + len : NULL;
	return path[len] == '/' && path[len + 1] && !strchr(path + len + 1, '/') ? path + len + 1 : NULL;
}

int api_call(const struct api_settings *settings, const char *method, const char *path, const char *body,
		size_t body_len, json_t **answer)
{
	struct call call = { .settings = settings, .body = body ? body : "", .body_len = body_len };
	int status = NOT_FOUND;

	for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
		call.name = match(path, routes[i].collection, routes[i].named);
		if (!call.name)
			continue;
		status = NOT_ALLOWED;
		if (strcmp(routes[i].method, method) != 0)
			continue;
		status = routes[i].run(&call);
		*answer = call.answer;
		return status;
	}
	*answer = status == NOT_FOUND ? api_error("there is nothing at %.200s", path)
				      : api_error("%.16s is not possible at %.200s", method, path);
	return status;
}
