/*
 * The one table of commands, and how a command line is taken apart.
 */
#ifndef HL_CLIENT_COMMANDS_H
#define HL_CLIENT_COMMANDS_H

#include <stdio.h>

#include "client/app.h"

/* What stands ready when a command's function is called. */
enum hl_needs {
	HL_NEEDS_NOTHING, /* hl_app_init alone: for help, and for what makes a home */
	HL_NEEDS_HOME,    /* the home is open, the own lab is known */
	HL_NEEDS_KEYS,    /* and the device's keys are unlocked (app->keys) */
};

#define HL_OPTIONS_MAX 96

/* A command line that was taken apart. Everything is borrowed from argv. */
struct hl_args {
	const struct hl_command *command;
	size_t n_options;
	const char *options[HL_OPTIONS_MAX]; /* names, as in the table */
	const char *values[HL_OPTIONS_MAX];  /* "" for a flag */
	size_t n;                            /* what is no option, in order */
	const char **operands;
};

struct hl_command {
	const char *name;
	enum hl_exit (*run)(struct hl_app *app, const struct hl_args *args);
	enum hl_needs needs;
	/* Options, separated by blanks: "yes" is a flag, "person=" takes a value, "contact=*"
	 * may stand several times, "message/m=" has a short form. Common to all commands are
	 * home=, json, yes, passphrase-file=, root-passphrase-file=, help/h. */
	const char *options;
	size_t min, max; /* how many operands */
	const char *
		usage; /* lines, each from "hotline NAME"; equal to the manual's SYNOPSIS */
	const char *help; /* one line */
	bool bare;        /* the one that runs when `hotline` stands alone */
};

/* The table, in the order of `hotline help`. */
const struct hl_command *hl_commands(size_t *ret_n);
const struct hl_command *hl_command_find(const char *name); /* NULL: none */

/* Finds the command in argv[1..] of the program (options may stand before its name), sees to what
 * it needs, and runs it; alone, the one that is marked bare. app is as hl_app_init made it. argv
 * is put into another order. */
HL_MUST enum hl_exit hl_dispatch(struct hl_app *app, int argc, char **argv);

/* Takes argv[1..] of a command apart (argv[0] is its name). An unknown option, a value that is
 * missing, or too few or too many operands: said, with the usage, HL_EXIT_USAGE. Common options
 * are put into app. *ret_help: -h was given. args->operands is the caller's to free. */
HL_MUST enum hl_exit hl_args_parse(struct hl_app *app, const struct hl_command *command,
	int argc, char **argv, struct hl_args *ret, bool *ret_help);

/* The (last) value of an option; NULL when it was not given. A flag gives "". */
const char *hl_option(const struct hl_args *args, const char *name);
/* The i-th value of one that may be given several times; NULL past the last. */
const char *hl_option_at(const struct hl_args *args, const char *name, size_t i);
/* A number from min to max, or fallback when it was not given. */
HL_MUST enum hl_exit hl_option_number(const struct hl_args *args, const char *name,
	uint64_t min, uint64_t max, uint64_t fallback, uint64_t *ret);

/* "usage: …" on that stream. */
void hl_usage(const struct hl_command *command, FILE *stream);
/* Says what is wrong, then the usage: HL_EXIT_USAGE. */
__attribute__((format(printf, 2, 3))) enum hl_exit hl_usage_error(
	const struct hl_args *args, const char *format, ...);

/* The word of a list (n pointers) that is nearest to what was typed; NULL when none is near. */
const char *hl_nearest(const char *typed, const char *const *words, size_t n);

/* client/cmd/: one function for each name. */
enum hl_exit hl_cmd_bare(struct hl_app *app, const struct hl_args *args);
enum hl_exit hl_cmd_raise(struct hl_app *app, const struct hl_args *args);
enum hl_exit hl_cmd_ack(struct hl_app *app, const struct hl_args *args);
enum hl_exit hl_cmd_say(struct hl_app *app, const struct hl_args *args);
enum hl_exit hl_cmd_update(struct hl_app *app, const struct hl_args *args);
enum hl_exit hl_cmd_resolve(struct hl_app *app, const struct hl_args *args);
enum hl_exit hl_cmd_cancel(struct hl_app *app, const struct hl_args *args);
enum hl_exit hl_cmd_reopen(struct hl_app *app, const struct hl_args *args);
enum hl_exit hl_cmd_list(struct hl_app *app, const struct hl_args *args);
enum hl_exit hl_cmd_show(struct hl_app *app, const struct hl_args *args);
enum hl_exit hl_cmd_save(struct hl_app *app, const struct hl_args *args);
enum hl_exit hl_cmd_watch(struct hl_app *app, const struct hl_args *args);
enum hl_exit hl_cmd_send(struct hl_app *app, const struct hl_args *args);
enum hl_exit hl_cmd_export(struct hl_app *app, const struct hl_args *args);
enum hl_exit hl_cmd_import(struct hl_app *app, const struct hl_args *args);
enum hl_exit hl_cmd_release(struct hl_app *app, const struct hl_args *args);
enum hl_exit hl_cmd_card(struct hl_app *app, const struct hl_args *args);
enum hl_exit hl_cmd_help(struct hl_app *app, const struct hl_args *args);
enum hl_exit hl_cmd_join(struct hl_app *app, const struct hl_args *args);
enum hl_exit hl_cmd_lab(struct hl_app *app, const struct hl_args *args);
enum hl_exit hl_cmd_member(struct hl_app *app, const struct hl_args *args);
enum hl_exit hl_cmd_node(struct hl_app *app, const struct hl_args *args);
enum hl_exit hl_cmd_peer(struct hl_app *app, const struct hl_args *args);
enum hl_exit hl_cmd_psk(struct hl_app *app, const struct hl_args *args);
enum hl_exit hl_cmd_status(struct hl_app *app, const struct hl_args *args);
enum hl_exit hl_cmd_drill(struct hl_app *app, const struct hl_args *args);

#endif
