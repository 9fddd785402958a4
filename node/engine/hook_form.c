/* The order for one run, as bytes. */
#include "node/engine/hook.h"

#include <string.h>

#define FORM_ITEMS 22
#define FORM_MAX   8192

const char *hl_hook_event_name(unsigned event)
{
	static const char *const names[HL_HOOK_EVENTS] = {NULL, "step", "call",
		"answered", "overdue", "closed", "unanswered", "link", "gap", "store",
		"node-silent", "drill"};

	return event < HL_HOOK_EVENTS ? names[event] : NULL;
}

enum hl_status hl_hook_encode(const struct hl_hook_run *run, struct hl_buf *ret)
{
	struct hl_out out HL_CLEAN_OUT = {0};

	hl_out_init(&out);
	hl_out_array(&out, FORM_ITEMS);
	hl_out_id(&out, &run->key);
	hl_out_uint(&out, run->attempt);
	hl_out_uint(&out, run->event);
	hl_out_uint(&out, run->time);
	hl_out_str(&out, hl_view_str(run->hook));
	hl_out_id(&out, &run->own);
	hl_out_str(&out, hl_view_str(run->own_name));
	hl_out_bool(&out, run->has_lab);
	hl_out_id(&out, &run->lab);
	hl_out_str(&out, hl_view_str(run->lab_name));
	hl_out_bool(&out, run->has_call);
	hl_out_id(&out, &run->call);
	hl_out_id(&out, &run->incident);
	hl_out_bool(&out, run->outgoing);
	hl_out_uint(&out, (uint64_t)run->precedence << 8 | (uint64_t)run->status);
	hl_out_uint(&out, run->stored);
	hl_out_uint(&out, run->deadline);
	hl_out_str(&out, hl_view_str(run->step));
	hl_out_uint(&out, run->moment);
	hl_out_uint(&out, run->round);
	hl_out_str(&out, hl_view_str(run->contacts));
	hl_out_uint(&out, run->value);
	return hl_out_finish(&out, ret);
}

static void take_text(struct hl_in *in, size_t max, char *ret)
{
	struct hl_view text = hl_in_str(in, 0, max, HL_TEXT_BLOCK);

	if (text.n > 0)
		memcpy(ret, text.p, text.n);
	ret[text.n] = '\0';
}

enum hl_status hl_hook_decode(struct hl_view bytes, struct hl_hook_run *ret)
{
	struct hl_hook_run run = {.attempt = 0};
	struct hl_in in HL_CLEAN_IN = {0};

	hl_in_init(&in, bytes, FORM_MAX);
	hl_in_array(&in, FORM_ITEMS, FORM_ITEMS);
	hl_in_id(&in, &run.key);
	run.attempt = hl_in_uint(&in, 1, UINT32_MAX);
	run.event = (enum hl_hook_event)hl_in_uint(&in, 1, HL_HOOK_EVENTS - 1);
	run.time = hl_in_uint(&in, 0, INT64_MAX);
	take_text(&in, HL_HOOK_NAME_MAX, run.hook);
	hl_in_id(&in, &run.own);
	take_text(&in, HL_HOOK_NAME_MAX, run.own_name);
	run.has_lab = hl_in_bool(&in);
	hl_in_id(&in, &run.lab);
	take_text(&in, HL_HOOK_NAME_MAX, run.lab_name);
	run.has_call = hl_in_bool(&in);
	hl_in_id(&in, &run.call);
	hl_in_id(&in, &run.incident);
	run.outgoing = hl_in_bool(&in);
	uint64_t both = hl_in_uint(&in, 0, UINT16_MAX);
	run.precedence = (enum hl_precedence)(both >> 8);
	run.status = (enum hl_standing)(both & 0xff);
	run.stored = hl_in_uint(&in, 0, INT64_MAX);
	run.deadline = hl_in_uint(&in, 0, INT64_MAX);
	take_text(&in, HL_HOOK_NAME_MAX, run.step);
	run.moment = (enum hl_moment)hl_in_uint(&in, 0, HL_MOMENT_UNANSWERED);
	run.round = hl_in_uint(&in, 0, UINT32_MAX);
	take_text(&in, HL_CONTACTS_SIZE - 1, run.contacts);
	run.value = hl_in_uint(&in, 0, INT64_MAX);
	hl_in_end(&in);
	enum hl_status status = hl_in_finish(&in);
	if (status == HL_OK)
		*ret = run;
	return status;
}
