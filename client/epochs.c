/* Sealing epochs of this device: made ahead, published, erased (spec/identity.md 5). */
#include <sodium.h>
#include <stdlib.h>

#include "client/db.h"
#include "client/docs.h"
#include "client/keyring.h"

#define HOLDING_MS (30ull * 24 * 3600 * 1000)
#define ENOUGH     (HL_SEAL_AHEAD / 2)

void hl_epochs_clear(struct hl_epochs *epochs)
{
	for (size_t i = 0; i < epochs->n; i++)
		hl_dh_key_clear(&epochs->keys[i]);
	free(epochs->epochs);
	free(epochs->keys);
	free(epochs->secrets);
	*epochs = (struct hl_epochs){0};
}

static enum hl_status load_row(
	const struct hl_app *app, sqlite3_stmt *row, struct hl_dh_key *ret)
{
	struct hl_buf plain HL_CLEAN_BUF = {0};
	enum hl_status status =
		hl_box_open(app, hl_db_blob(row, 1), hl_db_blob(row, 2), &plain);

	return status ? status : hl_dh_key_from_secret(hl_view_buf(&plain), ret);
}

static bool make_room(struct hl_epochs *epochs, size_t n)
{
	epochs->epochs = calloc(n + 1, sizeof(*epochs->epochs));
	epochs->keys = calloc(n + 1, sizeof(*epochs->keys));
	epochs->secrets = calloc(n + 1, sizeof(*epochs->secrets));
	return epochs->epochs && epochs->keys && epochs->secrets;
}

static size_t count(struct hl_db *db, const char *where, uint64_t value)
{
	char sql[128];
	sqlite3_stmt *stmt HL_CLEAN_STMT = NULL;

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM epochs WHERE %s", where);
	stmt = hl_db_query(db, sql, "i", value);
	return hl_db_next(db, stmt) ? (size_t)hl_db_int(stmt, 0) : 0;
}

enum hl_exit hl_epochs_load(struct hl_app *app, struct hl_epochs *ret)
{
	struct hl_epochs epochs HL_CLEAN_EPOCHS = {0};
	size_t most = count(app->db, "epoch >= ?", 0);
	sqlite3_stmt *row HL_CLEAN_STMT = NULL;
	enum hl_status status;

	if (!make_room(&epochs, most))
		return hl_fail_status(HL_ERR_NOMEM, "read the sealing keys");
	row = hl_db_query(
		app->db, "SELECT epoch, key, box FROM epochs ORDER BY epoch", "");
	while (epochs.n < most && hl_db_next(app->db, row)) {
		size_t i = epochs.n;

		status = load_row(app, row, &epochs.keys[i]);
		if (status)
			return hl_fail(HL_EXIT_NO,
				"sealing key %llu cannot be read: %s; "
				"device.key and device.db must come from one backup",
				(unsigned long long)hl_db_int(row, 0),
				hl_status_text(status));
		epochs.epochs[i] = hl_db_int(row, 0);
		epochs.secrets[i] = &epochs.keys[i];
		epochs.n++;
	}
	if (hl_db_done(app->db, &row))
		return HL_EXIT_NO;
	*ret = epochs;
	epochs = (struct hl_epochs){0};
	return HL_EXIT_OK;
}

static enum hl_exit make_one(
	struct hl_app *app, uint64_t epoch, uint64_t from, uint64_t until)
{
	struct hl_dh_key key HL_CLEAN_DH_KEY = {{0}};
	struct hl_buf box HL_CLEAN_BUF = {0};
	enum hl_status status = hl_dh_key_generate(&app->entropy, &key);

	if (status == HL_OK)
		status =
			hl_box_seal(app, HL_VIEW(key.pub), hl_view_secret(&key.sk), &box);
	if (status)
		return hl_fail_status(status, "make sealing keys");
	return hl_db_do(app->db,
		"INSERT INTO epochs (epoch, from_ms, until_ms, key, box) VALUES (?, ?, ?, ?, ?)",
		"iiibb", epoch, from, until, HL_VIEW(key.pub), hl_view_buf(&box));
}

static enum hl_exit make_ahead(struct hl_app *app, uint64_t now)
{
	sqlite3_stmt *row HL_CLEAN_STMT = hl_db_query(app->db,
		"SELECT ifnull(max(epoch), 0), ifnull(max(until_ms), 0) FROM epochs", "");
	uint64_t epoch = 0, from = 0;
	size_t left = count(app->db, "until_ms > ?", now);

	if (hl_db_next(app->db, row)) {
		epoch = hl_db_int(row, 0);
		from = hl_db_int(row, 1);
	}
	if (hl_db_done(app->db, &row))
		return HL_EXIT_NO;
	if (from < now)
		from = now;
	for (; left < HL_SEAL_AHEAD; left++, from += HL_SEAL_EPOCH_MS) {
		enum hl_exit code = make_one(app, ++epoch, from, from + HL_SEAL_EPOCH_MS);

		if (code)
			return code;
	}
	return HL_EXIT_OK;
}

/* The highest epoch that is published, where a secret of what is published and has not ended is
 * missing here; else 0. Peers would seal to a key that nobody has, and not know. */
static uint64_t lost_epoch(struct hl_app *app, uint64_t now)
{
	struct hl_seals seals;
	bool lost = false;

	if (!hl_docs_seals(app, &app->kid, &seals))
		return 0;
	for (size_t i = 0; i < seals.n_keys; i++) {
		sqlite3_stmt *row HL_CLEAN_STMT = NULL;

		if (seals.keys[i].until <= now)
			continue;
		row = hl_db_query(app->db,
			"SELECT 1 FROM epochs WHERE epoch = ? AND key = ?", "ib",
			seals.keys[i].epoch, HL_VIEW(seals.keys[i].key));
		lost |= !hl_db_next(app->db, row);
	}
	return lost && !app->db->failed ? seals.keys[seals.n_keys - 1].epoch : 0;
}

/* From now on, above all that was published: senders take the highest epoch of those that are good
 * (identity 5.4). */
static enum hl_exit make_anew(struct hl_app *app, uint64_t now, uint64_t above)
{
	sqlite3_stmt *row HL_CLEAN_STMT =
		hl_db_query(app->db, "SELECT ifnull(max(epoch), 0) FROM epochs", "");
	uint64_t epoch = above, from = now;

	if (hl_db_next(app->db, row) && hl_db_int(row, 0) > epoch)
		epoch = hl_db_int(row, 0);
	if (hl_db_done(app->db, &row))
		return HL_EXIT_NO;
	for (size_t i = 0; i < HL_SEAL_AHEAD; i++, from += HL_SEAL_EPOCH_MS) {
		enum hl_exit code = make_one(app, ++epoch, from, from + HL_SEAL_EPOCH_MS);

		if (code)
			return code;
	}
	return HL_EXIT_OK;
}

/* All that have not ended are published: they are the newest, and at most HL_SEAL_AHEAD, or twice
 * that where some were lost. */
static enum hl_exit publish(struct hl_app *app, uint64_t now)
{
	struct hl_seals before, seals = {.lab = app->lab, .kid = app->kid, .issued = now};
	struct hl_buf doc HL_CLEAN_BUF = {0};
	sqlite3_stmt *row HL_CLEAN_STMT = NULL;
	enum hl_status status;

	seals.version = hl_docs_seals(app, &app->kid, &before) ? before.version + 1 : 1;
	row = hl_db_query(app->db,
		"SELECT * FROM (SELECT epoch, from_ms, until_ms, key FROM epochs"
		" WHERE until_ms > ? ORDER BY epoch DESC LIMIT ?) ORDER BY epoch",
		"ii", now, (uint64_t)HL_EPOCHS_MAX);
	while (seals.n_keys < HL_EPOCHS_MAX && hl_db_next(app->db, row)) {
		struct hl_seal_key *key = &seals.keys[seals.n_keys];
		struct hl_id pub = hl_db_id(row, 3);

		key->epoch = hl_db_int(row, 0);
		key->from = hl_db_int(row, 1);
		key->until = hl_db_int(row, 2);
		for (size_t i = 0; i < HL_KEY_SIZE; i++)
			key->key[i] = pub.b[i];
		seals.n_keys++;
	}
	if (hl_db_done(app->db, &row))
		return HL_EXIT_NO;
	status = hl_seals_sign(&app->net, &seals, &app->keys->sign, &doc);
	if (status)
		return hl_fail_status(status, "sign the sealing keys");
	return hl_docs_publish(app, HL_DOC_SEALS, hl_view_buf(&doc));
}

/* Secrets are on disk in the commit that publishes their public keys, never later. */
static enum hl_exit renew(struct hl_app *app, uint64_t now, uint64_t lost)
{
	enum hl_exit code = hl_db_begin(app->db);

	if (code)
		return code;
	if (lost) {
		code = make_anew(app, now, lost);
		if (!code)
			code = publish(app, now);
	} else if (count(app->db, "until_ms > ?", now) < ENOUGH) {
		code = make_ahead(app, now);
		if (!code)
			code = publish(app, now);
	}
	/* SPEC identity 5.5: A reader erases a secret when its epoch has ended and the
	 * holding time (30 days by default) has passed, but for the one of the highest
	 * epoch it has published. */
	if (!code)
		code = hl_db_do(app->db,
			"DELETE FROM epochs WHERE until_ms < ? AND "
			"epoch < (SELECT max(epoch) FROM epochs)",
			"i", now > HOLDING_MS ? now - HOLDING_MS : 0);
	if (code) {
		hl_db_rollback(app->db);
		return code;
	}
	return hl_db_commit(app->db);
}

enum hl_exit hl_epochs_renew(struct hl_app *app)
{
	const struct hl_member *self = hl_docs_self(app);
	uint64_t now = hl_clock(), lost;

	if (!self || !(self->caps.bits & HL_CAP_READ))
		return HL_EXIT_OK;
	lost = lost_epoch(app, now);
	if (lost == 0 && count(app->db, "until_ms > ?", now) >= ENOUGH &&
		count(app->db, "until_ms < ?", now > HOLDING_MS ? now - HOLDING_MS : 0) <=
			1)
		return HL_EXIT_OK;
	if (lost > 0)
		hl_note("hotline: sealing keys that this device has published are not here (an "
			"older backup?):\n  new ones are published, and what was sealed to "
			"those is asked for again");
	return renew(app, now, lost);
}
