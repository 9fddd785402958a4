#include "client/words.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/keyring.h"
#include "client/prompt.h"

/* Where the text of a letter comes from. */

#define TEXT_READ_MAX (HL_TEXT_MAX + 4096)

static enum hl_exit too_long(void)
{
	return hl_fail(HL_EXIT_USAGE,
		"the text is longer than a letter holds (32 KiB): attach it as a file "
		"with --attach");
}

static enum hl_exit read_stream(FILE *stream, struct hl_buf *ret)
{
	uint8_t part[4096];
	size_t n;

	while ((n = fread(part, 1, sizeof(part), stream)) > 0) {
		if (ret->n + n > TEXT_READ_MAX)
			return too_long();
		if (hl_buf_append(ret, hl_view_of(part, n)) != HL_OK)
			return hl_fail_status(HL_ERR_NOMEM, "reading the text");
	}
	return HL_EXIT_OK;
}

static enum hl_exit read_path(const char *path, struct hl_buf *ret)
{
	int error = hl_file_get(AT_FDCWD, path, TEXT_READ_MAX, false, ret);

	if (error == EFBIG)
		return too_long();
	if (error != 0)
		return hl_fail(
			HL_EXIT_USAGE, "cannot read %s: %s", path, strerror(error));
	return HL_EXIT_OK;
}

/* Line ends as letters have them, none at the end. */
static void tidy(struct hl_buf *text)
{
	size_t to = 0;

	for (size_t i = 0; i < text->n; i++)
		if (text->p[i] != '\r' || i + 1 == text->n || text->p[i + 1] != '\n')
			text->p[to++] = text->p[i];
	while (to > 0 && (text->p[to - 1] == '\n' || text->p[to - 1] == ' '))
		to--;
	text->n = to;
}

static int run_editor(const char *editor, const char *path)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		execl("/bin/sh", "sh", "-c", "exec $0 \"$1\"", editor, path,
			(char *)NULL);
		_exit(127);
	}
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static enum hl_exit edit_at(const char *editor, const char *path, struct hl_buf *text)
{
	enum hl_exit code;

	if (run_editor(editor, path) != 0)
		return hl_fail(HL_EXIT_NO,
			"the editor (%s) failed; give the text with -m", editor);
	hl_buf_clear(text);
	code = read_path(path, text);
	tidy(text);
	return code;
}

enum hl_exit hl_words_edit(struct hl_buf *text)
{
	const char *editor = getenv("VISUAL");
	const char *tmp = getenv("XDG_RUNTIME_DIR");
	char path[4096];
	enum hl_exit code;
	int fd;

	if (!editor || !*editor)
		editor = getenv("EDITOR");
	if (!editor || !*editor)
		editor = "vi";
	snprintf(path, sizeof(path), "%s/hotline-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0 || (text->n > 0 && write(fd, text->p, text->n) != (ssize_t)text->n)) {
		if (fd >= 0) {
			close(fd);
			unlink(path);
		}
		return hl_fail(HL_EXIT_NO, "cannot make a file for the editor: %s",
			strerror(errno));
	}
	close(fd);
	code = edit_at(editor, path, text);
	unlink(path);
	return code;
}

static bool stdin_is_data(void)
{
	struct stat st;

	return fstat(STDIN_FILENO, &st) == 0 &&
		(S_ISFIFO(st.st_mode) || S_ISREG(st.st_mode));
}

enum hl_exit hl_words_text(const struct hl_app *app, const struct hl_args *args,
	bool piped, bool edit, struct hl_buf *ret)
{
	const char *message = hl_option(args, "message");
	const char *file = hl_option(args, "file");
	enum hl_exit code = HL_EXIT_OK;

	if (message && file)
		return hl_usage_error(args, "give the text with -m or with -F, not both");
	if (message && strlen(message) > TEXT_READ_MAX)
		return too_long();
	if (message && hl_buf_append(ret, hl_view_str(message)) != HL_OK)
		return hl_fail_status(HL_ERR_NOMEM, "reading the text");
	if (file)
		code = strcmp(file, "-") == 0 ? read_stream(stdin, ret)
					      : read_path(file, ret);
	else if (!message && piped && stdin_is_data())
		code = read_stream(stdin, ret);
	else if (!message && edit && !app->yes && hl_prompt_can())
		return hl_words_edit(ret);
	if (code == HL_EXIT_OK)
		tidy(ret);
	return code;
}
