/* hotline psk: the secret that two labs share, read out over another way than the network. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "client/cmd/cmd.h"

/* 32 bytes as 16 groups of four hexadecimal digits, and a seventeenth that shows a slip of the
 * tongue. Two lines of eight, then the check. */
#define GROUPS     16
#define DIGITS     (4 * (GROUPS + 1))
#define TEXT_SIZE  (DIGITS + GROUPS + 2)
#define FILE_BYTES 4096

static uint16_t check_of(const struct hl_key32 *psk)
{
	struct hl_view parts[2] = {hl_view_str("hotline psk check"), HL_VIEW(psk->b)};
	struct hl_id sum;
	uint16_t check;

	hl_sha256(parts, 2, &sum);
	check = hl_get_be16(sum.b);
	hl_wipe(&sum, sizeof(sum));
	return check;
}

static void write_groups(const struct hl_key32 *psk, char ret[static TEXT_SIZE])
{
	char *p = ret;

	for (size_t i = 0; i < GROUPS; i++) {
		snprintf(p, 6, "%02x%02x%c", psk->b[2 * i], psk->b[2 * i + 1],
			i % 8 == 7 ? '\n' : ' ');
		p += 5;
	}
	snprintf(p, 6, "%04x\n", check_of(psk));
}

static enum hl_exit read_groups(struct hl_view text, struct hl_key32 *ret)
{
	char digits[DIGITS + 1];
	uint8_t check[2];
	size_t n = 0;
	enum hl_exit code = HL_EXIT_OK;

	for (size_t i = 0; i < text.n; i++) {
		if (isspace(text.p[i]) || text.p[i] == '-' || text.p[i] == 0)
			continue;
		if (n == DIGITS || !isxdigit(text.p[i])) {
			n = DIGITS + 1;
			break;
		}
		digits[n++] = (char)text.p[i];
	}
	digits[n < DIGITS ? n : DIGITS] = 0;
	if (n != DIGITS || hl_hex_decode(digits + 2 * (size_t)HL_KEY_SIZE, 2, check))
		code = hl_fail(HL_EXIT_NO,
			"a PSK is %d groups of four hexadecimal digits", GROUPS + 1);
	digits[2 * HL_KEY_SIZE] = 0;
	if (!code && hl_hex_decode(digits, HL_KEY_SIZE, ret->b))
		code = hl_fail(HL_EXIT_NO, "a PSK is written in the digits 0-9 and a-f");
	if (!code && hl_get_be16(check) != check_of(ret))
		code = hl_fail(HL_EXIT_NO,
			"a digit is wrong: the last group does not fit the others. "
			"Have it read again");
	hl_wipe(digits, sizeof(digits));
	return code;
}

static enum hl_exit give_node(
	struct hl_app *app, const struct hl_id *lab, const struct hl_key32 *psk)
{
	struct hl_frame frame = {.type = HL_FRAME_PSK};
	struct hl_reply reply HL_CLEAN_REPLY = {0};
	const struct hl_member *self;
	struct hl_line *line = NULL;
	enum hl_exit code = hl_docs_need(app, HL_CAP_ADMIN, &self);

	if (!code)
		code = hl_line_open(app, &line);
	if (code)
		return code;
	frame.psk.lab = *lab;
	memcpy(frame.psk.key, psk->b, HL_KEY_SIZE);
	code = hl_line_ask(line, &frame, 0, &reply);
	hl_wipe(&frame.psk, sizeof(frame.psk));
	if (!code && reply.code != HL_OK)
		code = hl_line_refused(&reply, "psk");
	hl_line_close(line);
	return code;
}

static enum hl_exit print_psk(const char *out, const char *text)
{
	int error;

	if (!out) {
		fputs(text, stdout);
		return HL_EXIT_OK;
	}
	error = hl_file_put(AT_FDCWD, out, hl_view_str(text), false, 0600);
	if (error)
		return hl_fail(HL_EXIT_NO, "cannot write %s: %s", out, strerror(error));
	return HL_EXIT_OK;
}

static enum hl_exit fresh(struct hl_app *app, const struct hl_args *args)
{
	struct hl_key32 psk HL_CLEAN_KEY32 = {{0}};
	const char *out = hl_option(args, "out"), *name;
	char text[TEXT_SIZE];
	struct hl_id lab;
	enum hl_exit code = hl_docs_find_peer(app, args->operands[0], &lab);

	if (code)
		return code;
	if (hl_entropy_fill(&app->entropy, psk.b, sizeof(psk.b)))
		return hl_fail_status(HL_ERR_ENTROPY, "make a PSK");
	write_groups(&psk, text);
	/* First where it can be read: a node that has a PSK which nobody knows is cut off. */
	code = print_psk(out, text);
	hl_wipe(text, sizeof(text));
	if (!code)
		code = give_node(app, &lab, &psk);
	else
		return code;
	name = hl_docs_lab_name(app, &lab);
	if (code) {
		hl_note("  Your node does not have this one: hand it to nobody before\n"
			"  hotline psk set %s%s%s is done here",
			name, out ? " --in " : "", out ? out : "");
		return code;
	}
	hl_note("Your node has it; the line to %s comes up again when they have it too.",
		name);
	hl_note("%s, not by mail. They type: hotline psk set YOUR-LAB",
		out ? hl_scrap(app, "Hand %s over in person", out)
		    : "It is shown this once. Read it to them by phone");
	return HL_EXIT_OK;
}

static enum hl_exit read_psk(const struct hl_args *args, struct hl_key32 *ret)
{
	const char *in = hl_option(args, "in");
	struct hl_buf text HL_CLEAN_BUF = {0};
	int error;

	if (in) {
		error = hl_file_get(AT_FDCWD, in, FILE_BYTES, false, &text);
		if (error)
			return hl_fail(
				HL_EXIT_NO, "cannot read %s: %s", in, strerror(error));
		return read_groups(hl_view_buf(&text), ret);
	}
	if (!hl_prompt_can())
		return hl_usage_error(
			args, "there is nobody to ask here; give --in FILE");
	fprintf(stderr, "Type all %d groups on one line, as they are read to you.\n",
		GROUPS + 1);
	if (hl_prompt_line("> ", &text))
		return HL_EXIT_NO;
	return read_groups(hl_view_buf(&text), ret);
}

static enum hl_exit set(struct hl_app *app, const struct hl_args *args)
{
	struct hl_key32 psk HL_CLEAN_KEY32 = {{0}};
	struct hl_id lab;
	enum hl_exit code = hl_docs_find_peer(app, args->operands[0], &lab);

	if (!code)
		code = read_psk(args, &psk);
	if (!code)
		code = give_node(app, &lab, &psk);
	if (!code)
		hl_note("Your node has it, and makes the line to %s anew. hotline status shows it.",
			hl_docs_lab_name(app, &lab));
	return code;
}

enum hl_exit hl_cmd_psk(struct hl_app *app, const struct hl_args *args)
{
	static const struct hl_verb verbs[] = {{"new", fresh, 1, 1}, {"set", set, 1, 1}};

	return hl_verb_run(app, args, verbs, 2);
}
