/* sendmail --from ADDRESS [--program PATH] [ADDRESS…]: a mail to these and to those of the contacts
 * that are addresses. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/hooks/hook.h"

/* Goes into a header: nothing that could end it or mean something there. */
static bool address_ok(const char *text)
{
	const char *at = strchr(text, '@');

	if (at == NULL || at == text || at[1] == '\0' || strchr(at + 1, '@') != NULL)
		return false;
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text > '~' || strchr("<>()[]\\,;:\"", *text) != NULL)
			return false;
	return true;
}

static void add(FILE *out, const char *address, unsigned *n)
{
	fprintf(out, "%s%s", *n == 0 ? "To: " : ",\n ", address);
	++*n;
}

static void headers(FILE *out, const json_t *doc, const char *from)
{
	const char *host = strchr(from, '@') + 1;

	fprintf(out, "From: hotline <%s>\nSubject: %s\n", from,
		hook_text(doc, "summary"));
	/* The same mail again is known by its id; all on one thing stand in one thread. */
	fprintf(out, "Message-ID: <%s@%s>\nReferences: <%s@%s>\n",
		hook_text(doc, "dedup_key"), host, hook_text(doc, "alert_key"), host);
	fprintf(out,
		"Auto-Submitted: auto-generated\nMIME-Version: 1.0\n"
		"Content-Type: text/plain; charset=us-ascii\n");
	if (hook_urgency(doc) >= 3)
		fputs("Importance: high\nX-Priority: 1\n", out);
}

static void body(FILE *out, json_t *doc)
{
	static const char *const shown[] = {"time", "status", "precedence", "direction",
		"deadline", "step", "state", "incident", "envelope"};

	fprintf(out, "\n%s\n\n", hook_text(doc, "summary"));
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		if (hook_text(doc, shown[i])[0] != '\0')
			fprintf(out, "%-12s%s\n", shown[i], hook_text(doc, shown[i]));
	fprintf(out, "%-12s%s\n", "node", hook_text(json_object_get(doc, "node"), "id"));
	fputs("\nWhat it says stands in hotline alone: hotline, or hotline show.\n", out);
}

static char *compose(json_t *doc, const char *from, char **fixed)
{
	const json_t *contacts = json_object_get(doc, "contacts");
	char *text = NULL;
	size_t size = 0, i;
	unsigned n = 0;
	json_t *contact;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		hook_die("no memory");
	for (; *fixed != NULL; fixed++) {
		if (!address_ok(*fixed))
			hook_die("\"%s\" is no mail address", *fixed);
		add(out, *fixed, &n);
	}
	json_array_foreach(contacts, i, contact) if (json_string_value(contact) != NULL &&
		address_ok(json_string_value(contact)))
		add(out, json_string_value(contact), &n);
	if (n == 0)
		hook_die(
			"nobody to write to: no address is given, none is among the contacts");
	fputc('\n', out);
	headers(out, doc, from);
	body(out, doc);
	if (fclose(out) != 0)
		hook_die("no memory");
	return text;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"from", required_argument, NULL, 'f'},
		{"program", required_argument, NULL, 'p'},
		{NULL, 0, NULL, 0},
	};
	static const char usage[] =
		"usage: sendmail --from ADDRESS [--program PATH] [ADDRESS]...";
	char standard[] = "/usr/sbin/sendmail", lone[] = "-i", all[] = "-t", by[] = "-f";
	char *program = standard, *from = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'f')
			from = optarg;
		else if (c == 'p')
			program = optarg;
		else
			hook_die("%s", usage);
	}
	if (from == NULL || !address_ok(from))
		hook_die("%s", usage);
	json_t *doc = hook_read("hotline.hook.1");
	char *text = compose(doc, from, argv + optind);
	char *const command[] = {program, lone, by, from, all, NULL};
	int status = hook_run(command, text);
	free(text);
	json_decref(doc);
	return status == 0 ? 0 : 1;
}
