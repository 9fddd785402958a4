/* lint: table */
#include "client/commands.h"

#include <string.h>

/* The order of `hotline help`. Usage lines are those of the manual pages, word for word. */
static const struct hl_command commands[] = {
	{.name = "status",
		.run = hl_cmd_status,
		.needs = HL_NEEDS_KEYS,
		.usage = "hotline status [--json]",
		.help = "the own node, its lines to the other labs, warnings"},
	{.name = "lab",
		.run = hl_cmd_lab,
		.needs = HL_NEEDS_NOTHING,
		.options = "person= device= network= contact=* flash-signers= root= out=",
		.min = 1,
		.max = 2,
		.usage =
			"hotline lab init NAME --person PERSON [--device DEVICE] [--network "
			"NETWORK]\n"
			"    [--contact LINE]... [--flash-signers N] [--root FILE]\n"
			"    [--out FILE]",
		.help = "begin a lab: its root key, its first card, its first operator"},
	{.name = "node",
		.run = hl_cmd_node,
		.needs = HL_NEEDS_HOME,
		.options = "address=* root=*",
		.min = 1,
		.max = 2,
		.usage =
			"hotline node add REQUEST [--address HOST:PORT]... [--root FILE]...\n"
			"hotline node list\n"
			"hotline node remove KEY [--root FILE]...",
		.help = "put the lab's node on its card"},
	{.name = "join",
		.run = hl_cmd_join,
		.needs = HL_NEEDS_NOTHING,
		.options = "person= device= monitor fingerprint= out=",
		.min = 1,
		.max = 1,
		.usage =
			"hotline join LAB.hotline --person PERSON [--device DEVICE] [--monitor]\n"
			"    [--fingerprint DIGITS] [--out FILE]",
		.help = "make this device one of your lab's: keys, and a request to enrol it"},
	{.name = "member",
		.run = hl_cmd_member,
		.needs = HL_NEEDS_HOME,
		.options =
			"person= monitor cap=* max-precedence= kind=* lab=* rate= reason= root=*",
		.min = 1,
		.max = 33,
		.usage =
			"hotline member add REQUEST... [--person PERSON] [--monitor] [--cap "
			"LIST]...\n"
			"    [--max-precedence PRECEDENCE] [--kind KIND]... [--lab PEER]...\n"
			"    [--rate N] [--root FILE]...\n"
			"hotline member list\n"
			"hotline member suspend WHO [--reason TEXT]\n"
			"hotline member remove WHO [--root FILE]...",
		.help = "who speaks for the lab: people, monitors, and what each may do"},
	{.name = "card",
		.run = hl_cmd_card,
		.needs = HL_NEEDS_HOME,
		.options = "contact=* root=*",
		.min = 1,
		.max = 2,
		.usage = "hotline card show [LAB]\n"
			 "hotline card export [FILE]\n"
			 "hotline card import FILE\n"
			 "hotline card renew [--contact LINE]... [--root FILE]...",
		.help = "the lab's public card, its fingerprint, and those of others"},
	{.name = "peer",
		.run = hl_cmd_peer,
		.needs = HL_NEEDS_HOME,
		.options = "as= fingerprint=",
		.min = 1,
		.max = 66,
		.usage = "hotline peer add FILE [--as NAME] [--fingerprint DIGITS]\n"
			 "hotline peer list\n"
			 "hotline peer verify PEER [--fingerprint DIGITS]\n"
			 "hotline peer remove PEER\n"
			 "hotline peer group NAME [PEER]...",
		.help = "the other labs: add one after comparing its fingerprint, groups of them"},
	{.name = "psk",
		.run = hl_cmd_psk,
		.needs = HL_NEEDS_KEYS,
		.options = "in= out=",
		.min = 2,
		.max = 2,
		.usage = "hotline psk new PEER [--out FILE]\n"
			 "hotline psk set PEER [--in FILE]",
		.help = "the secret shared with a peer, against those who record traffic"},
	{.name = "help",
		.run = hl_cmd_help,
		.needs = HL_NEEDS_NOTHING,
		.max = 1,
		.usage = "hotline help [COMMAND | exit]",
		.help = "this list, or one command, or the exit codes"},
};

const struct hl_command *hl_commands(size_t *ret_n)
{
	*ret_n = sizeof(commands) / sizeof(commands[0]);
	return commands;
}

const struct hl_command *hl_command_find(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}
