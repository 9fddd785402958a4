/* ntfy URL [TOKEN-FILE]: publishes to a topic, https://ntfy.example/topic. TOKEN-FILE holds an
 * access token. */
#include <stdio.h>
#include <stdlib.h>

#include "node/hooks/hook.h"

static char *header(const char *name, const char *value)
{
	char *text;

	if (asprintf(&text, "%s: %s", name, value) < 0)
		hook_die("no memory");
	return text;
}

int main(int argc, char **argv)
{
	static const char *const priorities[] = {"3", "2", "3", "4", "5"};
	char *token = NULL, *secret = NULL, title[64];

	if (argc < 2 || argc > 3)
		hook_die("usage: ntfy URL [TOKEN-FILE]");
	json_t *doc = hook_read("hotline.hook.1");
	if (argc == 3) {
		secret = hook_secret(argv[2]);
		if (asprintf(&token, "Authorization: Bearer %s", secret) < 0)
			hook_die("no memory");
	}
	snprintf(title, sizeof(title), "hotline: %s %s", hook_text(doc, "precedence"),
		hook_text(doc, "event"));
	char *titles = header("Title", title);
	char *priority = header("Priority", priorities[hook_urgency(doc)]);
	char *tags = header("Tags",
		hook_is_over(doc) ? "white_check_mark"
			: hook_is(doc, "status", "actual") || hook_is(doc, "status", "")
			? "rotating_light"
			: "test_tube");
	const char *const headers[] = {
		"Content-Type: text/plain", titles, priority, tags, token, NULL};
	int status = hook_post(argv[1], headers, hook_text(doc, "summary"));
	free(titles);
	free(priority);
	free(tags);
	free(token);
	free(secret);
	json_decref(doc);
	return status;
}
