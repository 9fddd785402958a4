/* pagerduty KEY-FILE [URL]: triggers, acknowledges and resolves by the Events API v2. KEY-FILE
 * holds the integration's routing key. */
#include <stdlib.h>
#include <string.h>

#include "node/hooks/hook.h"

#define EVENTS_URL "https://events.pagerduty.com/v2/enqueue"

static const char *action(const json_t *doc)
{
	/* Our people see to a call that was answered here; one that the others have answered needs
	 * nobody here any more. */
	if (hook_is(doc, "event", "answered") && hook_is(doc, "direction", "incoming"))
		return "acknowledge";
	return hook_is_over(doc) ? "resolve" : "trigger";
}

static const char *source(const json_t *doc)
{
	const json_t *node = json_object_get(doc, "node");
	const char *name = hook_text(node, "name");

	return name[0] != '\0' ? name : hook_text(node, "id");
}

int main(int argc, char **argv)
{
	static const char *const severities[] = {
		"info", "info", "warning", "error", "critical"};
	static const char *const headers[] = {"Content-Type: application/json", NULL};

	if (argc < 2 || argc > 3)
		hook_die("usage: pagerduty KEY-FILE [URL]");
	json_t *doc = hook_read("hotline.hook.1");
	char *key = hook_secret(argv[1]);
	json_t *event =
		json_pack("{s:s, s:s, s:s, s:{s:s, s:s, s:s, s:s, s:s, s:s, s:O}}",
			"routing_key", key, "event_action", action(doc), "dedup_key",
			hook_text(doc, "alert_key"), "payload", "summary",
			hook_text(doc, "summary"), "source", source(doc), "severity",
			severities[hook_urgency(doc)], "timestamp",
			hook_text(doc, "time"), "component", "hotline", "class",
			hook_text(doc, "event"), "custom_details", doc);
	char *body = event != NULL ? json_dumps(event, JSON_COMPACT | JSON_ENSURE_ASCII)
				   : NULL;
	if (body == NULL)
		hook_die("the event could not be made");
	int status = hook_post(argc == 3 ? argv[2] : EVENTS_URL, headers, body);
	free(body);
	free(key);
	json_decref(event);
	json_decref(doc);
	return status;
}
