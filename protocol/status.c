#include "status.h"

#include <stddef.h>

static const struct row {
	int number;
	const char *name, *text;
} rows[] = {
#define HL_STATUS_ROW(constant, number, name, text) {number, name, text},
	HL_STATUS_TABLE(HL_STATUS_ROW)
#undef HL_STATUS_ROW
};

static const struct row *find(long long number)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].number == number)
			return &rows[i];
	return NULL;
}

const char *hl_status_name(enum hl_status status)
{
	const struct row *row = find(status);

	return row ? row->name : "unlisted";
}

const char *hl_status_text(enum hl_status status)
{
	const struct row *row = find(status);

	return row ? row->text : "the code is not in the table";
}

enum hl_status hl_status_of_code(unsigned long long code)
{
	/* Codes are small; the bound keeps the comparison within long long. */
	const struct row *row = code > 0 && code < 65536 ? find((long long)code) : NULL;

	return row ? (enum hl_status)row->number : HL_UNKNOWN;
}
