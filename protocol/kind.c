#include "kind.h"

/* clang-format off */
/* spec/message.md 3.1, in its order. */
static const struct hl_kind kinds[] = {
	{"rnd.milestone",
		"a self-improvement level is reached or not ruled out",
		true, {NULL}},
	{"cap.threshold", "a capability threshold is reached or not ruled out",
		true, {"domain"}},
	{"eval.crossed", "an evaluation result crossed a line that was set before",
		false, {"benchmark", "metric", "threshold", "value"}},
	{"rnd.acceleration", "the share of research work that AI systems do has risen",
		false, {"population", "share"}},
	{"contain.breach", "a model or an agent left its containment",
		false, {"boundary"}},
	{"weights.exfil", "model weights were taken or may have been",
		false, {"model"}},
	{"control.subverted", "a model evades or deceives its oversight",
		false, {"model"}},
	{"agent.rogue", "an agent acts outside its task",
		false, {"agent"}},
	{"selfcorrect.divergence", "errors amplify through a self-improvement loop",
		false, {"loop"}},
	{"data.poison", "training data was poisoned",
		false, {"dataset"}},
	{"interp.finding", "a worrying finding of interpretability work",
		false, {"model"}},
	{"redteam.finding", "a worrying finding of red-teaming",
		false, {"model"}},
	{"thirdparty.impact", "somebody outside is affected",
		false, {"party"}},
	{"attribution.query", "is this yours?",
		false, {"indicator"}},
	{"distill.campaign", "a campaign to distil a model",
		false, {NULL}},
	{"misuse.campaign", "a campaign of misuse",
		false, {NULL}},
	{"vuln.shared", "a vulnerability in something that others use too",
		false, {"component"}},
	{"insider.security", "an insider or a breach of security",
		false, {NULL}},
	{"report.periodic", "a periodic report",
		false, {"period"}},
	{"near.miss", "nothing happened, but it nearly did",
		false, {NULL}},
	{"sys.test", "a test of the line",
		false, {NULL}},
	{"sys.exercise", "an exercise",
		false, {NULL}},
	{"sys.key", "keys were rotated or compromised",
		false, {"change"}},
};
/* clang-format on */

const struct hl_kind *hl_kinds(size_t *ret_n)
{
	*ret_n = sizeof(kinds) / sizeof(kinds[0]);
	return kinds;
}

const struct hl_kind *hl_kind_find(struct hl_view name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (hl_view_eq(hl_view_str(kinds[i].name), name))
			return &kinds[i];
	return NULL;
}
