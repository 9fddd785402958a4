/* Machine tests as letters: what this node seals to other nodes, and opens of theirs. */
#include "node/engine/state.h"

#include <string.h>

#define LIFETIME_S 86400

/* SPEC message 4.2: each by its sealing key of the card, with the key id of its signing key and
 * epoch 0 */
static size_t add_readers(const struct hl_card *card, struct hl_reader *ret)
{
	for (size_t i = 0; i < card->n_nodes; i++) {
		ret[i] = (struct hl_reader){
			.lab = card->lab, .kid = card->nodes[i].kid, .epoch = 0};
		memcpy(ret[i].key, card->nodes[i].seal, sizeof(ret[i].key));
	}
	return card->n_nodes;
}

static enum hl_status seal(struct hl_engine *e, const struct hl_card *to,
	struct hl_sealing *sealing, struct hl_buf *ret_doc)
{
	struct hl_reader reader[2 * HL_NODES_MAX];
	size_t n = add_readers(&e->own.card, reader);

	n += add_readers(to, reader + n);
	sealing->readers = reader;
	sealing->n_readers = n;
	sealing->key = e->config.sign;
	sealing->core.net = e->config.net;
	sealing->core.lab = e->own.id;
	sealing->core.sender = e->kid;
	sealing->core.card_version = e->own.card.version;
	sealing->core.status = HL_TEST;
	sealing->core.created = e->now.wall;
	sealing->core.lifetime = LIFETIME_S;
	enum hl_status status =
		hl_entropy_fill(&e->config.entropy, sealing->salt, sizeof(sealing->salt));
	if (status == HL_OK)
		status = hl_entropy_fill(
			&e->config.entropy, sealing->ck.b, sizeof(sealing->ck.b));
	if (status == HL_OK)
		status = hl_envelope_seal(sealing, ret_doc, NULL, NULL);
	hl_key32_clear(&sealing->ck);
	sealing->readers = NULL;
	return status;
}

/* Seals, stores and enters a letter to the nodes of a lab. HL_UNKNOWN: that cannot be. */
static enum hl_status send(struct hl_engine *e, struct peer *peer,
	const struct hl_message *message, struct hl_sealing *sealing,
	struct hl_envelope *ret)
{
	const struct hl_card *to = &peer->lab.card;
	struct hl_buf text HL_CLEAN_BUF = {0}, doc HL_CLEAN_BUF = {0};

	if (to->n_nodes == 0 || hl_card_node(&e->own.card, &e->kid) == NULL)
		return HL_UNKNOWN;
	enum hl_status status = hl_message_encode(message, &text, NULL);
	sealing->message = hl_view_buf(&text);
	if (status == HL_OK)
		status = seal(e, to, sealing, &doc);
	if (status == HL_OK)
		status = hl_envelope_parse(&e->config.net, hl_view_buf(&doc), ret);
	if (status > 0) {
		hl_note(e, peer, 4, "no machine test can be sealed",
			hl_status_name(status));
		return HL_UNKNOWN;
	}
	return status == HL_OK ? hl_letter_keep(e, ret) : status;
}

enum hl_status hl_drill_send(
	struct hl_engine *e, struct peer *peer, uint64_t answer_within, struct hl_id *ret)
{
	const struct hl_message message = {.type = HL_DRILL};
	struct hl_sealing sealing = {.core = {.class = HL_CLASS_CALL,
					     .precedence = HL_IMMEDIATE,
					     .answer_within = answer_within}};
	struct hl_envelope envelope HL_CLEAN_ENVELOPE = {0};
	enum hl_status status = send(e, peer, &message, &sealing, &envelope);

	if (status == HL_OK)
		*ret = envelope.id;
	return status;
}

/* SPEC message 4.3: answers it at once, and once, with a drill-answer to the lab that sent it, of
 * the same precedence */
static enum hl_status answer(
	struct hl_engine *e, const struct hl_envelope *drill, struct link *via)
{
	struct peer *peer = hl_peer(e, &drill->core.lab);
	const struct hl_message message = {
		.type = HL_DRILL_ANSWER, .seen = &drill->id, .n_seen = 1};
	struct hl_sealing sealing = {.core = {.class = HL_CLASS_ANSWER,
					     .precedence = drill->core.precedence,
					     .has_incident = true,
					     .incident = drill->id,
					     .has_answers = true,
					     .answers = drill->id}};
	struct hl_envelope envelope HL_CLEAN_ENVELOPE = {0};

	if (peer == NULL)
		return HL_OK;
	enum hl_status status = send(e, peer, &message, &sealing, &envelope);
	if (status == HL_OK) /* it is the other's doing that this is stored */
		hl_cost(e, via, HL_QUOTA_GROWTH, envelope.doc.n);
	return status == HL_UNKNOWN ? HL_OK : status;
}

enum hl_status hl_drill_letter(
	struct hl_engine *e, const struct hl_envelope *envelope, struct link *via)
{
	const struct hl_core *core = &envelope->core;
	const struct hl_dh_key *secret = e->config.seal;
	const uint64_t epoch = 0;
	struct hl_opened opened HL_CLEAN_OPENED = {0};
	struct hl_message message HL_CLEAN_MESSAGE = {0};

	if (hl_id_eq(&core->lab, &e->own.id) || secret == NULL)
		return HL_OK;
	enum hl_status status = hl_envelope_open(
		envelope, &e->own.id, &e->kid, &epoch, &secret, 1, &opened);
	if (status == HL_OK && !opened.wraps_good)
		status = HL_BAD_WRAP;
	if (status == HL_OK)
		status = hl_message_parse(opened.message, &message);
	if (status == HL_OK)
		status = hl_message_check(&message, core, NULL);
	if (status > 0) {
		hl_note(e, hl_peer(e, &core->lab), 4, "a machine test was not answered",
			hl_status_name(status));
		return HL_OK;
	}
	if (status != HL_OK)
		return status;
	if (message.type == HL_DRILL)
		return answer(e, envelope, via);
	return hl_drill_answered(e, &core->answers, &core->lab);
}
