/* What hooks are told of lines, gaps, disks and the node itself, in words. */
#include "tests/unit/unit.h"

#include <jansson.h>

#include "node/helper/helper.h"

static void states(void **state)
{
	static const struct {
		enum hl_hook_event event;
		bool lab;
		uint64_t value;
		const char *state, *summary;
	} rows[] = {
		{HL_HOOK_LINK, true, HL_LINK_SILENT, "silent", "Line to lab-b: silent"},
		{HL_HOOK_GAP, true, 3, "open", "3 letters of lab-b are missing"},
		{HL_HOOK_GAP, true, 0, "closed", "Nothing of lab-b is missing any more"},
		{HL_HOOK_STORE, false, 1, "trouble",
			"The hotline node cannot write its store: is the disk full?"},
		{HL_HOOK_STORE, false, 0, "recovered",
			"The hotline node writes its store again"},
		{HL_HOOK_STORE, true, 1, "trouble",
			"The node of lab-b takes in nothing new: its disk is full"},
		{HL_HOOK_STORE, true, 0, "recovered",
			"The node of lab-b takes in everything again"},
		{HL_HOOK_NODE_SILENT, false, 0, "back",
			"The hotline node of lab-a is back"},
		{HL_HOOK_NODE_SILENT, false, 1, "silent",
			"The hotline node of lab-a is silent"},
		{HL_HOOK_NODE_SILENT, false, 2, "dead",
			"The hotline node of lab-a is dead"},
		{HL_HOOK_NODE_SILENT, false, HL_NODE_LATE, "late",
			"The hotline node of lab-a is late"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hl_hook_run run = {.event = rows[i].event,
			.own_name = "lab-a",
			.has_lab = rows[i].lab,
			.lab_name = "lab-b",
			.value = rows[i].value};
		json_t *doc = hl_hook_json(&run);
		assert_string_equal(
			json_string_value(json_object_get(doc, "state")), rows[i].state);
		assert_string_equal(json_string_value(json_object_get(doc, "summary")),
			rows[i].summary);
		/* A peer's trouble and the own are two alerts for a pager. */
		assert_int_equal(json_is_null(json_object_get(doc, "lab")), !rows[i].lab);
		json_decref(doc);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(states)};

	return cmocka_run_group_tests_name("hook words", tests, NULL, NULL);
}
