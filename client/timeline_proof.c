#include "client/timeline.h"

#include "client/carriers.h"
#include "client/cmd/talk.h"
#include "client/proof.h"

/* Who held what when: one block for each letter, one line for each thing that is signed. */

static void print_one(FILE *out, struct hl_app *app, const struct hl_letter *letter,
	const struct hl_proof *proof)
{
	HL_CLEAN_BUF struct hl_buf doc = {0};
	const struct hl_id *id = &letter->envelope.id;
	bool own = hl_id_eq(&letter->envelope.core.lab, &app->lab);
	const char *lab = hl_docs_lab_name(app, &proof->lab);
	struct hl_entry entry = {0};

	if (!proof->verified) {
		fprintf(out,
			"  %-8s NOT VERIFIED: your node says %s, and shows no proof\n",
			lab, proof->state == HL_KEPT ? "kept" : "more");
		return;
	}
	if (hl_proof_segment(app, id, &proof->lab, &doc, &entry))
		fprintf(out, "  %-8s entered it at %s, number %llu to %s\n",
			hl_docs_lab_name(app, &letter->envelope.core.lab),
			hl_time(app, entry.time), (unsigned long long)entry.number,
			hl_docs_lab_name(app, own ? &proof->lab : &app->lab));
	const char *carriers = hl_carriers_text(app, id, &proof->lab);
	if (own && *carriers)
		fprintf(out, "  %-8s %s\n", lab, carriers);
	switch (proof->state) {
	case HL_KEPT:
		fprintf(out, "  %-8s kept at your node, not entered yet\n", lab);
		break;
	case HL_ENTERED:
		if (own)
			fprintf(out, "  %-8s no receipt yet\n", lab);
		break;
	case HL_DELIVERED:
		fprintf(out, "  %-8s held it at %s, by its signed receipt\n", lab,
			hl_time(app, proof->since));
		break;
	case HL_REFUSED:
		fprintf(out, "  %-8s REFUSED it, by its signed receipt: %s\n", lab,
			hl_status_text(proof->code));
		break;
	}
}

static void print_letter(FILE *out, struct hl_app *app, const struct hl_letter *letter)
{
	struct hl_proof proofs[HL_LABS_MAX];
	size_t n = 0;

	fprintf(out, "%s  %s  %s  %s\n", hl_short(app, &letter->envelope.id, 8),
		hl_docs_lab_name(app, &letter->envelope.core.lab),
		hl_letter_person(app, letter), hl_timeline_what(app, letter, false));
	fprintf(out, "  signed by device %s, on card %llu of its lab\n",
		hl_short(app, &letter->envelope.core.sender, 8),
		(unsigned long long)letter->envelope.core.card_version);
	if (letter->stored > 0 && letter->source != HL_SOURCE_HAND)
		fprintf(out, "  stored at your node %s\n", hl_time(app, letter->stored));
	if (hl_proof_list(app, &letter->envelope.id, proofs, &n) != HL_EXIT_OK)
		return;
	for (size_t i = 0; i < n; i++)
		print_one(out, app, letter, &proofs[i]);
	if (n == 0)
		fprintf(out, "  not yet confirmed: no proof is held\n");
}

void hl_timeline_proofs(struct hl_app *app, const struct hl_thread *thread)
{
	enum hl_standing status =
		thread->n ? thread->letters[0].envelope.core.status : HL_ACTUAL;
	struct hl_prefixed out;

	if (!hl_prefixed_begin(&out))
		return;
	for (size_t i = 0; i < thread->n; i++)
		print_letter(out.stream, app, &thread->letters[i]);
	fprintf(out.stream, "Verified on this device, by the cards that it holds.\n");
	hl_prefixed_end(&out, hl_talk_prefix(status));
}
