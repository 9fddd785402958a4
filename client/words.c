#include "client/words.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "client/output.h"

static bool same_word(const char *a, const char *b)
{
	for (; *a && *b; a++, b++) {
		char x = *a == '_' || *a == ' ' ? '-' : *a;

		if (tolower((unsigned char)x) != tolower((unsigned char)*b))
			return false;
	}
	return *a == *b;
}

bool hl_words_named(const char *typed, const char *(*name)(unsigned), unsigned min,
	unsigned max, unsigned *ret)
{
	for (unsigned i = min; i <= max; i++) {
		bool digit = typed[0] == (char)('0' + i) && !typed[1];

		if (digit || same_word(typed, name(i))) {
			*ret = i;
			return true;
		}
	}
	return false;
}

const char *hl_words_names(
	struct hl_app *app, const char *(*name)(unsigned), unsigned min, unsigned max)
{
	const char *list = "";

	for (unsigned i = min; i <= max; i++)
		list = hl_scrap(app, "%s%s%s", list, i > min ? ", " : "", name(i));
	return list;
}

enum hl_exit hl_words_choice(const struct hl_args *args, const char *option,
	const char *(*name)(unsigned), unsigned min, unsigned max, unsigned fallback,
	unsigned *ret)
{
	const char *typed = hl_option(args, option);
	char list[256] = "";

	*ret = fallback;
	if (!typed || hl_words_named(typed, name, min, max, ret))
		return HL_EXIT_OK;
	for (unsigned i = min; i <= max; i++) {
		strncat(list, i > min ? ", " : "", sizeof(list) - strlen(list) - 1);
		strncat(list, name(i), sizeof(list) - strlen(list) - 1);
	}
	return hl_usage_error(
		args, "--%s takes one of: %s; not \"%s\"", option, list, typed);
}

bool hl_words_span(const char *typed, uint64_t *ret_s)
{
	static const struct {
		const char *unit;
		uint64_t s;
	} units[] = {
		{"", 1}, {"s", 1}, {"m", 60}, {"min", 60}, {"h", 3600}, {"d", 86400}};
	char *end = NULL;
	unsigned long long n;

	if (!isdigit((unsigned char)typed[0]) || strlen(typed) > 12)
		return false;
	n = strtoull(typed, &end, 10);
	while (*end == ' ')
		end++;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(end, units[i].unit) == 0 && n <= 366ull * 86400 / units[i].s) {
			*ret_s = n * units[i].s;
			return true;
		}
	return false;
}

enum hl_exit hl_words_span_option(const struct hl_args *args, const char *option,
	uint64_t max_s, uint64_t fallback, uint64_t *ret_s)
{
	const char *typed = hl_option(args, option);

	*ret_s = fallback;
	if (!typed)
		return HL_EXIT_OK;
	if (hl_words_span(typed, ret_s) && *ret_s > 0 && *ret_s <= max_s)
		return HL_EXIT_OK;
	return hl_usage_error(args,
		"--%s takes a span such as 90s, 10m, 3h or 2d (%llu s at most), not "
		"\"%s\"",
		option, (unsigned long long)max_s, typed);
}

bool hl_words_time(const char *typed, uint64_t now, uint64_t *ret_ms)
{
	static const char *const forms[] = {"%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%MZ",
		"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"};
	uint64_t ago;

	if (hl_words_span(typed, &ago) && ago * 1000 <= now) {
		*ret_ms = now - ago * 1000;
		return true;
	}
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct tm tm = {0};
		const char *end = strptime(typed, forms[i], &tm);

		if (!end || *end || tm.tm_year < 70)
			continue;
		*ret_ms = (uint64_t)timegm(&tm) * 1000;
		return true;
	}
	return false;
}

enum hl_exit hl_words_time_option(
	const struct hl_args *args, const char *option, bool *ret_has, uint64_t *ret_ms)
{
	const char *typed = hl_option(args, option);

	*ret_has = typed != NULL;
	if (!typed || hl_words_time(typed, hl_clock(), ret_ms))
		return HL_EXIT_OK;
	return hl_usage_error(args,
		"--%s takes a time in UTC such as 2026-11-21T03:04:12Z, or a span ago "
		"such as 2h; not \"%s\"",
		option, typed);
}

enum hl_exit hl_words_field(struct hl_fields *fields, const char *typed)
{
	const char *equals = strchr(typed, '=');

	if (!equals || equals == typed)
		return hl_fail(
			HL_EXIT_USAGE, "--field takes KEY=VALUE, not \"%s\"", typed);
	if (fields->n == HL_FIELDS_MAX)
		return hl_fail(
			HL_EXIT_USAGE, "a letter has at most %d fields", HL_FIELDS_MAX);
	fields->items[fields->n++] = (struct hl_field){
		hl_view_of(typed, (size_t)(equals - typed)), hl_view_str(equals + 1)};
	return HL_EXIT_OK;
}

static int by_key(const void *a, const void *b)
{
	const struct hl_field *x = a, *y = b;

	return hl_view_cmp(x->key, y->key);
}

void hl_words_fields_sort(struct hl_fields *fields)
{
	qsort(fields->items, fields->n, sizeof(fields->items[0]), by_key);
}

enum hl_exit hl_words_fields(const struct hl_args *args, struct hl_fields *ret)
{
	const char *typed;

	ret->n = 0;
	for (size_t i = 0; (typed = hl_option_at(args, "field", i)); i++) {
		enum hl_exit code = hl_words_field(ret, typed);

		if (code != HL_EXIT_OK)
			return code;
	}
	hl_words_fields_sort(ret);
	return HL_EXIT_OK;
}
