#include "client/carriers.h"

#include "client/docs.h"
#include "client/output.h"

/* When a carrier signed that it has put our list before a lab; 0 where that does not verify. An
 * offer may be by a node of an earlier card: each that is held is tried. */
static uint64_t offered(
	struct hl_app *app, const struct hl_id *lab, const struct hl_carrier_item *item)
{
	const struct hl_card *newest = hl_docs_card(app, &item->by);
	struct hl_offer offer;

	if (item->offer.n == 0 || hl_offer_parse(item->offer, &offer) != HL_OK ||
		!hl_id_eq(&offer.by, &item->by) || !hl_id_eq(&offer.from, &app->lab) ||
		!hl_id_eq(&offer.to, lab))
		return 0;
	for (uint64_t v = newest ? newest->version : 0; v > 0; v--) {
		const struct hl_card *card = hl_docs_card_at(app, &item->by, v);

		if (card && hl_offer_check(&app->net, card, &offer) == HL_OK)
			return offer.time;
	}
	return 0;
}

enum hl_exit hl_carriers_keep(
	struct hl_app *app, const struct hl_id *id, const struct hl_proof_item *item)
{
	enum hl_exit code = HL_EXIT_OK;

	for (size_t i = 0; i < item->n_carriers && code == HL_EXIT_OK; i++) {
		const struct hl_carrier_item *c = &item->carriers[i];
		uint64_t time = offered(app, &item->lab, c);

		code = hl_db_do(app->db,
			"INSERT INTO carriers (id, lab, by, since, offered, offer)"
			" VALUES (?,?,?,?,?,?) ON CONFLICT (id, lab, by) DO UPDATE SET"
			" offered = excluded.offered, offer = excluded.offer"
			" WHERE offered = 0 AND excluded.offered > 0",
			"dddiib", id, &item->lab, &c->by, c->since, time,
			time > 0 ? c->offer : hl_view_str(NULL));
	}
	return code;
}

size_t hl_carriers_list(struct hl_app *app, const struct hl_id *id,
	const struct hl_id *lab, struct hl_carrier *ret, size_t max)
{
	HL_CLEAN_STMT sqlite3_stmt *stmt = hl_db_query(app->db,
		"SELECT by, since, offered FROM carriers WHERE id = ? AND lab = ?"
		" ORDER BY since, by",
		"dd", id, lab);
	size_t n = 0;

	for (; n < max && hl_db_next(app->db, stmt); n++)
		ret[n] = (struct hl_carrier){.by = hl_db_id(stmt, 0),
			.since = hl_db_int(stmt, 1),
			.offered = hl_db_int(stmt, 2)};
	return n;
}

const char *hl_carriers_text(
	struct hl_app *app, const struct hl_id *id, const struct hl_id *lab)
{
	struct hl_carrier carriers[HL_CARRIERS_MAX];
	size_t n = hl_carriers_list(app, id, lab, carriers, HL_CARRIERS_MAX);
	const char *text = "";

	for (size_t i = 0; i < n; i++) {
		const struct hl_carrier *c = &carriers[i];

		text = hl_scrap(app, "%s%s%s since %s%s", text,
			i == 0 ? "carried by " : ", ", hl_docs_lab_name(app, &c->by),
			hl_time_hour(app, c->since),
			c->offered > 0 ? hl_scrap(app, " (offered there %s)",
						 hl_time_hour(app, c->offered))
				       : "");
	}
	return text;
}

json_t *hl_carriers_json(
	struct hl_app *app, const struct hl_id *id, const struct hl_id *lab)
{
	struct hl_carrier carriers[HL_CARRIERS_MAX];
	size_t n = hl_carriers_list(app, id, lab, carriers, HL_CARRIERS_MAX);
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		const struct hl_carrier *c = &carriers[i];
		json_t *one = json_object();

		json_object_set_new(one, "lab", hl_json_id(app, &c->by));
		json_object_set_new(
			one, "name", json_string(hl_docs_lab_name(app, &c->by)));
		json_object_set_new(one, "since", hl_json_time(app, c->since));
		json_object_set_new(one, "offered", hl_json_time(app, c->offered));
		json_array_append_new(list, one);
	}
	return list;
}
