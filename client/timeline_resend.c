#include "client/timeline.h"

#include "client/cmd/talk.h"
#include "client/docs.h"
#include "client/output.h"
#include "client/resend.h"

/* Letters that a device could not open, on the screen. */

/* "the raise of 03:00:12": the letter that another is about. */
static const char *about(struct hl_app *app, const struct hl_id *id)
{
	HL_CLEAN_LETTER struct hl_letter letter = {0};
	const struct hl_core *core = &letter.envelope.core;

	if (hl_letter_load(app, id, &letter) != HL_EXIT_OK)
		return "a letter that is not held here";
	return hl_scrap(app, "the %s of %s",
		letter.state == HL_LETTER_OPENED ? hl_type_name(letter.message.type)
						 : hl_class_name(core->class),
		hl_time_hour(app, core->created));
}

/* The device's name on its lab's card; "" where it is on none. */
static const char *device(struct hl_app *app, const struct hl_core *core)
{
	const struct hl_card *card = hl_docs_card(app, &core->lab);
	const struct hl_member *member =
		card ? hl_card_member(card, &core->sender) : NULL;

	return member ? hl_safe(app, member->device) : "";
}

static const char *cannot_open(struct hl_app *app, const struct hl_letter *letter)
{
	const struct hl_core *core = &letter->envelope.core;
	const char *on = device(app, core);
	struct hl_resend resend = {HL_RESEND_UNHELD, 0};

	if (hl_resend_look(app, letter, &resend) != HL_EXIT_OK)
		return "?";
	return hl_scrap(app, "could not open %s%s%s%s: %s; %s",
		about(app, &core->answers), *on ? " (" : "", on, *on ? ")" : "",
		hl_resend_why(letter->message.cannot_open.code),
		hl_resend_text(app, &resend));
}

const char *hl_timeline_resend(struct hl_app *app, const struct hl_letter *letter)
{
	const struct hl_core *core = &letter->envelope.core;
	const char *to = "";

	if (letter->message.type == HL_CANNOT_OPEN)
		return cannot_open(app, letter);
	for (size_t i = 0; i < core->n_labs; i++)
		if (!hl_id_eq(&core->labs[i], &core->lab))
			to = hl_scrap(app, "%s%s %s", to, *to ? "," : " to",
				hl_docs_lab_name(app, &core->labs[i]));
	return hl_scrap(app, "sent %s again%s", about(app, &core->answers),
		*to ? to : " within its lab");
}

const char *hl_timeline_sealed(struct hl_app *app, const struct hl_letter *letter)
{
	return hl_docs_pinned(app, &letter->envelope.core.lab)
		? "a letter that waits for a newer card before it can be opened"
		: "a letter of a lab that is no peer of yours: it stays closed";
}

const char *hl_timeline_closed(struct hl_app *app, const struct hl_letter *letter)
{
	const struct hl_id *lab = &letter->envelope.core.lab;
	const struct hl_card *card = hl_docs_card(app, lab);
	const char *name = hl_docs_lab_name(app, lab),
		   *line = hl_resend_why(letter->code);
	uint64_t asked = hl_resend_asked(app, &letter->envelope.id);
	bool phone = card && card->n_contacts > 0 && !hl_id_eq(lab, &app->lab);

	if (asked == 0 && hl_resend_helps(letter->code))
		return hl_scrap(app,
			"%s; not asked for: it is too old, or this device's card gives it no "
			"precedence\n      hotline show %s on the device of a colleague who "
			"can read it",
			line, hl_thread_short(app, &letter->incident));
	if (asked == 0)
		return line;
	if (!hl_resend_helps(letter->code))
		return hl_scrap(
			app, "%s; %s was told %s", line, name, hl_time_hour(app, asked));
	line = hl_scrap(app, "%s; asked %s %s to send it again", line, name,
		hl_time_hour(app, asked));
	if (hl_resend_came(app, &letter->envelope) > 0)
		line = hl_scrap(app, "%s; what came then does not open it", line);
	return hl_scrap(app,
		"%s\n      nothing comes: %stype hotline on the device that wrote it,\n"
		"      or hotline show %s on that of a colleague who can read it",
		line,
		phone ? hl_scrap(app, "phone %s, %s, to ", name,
				hl_safe(app, card->contacts[0]))
		      : "",
		hl_thread_short(app, &letter->incident));
}

static json_t *one_json(struct hl_app *app, const struct hl_letter *cannot)
{
	const struct hl_core *core = &cannot->envelope.core;
	struct hl_resend resend = {HL_RESEND_UNHELD, 0};
	bool sent;
	json_t *one = json_object();

	if (hl_resend_look(app, cannot, &resend) != HL_EXIT_OK)
		resend.state = HL_RESEND_UNHELD;
	sent = resend.state == HL_RESEND_SENT;
	json_object_set_new(one, "id", hl_json_id(app, &cannot->envelope.id));
	json_object_set_new(one, "lab", hl_json_id(app, &core->lab));
	json_object_set_new(one, "name", json_string(hl_docs_lab_name(app, &core->lab)));
	json_object_set_new(one, "person", json_string(hl_letter_person(app, cannot)));
	json_object_set_new(one, "device", json_string(device(app, core)));
	json_object_set_new(one, "at", hl_json_time(app, core->created));
	json_object_set_new(one, "code",
		json_string(hl_status_name(cannot->message.cannot_open.code)));
	json_object_set_new(one, "state", json_string(hl_resend_name(resend.state)));
	json_object_set_new(one, "sent_again", hl_json_time(app, sent ? resend.at : 0));
	return one;
}

json_t *hl_timeline_unopened_json(struct hl_app *app, const struct hl_letter *letter)
{
	HL_CLEAN_STMT sqlite3_stmt *stmt = hl_db_query(app->db,
		HL_LETTER_SELECT "WHERE l.answers = ? AND l.type = 8 AND l.state = 1"
				 " ORDER BY l.created, l.id",
		"d", &letter->envelope.id);
	struct hl_letter cannot = {0};
	json_t *list = json_array();

	while (hl_letter_next(app, stmt, &cannot)) {
		json_array_append_new(list, one_json(app, &cannot));
		hl_letter_clear(&cannot);
	}
	return list;
}
