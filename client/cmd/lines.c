/* The lines to the other labs on the screens that are about something else. */
#include "client/cmd/cmd.h"

#define DAY_MS (24ull * 3600 * 1000)

const char *hl_test_age(struct hl_app *app, uint64_t ms, uint64_t now)
{
	if (ms == 0)
		return "never";
	return now > ms && now - ms >= 1000
		? hl_scrap(app, "%s ago", hl_span(app, now - ms))
		: "now";
}

/* "02:00", or the day too where it was another one. */
static const char *test_time(struct hl_app *app, uint64_t ms, uint64_t now)
{
	if (ms == 0)
		return "never";
	return now < ms + DAY_MS ? hl_scrap(app, "%.5s", hl_time_hour(app, ms))
				 : hl_scrap(app, "%.16s", hl_time(app, ms));
}

/* A line that is not up: since when, its last good test, and how else to reach that lab. */
static const char *bad_line(
	struct hl_app *app, const struct hl_peer_status *p, uint64_t now)
{
	const struct hl_card *card = hl_docs_card(app, &p->lab);
	const char *name = hl_docs_lab_name(app, &p->lab);
	const char *ask = hl_scrap(app, " (last good test %s%s%s)",
		test_time(app, p->last_test, now), card && card->n_contacts ? "; " : "",
		card && card->n_contacts ? hl_safe(app, card->contacts[0]) : "");

	if (p->state == HL_LINK_DEGRADED)
		return hl_scrap(app, "%s degraded: it is heard, but answers no pulse%s",
			name, ask);
	if (p->heard == 0)
		return hl_scrap(app, "%s NOT HEARD YET%s", name, ask);
	return hl_scrap(app, "%s SILENT %s%s", name,
		hl_span(app, now > p->heard ? now - p->heard : 0), ask);
}

static void print(struct hl_app *app, const struct hl_body *body)
{
	uint64_t now = body->status.time;
	size_t up = 0;

	printf("\nLines ");
	for (size_t i = 0; i < body->status.n_peers; i++) {
		const struct hl_peer_status *p = &body->status.peers[i];

		up += p->state == HL_LINK_UP;
		if (p->state == HL_LINK_UP)
			printf("  %s up (%s)", hl_docs_lab_name(app, &p->lab),
				p->last_test == 0
					? "not tested yet"
					: hl_scrap(app, "last good test %s",
						  test_time(app, p->last_test, now)));
	}
	/* What is not well has a line of its own, with what to do. */
	for (size_t i = 0; i < body->status.n_peers; i++) {
		const struct hl_peer_status *p = &body->status.peers[i];

		if (p->state != HL_LINK_UP)
			printf("%s  %s", up++ ? "\n      " : "", bad_line(app, p, now));
	}
	printf("%s\n", body->status.n_peers ? "" : " none: hotline peer add FILE");
}

void hl_lines_print(struct hl_app *app, struct hl_line *line, bool warnings)
{
	HL_CLEAN_REPLY struct hl_reply reply = {0};
	struct hl_frame request = {.type = HL_FRAME_STATUS};

	if (!line) {
		printf("\nLines   unknown: your node is away\n");
		return;
	}
	if (hl_line_ask(line, &request, 0, &reply) != HL_EXIT_OK || reply.code != HL_OK)
		return;
	print(app, &reply.body);
	for (size_t i = 0; warnings && i < reply.body.status.n_warnings; i++)
		printf("warning  %s\n", hl_safe(app, reply.body.status.warnings[i]));
}

json_t *hl_lines_json(struct hl_app *app, struct hl_line *line)
{
	HL_CLEAN_REPLY struct hl_reply reply = {0};
	struct hl_frame request = {.type = HL_FRAME_STATUS};
	json_t *list;

	if (!line || hl_line_ask(line, &request, 0, &reply) != HL_EXIT_OK ||
		reply.code != HL_OK)
		return json_null();
	list = json_array();
	for (size_t i = 0; i < reply.body.status.n_peers; i++) {
		const struct hl_peer_status *p = &reply.body.status.peers[i];

		json_array_append_new(list,
			json_pack("{s:o, s:s, s:s, s:o}", "lab", hl_json_id(app, &p->lab),
				"name", hl_docs_lab_name(app, &p->lab), "state",
				hl_link_state_name(p->state), "last_test",
				hl_json_time(app, p->last_test)));
	}
	return list;
}
