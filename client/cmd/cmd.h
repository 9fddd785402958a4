/*
 * What the administrative commands share: verbs, drafts of the next card and directory, questions
 * about fingerprints.
 */
#ifndef HL_CLIENT_CMD_H
#define HL_CLIENT_CMD_H

#include "client/commands.h"
#include "client/db.h"
#include "client/docs.h"
#include "client/keyring.h"
#include "client/output.h"
#include "client/prompt.h"
#include "client/session.h"

/* hotline COMMAND VERB …: the first operand chooses. Operands are counted without it. */
struct hl_verb {
	const char *name;
	enum hl_exit (*run)(struct hl_app *app, const struct hl_args *args);
	size_t min, max;
};
enum hl_exit hl_verb_run(struct hl_app *app, const struct hl_args *args,
	const struct hl_verb *verbs, size_t n);

/* The next version of the own card: arrays with room to grow. Borrowed views stay good. */
struct hl_card_draft {
	struct hl_card card;
	struct hl_root roots[HL_ROOTS_MAX];
	struct hl_node nodes[HL_NODES_MAX];
	struct hl_member members[HL_MEMBERS_MAX];
};
HL_MUST enum hl_exit hl_card_draft_new(struct hl_app *app, struct hl_card_draft **ret);
/* Unlocks the root keys (--root FILE…, else root.key in the home), signs, takes in, and hands it to
 * the node if that can be reached. */
HL_MUST enum hl_exit hl_card_draft_sign(
	struct hl_app *app, struct hl_card_draft *draft, const struct hl_args *args);
void hl_card_draft_free(struct hl_card_draft **draft);
#define HL_CLEAN_CARD_DRAFT HL_CLEAN(hl_card_draft_free)

/* The next version of the directory; needs this device's keys and admin. */
struct hl_directory_draft {
	struct hl_directory directory;
	struct hl_peer_pin peers[HL_DIRECTORY_PEERS_MAX + 1];
	struct hl_group groups[HL_DIRECTORY_GROUPS_MAX + 1];
	struct hl_id relays[HL_DIRECTORY_PEERS_MAX];
};
HL_MUST enum hl_exit hl_directory_draft_new(
	struct hl_app *app, struct hl_directory_draft **ret);
/* Signs with this device's key and takes in; nothing is handed over yet (hl_hand_over). */
HL_MUST enum hl_exit hl_directory_draft_sign(
	struct hl_app *app, struct hl_directory_draft *draft);
void hl_directory_draft_free(struct hl_directory_draft **draft);
#define HL_CLEAN_DIRECTORY_DRAFT HL_CLEAN(hl_directory_draft_free)

/* Tries to hand everything over that waits; says that it was done, or when it will be. */
HL_MUST enum hl_exit hl_hand_over(struct hl_app *app, const char *what);

/* A file that holds one request to this lab, of that role; its views lie in file. */
HL_MUST enum hl_exit hl_request_read(struct hl_app *app, const char *path,
	enum hl_key_role role, struct hl_file *file, struct hl_request *ret);
/* Shows a request's fingerprint and asks whether it was compared. */
HL_MUST enum hl_exit hl_request_confirm(
	struct hl_app *app, const char *path, const struct hl_request *request);

/* client/cmd/peer_relay.c: `hotline peer relay PEER [--off]`, and whether a peer is one. */
enum hl_exit hl_peer_relay(struct hl_app *app, const struct hl_args *args);
bool hl_is_relay(const struct hl_directory *directory, const struct hl_id *lab);

/* The node's status (link 5.9) in *ret; where it cannot be reached, says so: HL_EXIT_NODE. */
HL_MUST enum hl_exit hl_status_ask(struct hl_app *app, struct hl_reply *ret);
const char *hl_link_state_name(enum hl_link_state state);

/* A name as a label: lower case, what is no letter or digit becomes '-'. */
const char *hl_slug(struct hl_app *app, struct hl_view name);

/* "read raise answer", and FLASH … for a precedence (none for 0). */
const char *hl_caps_text(struct hl_app *app, unsigned bits);
/* Comma-separated names, or "all", added to *bits. */
HL_MUST enum hl_exit hl_caps_parse(
	const struct hl_args *args, const char *list, unsigned *bits);

#endif
