#include <base/log.h>
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct {
	const char *component;
	enum log_level level;
	bool journal;
	char tag[32];
	unsigned lines_per_minute; /* 0: no limit */
	_Atomic int64_t minute;    /* since the system's start */
	_Atomic unsigned lines;    /* in that minute */
} state = { .component = "oriel", .level = LOG_LEVEL_INFO };

static const char *const level_names[] = { "error", "warn", "info", "debug" };
static const int syslog_priorities[] = { 3, 4, 6, 7 };

void log_init(const char *component, enum log_level level)
{
	state.component = component;
	state.level = level;
	state.journal = getenv("JOURNAL_STREAM") != NULL;
	tzset();
}

void log_limit(unsigned lines_per_minute)
{
	state.lines_per_minute = lines_per_minute;
	atomic_store(&state.lines, 0);
}

void log_set_tag(const char *tag)
{
	snprintf(state.tag, sizeof state.tag, "%s", tag);
}

bool log_level_parse(const char *text, enum log_level *level)
{
	for (size_t i = 0; i < sizeof level_names / sizeof *level_names; i++) {
		if (strcmp(text, level_names[i]) == 0) {
			*level = (enum log_level)i;
			return true;
		}
	}
	return false;
}

const char *log_level_text(enum log_level level)
{
	return level_names[level];
}

static int put_prefix(char *line, size_t cap, enum log_level level)
{
	const char *colon = state.tag[0] ? " " : "";
	char when[32];
	struct timespec now;
	struct tm tm;

	if (state.journal)
		return snprintf(line, cap, "<%d>%s%s%s: ", syslog_priorities[level], state.component, colon,
				state.tag);
	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &tm);
	strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", &tm);
	return snprintf(line, cap, "%s.%03ld %-5s %s%s%s: ", when, now.tv_nsec / 1000000, level_names[level],
			state.component, colon, state.tag);
}

/* U+0000..001F, 007F, and 0080..009F in UTF-8: terminals obey these as well. */
static void blank_controls(char *line, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)line[i], next = i + 1 < len ? (unsigned char)line[i + 1] : 0;

		if (c < 0x20 || c == 0x7f)
			line[i] = '?';
		else if (c == 0xc2 && next >= 0x80 && next < 0xa0)
			line[i] = line[i + 1] = '?';
	}
}

static void write_line(const char *line, size_t len)
{
	if (write(STDERR_FILENO, line, len) < 0)
		return; /* nowhere left to say so */
}

/* How many lines this one makes of the minute. Two threads may both begin it. */
static unsigned count_line(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (atomic_exchange(&state.minute, now.tv_sec / 60) != now.tv_sec / 60)
		atomic_store(&state.lines, 0);
	return atomic_fetch_add(&state.lines, 1) + 1;
}

/* The first that is too many says so in its place. */
static bool is_too_much(enum log_level level, const char **format)
{
	unsigned count;

	if (!state.lines_per_minute || level == LOG_LEVEL_ERROR)
		return false;
	count = count_line();
	if (count == state.lines_per_minute + 1)
		*format = "too much is said; the rest of this minute is left out";
	return count > state.lines_per_minute + 1;
}

/* Leaves errno alone: callers log first and tell their own caller afterwards. */
static void put(enum log_level level, const char *format, va_list args)
{
	int saved_errno = errno;
	char line[1024];
	size_t len, start;
	int n;

	if (level > state.level || is_too_much(level, &format))
		return;
	start = (size_t)put_prefix(line, sizeof line, level);
	errno = saved_errno; /* for %m */
	n = vsnprintf(line + start, sizeof line - start - 1, format, args);
	len = start + (n < 0 ? 0 : (size_t)n);
	if (len > sizeof line - 2)
		len = sizeof line - 2;
	blank_controls(line, len);
	line[len++] = '\n';
	write_line(line, len);
	errno = saved_errno;
}

void log_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put(LOG_LEVEL_ERROR, format, args);
	va_end(args);
}

void log_warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put(LOG_LEVEL_WARN, format, args);
	va_end(args);
}

void log_info(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put(LOG_LEVEL_INFO, format, args);
	va_end(args);
}

void log_debug(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put(LOG_LEVEL_DEBUG, format, args);
	va_end(args);
}
