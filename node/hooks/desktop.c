/* desktop: a notification on this desktop, by notify-send(1); for hotline watch --notify. What
 * peers wrote is left out: only words of this program are shown. */
#include <stdio.h>
#include <string.h>

#include "node/hooks/hook.h"

/* One of these words, or "". */
static const char *known(const char *text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcmp(text, *words) == 0)
			return *words;
	return "";
}

static const char *headline(const json_t *doc)
{
	static const char *const precedences[] = {
		"FLASH", "IMMEDIATE", "PRIORITY", "ROUTINE", NULL};
	static const char *const statuses[] = {"exercise", "test", NULL};
	static char text[80];
	const json_t *letter = json_object_get(doc, "letter");
	const char *status = known(hook_text(letter, "status"), statuses);

	if (hook_is(doc, "event", "node-away"))
		return "Your node is away: nothing can ring here";
	if (hook_is(doc, "event", "node-back"))
		return "Your node is back";
	if (hook_is(doc, "event", "line"))
		return "A line is silent";
	if (hook_is(doc, "event", "overdue"))
		return "OVERDUE: a call was not answered in time";
	if (hook_is(doc, "event", "refused"))
		return "A letter of yours was refused";
	snprintf(text, sizeof(text), "%s%s%s call", status[0] == 'e' ? "EXERCISE " : "",
		status[0] == 't' ? "TEST " : "",
		known(hook_text(letter, "precedence"), precedences));
	return text;
}

int main(int argc, char **argv)
{
	char program[] = "notify-send", urgency[] = "--urgency=critical";
	char name[] = "--app-name=hotline", end[] = "--", title[96], text[96];
	char *const command[] = {program, urgency, name, end, title, text, NULL};

	(void)argv;
	if (argc != 1)
		hook_die("usage: desktop (reads what hotline watch --notify gives)");
	json_t *doc = hook_read("hotline.event.1");
	const char *incident = hook_text(doc, "short");
	size_t n = strspn(incident, "0123456789abcdef");
	if (!json_is_true(json_object_get(doc, "loud"))) {
		json_decref(doc);
		return 0;
	}
	snprintf(title, sizeof(title), "hotline: %s", headline(doc));
	if (n > 0 && incident[n] == '\0' && n <= 64)
		snprintf(text, sizeof(text), "hotline show %s", incident);
	else
		snprintf(text, sizeof(text), "hotline status");
	int status = hook_run(command, "");
	json_decref(doc);
	return status == 0 ? 0 : 1;
}
