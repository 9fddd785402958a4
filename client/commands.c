/* lint: table */
#include "client/commands.h"

#include <string.h>

/* The order of `hotline help`. Usage lines are those of the manual pages, word for word. */
static const struct hl_command commands[] = {
	{.name = "now",
		.run = hl_cmd_bare,
		.needs = HL_NEEDS_KEYS,
		.usage = "hotline now [--json]",
		.help = "what rings, and what to type; the same as hotline alone",
		.bare = true},
	{.name = "raise",
		.run = hl_cmd_raise,
		.needs = HL_NEEDS_KEYS,
		.options = "to= kind= precedence= severity= certainty= urgency= context= "
			   "tlp= status= title= message/m= file/F= field=* ask=* "
			   "framework= framework-version= level= determination= "
			   "aware-at= determined-at= attach=* answer-within= "
			   "idempotency-key= wait= timeout=",
		.usage =
			"hotline raise [--to LABS] [--kind KIND] [--precedence P] [--severity N]\n"
			"    [--certainty C] [--urgency U] [--context C] [--tlp T]\n"
			"    [--status STATUS] [--title TITLE] [-m TEXT | -F FILE]\n"
			"    [--field KEY=VALUE]... [--ask LABEL]...\n"
			"    [--framework NAME] [--framework-version V] [--level LEVEL]\n"
			"    [--determination D] [--aware-at TIME] [--determined-at TIME]\n"
			"    [--attach FILE]... [--answer-within SPAN] [--idempotency-key KEY]\n"
			"    [--wait stored | --wait answered] [--timeout SPAN] [--json]",
		.help = "tell other labs: opens an incident, and rings"},
	{.name = "ack",
		.run = hl_cmd_ack,
		.needs = HL_NEEDS_KEYS,
		.options = "acting accept decline= redirect= message/m= file/F= "
			   "idempotency-key=",
		.min = 1,
		.max = 1,
		.usage =
			"hotline ack ID [--acting | --accept | --decline WHY | --redirect WHO]\n"
			"    [-m TEXT | -F FILE] [--idempotency-key KEY] [--json]",
		.help = "answer a call: a person has read it"},
	{.name = "say",
		.run = hl_cmd_say,
		.needs = HL_NEEDS_KEYS,
		.options = "message/m= file/F= call precedence= attach=* "
			   "idempotency-key=",
		.min = 1,
		.max = 1,
		.usage = "hotline say ID [-m TEXT | -F FILE] [--call] [--precedence P]\n"
			 "    [--attach FILE]... [--idempotency-key KEY] [--json]",
		.help = "talk within an incident"},
	{.name = "update",
		.run = hl_cmd_update,
		.needs = HL_NEEDS_KEYS,
		.options = "severity= certainty= title= message/m= file/F= field=* "
			   "attach=* idempotency-key=",
		.min = 1,
		.max = 1,
		.usage =
			"hotline update ID [--severity N] [--certainty C] [--title TITLE]\n"
			"    [-m TEXT | -F FILE] [--field KEY=VALUE]... [--attach FILE]...\n"
			"    [--idempotency-key KEY] [--json]",
		.help = "correct or extend an incident"},
	{.name = "resolve",
		.run = hl_cmd_resolve,
		.needs = HL_NEEDS_KEYS,
		.options = "message/m= file/F= idempotency-key=",
		.min = 1,
		.max = 1,
		.usage =
			"hotline resolve ID [-m TEXT | -F FILE] [--idempotency-key KEY] [--json]",
		.help = "close an incident: it is over"},
	{.name = "cancel",
		.run = hl_cmd_cancel,
		.needs = HL_NEEDS_KEYS,
		.options = "message/m= file/F= idempotency-key=",
		.min = 1,
		.max = 1,
		.usage =
			"hotline cancel ID -m TEXT [-F FILE] [--idempotency-key KEY] [--json]",
		.help = "close an incident: it was a false alarm"},
	{.name = "reopen",
		.run = hl_cmd_reopen,
		.needs = HL_NEEDS_KEYS,
		.options = "message/m= file/F= idempotency-key=",
		.min = 1,
		.max = 1,
		.usage =
			"hotline reopen ID -m TEXT [-F FILE] [--idempotency-key KEY] [--json]",
		.help = "open a closed incident again, and ring"},
	{.name = "list",
		.run = hl_cmd_list,
		.needs = HL_NEEDS_KEYS,
		.options = "grep= since= peer= closed all",
		.usage =
			"hotline list [--grep TEXT] [--since TIME] [--peer LAB] [--closed | "
			"--all]\n"
			"    [--json]",
		.help = "incidents, one line each"},
	{.name = "show",
		.run = hl_cmd_show,
		.needs = HL_NEEDS_KEYS,
		.options = "proof",
		.min = 1,
		.max = 1,
		.usage = "hotline show ID [--proof] [--json]",
		.help = "one incident: text, timeline, answers, proof"},
	{.name = "save",
		.run = hl_cmd_save,
		.needs = HL_NEEDS_KEYS,
		.options = "dir= check=",
		.min = 1,
		.max = 1,
		.usage = "hotline save ID [--dir DIR] [--json]\n"
			 "hotline save ID --check FILE",
		.help = "attachments, to files"},
	{.name = "watch",
		.run = hl_cmd_watch,
		.needs = HL_NEEDS_KEYS,
		.options = "notify= bell",
		.usage = "hotline watch [--notify PROGRAM] [--bell] [--json]",
		.help = "what happens, as it happens"},
	{.name = "send",
		.run = hl_cmd_send,
		.needs = HL_NEEDS_KEYS,
		.max = 64,
		.usage = "hotline send [DRAFT]... [--json]",
		.help = "hand over drafts, now"},
	{.name = "export",
		.run = hl_cmd_export,
		.needs = HL_NEEDS_KEYS,
		.options = "output=",
		.min = 1,
		.max = 64,
		.usage = "hotline export ID... [--output FILE]",
		.help = "letters in a file, for where no line reaches"},
	{.name = "import",
		.run = hl_cmd_import,
		.needs = HL_NEEDS_KEYS,
		.min = 1,
		.max = 64,
		.usage = "hotline import FILE... [--json]",
		.help = "take in letters from a file"},
	{.name = "release",
		.run = hl_cmd_release,
		.needs = HL_NEEDS_KEYS,
		.min = 1,
		.max = 1,
		.usage = "hotline release FILE [--json]",
		.help = "sign a colleague's FLASH, where two must"},
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
			"hotline lab init NAME --person PERSON [--device DEVICE]\n"
			"    [--network NETWORK] [--contact LINE]... [--flash-signers N]\n"
			"    [--root FILE] [--out FILE]",
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
			"hotline member add REQUEST... [--person PERSON] [--monitor]\n"
			"    [--cap LIST]... [--max-precedence PRECEDENCE] [--kind KIND]...\n"
			"    [--lab PEER]... [--rate N] [--root FILE]...\n"
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
		.options = "as= fingerprint= off",
		.min = 1,
		.max = 66,
		.usage = "hotline peer add FILE [--as NAME] [--fingerprint DIGITS]\n"
			 "hotline peer list\n"
			 "hotline peer verify PEER [--fingerprint DIGITS]\n"
			 "hotline peer remove PEER\n"
			 "hotline peer group NAME [PEER]...\n"
			 "hotline peer relay PEER [--off]",
		.help = "the other labs: add one after comparing its fingerprint, groups"},
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
