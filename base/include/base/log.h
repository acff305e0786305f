/* Log lines of a program: level, component, text; one line a call, to standard
 * error. Under systemd (JOURNAL_STREAM set) a line starts with the priority
 * prefix of sd-daemon(3), else with the time. Control characters in the text are
 * written as ?, so bytes from outside cannot forge a line. errno stays as it was
 * (and %m is it). Never log a secret. Thread-safe: a line is one write. Libraries in codec/ and proto/ do not log. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

/* Call once, before the first thread. component is borrowed for ever ("session").
 * Without it: component "oriel", level info. */
void log_init(const char *component, enum log_level level);

/* For a process in which a stranger decides how much there is to say: of more lines than
 * that within a minute the rest is left out, errors excepted. 0, as at first: no limit. */
void log_limit(unsigned lines_per_minute);

/* A tag for every later line, e.g. a session's id; cut to 31 bytes. */
void log_set_tag(const char *tag);

/* "error", "warn", "info", "debug"; false: none of them. */
bool log_level_parse(const char *text, enum log_level *level);

/* The other way round. Static. */
const char *log_level_text(enum log_level level);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
