/* hotline show: one incident, from its raise to its end. */
#include "client/cmd/talk.h"
#include "client/inbox.h"
#include "client/proof.h"
#include "client/timeline.h"

/* Is there a proof of it still to be had? */
static bool incomplete(struct hl_app *app, const struct hl_letter *letter)
{
	const struct hl_core *core = &letter->envelope.core;
	bool own = hl_id_eq(&core->lab, &app->lab);
	struct hl_proof proof;

	if (!own)
		return !hl_proof_of(app, &letter->envelope.id, &core->lab, &proof) ||
			!proof.verified || proof.state == HL_KEPT;
	for (size_t i = 0; i < core->n_labs; i++)
		if (!hl_id_eq(&core->labs[i], &core->lab) &&
			(!hl_proof_of(
				 app, &letter->envelope.id, &core->labs[i], &proof) ||
				!proof.verified || proof.state < HL_DELIVERED))
			return true;
	return false;
}

static enum hl_exit ask_proofs(
	struct hl_app *app, struct hl_line *line, const struct hl_thread *thread)
{
	enum hl_exit code = HL_EXIT_OK;

	for (size_t i = 0; line && i < thread->n && code == HL_EXIT_OK; i++)
		if (incomplete(app, &thread->letters[i]))
			code = hl_proof_ask(app, line, &thread->letters[i].envelope.id);
	/* A node that goes away now takes no letter with it. */
	return code == HL_EXIT_NODE ? HL_EXIT_OK : code;
}

static enum hl_exit print(
	struct hl_app *app, const struct hl_args *args, const struct hl_id *incident)
{
	HL_CLEAN_THREAD struct hl_thread thread = {0};
	enum hl_exit code = hl_thread_load(app, incident, &thread);

	if (code != HL_EXIT_OK)
		return code;
	if (app->json)
		return hl_json_print(hl_timeline_json(app, &thread));
	if (hl_option(args, "proof"))
		hl_timeline_proofs(app, &thread);
	else
		hl_timeline_print(app, &thread);
	return HL_EXIT_OK;
}

enum hl_exit hl_cmd_show(struct hl_app *app, const struct hl_args *args)
{
	HL_CLEAN_THREAD struct hl_thread thread = {0};
	struct hl_line *line = NULL;
	struct hl_id incident;
	enum hl_exit code = hl_inbox_line(app, &line);

	if (code == HL_EXIT_OK)
		code = hl_thread_find(app, args->operands[0], &incident, NULL);
	if (code == HL_EXIT_OK)
		code = hl_thread_load(app, &incident, &thread);
	if (code == HL_EXIT_OK)
		code = ask_proofs(app, line, &thread);
	hl_line_close(line);
	/* Loaded again: a proof may have taken a mark away. */
	return code == HL_EXIT_OK ? print(app, args, &incident) : code;
}
