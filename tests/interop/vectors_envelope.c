/* spec/vectors/envelope.json: letters sealed, judged by nodes, opened by devices. */
#include "vectors.h"

static struct hl_id net;

static void fill_core(const json_t *c, struct hl_core *core)
{
	core->net = net;
	core->lab = vectors_id(c, "lab_id");
	core->card_version = vectors_number(c, "card_version");
	core->has_incident = vectors_optional_id(c, "incident", &core->incident);
	core->has_answers = vectors_optional_id(c, "answers", &core->answers);
	core->class = (enum hl_class)vectors_number(c, "class");
	core->status = (enum hl_standing)vectors_number(c, "status");
	core->precedence = (enum hl_precedence)vectors_number(c, "precedence");
	core->created = vectors_number(c, "created");
	core->lifetime = vectors_number(c, "lifetime");
	core->answer_within = vectors_number(c, "answer_within");
}

static size_t fill_readers(const json_t *c, struct hl_reader *readers, size_t *ret_zero)
{
	json_t *entry;
	size_t i, zero = 0;

	json_array_foreach(vectors_list(c, "entries"), i, entry)
	{
		static const uint8_t none[HL_KEY_SIZE];
		struct hl_reader *r = &readers[i];

		if (i == HL_READERS_MAX)
			return 0;
		r->lab = vectors_id(entry, "lab_id");
		r->kid = vectors_id(entry, "key_id");
		r->epoch = vectors_number(entry, "epoch");
		vectors_fixed(entry, "key", r->key, sizeof(r->key));
		zero += memcmp(r->key, none, sizeof(none)) == 0;
	}
	*ret_zero = zero;
	return i;
}

/* Seals what the inputs say, without the signatures of others. */
static enum hl_status seal(const json_t *c, struct hl_buf *ret_doc, bool *ret_dropped_ok)
{
	static struct hl_reader readers[HL_READERS_MAX];
	struct hl_buf seed HL_CLEAN_BUF = vectors_hex(c, "sender_seed");
	struct hl_buf message HL_CLEAN_BUF = vectors_hex(c, "message");
	struct hl_sign_key key HL_CLEAN_SIGN_KEY = {0};
	struct hl_sealing s = {.readers = readers, .key = &key};
	size_t zero, dropped = 0;
	enum hl_status status = hl_sign_key_from_secret(hl_view_buf(&seed), &key);

	fill_core(c, &s.core);
	hl_key_id(&net, HL_ROLE_MEMBER_SIGN, key.pub, &s.core.sender);
	s.n_readers = fill_readers(c, readers, &zero);
	vectors_fixed(c, "salt", s.salt, sizeof(s.salt));
	vectors_fixed(c, "ck", s.ck.b, sizeof(s.ck.b));
	s.message = hl_view_buf(&message);
	/* Whatever order they come in. */
	for (size_t i = 0; i < s.n_readers / 2; i++) {
		struct hl_reader other = readers[i];

		readers[i] = readers[s.n_readers - 1 - i];
		readers[s.n_readers - 1 - i] = other;
	}
	if (status == HL_OK)
		status = hl_envelope_seal(&s, ret_doc, NULL, &dropped);
	*ret_dropped_ok = dropped == zero;
	hl_key32_clear(&s.ck);
	return status;
}

/* Adds the signatures of the other signers, one after the other. */
static enum hl_status cosign(const json_t *c, struct hl_buf *doc)
{
	json_t *item;
	size_t i;

	json_array_foreach(vectors_get(c, "signer_seeds"), i, item)
	{
		struct hl_buf seed HL_CLEAN_BUF = vectors_hex_of(item);
		struct hl_buf more HL_CLEAN_BUF = {0};
		struct hl_sign_key key HL_CLEAN_SIGN_KEY = {0};
		struct hl_envelope e HL_CLEAN_ENVELOPE = {0};
		enum hl_status status = hl_sign_key_from_secret(hl_view_buf(&seed), &key);

		if (status == HL_OK)
			status = hl_envelope_parse(&net, hl_view_buf(doc), &e);
		if (status == HL_OK)
			status = hl_envelope_cosign(&e, &key, &more);
		if (status != HL_OK)
			return status;
		hl_buf_clear(doc);
		*doc = hl_buf_steal(&more);
	}
	return HL_OK;
}

/* Each lab's copy, and all of them merged to one again. */
static bool copies_good(const json_t *c, const struct hl_envelope *e)
{
	struct hl_buf all HL_CLEAN_BUF = {0};
	json_t *item;
	size_t i;

	json_array_foreach(vectors_list(c, "wires"), i, item)
	{
		struct hl_id lab = vectors_id(item, "lab_id");
		struct hl_buf copy HL_CLEAN_BUF = {0}, sum HL_CLEAN_BUF = {0};
		struct hl_envelope a HL_CLEAN_ENVELOPE = {0}, b HL_CLEAN_ENVELOPE = {0};

		if (hl_envelope_for_lab(e, &lab, &copy) != HL_OK ||
			!vectors_equal(item, "wire", hl_view_buf(&copy)))
			return false;
		if (i == 0) {
			all = hl_buf_steal(&copy);
			continue;
		}
		if (hl_envelope_parse(&net, hl_view_buf(&all), &a) != HL_OK ||
			hl_envelope_parse(&net, hl_view_buf(&copy), &b) != HL_OK ||
			hl_envelope_merge(&a, &b, &sum) != HL_OK)
			return false;
		hl_buf_clear(&all);
		all = hl_buf_steal(&sum);
	}
	return vectors_equal(c, "wire", hl_view_buf(&all));
}

static bool slips_good(
	const json_t *c, const struct hl_envelope *e, const struct hl_opened *opened)
{
	json_t *item;
	size_t i;

	json_array_foreach(vectors_list(c, "slips"), i, item)
	{
		struct hl_id lab = vectors_id(item, "lab_id");
		struct hl_buf slip HL_CLEAN_BUF = {0};

		if (!vectors_equal(item, "slip", e->slips[i]) ||
			!vectors_equal(item, "hash", hl_view_id(&e->slip_hashes[i])) ||
			hl_envelope_slip(e, opened, &lab, &slip) != HL_OK ||
			!vectors_equal(item, "slip", hl_view_buf(&slip)))
			return false;
	}
	return i == e->core.n_labs;
}

static void check_letter(const json_t *c)
{
	const char *name = vectors_text(c, "name");
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0};
	struct hl_opened opened HL_CLEAN_OPENED = {0};
	struct hl_key32 ck HL_CLEAN_KEY32 = {0};
	bool dropped_ok = false;
	enum hl_status status = seal(c, &doc, &dropped_ok);

	if (status == HL_OK)
		status = cosign(c, &doc);
	vectors_count(status == HL_OK && dropped_ok &&
			vectors_equal(c, "wire", hl_view_buf(&doc)),
		"letters sealed", name);
	status = hl_envelope_parse(&net, hl_view_buf(&doc), &e);
	vectors_count(status == HL_OK, "letters read", name);
	if (status != HL_OK)
		return;
	vectors_count(vectors_equal(c, "signed", e.signed_bytes) &&
			vectors_equal(c, "core", e.core_bytes) &&
			vectors_equal(c, "ct", e.ct) &&
			vectors_equal(c, "id", hl_view_id(&e.id)) &&
			vectors_equal(c, "ch", hl_view_id(&e.core_hash)) &&
			vectors_equal(c, "kcom", HL_VIEW(e.kcom)) &&
			vectors_equal(c, "hr", hl_view_id(&e.core.recipients)) &&
			vectors_equal(c, "ct_hash", hl_view_id(&e.ct_hash)),
		"letters' steps", name);
	vectors_count(copies_good(c, &e), "letters' copies", name);
	vectors_fixed(c, "ck", ck.b, sizeof(ck.b));
	status = hl_envelope_open_ck(&e, &ck, &opened);
	vectors_count(status == HL_OK && opened.wraps_good &&
			vectors_equal(c, "recipients", opened.recipients) &&
			vectors_equal(c, "message", opened.message) &&
			slips_good(c, &e, &opened),
		"letters opened", name);
}

/* The devices of the labs, each of which opens each letter that is for it. */
static void check_device_of(const json_t *lab, const json_t *device,
	const struct hl_envelope *e, const json_t *c)
{
	struct hl_id lab_id = vectors_id(lab, "lab_id"),
		     kid = vectors_id(device, "key_id");
	struct hl_buf sk HL_CLEAN_BUF = vectors_hex(device, "seal_secret");
	struct hl_dh_key key HL_CLEAN_DH_KEY = {0};
	const struct hl_dh_key *secret = &key;
	uint64_t epoch = vectors_number(device, "epoch");
	struct hl_opened opened HL_CLEAN_OPENED = {0};
	enum hl_status status, want = HL_NOT_ADDRESSED;
	json_t *entry;
	size_t i;

	json_array_foreach(vectors_list(c, "entries"), i, entry)
	{
		static const uint8_t none[HL_KEY_SIZE];
		struct hl_id entry_lab = vectors_id(entry, "lab_id");
		struct hl_id entry_kid = vectors_id(entry, "key_id");

		if (hl_id_eq(&entry_lab, &lab_id) && hl_id_eq(&entry_kid, &kid))
			want = vectors_equal(entry, "key", HL_VIEW(none)) ? HL_BAD_OPEN
									  : HL_OK;
	}
	if (hl_dh_key_from_secret(hl_view_buf(&sk), &key) != HL_OK)
		return;
	status = hl_envelope_open(e, &lab_id, &kid, &epoch, &secret, 1, &opened);
	vectors_count(status == want && (status != HL_OK || opened.wraps_good),
		vectors_text(c, "name"), vectors_text(device, "person"));
}

static void check_devices_of_letters(const json_t *file)
{
	json_t *c, *lab, *device;
	size_t i, j, k;

	json_array_foreach(vectors_list(file, "letters"), i, c)
	{
		struct hl_buf doc HL_CLEAN_BUF = vectors_hex(c, "wire");
		struct hl_envelope e HL_CLEAN_ENVELOPE = {0};

		if (hl_envelope_parse(&net, hl_view_buf(&doc), &e) != HL_OK)
			continue;
		json_array_foreach(vectors_list(file, "labs"), j, lab)
			json_array_foreach(vectors_list(lab, "devices"), k, device)
				check_device_of(lab, device, &e, c);
	}
}

static bool in_list(const json_t *list, const struct hl_id *id)
{
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		struct hl_id other = vectors_id_of(item);

		if (hl_id_eq(&other, id))
			return true;
	}
	return false;
}

static bool suspended(void *ctx, const struct hl_id *kid)
{
	return in_list(vectors_get(ctx, "suspended"), kid);
}

static enum hl_status card_of(const json_t *c, struct hl_card *ret)
{
	struct hl_buf doc HL_CLEAN_BUF = {0};

	if (vectors_null(c, "card"))
		return HL_UNKNOWN;
	doc = vectors_hex(c, "card");
	return hl_card_parse(&net, hl_view_buf(&doc), ret);
}

/* envelope 3.4: what the node of the sender's own lab enforces beside the rest. */
static bool may_call(const struct hl_card *card, const struct hl_core *core)
{
	const struct hl_member *sender = hl_card_member(card, &core->sender);

	for (size_t i = 0; i < core->n_labs; i++)
		if (!hl_id_eq(&core->labs[i], &core->lab) &&
			!hl_caps_lab(&sender->caps, &core->labs[i]))
			return false;
	return core->class != HL_CLASS_CALL || sender != NULL;
}

static enum hl_status node_takes(json_t *c, struct hl_id *ret_id)
{
	struct hl_buf doc HL_CLEAN_BUF = vectors_hex(c, "envelope");
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0};
	struct hl_card card HL_CLEAN_CARD = {0};
	struct hl_id own_lab = vectors_id(c, "own_lab");
	bool has_card = card_of(c, &card) == HL_OK;
	struct hl_judge judge = {.net = &net,
		.card = has_card ? &card : NULL,
		.own_lab = &own_lab,
		.suspended = suspended,
		.ctx = c};
	enum hl_status status;

	judge.newest_version = vectors_null(c, "held") ? 0 : vectors_number(c, "held");
	judge.raised_with_flash = !vectors_null(c, "raise_precedence") &&
		vectors_number(c, "raise_precedence") == HL_FLASH;
	status = hl_envelope_parse(&net, hl_view_buf(&doc), &e);
	if (status != HL_OK)
		return status;
	status = hl_envelope_judge(&e, &judge);
	if (status == HL_OK && vectors_bool(c, "own_sender") &&
		e.core.class == HL_CLASS_CALL && !may_call(&card, &e.core))
		status = HL_NOT_PERMITTED;
	if (status == HL_OK && in_list(vectors_get(c, "known"), &e.id))
		status = HL_DUPLICATE;
	*ret_id = e.id;
	return status;
}

static void check_node(json_t *c)
{
	struct hl_id id;
	enum hl_status status = node_takes(c, &id);

	vectors_code(status, c, "node");
	if (status == HL_OK)
		vectors_count(
			!vectors_null(c, "id") && vectors_equal(c, "id", hl_view_id(&id)),
			"node's id", vectors_text(c, "name"));
}

static enum hl_status open_with(
	const json_t *c, const struct hl_envelope *e, struct hl_opened *ret)
{
	struct hl_dh_key keys[8] = {0};
	const struct hl_dh_key *secrets[8];
	uint64_t epochs[8];
	struct hl_id lab = vectors_id(c, "lab_id"), kid = vectors_id(c, "key_id");
	enum hl_status status = HL_OK;
	json_t *item;
	size_t i, n = 0;

	json_array_foreach(vectors_get(c, "secrets"), i, item)
	{
		struct hl_buf sk HL_CLEAN_BUF = vectors_hex(item, "secret");

		if (i == 8 || status != HL_OK)
			break;
		status = hl_dh_key_from_secret(hl_view_buf(&sk), &keys[i]);
		secrets[i] = &keys[i];
		epochs[i] = vectors_number(item, "epoch");
		n = i + 1;
	}
	if (status == HL_OK)
		status = hl_envelope_open(e, &lab, &kid, epochs, secrets, n, ret);
	for (i = 0; i < 8; i++)
		hl_dh_key_clear(&keys[i]);
	return status;
}

static bool bad_slips_good(
	const json_t *c, const struct hl_envelope *e, const struct hl_opened *opened)
{
	const json_t *bad = vectors_get(c, "bad_slips");

	for (size_t i = 0; i < e->core.n_labs; i++) {
		struct hl_buf slip HL_CLEAN_BUF = {0};
		enum hl_status status =
			hl_envelope_slip(e, opened, &e->core.labs[i], &slip);

		if (status != (in_list(bad, &e->core.labs[i]) ? HL_BAD_WRAP : HL_OK))
			return false;
	}
	return opened->wraps_good == (json_array_size(bad) == 0);
}

static void check_device(const json_t *c)
{
	struct hl_buf doc HL_CLEAN_BUF = vectors_hex(c, "envelope");
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0};
	struct hl_opened opened HL_CLEAN_OPENED = {0};
	struct hl_card card HL_CLEAN_CARD = {0};
	struct hl_message m HL_CLEAN_MESSAGE = {0};
	enum hl_status status = card_of(c, &card);
	const struct hl_member *sender;

	if (status == HL_OK)
		status = hl_envelope_parse(&net, hl_view_buf(&doc), &e);
	if (status == HL_OK)
		status = open_with(c, &e, &opened);
	if (status == HL_OK)
		status = hl_message_parse(opened.message, &m);
	if (status == HL_OK) {
		sender = hl_card_member(&card, &e.core.sender);
		status = sender || hl_envelope_by_node(&e, &card)
			? hl_message_check(&m, &e.core, sender)
			: HL_NOT_MEMBER;
	}
	vectors_code(status, c, "device");
	if (status == HL_OK)
		vectors_count(vectors_equal(c, "message", opened.message) &&
				bad_slips_good(c, &e, &opened),
			"device's view", vectors_text(c, "name"));
}

/* envelope 4.9: a resend, and the letter with what it discloses. */
static enum hl_status resent(
	const json_t *c, const struct hl_envelope *e, struct hl_opened *ret)
{
	struct hl_buf doc HL_CLEAN_BUF = vectors_hex(c, "resend");
	struct hl_buf card_doc HL_CLEAN_BUF = vectors_hex(c, "resend_card");
	struct hl_id lab = vectors_id(c, "lab_id");
	struct hl_envelope r HL_CLEAN_ENVELOPE = {0};
	struct hl_opened opened HL_CLEAN_OPENED = {0};
	struct hl_card card HL_CLEAN_CARD = {0};
	struct hl_message m HL_CLEAN_MESSAGE = {0};
	struct hl_key32 ck HL_CLEAN_KEY32 = {0};
	enum hl_status status = hl_card_parse(&net, hl_view_buf(&card_doc), &card);
	const struct hl_member *sender;

	if (status == HL_OK)
		status = hl_envelope_parse(&net, hl_view_buf(&doc), &r);
	if (status == HL_OK)
		status = open_with(c, &r, &opened);
	if (status == HL_OK)
		status = hl_message_parse(opened.message, &m);
	if (status != HL_OK)
		return status;
	sender = hl_card_member(&card, &r.core.sender);
	status = sender ? hl_message_check(&m, &r.core, sender) : HL_NOT_MEMBER;
	if (status != HL_OK)
		return status;
	if (m.type != HL_RESEND || !hl_id_eq(&r.core.answers, &e->id) ||
		!hl_id_eq(&r.core.lab, &e->core.lab))
		return HL_UNKNOWN;
	memcpy(ck.b, m.resend.key.p, sizeof(ck.b));
	return hl_envelope_open_resent(e, &lab, &ck, ret);
}

static void check_resend(const json_t *c)
{
	struct hl_buf doc HL_CLEAN_BUF = vectors_hex(c, "envelope");
	struct hl_envelope e HL_CLEAN_ENVELOPE = {0};
	struct hl_opened opened HL_CLEAN_OPENED = {0};
	struct hl_card card HL_CLEAN_CARD = {0};
	struct hl_message m HL_CLEAN_MESSAGE = {0};
	enum hl_status status = card_of(c, &card);
	const struct hl_member *sender;

	if (status == HL_OK)
		status = hl_envelope_parse(&net, hl_view_buf(&doc), &e);
	if (status == HL_OK)
		status = resent(c, &e, &opened);
	if (status == HL_OK)
		status = hl_message_parse(opened.message, &m);
	if (status == HL_OK) {
		sender = hl_card_member(&card, &e.core.sender);
		status = sender ? hl_message_check(&m, &e.core, sender) : HL_NOT_MEMBER;
	}
	vectors_code(status, c, "resend");
	if (status == HL_OK)
		vectors_count(vectors_equal(c, "message", opened.message) &&
				bad_slips_good(c, &e, &opened),
			"view of what was resent", vectors_text(c, "name"));
}

int main(int argc, char **argv)
{
	json_t *file = vectors_load(argc, argv), *c;
	size_t i;

	net = vectors_id(file, "net_id");
	json_array_foreach(vectors_list(file, "letters"), i, c) check_letter(c);
	check_devices_of_letters(file);
	json_array_foreach(vectors_list(file, "node"), i, c) check_node(c);
	json_array_foreach(vectors_list(file, "device"), i, c) check_device(c);
	json_array_foreach(vectors_list(file, "resend"), i, c) check_resend(c);
	return vectors_end(file);
}
