/* A command line, taken apart by what its row of the table says. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "client/commands.h"

static const char common[] =
	"home= json yes passphrase-file= root-passphrase-file= help/h";

/* One word of an option list. */
struct option {
	char name[40];
	char letter;
	bool takes, many;
};

static const char *next_option(const char *list, struct option *ret)
{
	size_t n = 0;

	*ret = (struct option){0};
	while (*list == ' ')
		list++;
	if (!*list)
		return NULL;
	for (; *list && *list != ' '; list++) {
		if (*list == '=')
			ret->takes = true;
		else if (*list == '*')
			ret->many = true;
		else if (*list == '/' && list[1])
			ret->letter = *++list;
		else if (n < sizeof(ret->name) - 1)
			ret->name[n++] = *list;
	}
	return list;
}

static bool find_in(
	const char *list, const char *name, size_t n, char letter, struct option *ret)
{
	while ((list = next_option(list, ret))) {
		if (letter && ret->letter == letter)
			return true;
		if (n && strlen(ret->name) == n && strncmp(ret->name, name, n) == 0)
			return true;
	}
	return false;
}

static bool find_option(const struct hl_command *command, const char *name, size_t n,
	char letter, struct option *ret)
{
	return find_in(command->options ? command->options : "", name, n, letter, ret) ||
		find_in(common, name, n, letter, ret);
}

void hl_usage(const struct hl_command *command, FILE *stream)
{
	const char *line = command->usage;

	fputs("usage: ", stream);
	for (; *line; line++) {
		fputc(*line, stream);
		if (*line == '\n')
			fputs("       ", stream);
	}
	fputc('\n', stream);
}

enum hl_exit hl_usage_error(const struct hl_args *args, const char *format, ...)
{
	va_list list;

	fprintf(stderr, "hotline %s: ", args->command->name);
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputc('\n', stderr);
	hl_usage(args->command, stderr);
	return HL_EXIT_USAGE;
}

static enum hl_exit unknown_option(const struct hl_args *args, const char *typed)
{
	const char *words[64];
	struct option options[64];
	const char *lists[2] = {args->command->options, common}, *near;
	size_t n = 0;

	for (size_t i = 0; i < 2; i++) {
		const char *list = lists[i] ? lists[i] : "";

		while (n < 64 && (list = next_option(list, &options[n]))) {
			words[n] = options[n].name;
			n++;
		}
	}
	near = hl_nearest(typed + strspn(typed, "-"), words, n);
	if (near)
		return hl_usage_error(
			args, "no such option \"%s\" (did you mean --%s?)", typed, near);
	return hl_usage_error(args, "no such option \"%s\"", typed);
}

/* Options that every command has go where every command looks. */
static bool take_common(struct hl_app *app, const struct option *option,
	const char *value, bool *ret_help)
{
	if (strcmp(option->name, "home") == 0)
		app->home = value;
	else if (strcmp(option->name, "json") == 0)
		app->json = true;
	else if (strcmp(option->name, "yes") == 0)
		app->yes = true;
	else if (strcmp(option->name, "passphrase-file") == 0)
		app->passphrase_file = value;
	else if (strcmp(option->name, "root-passphrase-file") == 0)
		app->root_passphrase_file = value;
	else if (strcmp(option->name, "help") == 0)
		*ret_help = true;
	else
		return false;
	return true;
}

static enum hl_exit take(struct hl_app *app, struct hl_args *args,
	const struct option *option, const char *value, bool *ret_help)
{
	struct option same;
	const char *name;

	if (take_common(app, option, value, ret_help))
		return HL_EXIT_OK;
	if (args->n_options == HL_OPTIONS_MAX)
		return hl_usage_error(args, "too many options");
	/* The name as the table writes it, which outlives this function. */
	name = args->command->options;
	while (name && next_option(name, &same) && strcmp(same.name, option->name) != 0)
		name = next_option(name, &same);
	name += strspn(name, " ");
	args->options[args->n_options] = name;
	args->values[args->n_options++] = value;
	return HL_EXIT_OK;
}

/* argv[*at] begins with '-': an option, and maybe its value in the next word. */
static enum hl_exit take_option(struct hl_app *app, struct hl_args *args, int argc,
	char **argv, int *at, bool *ret_help)
{
	const char *word = argv[*at], *value = NULL;
	struct option option;
	bool found;

	if (word[1] == '-') {
		const char *equals = strchr(word, '=');
		size_t n = equals ? (size_t)(equals - word) - 2 : strlen(word + 2);

		value = equals ? equals + 1 : NULL;
		found = find_option(args->command, word + 2, n, 0, &option);
	} else {
		value = word[2] ? word + 2 : NULL;
		found = find_option(args->command, "", 0, word[1], &option);
	}
	if (!found)
		return unknown_option(args, word);
	if (!option.takes && value)
		return hl_usage_error(args, "--%s takes no value", option.name);
	if (option.takes && !value) {
		if (*at + 1 >= argc)
			return hl_usage_error(args, "--%s needs a value", option.name);
		value = argv[++*at];
	}
	return take(app, args, &option, value ? value : "", ret_help);
}

static enum hl_exit count_operands(const struct hl_args *args)
{
	if (args->n < args->command->min)
		return hl_usage_error(args, "something is missing");
	if (args->n > args->command->max)
		return hl_usage_error(
			args, "\"%s\" is too much", args->operands[args->command->max]);
	return HL_EXIT_OK;
}

enum hl_exit hl_args_parse(struct hl_app *app, const struct hl_command *command, int argc,
	char **argv, struct hl_args *ret, bool *ret_help)
{
	bool options = true;

	*ret = (struct hl_args){.command = command};
	*ret_help = false;
	ret->operands = calloc((size_t)argc + 1, sizeof(*ret->operands));
	if (!ret->operands)
		return hl_fail_status(HL_ERR_NOMEM, "read the command line");
	for (int i = 1; i < argc; i++) {
		enum hl_exit code;

		if (options && strcmp(argv[i], "--") == 0) {
			options = false;
			continue;
		}
		if (!options || argv[i][0] != '-' || !argv[i][1]) {
			ret->operands[ret->n++] = argv[i];
			continue;
		}
		code = take_option(app, ret, argc, argv, &i, ret_help);
		if (code)
			return code;
	}
	return *ret_help ? HL_EXIT_OK : count_operands(ret);
}

static bool is_named(const char *word, const char *name)
{
	size_t n = strlen(name);

	return strncmp(word, name, n) == 0 && (!word[n] || strchr(" =*/", word[n]));
}

const char *hl_option(const struct hl_args *args, const char *name)
{
	const char *value = NULL;

	for (size_t i = 0; i < args->n_options; i++)
		if (is_named(args->options[i], name))
			value = args->values[i];
	return value;
}

const char *hl_option_at(const struct hl_args *args, const char *name, size_t i)
{
	for (size_t j = 0; j < args->n_options; j++)
		if (is_named(args->options[j], name) && i-- == 0)
			return args->values[j];
	return NULL;
}

enum hl_exit hl_option_number(const struct hl_args *args, const char *name, uint64_t min,
	uint64_t max, uint64_t fallback, uint64_t *ret)
{
	const char *text = hl_option(args, name);
	unsigned long long value;
	char *end;

	if (!text) {
		*ret = fallback;
		return HL_EXIT_OK;
	}
	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || end == text || *end || text[0] == '-' || value < min || value > max)
		return hl_usage_error(args,
			"--%s takes a number from %llu to %llu, not \"%s\"", name,
			(unsigned long long)min, (unsigned long long)max, text);
	*ret = value;
	return HL_EXIT_OK;
}

/* Levenshtein's distance, for short words. */
#define WORD 40

static size_t distance(const char *a, const char *b)
{
	size_t row[WORD + 1], na = strlen(a), nb = strlen(b);

	if (na > WORD || nb > WORD)
		return WORD;
	for (size_t j = 0; j <= nb; j++)
		row[j] = j;
	for (size_t i = 1; i <= na; i++) {
		size_t before = row[0];

		row[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			size_t changed = before + (a[i - 1] != b[j - 1]);
			size_t least = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;

			before = row[j];
			row[j] = changed < least ? changed : least;
		}
	}
	return row[nb];
}

const char *hl_nearest(const char *typed, const char *const *words, size_t n)
{
	size_t best = strlen(typed) / 3 + 1;
	const char *near = NULL;

	for (size_t i = 0; i < n; i++) {
		size_t d = distance(typed, words[i]);

		/* As many changes as there are letters say nothing. */
		if (d < strlen(words[i]) && (d < best || (d == best && !near))) {
			best = d;
			near = words[i];
		}
	}
	return near;
}
