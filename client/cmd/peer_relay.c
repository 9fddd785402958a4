/* hotline peer relay: the peers that are asked to carry where the own line does not reach. */
#include <string.h>

#include "client/cmd/cmd.h"

/* Where it stands, or would stand; the list is sorted. */
static size_t place(const struct hl_directory *directory, const struct hl_id *lab)
{
	size_t at = 0;

	while (at < directory->n_relays && hl_id_cmp(&directory->relays[at], lab) < 0)
		at++;
	return at;
}

bool hl_is_relay(const struct hl_directory *directory, const struct hl_id *lab)
{
	size_t at = place(directory, lab);

	return at < directory->n_relays && hl_id_eq(&directory->relays[at], lab);
}

/* SPEC identity 3.2: Groups and relays name peers alone. */
/* Each stands in it once, so that there is room for all peers. */
static void change(struct hl_directory *directory, const struct hl_id *lab, bool off)
{
	size_t at = place(directory, lab), after = directory->n_relays - at;
	struct hl_id *here = directory->relays + at;

	if (off) {
		memmove(here, here + 1, (after - 1) * sizeof(*here));
		directory->n_relays--;
		return;
	}
	memmove(here + 1, here, after * sizeof(*here));
	*here = *lab;
	directory->n_relays++;
}

enum hl_exit hl_peer_relay(struct hl_app *app, const struct hl_args *args)
{
	struct hl_directory_draft *draft HL_CLEAN_DIRECTORY_DRAFT = NULL;
	bool off = hl_option(args, "off") != NULL;
	struct hl_id lab;
	enum hl_exit code = hl_docs_find_peer(app, args->operands[0], &lab);

	if (!code)
		code = hl_directory_draft_new(app, &draft);
	if (code)
		return code;
	if (hl_is_relay(&draft->directory, &lab) != off) {
		hl_note("%s is %s.", hl_docs_lab_name(app, &lab),
			off ? "not a relay" : "a relay already");
		return HL_EXIT_OK;
	}
	change(&draft->directory, &lab, off);
	code = hl_directory_draft_sign(app, draft);
	if (code)
		return code;
	if (off)
		hl_note("%s is a relay no more.", hl_docs_lab_name(app, &lab));
	else
		hl_note("%s is a relay now: what your node cannot send to a lab itself it "
			"hands to\n%s too, which can read none of it.",
			hl_docs_lab_name(app, &lab), hl_docs_lab_name(app, &lab));
	return hl_hand_over(app, "the directory");
}
