#include "client/thread.h"

#include <ctype.h>
#include <string.h>

#include "client/output.h"

/* What was typed, to an incident and a letter. */

/* The ids that begin with the digits lie between these two. */
static bool bounds(const char *digits, struct hl_id *ret_low, struct hl_id *ret_high)
{
	size_t n = strlen(digits);

	memset(ret_low, 0, sizeof(*ret_low));
	memset(ret_high, 0xff, sizeof(*ret_high));
	if (n < 4 || n > 2 * sizeof(ret_low->b))
		return false;
	for (size_t i = 0; i < n; i++) {
		const char *hex = "0123456789abcdef";
		const char *at = strchr(hex, tolower((unsigned char)digits[i]));
		unsigned v, shift = i % 2 ? 0 : 4;

		if (!at)
			return false;
		v = (unsigned)(at - hex);
		ret_low->b[i / 2] |= (uint8_t)(v << shift);
		ret_high->b[i / 2] &= (uint8_t)(v << shift | (shift ? 0x0f : 0xf0));
	}
	return true;
}

/* How many there are (at most 9 are counted), with the first of them. */
static size_t matches(struct hl_app *app, const char *sql, const struct hl_id *low,
	const struct hl_id *high, struct hl_id *ret, struct hl_id *ret_incident)
{
	HL_CLEAN_STMT sqlite3_stmt *stmt = hl_db_query(app->db, sql, "dd", low, high);
	size_t n = 0;

	while (n < 9 && hl_db_next(app->db, stmt)) {
		if (n++)
			continue;
		*ret = hl_db_id(stmt, 0);
		*ret_incident = hl_db_id(stmt, 1);
	}
	return n;
}

enum hl_exit hl_thread_find(struct hl_app *app, const char *typed,
	struct hl_id *ret_incident, struct hl_id *ret_letter)
{
	struct hl_id low, high, id, incident;
	size_t n;

	if (!bounds(typed, &low, &high))
		return hl_fail(HL_EXIT_USAGE,
			"\"%s\" is no id: give 4 or more of its digits (0-9, a-f), as "
			"in `hotline list`",
			hl_safe(app, hl_view_str(typed)));
	n = matches(app,
		"SELECT DISTINCT incident, incident FROM letters"
		" WHERE incident BETWEEN ? AND ?",
		&low, &high, &id, &incident);
	if (n == 0)
		n = matches(app,
			"SELECT id, incident FROM letters WHERE id BETWEEN ? AND ?", &low,
			&high, &id, &incident);
	if (n == 0)
		return hl_fail(HL_EXIT_NO,
			"no incident and no letter begins with %s (hotline list --all "
			"shows what this device holds)",
			typed);
	if (n > 1)
		return hl_fail(HL_EXIT_USAGE,
			"%s%zu ids begin with %s: give more digits (hotline list --all)",
			n == 9 ? "more than " : "", n == 9 ? (size_t)8 : n, typed);
	*ret_incident = incident;
	if (ret_letter)
		*ret_letter = id;
	return HL_EXIT_OK;
}
