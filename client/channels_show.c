/* What is wrong with the channels of the peers, in words and as JSON. */
#include <stdio.h>

#include "client/channels.h"
#include "client/docs.h"
#include "client/output.h"

const char *hl_channel_fault_name(enum hl_channel_fault fault)
{
	switch (fault) {
	case HL_CHANNEL_GOOD: return "missing-letter";
	case HL_CHANNEL_BACK: return "went-back";
	case HL_CHANNEL_TWO: return "two-heads";
	case HL_CHANNEL_UNVERIFIED: return "does-not-verify";
	case HL_CHANNEL_STALE: return "stale-head";
	}
	return "?";
}

static const char *phone(struct hl_app *app, const struct hl_id *lab)
{
	const struct hl_card *card = hl_docs_card(app, lab);

	return card && card->n_contacts > 0
		? hl_scrap(app, "%s by phone: %s", hl_docs_lab_name(app, lab),
			  hl_safe(app, card->contacts[0]))
		: hl_scrap(app, "%s by phone", hl_docs_lab_name(app, lab));
}

static const char *fault_text(struct hl_app *app, const struct hl_channel *channel)
{
	const char *name = hl_docs_lab_name(app, &channel->lab);
	uint64_t now = hl_clock();

	switch (channel->fault) {
	case HL_CHANNEL_GOOD: break;
	case HL_CHANNEL_BACK:
		return hl_scrap(app,
			"your node shows less of %s's channel than this device has "
			"verified (number %llu): it was restored, or holds letters back",
			name, (unsigned long long)channel->number);
	case HL_CHANNEL_TWO:
		return hl_scrap(app,
			"%s signed two channels with one number: its node was restored "
			"wrongly, or shows others other letters; ask %s",
			name, phone(app, &channel->lab));
	case HL_CHANNEL_UNVERIFIED:
		return hl_scrap(app,
			"what your node shows of %s's channel does not verify: letters may "
			"be held back",
			name);
	case HL_CHANNEL_STALE:
		return hl_scrap(app,
			"the newest word of %s on its channel is %s old, though the line is "
			"up: a clock is wrong, or letters are held back",
			name,
			hl_span(app,
				now > channel->head_time ? now - channel->head_time : 0));
	}
	return "";
}

static const char *missing_text(
	struct hl_app *app, const struct hl_channel_trouble *trouble)
{
	const char *line = hl_scrap(app,
		"a letter of %s (number %llu, entered %s) has not reached this device",
		hl_docs_lab_name(app, &trouble->lab), (unsigned long long)trouble->number,
		hl_time_hour(app, trouble->entered));

	if (!trouble->alarm)
		return line;
	return hl_scrap(app, "%s for %s, and your node does not give it; ask %s", line,
		hl_span(app, hl_clock() - trouble->since), phone(app, &trouble->lab));
}

static size_t faults(struct hl_app *app, struct hl_channel_trouble *ret, size_t max)
{
	HL_CLEAN_STMT sqlite3_stmt *row = hl_db_query(app->db,
		"SELECT lab FROM channels WHERE fault > 0 ORDER BY fault, lab", "");
	size_t n = 0;

	while (n < max && hl_db_next(app->db, row)) {
		struct hl_id lab = hl_db_id(row, 0);
		struct hl_channel channel;

		hl_channel_load(app, &lab, &channel);
		ret[n++] = (struct hl_channel_trouble){.lab = lab,
			.fault = channel.fault,
			.number = channel.number,
			.since = channel.since,
			.alarm = true,
			.told = channel.told == channel.fault,
			.text = fault_text(app, &channel)};
	}
	return n;
}

size_t hl_channels_troubles(
	struct hl_app *app, struct hl_channel_trouble *ret, size_t max)
{
	HL_CLEAN_STMT sqlite3_stmt *row = hl_db_query(app->db,
		"SELECT lab, number, id, entered, seen, told FROM missing"
		" ORDER BY told, entered DESC",
		"");
	size_t n = faults(app, ret, max);
	uint64_t now = hl_clock();

	while (n < max && hl_db_next(app->db, row)) {
		struct hl_channel_trouble *one = &ret[n];

		*one = (struct hl_channel_trouble){.lab = hl_db_id(row, 0),
			.number = hl_db_int(row, 1),
			.id = hl_db_id(row, 2),
			.entered = hl_db_int(row, 3),
			.since = hl_db_int(row, 4),
			.told = hl_db_int(row, 5) != 0};
		/* One that came since by another way is missing no more. */
		if (hl_letter_held(app, &one->id))
			continue;
		one->alarm = now > one->since && now - one->since > HL_MISSING_ALARM_MS;
		one->text = missing_text(app, one);
		n++;
	}
	return n;
}

enum hl_exit hl_channels_told(
	struct hl_app *app, const struct hl_channel_trouble *trouble)
{
	if (trouble->fault == HL_CHANNEL_GOOD)
		return hl_db_do(app->db,
			"UPDATE missing SET told = 1 WHERE lab = ? AND id = ?", "dd",
			&trouble->lab, &trouble->id);
	return hl_db_do(app->db, "UPDATE channels SET told = ? WHERE lab = ?", "id",
		(uint64_t)trouble->fault, &trouble->lab);
}

json_t *hl_channels_json(struct hl_app *app)
{
	struct hl_channel_trouble troubles[HL_TROUBLES_MAX];
	size_t n = hl_channels_troubles(app, troubles, HL_TROUBLES_MAX);
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		const struct hl_channel_trouble *t = &troubles[i];

		json_array_append_new(list,
			json_pack("{s:o, s:s, s:s, s:I, s:o, s:o, s:o, s:b, s:s}", "lab",
				hl_json_id(app, &t->lab), "name",
				hl_docs_lab_name(app, &t->lab), "fault",
				hl_channel_fault_name(t->fault), "number",
				(json_int_t)t->number, "id",
				t->fault ? json_null() : hl_json_id(app, &t->id),
				"entered", hl_json_time(app, t->entered), "since",
				hl_json_time(app, t->since), "alarm", t->alarm, "text",
				t->text));
	}
	return list;
}

void hl_channels_print(struct hl_app *app)
{
	struct hl_channel_trouble troubles[HL_TROUBLES_MAX];
	size_t n = hl_channels_troubles(app, troubles, HL_TROUBLES_MAX);

	for (size_t i = 0; i < n; i++)
		printf("%s%s%s  %s\n",
			hl_style(app, troubles[i].alarm ? HL_STYLE_ALARM : HL_STYLE_WARN),
			troubles[i].alarm ? "ALARM" : "warning",
			hl_style(app, HL_STYLE_END), troubles[i].text);
}
