/* hotline.hook.1, as documented in node/man/hotline-hooks.7. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "node/helper/helper.h"
#include "protocol/hotline.h"

static json_t *time_json(uint64_t ms)
{
	char text[64], whole[48];
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;

	if (gmtime_r(&seconds, &tm) == NULL ||
		strftime(whole, sizeof(whole), "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		return json_null();
	snprintf(text, sizeof(text), "%s.%03uZ", whole, (unsigned)(ms % 1000));
	return json_string(text);
}

static json_t *id_json(bool has, const struct hl_id *id)
{
	char hex[2 * HL_ID_SIZE + 1];

	if (!has)
		return json_null();
	hl_hex_encode(hl_view_id(id), hex);
	return json_string(hex);
}

static json_t *lab_json(bool has, const struct hl_id *id, const char *name)
{
	return has ? json_pack("{s:o, s:s}", "id", id_json(true, id), "name", name)
		   : json_null();
}

static json_t *text_json(bool has, const char *text)
{
	return has && text != NULL ? json_string(text) : json_null();
}

/* One for all that is about one thing: what a pager calls an incident. */
static json_t *alert_key(const struct hl_hook_run *run)
{
	char call[2 * HL_ID_SIZE + 1], lab[2 * HL_ID_SIZE + 1], own[2 * HL_ID_SIZE + 1];

	hl_hex_encode(hl_view_id(&run->call), call);
	hl_hex_encode(hl_view_id(&run->lab), lab);
	hl_hex_encode(hl_view_id(&run->own), own);
	if (run->has_call && run->outgoing)
		return json_sprintf("hotline-%s-%.16s", call, lab);
	if (run->has_call)
		return json_sprintf("hotline-%s", call);
	if (run->event == HL_HOOK_DRILL && run->value == HL_DRILL_REMINDER)
		return json_sprintf("hotline-drill-reminder-%s", lab);
	return json_sprintf("hotline-%s-%s", hl_hook_event_name(run->event),
		run->has_lab ? lab : own);
}

static const char *state_of(const struct hl_hook_run *run)
{
	static const char *const lines[] = {
		"never", "down", "connecting", "up", "degraded", "silent"};
	static const char *const nodes[] = {"back", "silent", "dead", "late"};
	static const char *const drills[] = {NULL, "passed", "missed", "reminder"};

	switch (run->event) {
	case HL_HOOK_LINK: return run->value < 6 ? lines[run->value] : NULL;
	case HL_HOOK_GAP: return run->value > 0 ? "open" : "closed";
	case HL_HOOK_STORE: return run->value > 0 ? "trouble" : "recovered";
	case HL_HOOK_NODE_SILENT: return run->value < 4 ? nodes[run->value] : NULL;
	case HL_HOOK_DRILL: return run->value < 4 ? drills[run->value] : NULL;
	case HL_HOOK_STEP:
	case HL_HOOK_CALL:
	case HL_HOOK_ANSWERED:
	case HL_HOOK_OVERDUE:
	case HL_HOOK_CLOSED:
	case HL_HOOK_UNANSWERED: break;
	}
	return NULL;
}

static void upper(const char *from, char *to, size_t size)
{
	size_t i = 0;

	for (; from[i] != '\0' && i + 1 < size; i++)
		to[i] = (char)(from[i] >= 'a' && from[i] <= 'z' ? from[i] - 32 : from[i]);
	to[i] = '\0';
}

/* "ACTUAL FLASH call from lab-b rings, answer by 03:10 UTC: hotline show 7f3a…" */
static json_t *call_summary(const struct hl_hook_run *run, const char *lab)
{
	const char *status = hl_standing_name(run->status);
	const char *precedence = hl_precedence_name(run->precedence);
	char standing[16], by[16] = "", incident[2 * HL_ID_SIZE + 1];
	time_t seconds = (time_t)(run->deadline / 1000);
	struct tm tm;
	const char *what = "rings";

	if (gmtime_r(&seconds, &tm) != NULL)
		strftime(by, sizeof(by), "%H:%M", &tm);
	upper(status != NULL ? status : "", standing, sizeof(standing));
	hl_hex_encode(hl_view_id(&run->incident), incident);
	if (run->event == HL_HOOK_ANSWERED)
		what = "is answered";
	else if (run->event == HL_HOOK_CLOSED)
		what = "is closed";
	else if (run->event == HL_HOOK_OVERDUE)
		what = "is OVERDUE, nobody has answered";
	else if (run->outgoing)
		what = "stays WITHOUT AN ANSWER, ring them by phone";
	return json_sprintf("%s %s call %s %s %s, answer by %s UTC: hotline show %.8s",
		standing, precedence != NULL ? precedence : "",
		run->outgoing ? "to" : "from", lab, what, by, incident);
}

static json_t *summary(const struct hl_hook_run *run)
{
	char lab[HL_HOOK_NAME_MAX + 1], hex[2 * HL_ID_SIZE + 1];
	const char *state = state_of(run);

	hl_hex_encode(hl_view_id(&run->lab), hex);
	snprintf(lab, sizeof(lab), "%.*s", HL_HOOK_NAME_MAX,
		run->lab_name[0] != '\0' ? run->lab_name : hex);
	if (run->has_call)
		return call_summary(run, lab);
	if (run->event == HL_HOOK_LINK)
		return json_sprintf("Line to %s: %s", lab, state != NULL ? state : "?");
	if (run->event == HL_HOOK_GAP && run->value > 0)
		return json_sprintf("%llu letters of %s are missing",
			(unsigned long long)run->value, lab);
	if (run->event == HL_HOOK_GAP)
		return json_sprintf("Nothing of %s is missing any more", lab);
	if (run->event == HL_HOOK_STORE && run->has_lab)
		return json_sprintf(run->value > 0
				? "The node of %s takes in nothing new: its disk is full"
				: "The node of %s takes in everything again",
			lab);
	if (run->event == HL_HOOK_DRILL && run->value == HL_DRILL_REMINDER)
		return json_sprintf("TEST Nobody at %s has answered an exercise lately: "
				    "hotline drill",
			lab);
	if (run->event == HL_HOOK_DRILL)
		return json_sprintf("TEST The machine test of the line to %s %s", lab,
			run->value == HL_DRILL_PASSED ? "has passed" : "was missed");
	if (run->event == HL_HOOK_STORE)
		return json_string(run->value > 0
				? "The hotline node cannot write its store: is the disk full?"
				: "The hotline node writes its store again");
	return json_sprintf("The hotline node of %s is %s", run->own_name,
		state != NULL ? state : "?");
}

static json_t *contacts_json(const char *contacts)
{
	json_t *list = json_array();

	for (const char *at = contacts; *at != '\0';) {
		size_t n = strcspn(at, "\n");
		json_array_append_new(list, json_stringn(at, n));
		at += n + (at[n] == '\n');
	}
	return list;
}

static void add_call(json_t *doc, const struct hl_hook_run *run)
{
	bool call = run->has_call, step = run->event == HL_HOOK_STEP;

	json_object_set_new(doc, "envelope", id_json(call, &run->call));
	json_object_set_new(doc, "incident", id_json(call, &run->incident));
	json_object_set_new(doc, "direction",
		text_json(call, run->outgoing ? "outgoing" : "incoming"));
	json_object_set_new(doc, "class", text_json(call, "call"));
	json_object_set_new(
		doc, "precedence", text_json(call, hl_precedence_name(run->precedence)));
	json_object_set_new(
		doc, "status", text_json(call, hl_standing_name(run->status)));
	json_object_set_new(doc, "stored", call ? time_json(run->stored) : json_null());
	json_object_set_new(
		doc, "deadline", call ? time_json(run->deadline) : json_null());
	json_object_set_new(doc, "step", text_json(step, run->step));
	json_object_set_new(doc, "moment",
		text_json(step,
			run->moment == HL_MOMENT_UNANSWERED ? "unanswered" : "call"));
	json_object_set_new(
		doc, "round", step ? json_integer((json_int_t)run->round) : json_null());
	json_object_set_new(doc, "contacts", contacts_json(run->contacts));
}

json_t *hl_hook_json(const struct hl_hook_run *run)
{
	json_t *doc = json_object();

	json_object_set_new(doc, "schema", json_string("hotline.hook.1"));
	json_object_set_new(doc, "event", json_string(hl_hook_event_name(run->event)));
	json_object_set_new(doc, "summary", summary(run));
	json_object_set_new(doc, "dedup_key", id_json(true, &run->key));
	json_object_set_new(doc, "alert_key", alert_key(run));
	json_object_set_new(doc, "attempt", json_integer((json_int_t)run->attempt));
	json_object_set_new(doc, "time", time_json(run->time));
	json_object_set_new(doc, "node", lab_json(true, &run->own, run->own_name));
	json_object_set_new(doc, "lab", lab_json(run->has_lab, &run->lab, run->lab_name));
	add_call(doc, run);
	json_object_set_new(doc, "state", text_json(true, state_of(run)));
	json_object_set_new(doc, "missing",
		run->event == HL_HOOK_GAP ? json_integer((json_int_t)run->value)
					  : json_null());
	return doc;
}
