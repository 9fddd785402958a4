/* Hooks, policies and persons: which programs are run, and who is rung when. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/config_build.h"
#include "node/config_read.h"

#define DAY_MINUTES 1440

void hl_config_uses_clear(struct reader *reader)
{
	for (size_t i = 0; i < reader->n_uses; i++)
		free(reader->uses[i].hook);
	reader->n_uses = 0;
}

static bool name_ok(const char *name)
{
	size_t n = strlen(name);

	return n >= 1 && n <= HL_HOOK_NAME_MAX &&
		hl_text_ok(hl_view_str(name), HL_TEXT_LINE);
}

static void check_name(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *name = cfg_title(cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1));

	if (!name_ok(name))
		fault(reader_of(cfg), cfg->line,
			"%s \"%s\" is no name: one line of 1 to %d bytes",
			cfg_opt_name(opt), name, HL_HOOK_NAME_MAX);
}

/* The program of a hook, on the heap: one without a slash is among those that are installed. */
static char *program_of(const char *word)
{
	char *path;

	if (strchr(word, '/') != NULL)
		return strdup(word);
	return asprintf(&path, "%s/%s", HL_HOOKS_DIR, word) < 0 ? NULL : path;
}

static void check_program(struct reader *reader, int line, const char *word)
{
	char *path = program_of(word);

	if (path == NULL)
		fault(reader, line, "out of memory");
	else if (path[0] != '/')
		fault(reader, line,
			"command \"%s\" is no absolute path, and no name of a program in %s",
			word, HL_HOOKS_DIR);
	else if (access(path, X_OK) != 0)
		fault(reader, line, "command \"%s\" cannot be run: %s", path,
			strerror(errno));
	free(path);
}

static int check_command(cfg_t *cfg, cfg_opt_t *opt)
{
	struct reader *reader = reader_of(cfg);
	unsigned n = cfg_opt_size(opt);
	const char *word = cfg_opt_getnstr(opt, n - 1);

	if (n == 1)
		check_program(reader, cfg->line, word);
	if (n == HL_HOOK_ARGS_MAX + 1)
		fault(reader, cfg->line, "command has room for %d words",
			HL_HOOK_ARGS_MAX);
	if (strlen(word) > HL_HOOK_ARG_MAX)
		fault(reader, cfg->line, "command: a word has room for %d bytes",
			HL_HOOK_ARG_MAX);
	return 0;
}

static unsigned event_of(const char *name)
{
	for (unsigned i = HL_HOOK_CALL; i < HL_HOOK_EVENTS; i++)
		if (strcmp(hl_hook_event_name(i), name) == 0)
			return i;
	return 0;
}

static int check_event(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *name = cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1);

	if (event_of(name) == 0)
		fault(reader_of(cfg), cfg->line,
			"events: there is no \"%s\" (call, answered, overdue, closed, "
			"unanswered, link, gap, store, node-silent, drill)",
			name);
	return 0;
}

static int check_number(cfg_t *cfg, cfg_opt_t *opt, long least, long most)
{
	long value = cfg_opt_getnint(opt, 0);

	if (value < least || value > most)
		fault(reader_of(cfg), cfg->line,
			"%s %ld is out of bounds: %ld to %ld seconds", cfg_opt_name(opt),
			value, least, most);
	return 0;
}

static int check_timeout(cfg_t *cfg, cfg_opt_t *opt)
{
	return check_number(cfg, opt, 1, HL_HOOK_TIMEOUT_MAX);
}

static int check_seconds(cfg_t *cfg, cfg_opt_t *opt)
{
	return check_number(cfg, opt, 0, HL_HOOK_SECONDS_MAX);
}

static int check_hook(cfg_t *cfg, cfg_opt_t *opt)
{
	cfg_t *section = cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1);

	check_name(cfg, opt);
	if (cfg_size(section, "command") == 0)
		fault(reader_of(cfg), cfg->line,
			"hook \"%s\" lacks its command = {\"/path/of/program\", "
			"\"argument\"}",
			cfg_title(section));
	if (cfg_opt_size(opt) == HL_HOOKS_MAX + 1)
		fault(reader_of(cfg), cfg->line, "there is room for %d hooks",
			HL_HOOKS_MAX);
	return 0;
}

static unsigned precedence_of(const char *name)
{
	for (unsigned i = HL_ROUTINE; i <= HL_FLASH; i++)
		if (strcmp(hl_precedence_name(i), name) == 0)
			return i;
	return 0;
}

static int check_policy(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *name = cfg_title(cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1));

	if (precedence_of(name) == 0)
		fault(reader_of(cfg), cfg->line,
			"policy \"%s\" is for no precedence: FLASH, IMMEDIATE, PRIORITY, "
			"ROUTINE",
			name);
	return 0;
}

static int check_when(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *value = cfg_opt_getstr(opt);

	if (strcmp(value, "call") != 0 && strcmp(value, "unanswered") != 0)
		fault(reader_of(cfg), cfg->line,
			"when \"%s\" is no moment: call (another lab's call is stored here), "
			"unanswered (a lab lets our call go past its deadline)",
			value);
	return 0;
}

static int check_step_hook(cfg_t *cfg, cfg_opt_t *opt)
{
	struct reader *reader = reader_of(cfg);
	char *name = strdup(cfg_opt_getstr(opt));

	if (name == NULL || reader->n_uses == HL_STEPS_MAX) {
		free(name);
		fault(reader, cfg->line, "there is room for %d steps", HL_STEPS_MAX);
		return 0;
	}
	reader->uses[reader->n_uses++] = (struct use){cfg->line, name};
	return 0;
}

static int check_contact(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *value = cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1);
	size_t n = strlen(value);

	if (cfg_opt_size(opt) == HL_CONTACTS_MAX + 1)
		fault(reader_of(cfg), cfg->line, "contacts has room for %d",
			HL_CONTACTS_MAX);
	if (n < 1 || n > HL_CONTACT_MAX || !hl_text_ok(hl_view_str(value), HL_TEXT_LINE))
		fault(reader_of(cfg), cfg->line,
			"contact \"%s\" is none: one line of 1 to %d bytes", value,
			HL_CONTACT_MAX);
	return 0;
}

static int check_step(cfg_t *cfg, cfg_opt_t *opt)
{
	cfg_t *section = cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1);

	check_name(cfg, opt);
	if (cfg_getstr(section, "hook") == NULL)
		fault(reader_of(cfg), cfg->line,
			"step \"%s\" lacks its hook = \"NAME\", one of the hooks of this file",
			cfg_title(section));
	return 0;
}

/* "22:00-07:00", and the offset of that clock from UTC, "+01:00". */
static bool quiet_of(const char *text, unsigned *ret_from, unsigned *ret_until)
{
	unsigned h[3] = {0}, m[3] = {0};
	char sign = '+', rest;
	int n = sscanf(text, "%2u:%2u-%2u:%2u %c%2u:%2u%c", &h[0], &m[0], &h[1], &m[1],
		&sign, &h[2], &m[2], &rest);

	if ((n != 4 && n != 7) || (sign != '+' && sign != '-') || h[0] > 23 ||
		h[1] > 23 || h[2] > 14 || m[0] > 59 || m[1] > 59 || m[2] > 59)
		return false;
	unsigned ahead = h[2] * 60 + m[2];
	unsigned shift = sign == '+' ? DAY_MINUTES - ahead : ahead;
	*ret_from = (h[0] * 60 + m[0] + shift) % DAY_MINUTES;
	*ret_until = (h[1] * 60 + m[1] + shift) % DAY_MINUTES;
	return true;
}

static int check_quiet(cfg_t *cfg, cfg_opt_t *opt)
{
	unsigned from, until;

	if (!quiet_of(cfg_opt_getstr(opt), &from, &until))
		fault(reader_of(cfg), cfg->line,
			"quiet \"%s\" is no time of the day: 22:00-07:00 in UTC, or with that "
			"clock's offset, 22:00-07:00 +01:00",
			cfg_opt_getstr(opt));
	return 0;
}

static int check_person(cfg_t *cfg, cfg_opt_t *opt)
{
	check_name(cfg, opt);
	if (cfg_opt_size(opt) == HL_PERSONS_MAX + 1)
		fault(reader_of(cfg), cfg->line, "there is room for %d persons",
			HL_PERSONS_MAX);
	return 0;
}

void hl_config_hook_checks(cfg_t *cfg)
{
	cfg_set_validate_func(cfg, "hook", check_hook);
	cfg_set_validate_func(cfg, "hook|command", check_command);
	cfg_set_validate_func(cfg, "hook|timeout", check_timeout);
	cfg_set_validate_func(cfg, "hook|events", check_event);
	cfg_set_validate_func(cfg, "policy", check_policy);
	cfg_set_validate_func(cfg, "policy|step", check_step);
	cfg_set_validate_func(cfg, "policy|step|when", check_when);
	cfg_set_validate_func(cfg, "policy|step|after", check_seconds);
	cfg_set_validate_func(cfg, "policy|step|repeat", check_seconds);
	cfg_set_validate_func(cfg, "policy|step|hook", check_step_hook);
	cfg_set_validate_func(cfg, "policy|step|contacts", check_contact);
	cfg_set_validate_func(cfg, "person", check_person);
	cfg_set_validate_func(cfg, "person|quiet", check_quiet);
}

void hl_config_uses_check(cfg_t *cfg, struct reader *reader)
{
	for (size_t i = 0; i < reader->n_uses; i++)
		if (cfg_gettsec(cfg, "hook", reader->uses[i].hook) == NULL)
			fault(reader, reader->uses[i].line,
				"hook \"%s\" is not defined: hook \"%s\" { command = {…} }",
				reader->uses[i].hook, reader->uses[i].hook);
}

static bool build_hook(cfg_t *cfg, struct hl_hook_program *ret)
{
	unsigned n = cfg_size(cfg, "command");

	snprintf(ret->hook.name, sizeof(ret->hook.name), "%s", cfg_title(cfg));
	ret->hook.exercise = cfg_getbool(cfg, "exercise") == cfg_true;
	ret->timeout = (unsigned)cfg_getint(cfg, "timeout");
	for (unsigned i = 0; i < cfg_size(cfg, "events"); i++)
		ret->hook.events |= 1u << event_of(cfg_getnstr(cfg, "events", i));
	for (unsigned i = 0; i < n; i++) {
		const char *word = cfg_getnstr(cfg, "command", i);
		ret->argv[i] = i == 0 ? program_of(word) : strdup(word);
		if (ret->argv[i] == NULL)
			return false;
	}
	return true;
}

static void build_step(cfg_t *cfg, unsigned precedence, struct hl_policy_step *ret)
{
	size_t at = 0;

	ret->precedence = (enum hl_precedence)precedence;
	snprintf(ret->name, sizeof(ret->name), "%s", cfg_title(cfg));
	snprintf(ret->hook, sizeof(ret->hook), "%s", cfg_getstr(cfg, "hook"));
	ret->moment = strcmp(cfg_getstr(cfg, "when"), "call") == 0 ? HL_MOMENT_CALL
								   : HL_MOMENT_UNANSWERED;
	ret->after = (uint64_t)cfg_getint(cfg, "after");
	ret->repeat = (uint64_t)cfg_getint(cfg, "repeat");
	for (unsigned i = 0; i < cfg_size(cfg, "contacts"); i++)
		at += (size_t)snprintf(ret->contacts + at, sizeof(ret->contacts) - at,
			"%s\n", cfg_getnstr(cfg, "contacts", i));
}

bool hl_config_build_hooks(cfg_t *cfg, struct hl_config *ret)
{
	unsigned n_hooks = cfg_size(cfg, "hook"), n_persons = cfg_size(cfg, "person");

	ret->hooks.list = calloc(n_hooks + 1, sizeof(*ret->hooks.list));
	ret->steps = calloc(HL_STEPS_MAX, sizeof(*ret->steps));
	ret->persons = calloc(n_persons + 1, sizeof(*ret->persons));
	if (!ret->hooks.list || !ret->steps || !ret->persons)
		return false;
	for (; ret->hooks.n < n_hooks; ret->hooks.n++)
		if (!build_hook(cfg_getnsec(cfg, "hook", (unsigned)ret->hooks.n),
			    &ret->hooks.list[ret->hooks.n]))
			return ret->hooks.n++, false;
	for (unsigned i = 0; i < cfg_size(cfg, "policy"); i++) {
		cfg_t *policy = cfg_getnsec(cfg, "policy", i);
		for (unsigned k = 0; k < cfg_size(policy, "step"); k++)
			build_step(cfg_getnsec(policy, "step", k),
				precedence_of(cfg_title(policy)),
				&ret->steps[ret->n_steps++]);
	}
	for (; ret->n_persons < n_persons; ret->n_persons++) {
		cfg_t *section = cfg_getnsec(cfg, "person", (unsigned)ret->n_persons);
		struct hl_policy_person *person = &ret->persons[ret->n_persons];
		const char *quiet = cfg_getstr(section, "quiet");
		snprintf(person->name, sizeof(person->name), "%s", cfg_title(section));
		if (quiet != NULL && !quiet_of(quiet, &person->from, &person->until))
			return false;
	}
	return true;
}
