/*
 * What hotlined prints for -h; equal to the SYNOPSIS of node/man/hotlined.8.
 */
#ifndef HL_NODE_USAGE_H
#define HL_NODE_USAGE_H

#define HL_USAGE_RUN                                                           \
	"hotlined [-c FILE | -d DIR] [--check] [--user NAME] [--allow-root]\n" \
	"                [--version] [-h]\n"
#define HL_USAGE_INIT                                                                 \
	"hotlined init -d DIR --lab FILE [--listen ADDRESS:PORT]...\n"                \
	"                [--address HOST:PORT]... [--socket PATH] [--network NAME]\n" \
	"                [--yes]\n"
#define HL_USAGE_BACKUP  "hotlined backup [-c FILE | -d DIR] FILE\n"
#define HL_USAGE_RESTORE "hotlined restore [-c FILE | -d DIR] FILE\n"
#define HL_USAGE                                                       \
	HL_USAGE_RUN "       " HL_USAGE_INIT "       " HL_USAGE_BACKUP \
		     "       " HL_USAGE_RESTORE

/* Below the usage. */
#define HL_USAGE_HELP                                                                    \
	"\n"                                                                             \
	"  -c FILE       the configuration (" HL_CONFIG_PATH ")\n"                       \
	"  -d DIR        the same as -c DIR/" HL_CONFIG_FILE "\n"                        \
	"  --check       say whether configuration, keys and store are good, and end\n"  \
	"  --user NAME   become this user when started as root\n"                        \
	"  --allow-root  stay root\n"                                                    \
	"\n"                                                                             \
	"hotlined init makes a node's directory from the lab's file (made by\n"          \
	"`hotline lab init`), and a request that `hotline node add` answers.\n"          \
	"hotlined backup copies the store of a node, running or not; hotlined restore\n" \
	"puts a copy in the place of a stopped node's store, and keeps that beside it.\n"

#endif
