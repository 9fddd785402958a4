/* Heartbeats: what this node holds of every lab; and what the other then asks for. */
#include "node/engine/state.h"

#include <stdlib.h>
#include <string.h>

#define SERVE_MAX (HL_LINK_QUEUE_MAX / 2) /* bytes of documents given at once */

static void tell_lab(const struct lab *lab, struct hl_lab_news *ret)
{
	ret->lab = lab->id;
	ret->card_version = lab->card.version;
	ret->card_hash = lab->card.hash;
	ret->seals_digest = lab->digest;
	ret->suspensions = lab->suspensions;
}

/* SPEC link 4.2: labs a list, sorted by lab, of up to 1,024 */
enum hl_status hl_news_send(struct hl_engine *e, struct link *link)
{
	struct hl_lab_news *labs = calloc(e->n_peers + 1, sizeof(*labs));
	size_t n = 0;
	bool own = false;

	if (labs == NULL)
		return HL_ERR_NOMEM;
	for (size_t i = 0; i <= e->n_peers && n < HL_FRAME_LABS_MAX; i++) {
		bool end = i == e->n_peers;
		if (!own && (end || hl_id_cmp(&e->own.id, &e->peers[i].lab.id) < 0)) {
			tell_lab(&e->own, &labs[n++]);
			own = true;
		}
		if (!end && e->peers[i].lab.card.version > 0 && n < HL_FRAME_LABS_MAX)
			tell_lab(&e->peers[i].lab, &labs[n++]);
	}
	struct hl_frame frame = {.type = HL_FRAME_HEARTBEAT};
	frame.heartbeat.clock = e->now.wall;
	frame.heartbeat.pulse = hl_pulse_next(e, link);
	frame.heartbeat.labs = labs;
	frame.heartbeat.n = n;
	frame.heartbeat.trouble = hl_scarce(e) ? HL_TROUBLE_FULL : 0;
	enum hl_status status = hl_send(e, link, &frame, 0);
	free(labs);
	return status;
}

enum hl_status hl_ask_cards(
	struct hl_engine *e, struct link *link, struct lab *lab, uint64_t version)
{
	struct hl_frame frame = {.type = HL_FRAME_WANT_CARDS};

	/* Once for one version on one link. */
	if (lab->asked_card == version && lab->asked_card_link == link->number)
		return HL_OK;
	lab->asked_card = version;
	lab->asked_card_link = link->number;
	frame.want.lab = lab->id;
	frame.want.after = lab->card.version;
	return hl_send(e, link, &frame, 0);
}

static enum hl_status ask_rest(struct hl_engine *e, struct link *link, struct lab *lab,
	const struct hl_lab_news *news)
{
	struct hl_frame frame = {.type = HL_FRAME_WANT_SEALS};
	enum hl_status status = HL_OK;

	frame.want.lab = lab->id;
	/* SPEC link 4.8: A node asks once for one digest of one lab on one link. */
	if (!hl_id_eq(&news->seals_digest, &lab->digest) &&
		(!hl_id_eq(&news->seals_digest, &lab->asked_digest) ||
			lab->asked_digest_link != link->number)) {
		lab->asked_digest = news->seals_digest;
		lab->asked_digest_link = link->number;
		status = hl_send(e, link, &frame, 0);
	}
	if (status == HL_OK && news->suspensions > lab->suspensions &&
		(lab->asked_suspensions != news->suspensions ||
			lab->asked_suspensions_link != link->number)) {
		lab->asked_suspensions = news->suspensions;
		lab->asked_suspensions_link = link->number;
		frame.type = HL_FRAME_WANT_SUSPENSIONS;
		status = hl_send(e, link, &frame, 0);
	}
	return status;
}

enum hl_status hl_news_take(
	struct hl_engine *e, struct link *link, const struct hl_frame *frame)
{
	enum hl_status status = HL_OK;

	for (size_t i = 0; i < frame->heartbeat.n && status == HL_OK; i++) {
		const struct hl_lab_news *news = &frame->heartbeat.labs[i];
		struct lab *lab = hl_lab(e, &news->lab);
		if (lab == NULL)
			continue;
		if (news->card_version > lab->card.version)
			status = hl_ask_cards(e, link, lab, news->card_version);
		else if (news->card_version == lab->card.version &&
			lab->card.version > 0 &&
			!hl_id_eq(&news->card_hash, &lab->card.hash) &&
			(lab->asked_card != news->card_version ||
				lab->asked_card_link != link->number)) {
			/* Evidence of equivocation, maybe: look at that card. */
			struct hl_frame want = {.type = HL_FRAME_WANT_CARDS};
			lab->asked_card = news->card_version;
			lab->asked_card_link = link->number;
			want.want.lab = lab->id;
			want.want.after = news->card_version - 1;
			status = hl_send(e, link, &want, 0);
		}
		if (status == HL_OK)
			status = ask_rest(e, link, lab, news);
	}
	return status;
}

static enum hl_status serve_row(struct hl_engine *e, struct link *link,
	const struct hl_doc_row *row, enum hl_frame_type type, size_t *ret_sent)
{
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_frame frame = {.type = type};
	enum hl_status status = hl_store_doc_get(
		e->store, row->sort, &row->lab, &row->key, row->version, &doc);

	if (status != HL_OK)
		return status;
	frame.doc = hl_view_buf(&doc);
	*ret_sent += doc.n;
	return hl_send(e, link, &frame, 0);
}

/* SPEC link 4.8: the cards come in order of version */
enum hl_status hl_news_serve(
	struct hl_engine *e, struct link *link, const struct hl_frame *frame)
{
	enum hl_frame_type type = HL_FRAME_SUSPENSION;
	enum hl_doc sort = HL_DOC_SUSPENSION;
	struct hl_doc_row row[16];
	size_t got = 0, sent = 0;
	uint64_t skip = 0;
	enum hl_status status;

	/* SPEC link 4.6: has no room for now, it passes over */
	if (hl_lab(e, &frame->want.lab) == NULL || link->queued >= HL_LINK_QUEUE_MAX)
		return HL_OK;
	if (frame->type == HL_FRAME_WANT_CARDS) {
		type = HL_FRAME_CARD;
		sort = HL_DOC_CARD;
	} else if (frame->type == HL_FRAME_WANT_SEALS) {
		type = HL_FRAME_SEALS;
		sort = HL_DOC_SEALS;
	}
	/* What does not fit now is asked for again: the link's news go on differing. */
	do {
		status = hl_store_doc_list(
			e->store, sort, &frame->want.lab, skip, row, 16, &got);
		for (size_t i = 0; i < got && status == HL_OK; i++) {
			if (sort == HL_DOC_CARD && row[i].version <= frame->want.after)
				continue;
			if (sent < SERVE_MAX)
				status = serve_row(e, link, &row[i], type, &sent);
		}
		skip += got;
	} while (status == HL_OK && got == 16 && sent < SERVE_MAX);
	return status;
}

enum hl_status hl_news_push(
	struct hl_engine *e, enum hl_frame_type type, struct hl_view doc)
{
	const struct hl_frame frame = {.type = type, .doc = doc};
	enum hl_status status = HL_OK;

	for (size_t i = 0; i < e->n_peers && status == HL_OK; i++)
		if (e->peers[i].link != NULL)
			status = hl_send(e, e->peers[i].link, &frame, 0);
	return status;
}
