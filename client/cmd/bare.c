/* hotline, alone: what rings, and what to type. */
#include <stdlib.h>

#include "client/channels.h"
#include "client/cmd/cmd.h"
#include "client/cmd/talk.h"
#include "client/inbox.h"
#include "client/resend.h"
#include "client/timeline.h"

#define DAY_MS (24ull * 3600 * 1000)

/* Everything that is open, or was closed before anybody here had answered. */
struct board {
	struct hl_thread *threads;
	size_t n, ringing, actual, open, unanswered, unreadable;
	uint64_t soonest; /* the next deadline, of an actual call if one rings, ms; 0 */
};

static void board_clear(struct board *b)
{
	for (size_t i = 0; i < b->n; i++)
		hl_thread_clear(&b->threads[i]);
	free(b->threads);
}

/* Closed within a day, by others, before this lab had answered (it stays on the screen). */
static bool missed(struct hl_app *app, const struct hl_thread *thread)
{
	const struct hl_call_state *call = hl_incident_opening(&thread->incident);
	const struct hl_letter *last = thread->n ? &thread->letters[thread->n - 1] : NULL;

	return (thread->incident.phase == HL_RESOLVED ||
		       thread->incident.phase == HL_CANCELLED) &&
		call && !hl_id_eq(&call->lab, &app->lab) &&
		!hl_call_answer(call, &app->lab) &&
		last->envelope.core.created + DAY_MS > hl_clock();
}

static void ring(struct board *b, bool actual, uint64_t deadline)
{
	bool first = actual && b->actual == 0;

	b->actual += actual;
	if (b->soonest == 0 || first ||
		(deadline < b->soonest && actual == (b->actual > 0)))
		b->soonest = deadline;
}

static enum hl_exit fill(struct hl_app *app, struct board *b)
{
	struct hl_id *ids = NULL;
	size_t n = 0;
	enum hl_exit code = hl_thread_list(app, &ids, &n);

	b->threads = calloc(n + 1, sizeof(*b->threads));
	if (!b->threads)
		code = hl_fail_status(HL_ERR_NOMEM, "reading letters");
	for (size_t i = 0; i < n && code == HL_EXIT_OK; i++) {
		struct hl_thread *thread = &b->threads[b->n];
		const struct hl_call_state *call;
		size_t labs, answered;
		uint64_t deadline;

		code = hl_thread_load(app, &ids[i], thread);
		if (code != HL_EXIT_OK)
			break;
		call = hl_thread_rings(app, thread);
		deadline = call ? hl_thread_deadline(thread, call) : 0;
		b->ringing += call != NULL;
		if (call)
			ring(b, call->core->status == HL_ACTUAL, deadline);
		hl_thread_count(thread, &labs, &answered);
		if (hl_thread_drill_over(thread)) {
			hl_thread_clear(thread);
			continue;
		}
		b->open += thread->incident.phase == HL_OPEN;
		b->unanswered += hl_thread_unanswered(thread);
		if (call || thread->incident.phase == HL_OPEN || missed(app, thread))
			b->n++;
		else
			hl_thread_clear(thread);
	}
	free(ids);
	return code;
}

static const char *left(struct hl_app *app, uint64_t deadline)
{
	uint64_t now = hl_clock();

	return deadline > now
		? hl_scrap(app, "%s left", hl_span(app, deadline - now))
		: hl_scrap(app, "OVERDUE by %s", hl_span(app, now - deadline));
}

/* Who answered the opening call, one after the other, and that this lab has not. */
static void answers(FILE *out, struct hl_app *app, const struct hl_thread *thread)
{
	const struct hl_call_state *call = hl_incident_opening(&thread->incident);

	for (size_t i = 0; call && i < call->n_answers; i++) {
		const struct hl_letter *letter =
			hl_thread_letter(thread, &call->answers[i].letter);

		if (!letter)
			continue;
		fprintf(out, "      %s answered %.5s (%s: %s)\n",
			hl_docs_lab_name(app, &call->answers[i].lab),
			hl_time_hour(app, letter->envelope.core.created),
			hl_letter_person(app, letter),
			hl_answer_name(call->answers[i].answer));
	}
	fputs("      you: not yet\n", out);
}

static void print_ringing(struct hl_app *app, const struct hl_thread *thread)
{
	const struct hl_call_state *call = hl_thread_rings(app, thread);
	const struct hl_letter *letter = hl_thread_letter(thread, &call->id);
	const struct hl_letter *raise = hl_thread_raise(thread);
	const struct hl_incident *in = &thread->incident;
	const char *id = hl_thread_short(app, &thread->id);
	struct hl_prefixed out;

	if (!hl_prefixed_begin(&out))
		return;
	bool drill = hl_thread_is_drill(thread);
	fprintf(out.stream, "\n%s  %s  %s  %s%s  %s\n", id,
		hl_precedence_name(call->core->precedence),
		hl_docs_lab_name(app, &call->lab), hl_safe(app, in->kind),
		drill ? "" : hl_scrap(app, "  severity %u", in->severity),
		left(app, hl_thread_deadline(thread, call)));
	if (!drill)
		fprintf(out.stream, "      \"%s\"\n", hl_safe(app, in->title));
	/* What rings now may be a later word than the raise. */
	fprintf(out.stream, "      %s %s by %s",
		hl_timeline_what(app, letter, letter != raise),
		hl_time_hour(app, call->core->created), hl_letter_person(app, letter));
	for (size_t i = 0; letter == raise && i < letter->message.raise.n_ask; i++)
		fprintf(out.stream, "%s%s", i ? ", " : "; asks: ",
			hl_safe(app, letter->message.raise.ask[i]));
	fputc('\n', out.stream);
	if (letter == raise)
		answers(out.stream, app, thread);
	fprintf(out.stream, "\nhotline show %-8s read it\n", id);
	fprintf(out.stream,
		"hotline ack %-8s  answer: read it (--acting, --decline \"why\")\n", id);
	hl_prefixed_end(&out, hl_scrap(app, "  %s", hl_talk_prefix(call->core->status)));
}

/* Calls that cannot be shown ring all the same: somebody there wants an answer. But for those from
 * before this device, which colleagues have, and for tests that wait for a card: they may be those
 * of machines. */
#define UNREADABLE                                                                   \
	"WHERE ((l.state = 0 AND l.standing <> 3) OR (l.state = 2 AND l.code <> ?))" \
	" AND (l.class = 1 OR l.code = 23) AND l.lab <> ? AND l.created > ?"

static size_t count_unreadable(struct hl_app *app)
{
	HL_CLEAN_STMT sqlite3_stmt *stmt =
		hl_db_query(app->db, "SELECT count(*) FROM letters l " UNREADABLE, "idi",
			(uint64_t)HL_NOT_ADDRESSED, &app->lab, hl_clock() - DAY_MS);

	return hl_db_next(app->db, stmt) ? (size_t)hl_db_int(stmt, 0) : 0;
}

static const char *why_unreadable(struct hl_app *app, const struct hl_letter *letter)
{
	if (letter->state == HL_LETTER_REFUSED)
		return hl_resend_why(letter->code);
	return hl_docs_pinned(app, &letter->envelope.core.lab)
		? "a newer card of that lab is missing"
		: "that lab is no peer of yours";
}

static void print_unreadable(struct hl_app *app)
{
	HL_CLEAN_STMT sqlite3_stmt *stmt =
		hl_db_query(app->db, HL_LETTER_SELECT UNREADABLE " ORDER BY l.created",
			"idi", (uint64_t)HL_OK, &app->lab, hl_clock() - DAY_MS);
	struct hl_letter letter = {0};

	while (hl_letter_next(app, stmt, &letter)) {
		const struct hl_id *lab = &letter.envelope.core.lab;
		const struct hl_card *card = hl_docs_card(app, lab);
		const char *name = hl_docs_lab_name(app, lab);

		printf("  %s%s  %s from %s cannot be read here:\n        %s\n",
			hl_talk_prefix(letter.envelope.core.status),
			hl_thread_short(app, &letter.incident),
			hl_precedence_name(letter.envelope.core.precedence), name,
			why_unreadable(app, &letter));
		if (hl_resend_asked(app, &letter.envelope.id) > 0)
			printf("        %s was asked %.5s to send it again; opens when it comes\n",
				name,
				hl_time_hour(
					app, hl_resend_asked(app, &letter.envelope.id)));
		if (card && card->n_contacts > 0)
			printf("        ask %s by phone: %s\n", name,
				hl_safe(app, card->contacts[0]));
		hl_letter_clear(&letter);
	}
}

/* What was written here and has not reached the own node. */
static void print_drafts(struct hl_app *app)
{
	HL_CLEAN_STMT sqlite3_stmt *stmt =
		hl_db_query(app->db, "SELECT n, state FROM outbox WHERE state < 3", "");

	while (hl_db_next(app->db, stmt)) {
		long long n = (long long)hl_db_int(stmt, 0);

		if (hl_db_int(stmt, 1) == HL_OUTBOX_RELEASE)
			printf("  d%lld waits for a colleague's release\n", n);
		else
			printf("  d%lld is NOT SENT yet: hotline send d%lld\n", n, n);
	}
}

/* Our own call, whose time is up, and whom to telephone. */
static void print_late(struct hl_app *app, const struct hl_thread *thread)
{
	const struct hl_call_state *call = hl_incident_opening(&thread->incident);
	const char *id = hl_thread_short(app, &thread->id);

	printf("  %s%sNOT ANSWERED%s  %s  %s  %s\n", hl_talk_prefix(call->core->status),
		hl_style(app, HL_STYLE_ALARM), hl_style(app, HL_STYLE_END), id,
		hl_precedence_name(call->core->precedence),
		left(app, hl_thread_deadline(thread, call)));
	for (size_t i = 0; i < call->core->n_labs; i++) {
		const struct hl_id *lab = &call->core->labs[i];
		const struct hl_card *card = hl_docs_card(app, lab);

		if (!hl_thread_waits(thread, call, lab))
			continue;
		printf("        %s", hl_docs_lab_name(app, lab));
		if (card && card->n_contacts > 0)
			printf(" by phone: %s", hl_safe(app, card->contacts[0]));
		putchar('\n');
	}
	printf("        hotline show %s\n", id);
}

/* An own call that is open, and that some lab has let go past its deadline. */
static bool is_late(struct hl_app *app, const struct hl_thread *thread)
{
	const struct hl_call_state *call = hl_incident_opening(&thread->incident);

	if (!call || !hl_id_eq(&call->lab, &app->lab) ||
		hl_thread_deadline(thread, call) > hl_clock())
		return false;
	for (size_t i = 0; i < call->core->n_labs; i++)
		if (hl_thread_waits(thread, call, &call->core->labs[i]))
			return true;
	return false;
}

/* What is actual first, and of that what presses most. */
static void print_calls(struct hl_app *app, const struct board *b)
{
	for (unsigned round = 0; round < 2 * HL_FLASH; round++) {
		bool actual = round < HL_FLASH;
		unsigned precedence = HL_FLASH - round % HL_FLASH;

		for (size_t i = 0; i < b->n; i++) {
			const struct hl_call_state *call =
				hl_thread_rings(app, &b->threads[i]);

			if (call && (call->core->status == HL_ACTUAL) == actual &&
				call->core->precedence == precedence)
				print_ringing(app, &b->threads[i]);
		}
	}
}

static void print_headline(struct hl_app *app, const struct board *b)
{
	size_t n = b->actual ? b->actual : b->ringing, more = b->ringing - n;

	printf("%sRINGING  %zu call%s%s, %s%s%s   %s\n",
		hl_style(app, b->actual ? HL_STYLE_ALARM : HL_STYLE_WARN), n,
		n == 1 ? "" : "s", b->actual ? "" : " (exercise or test)",
		left(app, b->soonest), hl_style(app, HL_STYLE_END),
		more ? hl_scrap(app, "; and %zu exercise or test", more) : "",
		hl_time(app, hl_clock()));
}

static void print_board(struct hl_app *app, const struct board *b, bool reached)
{
	const char *quiet = reached ? "Quiet." : "Node away; nothing rings here.";
	size_t late = 0;

	for (size_t i = 0; i < b->n; i++)
		late += is_late(app, &b->threads[i]);
	if (b->ringing > 0)
		print_headline(app, b);
	else if (b->unreadable > 0)
		printf("%sRINGING  %zu call%s that cannot be read here%s   %s\n",
			hl_style(app, HL_STYLE_ALARM), b->unreadable,
			b->unreadable == 1 ? "" : "s", hl_style(app, HL_STYLE_END),
			hl_time(app, hl_clock()));
	else if (b->open == 0)
		printf("%s No incident is open.\n", quiet);
	else
		printf("%s%s%zu incident%s open, %s.\n", late ? "" : quiet,
			late ? "" : " ", b->open, b->open == 1 ? "" : "s",
			b->unanswered ? hl_scrap(app, "%zu not answered by all yet",
						b->unanswered)
				      : "all answered");
	print_calls(app, b);
	for (size_t i = 0; i < b->n; i++)
		if (is_late(app, &b->threads[i]))
			print_late(app, &b->threads[i]);
	for (size_t i = 0; i < b->n; i++)
		if (missed(app, &b->threads[i]))
			printf("  %sclosed before you had answered: %s \"%s\"   hotline "
			       "show %s\n",
				hl_talk_prefix(
					b->threads[i].letters[0].envelope.core.status),
				hl_docs_lab_name(
					app, &b->threads[i].letters[0].envelope.core.lab),
				hl_safe(app,
					hl_thread_is_drill(&b->threads[i])
						? b->threads[i].incident.kind
						: b->threads[i].incident.title),
				hl_thread_short(app, &b->threads[i].id));
}

static json_t *board_json(struct hl_app *app, const struct board *b, struct hl_line *line)
{
	json_t *doc = hl_json_doc("board"), *list = json_array();

	json_object_set_new(doc, "reached", json_boolean(line != NULL));
	json_object_set_new(doc, "ringing", json_integer((json_int_t)b->ringing));
	json_object_set_new(doc, "open", json_integer((json_int_t)b->open));
	json_object_set_new(doc, "unanswered", json_integer((json_int_t)b->unanswered));
	json_object_set_new(doc, "deadline", hl_json_time(app, b->soonest));
	for (size_t i = 0; i < b->n; i++)
		json_array_append_new(list, hl_timeline_json(app, &b->threads[i]));
	json_object_set_new(doc, "incidents", list);
	json_object_set_new(doc, "channels", hl_channels_json(app));
	json_object_set_new(doc, "lines", hl_lines_json(app, line));
	return doc;
}

enum hl_exit hl_cmd_bare(struct hl_app *app, const struct hl_args *args)
{
	__attribute__((cleanup(board_clear))) struct board board = {0};
	struct hl_line *line = NULL;
	enum hl_exit code = hl_inbox_line(app, &line);

	(void)args;
	if (code == HL_EXIT_OK)
		code = fill(app, &board);
	board.unreadable = code == HL_EXIT_OK ? count_unreadable(app) : 0;
	if (code == HL_EXIT_OK && app->json) {
		code = hl_json_print(board_json(app, &board, line));
	} else if (code == HL_EXIT_OK) {
		print_board(app, &board, line != NULL);
		print_unreadable(app);
		print_drafts(app);
		hl_lines_print(app, line, true);
		hl_channels_print(app);
		if (board.ringing == 0)
			printf("\n  hotline list     what is open\n"
			       "  hotline raise    tell another lab\n");
	}
	hl_line_close(line);
	return code;
}
