/* spec/vectors/handshake.json: knocks, handshakes, records, how frames lie in them, frames. */
#include "vectors.h"

static struct hl_id net;

/* One handshake as far as it goes; messages as the vectors have them. */
struct pair {
	struct hl_dh_key initiator_static, responder_static;
	struct hl_noise initiator, responder;
	struct hl_buf messages[3];
};

static void pair_clear(struct pair *p)
{
	hl_noise_clear(&p->initiator);
	hl_noise_clear(&p->responder);
	hl_dh_key_clear(&p->initiator_static);
	hl_dh_key_clear(&p->responder_static);
	for (size_t i = 0; i < 3; i++)
		hl_buf_clear(&p->messages[i]);
}

static bool static_key(const json_t *c, const char *member, struct hl_dh_key *ret)
{
	struct hl_buf secret HL_CLEAN_BUF = vectors_hex(c, member);

	return hl_dh_key_from_secret(hl_view_buf(&secret), ret) == HL_OK;
}

/* SPEC link 1.2: The prologue is `[1, net_id, purpose u, lab_id of the responder]`. */
static bool prologue(const json_t *c, struct hl_buf *ret)
{
	struct hl_out out HL_CLEAN_OUT = {0};
	struct hl_id lab = vectors_id(c, "responder_lab");

	hl_out_init(&out);
	hl_out_array(&out, 4);
	hl_out_uint(&out, 1);
	hl_out_id(&out, &net);
	hl_out_uint(&out, vectors_number(c, "purpose"));
	hl_out_id(&out, &lab);
	return hl_out_finish(&out, ret) == HL_OK &&
		vectors_equal(c, "prologue", hl_view_buf(ret));
}

static bool pair_init(const json_t *c, struct pair *p)
{
	struct hl_buf bytes HL_CLEAN_BUF = {0};
	struct hl_key32 e HL_CLEAN_KEY32 = {{0}};
	uint8_t psk[HL_KEY_SIZE];

	if (!static_key(c, "initiator_static", &p->initiator_static) ||
		!static_key(c, "responder_static", &p->responder_static) ||
		!prologue(c, &bytes))
		return false;
	vectors_fixed(c, "psk", psk, sizeof(psk));
	vectors_fixed(c, "initiator_ephemeral", e.b, sizeof(e.b));
	if (hl_noise_init(&p->initiator, HL_NOISE_XKPSK3, true, hl_view_buf(&bytes),
		    &p->initiator_static, p->responder_static.pub, &e) != HL_OK)
		return false;
	vectors_fixed(c, "responder_ephemeral", e.b, sizeof(e.b));
	if (hl_noise_init(&p->responder, HL_NOISE_XKPSK3, false, hl_view_buf(&bytes),
		    &p->responder_static, NULL, &e) != HL_OK)
		return false;
	hl_noise_set_psk(&p->initiator, psk);
	hl_noise_set_psk(&p->responder, psk);
	return true;
}

/* Writes message i (0 to 2). */
static bool pair_write(struct pair *p, unsigned i)
{
	struct hl_noise *writer = i == 1 ? &p->responder : &p->initiator;

	return hl_noise_write(writer, hl_view_of(NULL, 0), &p->messages[i]) == HL_OK;
}

static enum hl_status pair_read(struct pair *p, unsigned i, struct hl_view message)
{
	struct hl_noise *reader = i == 1 ? &p->initiator : &p->responder;

	return hl_noise_read(reader, message, NULL);
}

static bool check_knock(const json_t *c, struct pair *p)
{
	uint8_t a[HL_KNOCK_SIZE], b[HL_KNOCK_SIZE];
	struct hl_view message = hl_view_buf(&p->messages[0]);

	return hl_knock(&p->initiator_static, p->responder_static.pub, message, a) ==
		HL_OK &&
		hl_knock(&p->responder_static, p->initiator_static.pub, message, b) ==
		HL_OK &&
		memcmp(a, b, sizeof(a)) == 0 && vectors_equal(c, "knock", HL_VIEW(a));
}

static bool check_split(const json_t *c, struct pair *p)
{
	struct hl_session a HL_CLEAN_SESSION = {0}, b HL_CLEAN_SESSION = {0};

	return hl_noise_split(&p->initiator, &a) == HL_OK &&
		hl_noise_split(&p->responder, &b) == HL_OK &&
		vectors_equal(c, "handshake_hash", HL_VIEW(a.hash)) &&
		vectors_equal(c, "handshake_hash", HL_VIEW(b.hash)) &&
		vectors_equal(c, "initiator_key", hl_view_of(a.send.k, HL_KEY_SIZE)) &&
		vectors_equal(c, "initiator_key", hl_view_of(b.recv.k, HL_KEY_SIZE)) &&
		vectors_equal(c, "responder_key", hl_view_of(a.recv.k, HL_KEY_SIZE)) &&
		vectors_equal(c, "responder_key", hl_view_of(b.send.k, HL_KEY_SIZE));
}

static void check_handshake(const json_t *c)
{
	static const char *const names[] = {"message1", "message2", "message3"};
	const char *name = vectors_text(c, "name");
	struct pair p = {0};

	bool good = pair_init(c, &p) &&
		vectors_equal(c, "initiator_public", HL_VIEW(p.initiator_static.pub)) &&
		vectors_equal(c, "responder_public", HL_VIEW(p.responder_static.pub));
	vectors_count(good, "handshakes: start", name);
	for (unsigned i = 0; i < 3 && good; i++) {
		good = pair_write(&p, i) &&
			vectors_equal(c, names[i], hl_view_buf(&p.messages[i])) &&
			pair_read(&p, i, hl_view_buf(&p.messages[i])) == HL_OK;
		vectors_count(good, names[i], name);
	}
	vectors_count(good && check_knock(c, &p), "handshakes: knock", name);
	vectors_count(good && check_split(c, &p), "handshakes: split", name);
	pair_clear(&p);
}

static void check_fault(const json_t *handshake, const json_t *c)
{
	struct hl_buf message HL_CLEAN_BUF = vectors_hex(c, "message");
	unsigned last = (unsigned)vectors_number(c, "number") - 1;
	struct pair p = {0};

	bool good = pair_init(handshake, &p);
	for (unsigned i = 0; i < last && good; i++)
		good = pair_write(&p, i) &&
			pair_read(&p, i, hl_view_buf(&p.messages[i])) == HL_OK;
	good = good && pair_write(&p, last);
	/* The right message would pass; this one must not. */
	vectors_count(
		good && pair_read(&p, last, hl_view_buf(&message)) == HL_BAD_HANDSHAKE,
		"faults", vectors_text(c, "name"));
	pair_clear(&p);
}

/* Both ends of the second handshake's link. */
static bool make_link(
	const json_t *c, struct hl_session *initiator, struct hl_session *responder)
{
	struct pair p = {0};

	bool good = pair_init(c, &p);
	for (unsigned i = 0; i < 3 && good; i++)
		good = pair_write(&p, i) &&
			pair_read(&p, i, hl_view_buf(&p.messages[i])) == HL_OK;
	good = good && hl_noise_split(&p.initiator, initiator) == HL_OK &&
		hl_noise_split(&p.responder, responder) == HL_OK;
	pair_clear(&p);
	return good;
}

static bool plain_record(const json_t *chunk, uint8_t plain[static HL_RECORD_PLAIN])
{
	struct hl_buf bytes HL_CLEAN_BUF = vectors_hex_of(chunk);

	if (bytes.n > HL_RECORD_PLAIN)
		return false;
	memset(plain, 0, HL_RECORD_PLAIN);
	memcpy(plain, bytes.p, bytes.n);
	return true;
}

/* The records of one side; the keys between are only made. */
static void check_records(const json_t *list, const char *side, struct hl_cipher *send)
{
	uint8_t plain[HL_RECORD_PLAIN], record[HL_RECORD];
	uint64_t keys = 0; /* replaced so far */
	const json_t *c;
	size_t i;

	json_array_foreach(list, i, c)
	{
		uint64_t nonce = vectors_number(c, "nonce");
		if (strcmp(vectors_text(c, "from"), side) != 0)
			continue;
		/* SPEC link 2.2: (after the records with nonces 1,023, 2,047, …) that direction's
		 * key is replaced as by Noise Rekey (section 11.3); the nonce goes on. */
		for (; keys < nonce / HL_REKEY_RECORDS; keys++)
			hl_cipher_rekey(send);
		send->n = nonce;
		bool good = vectors_equal(c, "key", hl_view_of(send->k, HL_KEY_SIZE)) &&
			plain_record(vectors_get(c, "chunk"), plain) &&
			hl_cipher_seal(send, HL_VIEW(plain), record) == HL_OK &&
			vectors_equal(c, "record", HL_VIEW(record));
		vectors_count(good, "records", side);
	}
}

/* The record layer itself goes through all of one side's records and meets the same ones. */
static void check_stream(const json_t *list, const char *side, struct hl_session *send)
{
	struct hl_records r HL_CLEAN_RECORDS = {0};
	uint8_t record[HL_RECORD];
	uint64_t next = 0;
	const json_t *c;
	size_t i;

	hl_records_init(&r, send);
	json_array_foreach(list, i, c)
	{
		if (strcmp(vectors_text(c, "from"), side) != 0)
			continue;
		while (next++ < vectors_number(c, "nonce"))
			if (hl_records_seal(&r, record) != HL_OK)
				break;
		struct hl_buf chunk HL_CLEAN_BUF = vectors_hex(c, "chunk");
		struct hl_buf frame HL_CLEAN_BUF = {0};
		/* The chunk is one whole frame behind its lane and length. */
		bool good = chunk.n > 3 && (chunk.p[0] & 0x80) != 0 &&
			hl_buf_append(&frame, hl_view_of(chunk.p + 3, chunk.n - 3)) ==
				HL_OK &&
			hl_records_queue(&r, chunk.p[0] & 0x7f, &frame) == HL_OK &&
			hl_records_seal(&r, record) == HL_OK &&
			vectors_equal(c, "record", HL_VIEW(record));
		vectors_count(good, "records: stream", side);
	}
}

/* A session under keys that do not matter, and its other end. */
static void plain_link(struct hl_session *a, struct hl_session *b)
{
	if (hl_secret_new(2 * HL_KEY_SIZE, &a->keys) != HL_OK ||
		hl_secret_new(2 * HL_KEY_SIZE, &b->keys) != HL_OK) {
		vectors_count(false, "records", "no memory");
		exit(vectors_end(NULL));
	}
	a->send.k = a->keys.p;
	b->recv.k = b->keys.p;
	a->recv.k = a->keys.p + HL_KEY_SIZE;
	b->send.k = b->keys.p + HL_KEY_SIZE;
}

static void check_packing(const json_t *steps)
{
	struct hl_session a HL_CLEAN_SESSION = {0}, b HL_CLEAN_SESSION = {0};
	struct hl_records r HL_CLEAN_RECORDS = {0};
	uint8_t record[HL_RECORD], plain[HL_RECORD_PLAIN];
	const json_t *step;
	size_t i;

	plain_link(&a, &b);
	hl_records_init(&r, &a);
	json_array_foreach(steps, i, step)
	{
		const json_t *put = json_object_get(step, "put");
		if (put != NULL) {
			struct hl_buf frame HL_CLEAN_BUF = vectors_hex(put, "frame");
			vectors_count(hl_records_queue(&r,
					      (unsigned)vectors_number(put, "lane"),
					      &frame) == HL_OK,
				"packing", "put");
			continue;
		}
		vectors_count(hl_records_seal(&r, record) == HL_OK &&
				hl_cipher_open(&b.recv, HL_VIEW(record), plain) ==
					HL_OK &&
				vectors_equal(step, "record", HL_VIEW(plain)),
			"packing", "record");
	}
}

static bool next_is(struct hl_records *r, const json_t *want)
{
	struct hl_buf frame HL_CLEAN_BUF = {0};
	unsigned lane;

	return hl_records_next(r, &lane, &frame) &&
		lane == vectors_number(want, "lane") &&
		vectors_equal(want, "frame", hl_view_buf(&frame));
}

static void check_unpacking(const json_t *c)
{
	struct hl_session a HL_CLEAN_SESSION = {0}, b HL_CLEAN_SESSION = {0};
	struct hl_records r HL_CLEAN_RECORDS = {0};
	struct hl_buf frame HL_CLEAN_BUF = {0};
	uint8_t record[HL_RECORD], plain[HL_RECORD_PLAIN];
	enum hl_status status = HL_OK;
	bool good = true;
	const json_t *item;
	size_t i;
	unsigned lane;

	plain_link(&a, &b);
	hl_records_init(&r, &b);
	json_array_foreach(vectors_list(c, "plaintexts"), i, item)
	{
		if (status != HL_OK)
			break;
		good = good && plain_record(item, plain) &&
			hl_cipher_seal(&a.send, HL_VIEW(plain), record) == HL_OK;
		status = hl_records_open(&r, record);
	}
	if (!vectors_bool(c, "good")) {
		vectors_count(
			good && (status == HL_BAD_ENCODING || status == HL_BAD_SIZE),
			"unpacking", vectors_text(c, "name"));
		return;
	}
	json_array_foreach(vectors_get(c, "frames"), i, item) good =
		good && next_is(&r, item);
	vectors_count(good && status == HL_OK && !hl_records_next(&r, &lane, &frame),
		"unpacking", vectors_text(c, "name"));
}

static void check_frame(const json_t *c)
{
	struct hl_buf bytes HL_CLEAN_BUF = vectors_hex(c, "frame"),
			    again HL_CLEAN_BUF = {0};
	struct hl_frame frame HL_CLEAN_FRAME = {0};

	enum hl_status status = hl_frame_parse(hl_view_buf(&bytes),
		(enum hl_purpose)vectors_number(c, "purpose"), &frame);
	vectors_count(status >= 0 && (status == HL_OK) == vectors_bool(c, "good"),
		"frames", vectors_text(c, "name"));
	if (status == HL_OK)
		vectors_count(hl_frame_encode(&frame, &again) == HL_OK &&
				hl_view_eq(hl_view_buf(&again), hl_view_buf(&bytes)),
			"frames: written again", vectors_text(c, "name"));
}

int main(int argc, char **argv)
{
	json_t *file = vectors_load(argc, argv), *c, *list;
	size_t i;

	net = vectors_id(file, "net_id");
	json_array_foreach(vectors_list(file, "handshakes"), i, c) check_handshake(c);
	const json_t *second = json_array_get(vectors_list(file, "handshakes"), 1);
	json_array_foreach(vectors_list(file, "faults"), i, c) check_fault(second, c);
	list = vectors_list(file, "records");
	for (int stream = 0; stream < 2; stream++) {
		struct hl_session a HL_CLEAN_SESSION = {0}, b HL_CLEAN_SESSION = {0};
		vectors_count(make_link(second, &a, &b), "records", "link");
		if (stream) {
			check_stream(list, "initiator", &a);
			check_stream(list, "responder", &b);
		} else {
			check_records(list, "initiator", &a.send);
			check_records(list, "responder", &b.send);
		}
	}
	check_packing(vectors_list(file, "packing"));
	json_array_foreach(vectors_list(file, "unpacking"), i, c) check_unpacking(c);
	json_array_foreach(vectors_list(file, "frames"), i, c) check_frame(c);
	return vectors_end(file);
}
