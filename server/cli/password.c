#include "password.h"
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* One line without its end. Unbuffered: nothing of it stays in a buffer of stdio. */
static int read_line(int fd, char line[PASSWORD_CAP])
{
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, line + len, 1)) == 1 && line[len] != '\n') {
		if (++len == PASSWORD_CAP) {
			explicit_bzero(line, PASSWORD_CAP);
			fprintf(stderr, "oriel: the password is longer than %d bytes\n", PASSWORD_CAP - 1);
			return ERR_SPACE;
		}
	}
	if (len && line[len - 1] == '\r')
		len--;
	line[len] = 0;
	if (strlen(line) == len && len > 0)
		return 0;
	fprintf(stderr, "oriel: no password given\n");
	return ERR_FORMAT;
}

/* With Ctrl-C held back, so that the echo is on again whatever happens. */
static int ask(const char *prompt, char line[PASSWORD_CAP])
{
	struct termios old, silent;
	sigset_t held, before;
	int result;

	if (tcgetattr(STDIN_FILENO, &old) < 0)
		return ERR_IO;
	sigemptyset(&held);
	sigaddset(&held, SIGINT);
	sigaddset(&held, SIGTSTP);
	sigprocmask(SIG_BLOCK, &held, &before);
	silent = old;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	/* The prompt comes after the flush, which must not take what is typed at it. */
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
	fputs(prompt, stderr);
	result = read_line(STDIN_FILENO, line);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &old);
	fputc('\n', stderr);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return result;
}

int password_read(const char *name, char password[PASSWORD_CAP])
{
	char prompt[128], again[PASSWORD_CAP] = "";
	int result;

	if (!isatty(STDIN_FILENO))
		return read_line(STDIN_FILENO, password);
	snprintf(prompt, sizeof prompt, "Password for %.64s: ", name);
	result = ask(prompt, password);
	if (result == 0)
		result = ask("Again: ", again);
	if (result == 0 && strcmp(password, again) != 0) {
		fprintf(stderr, "oriel: the two are not the same\n");
		result = ERR_FORMAT;
	}
	explicit_bzero(again, sizeof again);
	if (result < 0)
		explicit_bzero(password, PASSWORD_CAP);
	return result;
}
