/* hotline help: the list, one command, the exit codes. */
#include <string.h>

#include "client/cmd/cmd.h"

static enum hl_exit exits(void)
{
	printf("0  it was done\n"
	       "1  the answer is no: not found, refused, or it failed\n"
	       "2  typed wrongly, or something has to be done first\n"
	       "3  your node cannot be reached, or cannot take it now: a letter stays a draft\n"
	       "4  this device or person may not do that\n"
	       "5  the deadline passed first\n");
	return HL_EXIT_OK;
}

static enum hl_exit list(void)
{
	size_t n;
	const struct hl_command *commands = hl_commands(&n);

	printf("usage: hotline [--home DIR] [--json] [COMMAND [ARGUMENT]...]\n\n");
	for (size_t i = 0; i < n; i++)
		printf("  %-10s %s\n", commands[i].name, commands[i].help);
	printf("\nhotline help COMMAND shows one; hotline help exit the exit codes.\n"
	       "Every command takes --home DIR (or HOTLINE_HOME), --passphrase-file FILE (or\n"
	       "HOTLINE_PASSPHRASE_FILE), --yes, -h; every list --json.\n");
	return HL_EXIT_OK;
}

enum hl_exit hl_cmd_help(struct hl_app *app, const struct hl_args *args)
{
	const struct hl_command *command;
	const char *words[64], *near;
	size_t n, all;

	(void)app;
	if (args->n == 0)
		return list();
	if (strcmp(args->operands[0], "exit") == 0)
		return exits();
	command = hl_command_find(args->operands[0]);
	if (command) {
		hl_usage(command, stdout);
		printf("\n%s\n\nman hotline-%s tells more.\n", command->help,
			command->name);
		return HL_EXIT_OK;
	}
	for (n = 0; n < 64 && n < (hl_commands(&all), all); n++)
		words[n] = hl_commands(&all)[n].name;
	near = hl_nearest(args->operands[0], words, n);
	return hl_fail(HL_EXIT_USAGE, "no such command \"%s\"%s%s%s", args->operands[0],
		near ? " (did you mean " : "; hotline help lists them", near ? near : "",
		near ? "?)" : "");
}
