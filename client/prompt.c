#include "client/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "client/keyring.h"

#define PASSPHRASE_MAX 1024
#define LINE_MAX_BYTES 8192
#define ATTEMPTS       3 /* at typing a new passphrase twice alike */

bool hl_prompt_can(void)
{
	return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

enum hl_exit hl_prompt_line(const char *question, struct hl_buf *ret)
{
	struct hl_buf buf HL_CLEAN_BUF = {0};
	int c;

	fputs(question, stderr);
	fflush(stderr);
	while ((c = getchar()) != EOF && c != '\n') {
		uint8_t byte = (uint8_t)c;

		if (buf.n < LINE_MAX_BYTES && hl_buf_append(&buf, hl_view_of(&byte, 1)))
			return hl_fail_status(HL_ERR_NOMEM, "read an answer");
	}
	if (c == EOF && buf.n == 0) {
		fputc('\n', stderr);
		return hl_fail(HL_EXIT_NO, "no answer was given");
	}
	if (hl_buf_append(&buf, hl_view_of("", 1)))
		return hl_fail_status(HL_ERR_NOMEM, "read an answer");
	buf.n--;
	*ret = hl_buf_steal(&buf);
	return HL_EXIT_OK;
}

enum hl_exit hl_prompt_yes(const struct hl_app *app, const char *question)
{
	struct hl_buf answer HL_CLEAN_BUF = {0};
	enum hl_exit code;

	if (app->yes)
		return HL_EXIT_OK;
	if (!hl_prompt_can())
		return hl_fail(HL_EXIT_USAGE,
			"%s  There is nobody to ask here; once it is settled, add --yes.",
			question);
	fputs(question, stderr);
	code = hl_prompt_line(" [yes/no] ", &answer);
	if (code)
		return code;
	if (strcmp((const char *)answer.p, "yes") == 0 ||
		strcmp((const char *)answer.p, "y") == 0)
		return HL_EXIT_OK;
	return hl_fail(HL_EXIT_NO, "not done");
}

/* The first line of a file; the rest of the file is not looked at. */
static enum hl_exit from_file(const char *what, const char *file, struct hl_secret *ret)
{
	struct hl_buf text HL_CLEAN_BUF = {0};
	int error = hl_file_get(AT_FDCWD, file, PASSPHRASE_MAX, false, &text);
	size_t n = 0;

	if (error)
		return hl_fail(HL_EXIT_NO, "cannot read the passphrase of %s from %s: %s",
			what, file, strerror(error));
	while (n < text.n && text.p[n] != '\n' && text.p[n] != '\r')
		n++;
	if (n > 0 && hl_secret_copy(hl_view_of(text.p, n), ret))
		return hl_fail_status(HL_ERR_NOMEM, "keep a passphrase");
	return HL_EXIT_OK;
}

enum key {
	KEY_ENTER = '\n',
	KEY_RETURN = '\r',
	KEY_STOP = 3,
	KEY_END = 4,
	KEY_LINE = 21
};

/* Signals are off while the echo is, so that no terminal is left dumb. */
static enum hl_exit read_silent(int tty, struct hl_secret *into, size_t *ret_n)
{
	size_t n = 0;
	uint8_t c;

	for (;;) {
		ssize_t got = read(tty, &c, 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 || c == KEY_STOP || (c == KEY_END && n == 0))
			return hl_fail(HL_EXIT_NO, "no passphrase was given");
		if (c == KEY_ENTER || c == KEY_RETURN || c == KEY_END)
			break;
		if (c == 8 || c == 127) {
			while (n > 0 && (into->p[n - 1] & 0xc0) == 0x80)
				n--;
			n -= n > 0;
		} else if (c == KEY_LINE)
			n = 0;
		else if (n < into->n)
			into->p[n++] = c;
	}
	*ret_n = n;
	return HL_EXIT_OK;
}

static enum hl_exit ask_silent(const char *question, struct hl_secret *ret)
{
	struct hl_secret line HL_CLEAN_SECRET = {0};
	struct termios before, silent;
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	enum hl_exit code;
	size_t n = 0;

	if (tty < 0 || tcgetattr(tty, &before)) {
		if (tty >= 0)
			close(tty);
		return hl_fail(HL_EXIT_USAGE,
			"a passphrase is needed and there is no terminal to ask at; "
			"give --passphrase-file or --root-passphrase-file");
	}
	if (hl_secret_new(PASSPHRASE_MAX, &line)) {
		close(tty);
		return hl_fail_status(HL_ERR_NOMEM, "read a passphrase");
	}
	silent = before;
	silent.c_lflag &= ~(tcflag_t)(ECHO | ISIG | ICANON);
	tcsetattr(tty, TCSAFLUSH, &silent);
	dprintf(tty, "%s", question);
	code = read_silent(tty, &line, &n);
	dprintf(tty, "\n");
	tcsetattr(tty, TCSAFLUSH, &before);
	close(tty);
	if (!code && n > 0 && hl_secret_copy(hl_view_of(line.p, n), ret))
		return hl_fail_status(HL_ERR_NOMEM, "keep a passphrase");
	return code;
}

static enum hl_exit ask_once(
	const char *what, bool fresh, bool may_be_empty, struct hl_secret *ret)
{
	char question[256];

	snprintf(question, sizeof(question),
		fresh && may_be_empty ? "New passphrase for %s (empty: none): "
			: fresh       ? "New passphrase for %s: "
				      : "Passphrase for %s: ",
		what);
	return ask_silent(question, ret);
}

enum hl_exit hl_prompt_passphrase(const char *what, const char *file, bool fresh,
	bool may_be_empty, struct hl_secret *ret)
{
	struct hl_secret first HL_CLEAN_SECRET = {0}, again HL_CLEAN_SECRET = {0};
	enum hl_exit code;

	code = file ? from_file(what, file, &first)
		    : ask_once(what, fresh, may_be_empty, &first);
	if (code)
		return code;
	if (first.n == 0 && !may_be_empty)
		return hl_fail(
			HL_EXIT_USAGE, "%s needs a passphrase; none was given", what);
	for (int left = ATTEMPTS; !file && fresh && first.n > 0; left--) {
		hl_secret_clear(&again);
		code = ask_silent("The same again: ", &again);
		if (code)
			return code;
		if (hl_secret_eq(&first, &again))
			break;
		if (left == 1)
			return hl_fail(HL_EXIT_NO, "the two differ; nothing was changed");
		hl_note("The two differ: once more.");
		hl_secret_clear(&first);
		code = ask_once(what, fresh, may_be_empty, &first);
		if (code)
			return code;
		if (first.n == 0 && !may_be_empty)
			return hl_fail(HL_EXIT_USAGE,
				"%s needs a passphrase; none was given", what);
	}
	*ret = hl_secret_steal(&first);
	return HL_EXIT_OK;
}
