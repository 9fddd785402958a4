/*
 * Who carries a letter to a lab that cannot be reached: what the own node says, and the offers that
 * a carrier has signed (channel 5.6), verified here.
 */
#ifndef HL_CLIENT_CARRIERS_H
#define HL_CLIENT_CARRIERS_H

#include <jansson.h>

#include "client/app.h"
#include "client/db.h"

struct hl_carrier {
	struct hl_id by;
	uint64_t since; /* when it was handed the letter */
	uint64_t
		offered; /* when it put the list before the lab; 0: no such offer verified */
};

/* Keeps what the node says of a letter on its way to a lab; within a turn of the caller's. */
HL_MUST enum hl_exit hl_carriers_keep(
	struct hl_app *app, const struct hl_id *id, const struct hl_proof_item *item);

/* The earliest first; returns how many. */
size_t hl_carriers_list(struct hl_app *app, const struct hl_id *id,
	const struct hl_id *lab, struct hl_carrier *ret, size_t max);

/* "carried by lab-b since 03:00:27", of all of them; "" without any. A scrap. */
const char *hl_carriers_text(
	struct hl_app *app, const struct hl_id *id, const struct hl_id *lab);

/* [{lab, name, since, offered}, …] */
json_t *hl_carriers_json(
	struct hl_app *app, const struct hl_id *id, const struct hl_id *lab);

#endif
