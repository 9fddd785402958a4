/* From argv to the function of a command. */
#include <stdlib.h>
#include <string.h>

#include "client/commands.h"
#include "client/keyring.h"

static enum hl_exit unknown_command(const char *typed)
{
	const char *words[64], *near;
	size_t n = 0, all;
	const struct hl_command *commands = hl_commands(&all);

	for (; n < all && n < 64; n++)
		words[n] = commands[n].name;
	near = hl_nearest(typed, words, n);
	if (near)
		return hl_fail(HL_EXIT_USAGE, "no such command \"%s\" (did you mean %s?)",
			typed, near);
	return hl_fail(
		HL_EXIT_USAGE, "no such command \"%s\"; hotline help lists them", typed);
}

static enum hl_exit prepare(struct hl_app *app, const struct hl_command *command)
{
	enum hl_exit code = HL_EXIT_OK;

	switch (command->needs) {
	case HL_NEEDS_NOTHING: return HL_EXIT_OK;
	case HL_NEEDS_HOME: return hl_app_open(app, false, NULL);
	case HL_NEEDS_KEYS:
		code = hl_app_open(app, false, NULL);
		return code ? code : hl_keyring_open(app);
	}
	return code;
}

static enum hl_exit run(
	struct hl_app *app, const struct hl_command *command, int argc, char **argv)
{
	struct hl_args args;
	bool help;
	enum hl_exit code = hl_args_parse(app, command, argc, argv, &args, &help);

	if (!code && help) {
		hl_usage(command, stdout);
		printf("\n%s\n", command->help);
	} else if (!code) {
		code = prepare(app, command);
		if (!code)
			code = command->run(app, &args);
	}
	free(args.operands);
	return code;
}

static const struct hl_command *bare_command(void)
{
	size_t n;
	const struct hl_command *commands = hl_commands(&n);

	for (size_t i = 0; i < n; i++)
		if (commands[i].bare)
			return &commands[i];
	return hl_command_find("help");
}

/* Options before the command belong to all commands: they are moved behind its name. Returns where
 * the name stands, or argc. */
static int find_name(int argc, char **argv)
{
	static const char *const takes[] = {
		"--home", "--passphrase-file", "--root-passphrase-file"};

	for (int i = 1; i < argc; i++) {
		if (argv[i][0] != '-')
			return i;
		for (size_t j = 0; j < sizeof(takes) / sizeof(takes[0]); j++)
			i += strcmp(argv[i], takes[j]) == 0;
	}
	return argc;
}

enum hl_exit hl_dispatch(struct hl_app *app, int argc, char **argv)
{
	int at = find_name(argc, argv);
	const struct hl_command *command;
	char *name;

	if (at >= argc) {
		bool help = argc == 2 &&
			(strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0);

		if (argc == 2 && strcmp(argv[1], "--version") == 0) {
			printf("hotline %s\n", hl_version());
			return HL_EXIT_OK;
		}
		return help ? run(app, hl_command_find("help"), 1, argv)
			    : run(app, bare_command(), argc, argv);
	}
	name = argv[at];
	command = hl_command_find(name);
	if (!command)
		return unknown_command(name);
	/* The name first, then the options that stood before it. */
	memmove(argv + 2, argv + 1, (size_t)(at - 1) * sizeof(*argv));
	argv[1] = name;
	return run(app, command, argc - 1, argv + 1);
}
