/* Messages: written and read, each rule of their form, and what they may stand beside. */
#include "mutate.h"
#include <stdio.h>

#include "unit.h"

/* One of each, with everything set that can be. */
struct drafts {
	struct hl_id seen[HL_SEEN_MAX + 1];
	struct hl_field fields[HL_FIELDS_MAX + 1];
	char keys[HL_FIELDS_MAX + 1][8];
	struct hl_evidence evidence[HL_EVIDENCE_MAX + 1];
	struct hl_message raise, ack, say, update, resolve, cancel, reopen, cannot_open;
	struct hl_message *all[8];
};

static const uint8_t file_bytes[] = "a log of what the agent did";
static char long_text[HL_TEXT_MAX + 2];

static void drafts_init(struct drafts *d)
{
	memset(d, 0, sizeof(*d));
	memset(long_text, 'x', sizeof(long_text) - 1);
	for (size_t i = 0; i <= HL_SEEN_MAX; i++)
		hl_put_be32(d->seen[i].b, (uint32_t)i + 1);
	for (size_t i = 0; i <= HL_FIELDS_MAX; i++) {
		snprintf(d->keys[i], sizeof(d->keys[i]), "f%02u", (unsigned)i);
		d->fields[i].key = hl_view_str(d->keys[i]);
		d->fields[i].value = hl_view_str("a value\nof two lines");
	}
	d->fields[0].key = hl_view_str("boundary");
	for (size_t i = 0; i <= HL_EVIDENCE_MAX; i++) {
		struct hl_evidence *e = &d->evidence[i];

		e->name = hl_view_str("agent.log");
		e->media = hl_view_str("text/plain");
		e->data = hl_view_of(file_bytes, sizeof(file_bytes) - 1);
		e->size = e->data.n;
		e->has_data = i % 2 == 0;
		hl_sha256(&e->data, 1, &e->sha256);
	}
	d->raise = (struct hl_message){.type = HL_RAISE,
		.text = hl_view_str(
			"It reached a host of a third party.\n\tDetails follow."),
		.raise = {.kind = hl_view_str("contain.breach"),
			.severity = 3,
			.urgency = 4,
			.certainty = 4,
			.handling = 3,
			.context = 1,
			.ask = {hl_view_str("check-systems"), hl_view_str("verify")},
			.n_ask = 2,
			.title = hl_view_str("Agent left its sandbox"),
			.has_aware_at = true,
			.aware_at = 1789000000000,
			.has_determined_at = true,
			.determined_at = 1789000360000,
			.has_capability = true,
			.capability = {hl_view_str("Framework"), hl_view_str("3.1"),
				hl_view_str("Level 2"), 2}},
		.fields = d->fields,
		.n_fields = 3,
		.evidence = d->evidence,
		.n_evidence = 2};
	d->ack = (struct hl_message){.type = HL_ACK,
		.seen = d->seen,
		.n_seen = 2,
		.text = hl_view_str("We look at it."),
		.ack = {HL_REDIRECTED, true, hl_view_str("the duty officer")}};
	d->say = (struct hl_message){.type = HL_SAY,
		.seen = d->seen,
		.n_seen = 1,
		.text = hl_view_str("Was host X touched?"),
		.evidence = d->evidence,
		.n_evidence = 2};
	d->update = (struct hl_message){.type = HL_UPDATE,
		.seen = d->seen,
		.n_seen = 1,
		.text = hl_view_str("Contained."),
		.update = {true, true, true, 1, 3, hl_view_str("Contained again")},
		.fields = d->fields,
		.n_fields = 2,
		.evidence = d->evidence,
		.n_evidence = 1};
	d->resolve =
		(struct hl_message){.type = HL_RESOLVE, .text = hl_view_str("Done.")};
	d->cancel =
		(struct hl_message){.type = HL_CANCEL, .text = hl_view_str("A fault.")};
	d->reopen = (struct hl_message){.type = HL_REOPEN, .text = hl_view_str("Again.")};
	d->cannot_open = (struct hl_message){.type = HL_CANNOT_OPEN,
		.seen = d->seen,
		.n_seen = 1,
		.cannot_open = {HL_BAD_OPEN}};
	d->all[0] = &d->raise;
	d->all[1] = &d->ack;
	d->all[2] = &d->say;
	d->all[3] = &d->update;
	d->all[4] = &d->resolve;
	d->all[5] = &d->cancel;
	d->all[6] = &d->reopen;
	d->all[7] = &d->cannot_open;
}

static struct hl_buf written(const struct hl_message *m)
{
	struct hl_buf doc = {0};
	const char *wrong = "nothing";

	if (hl_message_encode(m, &doc, &wrong) != HL_OK)
		fail_msg("%s: %s", hl_type_name(m->type), wrong);
	return doc;
}

static void round_trips(void **state)
{
	struct drafts d;
	(void)state;

	drafts_init(&d);
	for (size_t i = 0; i < 8; i++) {
		struct hl_buf doc HL_CLEAN_BUF = written(d.all[i]),
				  again HL_CLEAN_BUF = {0};
		struct hl_message m HL_CLEAN_MESSAGE = {0};

		assert_ok(hl_message_parse(hl_view_buf(&doc), &m));
		assert_int_equal(i + 1, m.type);
		assert_view(m.text, d.all[i]->text);
		assert_int_equal(d.all[i]->n_seen, m.n_seen);
		assert_int_equal(d.all[i]->n_fields, m.n_fields);
		assert_int_equal(d.all[i]->n_evidence, m.n_evidence);
		again = written(&m);
		assert_view(hl_view_buf(&doc), hl_view_buf(&again));
	}
}

static void what_a_raise_holds(void **state)
{
	struct drafts d;
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_message m HL_CLEAN_MESSAGE = {0};
	(void)state;

	drafts_init(&d);
	doc = written(&d.raise);
	assert_ok(hl_message_parse(hl_view_buf(&doc), &m));
	assert_view(m.raise.kind, hl_view_str("contain.breach"));
	assert_int_equal(3, m.raise.severity);
	assert_int_equal(4, m.raise.urgency);
	assert_int_equal(4, m.raise.certainty);
	assert_int_equal(3, m.raise.handling);
	assert_int_equal(1, m.raise.context);
	assert_int_equal(2, m.raise.n_ask);
	assert_view(m.raise.ask[1], hl_view_str("verify"));
	assert_view(m.raise.title, hl_view_str("Agent left its sandbox"));
	assert_true(m.raise.has_aware_at && m.raise.has_determined_at);
	assert_int_equal(1789000000000, m.raise.aware_at);
	assert_int_equal(1789000360000, m.raise.determined_at);
	assert_view(m.raise.capability.level, hl_view_str("Level 2"));
	assert_int_equal(2, m.raise.capability.determination);
	assert_view(m.fields[1].value, hl_view_str("a value\nof two lines"));
	assert_true(m.evidence[0].has_data && !m.evidence[1].has_data);
	assert_view(m.evidence[0].data, d.evidence[0].data);
	assert_int_equal(sizeof(file_bytes) - 1, m.evidence[1].size);
}

static void parse_changed(void *ctx, struct hl_view changed, bool must_fail)
{
	struct hl_message m HL_CLEAN_MESSAGE = {0};
	struct hl_buf again HL_CLEAN_BUF = {0};
	enum hl_status status = hl_message_parse(changed, &m);

	(void)ctx;
	assert_true(status == HL_OK || status == HL_BAD_SIZE ||
		status == HL_BAD_ENCODING || status == HL_BAD_FIELD ||
		status == HL_BAD_TYPE || status == HL_BAD_HASH || status == HL_BAD_FORM);
	if (must_fail)
		assert_int_not_equal(HL_OK, status);
	if (status != HL_OK) {
		assert_null(m.arena);
		return;
	}
	/* What is still good says the same when it is written again. */
	if (m.type == HL_RAISE && !hl_kind_find(m.raise.kind))
		return;
	again = written(&m);
	assert_view(changed, hl_view_buf(&again));
}

static void every_value_changed(void **state)
{
	struct drafts d;
	(void)state;

	drafts_init(&d);
	for (size_t i = 0; i < 8; i++) {
		struct hl_buf doc HL_CLEAN_BUF = written(d.all[i]);

		mutate_each(hl_view_buf(&doc), parse_changed, NULL);
	}
}

/* Nothing may be written that breaks a rule, and the field is named. */
static void refused(const struct hl_message *m, const char *field)
{
	struct hl_buf doc HL_CLEAN_BUF = {0};
	const char *wrong = NULL;

	assert_status(hl_message_encode(m, &doc, &wrong), HL_BAD_FORM);
	assert_null(doc.p);
	assert_non_null(wrong);
	assert_string_equal(field, wrong);
	assert_status(hl_message_encode(m, &doc, NULL), HL_BAD_FORM);
}

#define REFUSED(message, change, field)     \
	do {                                \
		drafts_init(&d);            \
		change;                     \
		refused(&d.message, field); \
	} while (0)
#define TAKEN(message, change)                          \
	do {                                            \
		struct hl_buf taken HL_CLEAN_BUF = {0}; \
		drafts_init(&d);                        \
		change;                                 \
		taken = written(&d.message);            \
	} while (0)
#define LONG(n) hl_view_of(long_text, n)

static void rules_of_a_raise(void **state)
{
	struct drafts d;
	(void)state;

	REFUSED(raise, d.raise.type = (enum hl_type)63, "type");
	REFUSED(raise, d.raise.type = (enum hl_type)0, "type");
	REFUSED(raise, d.raise.raise.kind = hl_view_str("not.known"), "kind");
	REFUSED(raise, d.raise.raise.kind = hl_view_str("Contain.breach"), "kind");
	REFUSED(raise, d.raise.raise.kind = hl_view_str(""), "kind");
	REFUSED(raise, d.raise.raise.kind = hl_view_str("pause.training"), "kind");
	REFUSED(raise, d.raise.raise.severity = 5, "severity");
	REFUSED(raise, d.raise.raise.urgency = 5, "urgency");
	REFUSED(raise, d.raise.raise.certainty = 5, "certainty");
	REFUSED(raise, d.raise.raise.handling = 0, "handling");
	REFUSED(raise, d.raise.raise.handling = 6, "handling");
	REFUSED(raise, d.raise.raise.context = 5, "context");
	REFUSED(raise, d.raise.raise.n_ask = HL_ASK_MAX + 1, "ask");
	REFUSED(raise, d.raise.raise.ask[1] = d.raise.raise.ask[0], "ask");
	REFUSED(raise, d.raise.raise.ask[0] = hl_view_str("zz"), "ask");
	REFUSED(raise, d.raise.raise.ask[0] = hl_view_str("A"), "ask");
	TAKEN(raise, d.raise.raise.n_ask = 0);
	REFUSED(raise, d.raise.raise.title = LONG(0), "title");
	REFUSED(raise, d.raise.raise.title = LONG(121), "title");
	REFUSED(raise, d.raise.raise.title = hl_view_str("two\nlines"), "title");
	REFUSED(raise, d.raise.raise.title = hl_view_str("\xff"), "title");
	TAKEN(raise, d.raise.raise.title = LONG(120));
	REFUSED(raise, d.raise.text = LONG(32769), "text");
	REFUSED(raise, d.raise.text = hl_view_str("a\x1b[0m"), "text");
	TAKEN(raise, d.raise.text = LONG(32768));
	TAKEN(raise, d.raise.text = LONG(0));
	REFUSED(raise, d.raise.raise.capability.framework = LONG(0), "framework");
	REFUSED(raise, d.raise.raise.capability.framework = LONG(65), "framework");
	REFUSED(raise, d.raise.raise.capability.version = LONG(65), "framework version");
	TAKEN(raise, d.raise.raise.capability.version = LONG(0));
	REFUSED(raise, d.raise.raise.capability.level = LONG(0), "level");
	REFUSED(raise, d.raise.raise.capability.level = LONG(65), "level");
	REFUSED(raise, d.raise.raise.capability.determination = 0, "determination");
	REFUSED(raise, d.raise.raise.capability.determination = 5, "determination");
	REFUSED(raise, d.fields[0].key = hl_view_str("aaa"), "boundary");
	REFUSED(raise, d.raise.n_fields = 0, "boundary");
	REFUSED(raise,
		(d.raise.raise.kind = hl_view_str("rnd.milestone"),
			d.raise.raise.has_capability = false),
		"capability");
	REFUSED(raise, d.raise.raise.kind = hl_view_str("eval.crossed"), "benchmark");
	TAKEN(raise, d.raise.raise.kind = hl_view_str("near.miss"));
	TAKEN(raise,
		(d.raise.raise.has_aware_at = d.raise.raise.has_determined_at = false));
}

static void rules_of_fields_and_evidence(void **state)
{
	struct drafts d;
	static uint8_t big[HL_ATTACH_MAX + 1];
	(void)state;

	TAKEN(raise, d.raise.n_fields = HL_FIELDS_MAX);
	REFUSED(raise, d.raise.n_fields = HL_FIELDS_MAX + 1, "fields");
	REFUSED(raise, d.fields[2].key = d.fields[1].key, "fields");
	REFUSED(raise, d.fields[2].key = hl_view_str("a"), "fields");
	REFUSED(raise, d.fields[2].key = hl_view_str("F"), "fields");
	REFUSED(raise, d.fields[2].value = LONG(0), "fields");
	REFUSED(raise, d.fields[2].value = LONG(1025), "fields");
	TAKEN(raise, d.fields[2].value = LONG(1024));
	TAKEN(raise, d.raise.n_evidence = HL_EVIDENCE_MAX);
	REFUSED(raise, d.raise.n_evidence = HL_EVIDENCE_MAX + 1, "evidence");
	REFUSED(say, d.evidence[0].name = LONG(0), "evidence name");
	REFUSED(say, d.evidence[0].name = LONG(256), "evidence name");
	REFUSED(say, d.evidence[0].name = hl_view_str("a\tb"), "evidence name");
	TAKEN(say, d.evidence[0].name = LONG(255));
	REFUSED(say, d.evidence[0].media = LONG(128), "evidence media type");
	TAKEN(say, d.evidence[0].media = LONG(0));
	REFUSED(update, d.evidence[0].size++, "evidence size");
	REFUSED(update, d.evidence[0].sha256.b[31] ^= 1, "evidence sha256");
	TAKEN(say, d.evidence[1].sha256.b[31] ^= 1); /* travels by hand */
	REFUSED(say,
		(d.evidence[0].data = HL_VIEW(big), d.evidence[0].size = sizeof(big)),
		"evidence");
	/* The sum counts. */
	REFUSED(raise,
		(d.evidence[0].data = hl_view_of(big, HL_ATTACH_MAX),
			d.evidence[0].size = HL_ATTACH_MAX,
			hl_sha256(&d.evidence[0].data, 1, &d.evidence[0].sha256),
			d.evidence[1].has_data = true),
		"evidence");
	TAKEN(raise,
		(d.evidence[0].data = hl_view_of(big, HL_ATTACH_MAX),
			d.evidence[0].size = HL_ATTACH_MAX,
			hl_sha256(&d.evidence[0].data, 1, &d.evidence[0].sha256)));
}

static void rules_of_the_others(void **state)
{
	struct drafts d;
	(void)state;

	REFUSED(ack, d.ack.n_seen = HL_SEEN_MAX + 1, "seen");
	TAKEN(ack, d.ack.n_seen = HL_SEEN_MAX);
	REFUSED(ack, d.seen[1] = d.seen[0], "seen");
	REFUSED(ack, memset(d.seen[0].b, 0xff, 32), "seen");
	REFUSED(ack, d.ack.ack.answer = (enum hl_answer)0, "answer");
	REFUSED(ack, d.ack.ack.answer = (enum hl_answer)5, "answer");
	REFUSED(ack, d.ack.ack.has_redirect = false, "redirect");
	REFUSED(ack, d.ack.ack.redirect = LONG(0), "redirect");
	REFUSED(ack, d.ack.ack.redirect = LONG(129), "redirect");
	TAKEN(ack, d.ack.ack.redirect = LONG(128));
	REFUSED(ack, (d.ack.ack.answer = HL_DECLINED, d.ack.text = LONG(0)), "text");
	TAKEN(ack, (d.ack.ack.answer = HL_ACCEPTED, d.ack.text = LONG(0)));
	TAKEN(ack, d.ack.text = LONG(8192));
	REFUSED(ack, d.ack.text = LONG(8193), "text");
	REFUSED(say, d.say.text = LONG(0), "text");
	REFUSED(say, d.say.text = LONG(32769), "text");
	REFUSED(update, d.update.update.severity = 5, "severity");
	REFUSED(update, d.update.update.certainty = 5, "certainty");
	REFUSED(update, d.update.update.title = LONG(0), "title");
	REFUSED(update, d.update.update.title = LONG(121), "title");
	REFUSED(update, d.update.text = LONG(32769), "text");
	REFUSED(update,
		(memset(&d.update.update, 0, sizeof(d.update.update)),
			d.update.text = LONG(0),
			d.update.n_fields = d.update.n_evidence = 0),
		"text");
	TAKEN(update,
		(memset(&d.update.update, 0, sizeof(d.update.update)),
			d.update.text = LONG(0), d.update.n_evidence = 0));
	TAKEN(resolve, d.resolve.text = LONG(0));
	REFUSED(resolve, d.resolve.text = LONG(32769), "text");
	REFUSED(cancel, d.cancel.text = LONG(0), "text");
	REFUSED(cancel, d.cancel.text = LONG(32769), "text");
	REFUSED(reopen, d.reopen.text = LONG(0), "text");
	REFUSED(reopen, d.reopen.text = LONG(32769), "text");
	REFUSED(cannot_open, d.cannot_open.cannot_open.code = HL_OK, "code");
	REFUSED(cannot_open, d.cannot_open.cannot_open.code = HL_ERR_NOMEM, "code");
	REFUSED(cannot_open, d.cannot_open.cannot_open.code = (enum hl_status)33, "code");
	TAKEN(cannot_open, d.cannot_open.cannot_open.code = HL_STALE);
}

static void read_from(const char *hex, enum hl_status want)
{
	struct hl_buf doc HL_CLEAN_BUF = unit_hex(hex);
	struct hl_message m HL_CLEAN_MESSAGE = {0};

	assert_status(hl_message_parse(hl_view_buf(&doc), &m), want);
}

static void what_is_not_a_message(void **state)
{
	(void)state;
	read_from("", HL_BAD_ENCODING);
	read_from("c0", HL_BAD_ENCODING);
	read_from("93 05 90 91 a0", HL_OK);
	read_from("93 3f 90 90", HL_BAD_TYPE);
	read_from("93 00 90 90", HL_BAD_TYPE);
	read_from("93 cd 0105 90 91 a0", HL_BAD_TYPE); /* not 5 in a byte */
	read_from("93 cf ffffffffffffffff 90 90", HL_BAD_TYPE);
	read_from("93 08 90 91 12", HL_OK);
	read_from("93 08 90 91 cd 0112", HL_BAD_FIELD);
	read_from("93 08 90 91 21", HL_BAD_FIELD);
	read_from("93 06 90 91 a0", HL_BAD_FIELD);
	read_from("93 05 90 91 a1 0a", HL_OK); /* a block may hold a newline */
	read_from("93 05 90 92 a0 a0", HL_BAD_ENCODING);
	read_from("92 05 90", HL_BAD_ENCODING);
}

static struct hl_member member_with(unsigned bits)
{
	return (struct hl_member){.caps = {.bits = bits, .precedence = HL_FLASH}};
}

static void types_and_classes(void **state)
{
	/* By type: classes call, answer, close, notice; what the sender needs. */
	static const struct {
		bool classes[4];
		unsigned bits;
	} rules[] = {
		{{true, false, false, false}, HL_CAP_RAISE},
		{{false, true, false, false}, HL_CAP_ANSWER},
		{{true, false, false, true}, HL_CAP_UPDATE | HL_CAP_ANSWER},
		{{true, false, false, true}, HL_CAP_UPDATE},
		{{false, false, true, false}, HL_CAP_CLOSE},
		{{false, false, true, false}, HL_CAP_CLOSE},
		{{true, false, false, false}, HL_CAP_RAISE},
		{{false, false, false, true},
			HL_CAP_READ | HL_CAP_RAISE | HL_CAP_UPDATE | HL_CAP_ANSWER |
				HL_CAP_CLOSE},
	};
	struct drafts d;
	(void)state;

	drafts_init(&d);
	for (unsigned i = 0; i < 8; i++)
		for (unsigned class = 1; class <= 4; class ++) {
			struct hl_core core = {.class = (enum hl_class) class,
				.status = HL_ACTUAL,
				.precedence = HL_ROUTINE,
				.has_incident = i != 0,
				.has_answers = i == 1 || i == 7,
				.answers = d.seen[0]};

			for (unsigned bit = 1; bit <= HL_CAP_SUSPEND; bit *= 2) {
				struct hl_member sender = member_with(bit);
				enum hl_status want = HL_BAD_TYPE;

				if (rules[i].classes[class - 1])
					want = rules[i].bits & bit ? HL_OK
								   : HL_NOT_PERMITTED;
				assert_status(
					hl_message_check(d.all[i], &core, &sender), want);
			}
		}
}

static void references(void **state)
{
	struct hl_member sender = member_with(HL_CAP_ALL);
	struct drafts d;
	(void)state;

	drafts_init(&d);
	for (unsigned i = 0; i < 8; i++)
		for (unsigned has = 0; has < 4; has++) {
			struct hl_core core = {
				.class = hl_type_class(d.all[i]->type, false),
				.status = HL_ACTUAL,
				.precedence = HL_ROUTINE,
				.has_incident = has & 1,
				.has_answers = has >> 1,
				.answers = d.seen[0]};
			bool good = core.has_incident == (i != 0) &&
				core.has_answers == (i == 1 || i == 7);

			assert_status(hl_message_check(d.all[i], &core, &sender),
				good ? HL_OK : HL_BAD_TYPE);
			/* The answered letter is one that the author had seen. */
			core.answers = d.seen[5];
			if (good && core.has_answers)
				assert_status(hl_message_check(d.all[i], &core, &sender),
					HL_BAD_TYPE);
		}
	struct hl_core core = {
		.class = HL_CLASS_CALL, .status = HL_ACTUAL, .precedence = HL_ROUTINE};
	d.raise.seen = d.seen;
	d.raise.n_seen = 1;
	assert_status(hl_message_check(&d.raise, &core, &sender), HL_BAD_TYPE);
}

static void tests_and_exercises(void **state)
{
	struct hl_member sender = member_with(HL_CAP_ALL);
	struct drafts d;
	(void)state;

	drafts_init(&d);
	for (unsigned status = HL_ACTUAL; status <= HL_TEST; status++) {
		struct hl_core core = {.class = HL_CLASS_CALL,
			.status = (enum hl_standing)status,
			.precedence = HL_ROUTINE};

		d.raise.raise.kind = hl_view_str("sys.test");
		assert_status(hl_message_check(&d.raise, &core, &sender),
			status == HL_TEST ? HL_OK : HL_BAD_TYPE);
		d.raise.raise.kind = hl_view_str("sys.exercise");
		assert_status(hl_message_check(&d.raise, &core, &sender),
			status == HL_EXERCISE ? HL_OK : HL_BAD_TYPE);
		d.raise.raise.kind = hl_view_str("near.miss");
		assert_ok(hl_message_check(&d.raise, &core, &sender));
	}
}

static void words(void **state)
{
	static const struct {
		const char *text;
		size_t words;
	} texts[] = {{"", 0}, {" \t\n", 0}, {"one", 1}, {" one  two\n\tthree ", 3},
		{"a\xc2\xa0"
		 "b",
			1}};
	struct hl_member sender = member_with(HL_CAP_ALL);
	struct drafts d;
	char text[402];
	(void)state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(texts[i].words, hl_words(hl_view_str(texts[i].text)));
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 2 ? ' ' : 'w';
	drafts_init(&d);
	for (unsigned precedence = HL_ROUTINE; precedence <= HL_FLASH; precedence++) {
		struct hl_core core = {.class = HL_CLASS_CALL,
			.status = HL_ACTUAL,
			.precedence = (enum hl_precedence)precedence};

		d.raise.text = hl_view_of(text, 400);
		assert_ok(hl_message_check(&d.raise, &core, &sender));
		d.raise.text = hl_view_of(text, 401);
		assert_status(hl_message_check(&d.raise, &core, &sender),
			precedence >= HL_IMMEDIATE ? HL_BAD_FIELD : HL_OK);
		/* A notice may be as long as it likes. */
		core.class = HL_CLASS_NOTICE;
		core.has_incident = true;
		d.say.text = d.raise.text;
		assert_ok(hl_message_check(&d.say, &core, &sender));
		core.class = HL_CLASS_CALL;
		assert_status(hl_message_check(&d.say, &core, &sender),
			precedence >= HL_IMMEDIATE ? HL_BAD_FIELD : HL_OK);
	}
}

static void kinds_of_a_sender(void **state)
{
	struct hl_view kinds[] = {hl_view_str("contain.breach"), hl_view_str("sys.")};
	struct hl_member sender = member_with(HL_CAP_ALL);
	struct hl_core core = {
		.class = HL_CLASS_CALL, .status = HL_TEST, .precedence = HL_ROUTINE};
	struct drafts d;
	(void)state;

	drafts_init(&d);
	sender.caps.kinds = kinds;
	sender.caps.n_kinds = 2;
	assert_ok(hl_message_check(&d.raise, &core, &sender));
	d.raise.raise.kind = hl_view_str("sys.test");
	assert_ok(hl_message_check(&d.raise, &core, &sender));
	d.raise.raise.kind = hl_view_str("near.miss");
	assert_status(hl_message_check(&d.raise, &core, &sender), HL_NOT_PERMITTED);
	d.raise.raise.kind = hl_view_str("sys");
	assert_status(hl_message_check(&d.raise, &core, &sender), HL_NOT_PERMITTED);
}

static void classes_of_types(void **state)
{
	(void)state;
	assert_int_equal(HL_CLASS_CALL, hl_type_class(HL_RAISE, false));
	assert_int_equal(HL_CLASS_ANSWER, hl_type_class(HL_ACK, true));
	assert_int_equal(HL_CLASS_NOTICE, hl_type_class(HL_SAY, false));
	assert_int_equal(HL_CLASS_CALL, hl_type_class(HL_SAY, true));
	assert_int_equal(HL_CLASS_NOTICE, hl_type_class(HL_UPDATE, false));
	assert_int_equal(HL_CLASS_CALL, hl_type_class(HL_UPDATE, true));
	assert_int_equal(HL_CLASS_CLOSE, hl_type_class(HL_RESOLVE, true));
	assert_int_equal(HL_CLASS_CLOSE, hl_type_class(HL_CANCEL, false));
	assert_int_equal(HL_CLASS_CALL, hl_type_class(HL_REOPEN, false));
	assert_int_equal(HL_CLASS_NOTICE, hl_type_class(HL_CANNOT_OPEN, true));
}

static void check_names(const char *(*name)(unsigned), unsigned first, unsigned last)
{
	if (first > 0)
		assert_null(name(0));
	for (unsigned i = first; i <= last; i++) {
		assert_non_null(name(i));
		for (unsigned j = first; j < i; j++)
			assert_string_not_equal(name(j), name(i));
	}
	assert_null(name(last + 1));
	assert_null(name((unsigned)-1));
}

static void names(void **state)
{
	(void)state;
	check_names(hl_type_name, 1, HL_RESEND);
	check_names(hl_class_name, 1, 4);
	check_names(hl_standing_name, 1, 3);
	check_names(hl_precedence_name, 1, 4);
	check_names(hl_answer_name, 1, 4);
	check_names(hl_severity_text, 0, 4);
	check_names(hl_certainty_name, 0, 4);
	check_names(hl_urgency_name, 0, 4);
	check_names(hl_handling_name, 1, 5);
	check_names(hl_context_name, 0, 4);
	check_names(hl_determination_name, 1, 4);
	assert_string_equal("FLASH", hl_precedence_name(HL_FLASH));
	assert_string_equal("exercise", hl_standing_name(HL_EXERCISE));
	assert_string_equal("cannot-open", hl_type_name(HL_CANNOT_OPEN));
	assert_string_equal("redirected", hl_answer_name(HL_REDIRECTED));
}

static void without_memory(void **state)
{
	struct drafts d;
	(void)state;

	drafts_init(&d);
	for (size_t i = 0; i < 8; i++) {
		struct hl_buf doc HL_CLEAN_BUF = written(d.all[i]);
		bool failed = true;

		for (unsigned n = 1; failed; n++) {
			struct hl_buf again HL_CLEAN_BUF = {0};
			enum hl_status status;

			unit_fail_allocation(n);
			status = hl_message_encode(d.all[i], &again, NULL);
			failed = unit_allocation_failed();
			assert_status(status, failed ? HL_ERR_NOMEM : HL_OK);
		}
		failed = true;
		for (unsigned n = 1; failed; n++) {
			struct hl_message m HL_CLEAN_MESSAGE = {0};
			enum hl_status status;

			unit_fail_allocation(n);
			status = hl_message_parse(hl_view_buf(&doc), &m);
			failed = unit_allocation_failed();
			assert_status(status, failed ? HL_ERR_NOMEM : HL_OK);
		}
	}
	hl_message_clear(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trips),
		cmocka_unit_test(what_a_raise_holds),
		cmocka_unit_test(every_value_changed),
		cmocka_unit_test(rules_of_a_raise),
		cmocka_unit_test(rules_of_fields_and_evidence),
		cmocka_unit_test(rules_of_the_others),
		cmocka_unit_test(what_is_not_a_message),
		cmocka_unit_test(types_and_classes),
		cmocka_unit_test(references),
		cmocka_unit_test(tests_and_exercises),
		cmocka_unit_test(words),
		cmocka_unit_test(kinds_of_a_sender),
		cmocka_unit_test(classes_of_types),
		cmocka_unit_test(names),
		cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
