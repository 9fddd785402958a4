/*
 * What every command of `hotline` shares: the home directory, its settings, the store, the keys
 * once they are unlocked, and the one way to fail.
 *
 * A function that returns enum hl_exit has told the person what is wrong and what to type next
 * before it returns anything but HL_EXIT_OK; its caller passes the code on and adds nothing, or
 * adds what only it knows.
 */
#ifndef HL_CLIENT_APP_H
#define HL_CLIENT_APP_H

#include "protocol/hotline.h"

/* The exit codes of the program (hotline help exit; the manual). */
enum hl_exit {
	HL_EXIT_OK = 0,
	HL_EXIT_NO = 1,    /* the answer is no: not found, refused, failed */
	HL_EXIT_USAGE = 2, /* typed wrongly, or something must be done first */
	HL_EXIT_NODE = 3,  /* the own node cannot be reached, or cannot take it now */
	HL_EXIT_NOT_PERMITTED = 4, /* this device, or this person, may not do that */
	HL_EXIT_DEADLINE = 5,      /* the deadline passed before it came true */
};

/* From hotline.conf. */
struct hl_settings {
	char network[HL_NETWORK_MAX + 1];
	char node
		[256]; /* host:port, [ipv6]:port or /path of a socket; empty: as the card says */
};

struct hl_db;      /* client/db.h */
struct hl_keyring; /* client/keyring.h */
struct hl_library; /* client/docs.h */
struct hl_scraps;  /* client/output.h */

struct hl_app {
	/* From the command line and the environment. Borrowed. */
	const char *home;
	char *home_default; /* owned: ~/.hotline */
	const char *passphrase_file, *root_passphrase_file;
	bool json;   /* --json: one document on standard output, nothing else */
	bool yes;    /* --yes: questions that may be answered beforehand are */
	bool colour; /* standard output is a terminal and NO_COLOR is not set */

	int home_fd; /* -1 while the home directory is not open */
	struct hl_settings settings;
	struct hl_id net;
	struct hl_entropy entropy; /* the system's */

	struct hl_db *db;
	bool joined;      /* the own lab is pinned: lab and kid are set */
	struct hl_id lab; /* the own lab */
	struct hl_id kid; /* this device's signing key */

	struct hl_keyring *keys; /* NULL while locked */
	struct hl_library *library;
	struct hl_scraps *scraps;
};

/* Finds the home directory (--home, HOTLINE_HOME, ~/.hotline) and sets what the environment says.
 * Touches no file. */
HL_MUST enum hl_exit hl_app_init(struct hl_app *app);

/* Opens the home: owner and mode (0700) checked, hotline.conf read, the store opened. create makes
 * the directory and the store where they are missing, with this network (NULL: hotline.conf's, or
 * HL_NETWORK_DEFAULT) and writes hotline.conf; without create, a home that no lab was made in or
 * joined in is HL_EXIT_USAGE with what to type. */
#define HL_NETWORK_DEFAULT "hotline"
HL_MUST enum hl_exit hl_app_open(struct hl_app *app, bool create, const char *network);

/* Closes and wipes everything. */
void hl_app_clear(struct hl_app *app);

/* Says on standard error "hotline: " and a line, and returns code. Texts of others go through
 * hl_safe (client/output.h) first. */
__attribute__((format(printf, 2, 3))) enum hl_exit hl_fail(
	enum hl_exit code, const char *format, ...);

/* Says that our own side is in trouble (memory, entropy): HL_EXIT_NO. */
enum hl_exit hl_fail_status(enum hl_status status, const char *doing);

/* A line on standard error, without prefix: what was done, what comes next. */
__attribute__((format(printf, 1, 2))) void hl_note(const char *format, ...);

/* For HL_CLEAN: frees a string that asprintf or strdup made. */
void hl_string_free(char **string);

/* Wall time, ms since 1970 UTC. */
uint64_t hl_clock(void);

#endif
