/*
 * Envelopes: one sealed, signed letter (spec/envelope.md). A node parses, judges and hands on; a
 * device seals and opens.
 */
#ifndef HL_ENVELOPE_H
#define HL_ENVELOPE_H

#include "card.h"

#define HL_WRAP_SIZE 80
#define HL_SALT_SIZE 16

enum hl_class {
	HL_CLASS_CALL = 1,
	HL_CLASS_ANSWER = 2,
	HL_CLASS_CLOSE = 3,
	HL_CLASS_NOTICE = 4
};
enum hl_standing { HL_ACTUAL = 1, HL_EXERCISE = 2, HL_TEST = 3 }; /* the core's status */
enum hl_precedence { HL_ROUTINE = 1, HL_PRIORITY = 2, HL_IMMEDIATE = 3, HL_FLASH = 4 };

/* One reader of a letter: an entry of R (envelope 1.1). */
struct hl_reader {
	struct hl_id lab;
	struct hl_id kid;
	uint64_t epoch;
	uint8_t key[HL_KEY_SIZE];
};

/* The header that nodes see (envelope 1.3). labs is borrowed or lives in the envelope. */
struct hl_core {
	struct hl_id net;
	struct hl_id lab;    /* of the sender */
	struct hl_id sender; /* key id of the sender's signing key */
	uint64_t card_version;
	bool has_incident, has_answers;
	struct hl_id incident, answers;
	enum hl_class class;
	enum hl_standing status;
	enum hl_precedence precedence;
	uint64_t created;        /* ms */
	uint64_t lifetime;       /* s */
	uint64_t answer_within;  /* s; 0 unless class is call */
	struct hl_id recipients; /* H(R) */
	uint64_t ct_size;
	struct hl_id *labs; /* sorted */
	size_t n_labs;
};

/* A parsed envelope. Owns its bytes; the views lie within them. */
struct hl_envelope {
	struct hl_buf doc;
	struct hl_view signed_bytes, core_bytes, ct;
	struct hl_core core;
	struct hl_id id;        /* H("env", signed) */
	struct hl_id core_hash; /* ch */
	uint8_t kcom[32];
	struct hl_id ct_hash;
	struct hl_id *slip_hashes; /* one for each lab of the core */
	struct hl_sig *sigs;
	size_t n_sigs;
	struct hl_view *slips; /* n_labs; empty where the slip is not here */
	void *arena;
};

#define HL_CLEAN_ENVELOPE HL_CLEAN(hl_envelope_clear)

/* The default answer_within of a precedence, in seconds (envelope 1.7). */
HL_API uint64_t hl_precedence_deadline(enum hl_precedence precedence);
#define HL_LIFETIME_DEFAULT 2592000u

/* The incident a letter belongs to: core.incident, or its own id where it opens one. */
HL_API struct hl_id hl_envelope_incident(const struct hl_envelope *envelope);

/*
 * Reads an envelope (copied) and checks all that needs no card: size, encoding, fields, net, suite,
 * length and hash of ct, hashes of the slips that are present. In the order of envelope 3.1.
 */
HL_MUST HL_API enum hl_status hl_envelope_parse(
	const struct hl_id *net, struct hl_view doc, struct hl_envelope *ret);
HL_API void hl_envelope_clear(struct hl_envelope *envelope);

/* Where hl_envelope_parse has refused a document: HL_OK when the fault is in what is signed,
 * with the id of the letter, which is to be refused (envelope 3.7); HL_UNKNOWN when it is in
 * this copy, or there is no fault: leave no trace. */
HL_MUST HL_API enum hl_status hl_envelope_blame(
	const struct hl_id *net, struct hl_view doc, struct hl_id *ret_id);

/* What a letter is judged against (envelope 3.1 to 3.6). */
struct hl_judge {
	const struct hl_id *net;
	const struct hl_card
		*card;           /* of the sender's lab, in force (3.2); NULL: not held */
	uint64_t newest_version; /* of the newest card held of that lab */
	const struct hl_id *own_lab; /* whose slip must be present; NULL: any */
	bool raised_with_flash;      /* of a close: precedence of the raise was FLASH */
	bool (*suspended)(void *ctx, const struct hl_id *kid); /* may be NULL */
	void *ctx;
};

/* HL_OK or the first code of envelope 3.1: HL_NEED_CARD, HL_NOT_ADDRESSED, HL_NOT_MEMBER,
 * HL_BAD_SIGNATURE, HL_SUSPENDED, HL_NOT_PERMITTED, HL_FEW_SIGNATURES. */
HL_MUST HL_API enum hl_status hl_envelope_judge(
	const struct hl_envelope *envelope, const struct hl_judge *judge);

/* envelope 3.6 alone: do enough persons of the card stand behind a FLASH? */
HL_API bool hl_envelope_released(
	const struct hl_envelope *envelope, const struct hl_card *card);

/* envelope 3.10: is its sender a node of the card, and no member? */
HL_API bool hl_envelope_by_node(
	const struct hl_envelope *envelope, const struct hl_card *card);

/* envelope 3.7: does what hl_envelope_judge has answered tell of the copy (true), or of the letter
 * itself (false)? */
HL_API bool hl_envelope_fault_of_copy(const struct hl_envelope *envelope,
	const struct hl_judge *judge, enum hl_status status);

/* The document with the one slip of a lab, as it travels to it (envelope 2.2). The envelope must
 * hold that slip, else HL_NOT_ADDRESSED. */
HL_MUST HL_API enum hl_status hl_envelope_for_lab(const struct hl_envelope *envelope,
	const struct hl_id *lab, struct hl_buf *ret_doc);

/* Adds the slips and signatures of another copy of the same letter; of one key's signatures,
 * a's stays, so judge b before. HL_UNKNOWN if b is another letter, HL_BAD_SIZE with too many
 * signatures. */
HL_MUST HL_API enum hl_status hl_envelope_merge(
	const struct hl_envelope *a, const struct hl_envelope *b, struct hl_buf *ret_doc);

/* Adds a member's signature to a copy (a release). HL_DUPLICATE if it is there already. */
HL_MUST HL_API enum hl_status hl_envelope_cosign(const struct hl_envelope *envelope,
	const struct hl_sign_key *key, struct hl_buf *ret_doc);

/* What is sealed. core: net, lab, sender, card_version, incident, answers, class, status,
 * precedence, created, lifetime and answer_within are read; the rest is made. */
struct hl_sealing {
	struct hl_core core;
	struct hl_reader *readers; /* sorted in place; each once */
	size_t n_readers;
	uint8_t salt[HL_SALT_SIZE];    /* fresh */
	struct hl_key32 ck;            /* fresh, used once */
	struct hl_view message;        /* encoded (message 1.1) */
	const struct hl_sign_key *key; /* the sender's: a member's or a node's */
};

/* Seals and signs. ret_id and ret_dropped may be NULL; ret_dropped: how many readers have a key
 * that gives zeros (warn). HL_BAD_SIZE when the message does not fit the largest bucket;
 * HL_BAD_RECIPIENTS for none, too many, too many labs or a reader that stands twice;
 * HL_BAD_FIELD for a core that no reader would take; HL_ERR_USAGE if key is not the sender's;
 * HL_ERR_NOMEM. */
HL_MUST HL_API enum hl_status hl_envelope_seal(struct hl_sealing *sealing,
	struct hl_buf *ret_doc, struct hl_id *ret_id, size_t *ret_dropped);

/* A letter opened. Views lie in plain. */
struct hl_opened {
	struct hl_key32 ck;
	struct hl_buf plain;       /* without padding */
	struct hl_view recipients; /* R */
	struct hl_view message;
	struct hl_reader *readers; /* decoded R */
	size_t n_readers;
	bool wraps_good; /* envelope 4.2; false: show HL_BAD_WRAP */
	void *arena;
};

#define HL_CLEAN_OPENED HL_CLEAN(hl_opened_clear)

/* envelope 4.1 and 4.2, from the reader's entry on: finds the wrap of (lab, kid) and tries the
 * secrets given, newest last. HL_NOT_ADDRESSED, HL_BAD_OPEN, HL_BAD_COMMITMENT, HL_BAD_PADDING,
 * HL_BAD_ENCODING, HL_BAD_RECIPIENTS. */
HL_MUST HL_API enum hl_status hl_envelope_open(const struct hl_envelope *envelope,
	const struct hl_id *lab, const struct hl_id *kid, const uint64_t *epochs,
	const struct hl_dh_key *const *secrets, size_t n, struct hl_opened *ret);

/* The same from a content key: for the archive, an arbiter. */
HL_MUST HL_API enum hl_status hl_envelope_open_ck(const struct hl_envelope *envelope,
	const struct hl_key32 *ck, struct hl_opened *ret);

/* The same from a content key that a resend has disclosed (envelope 4.9), at a device of lab:
 * HL_NOT_ADDRESSED where that is none of the core's labs. */
HL_MUST HL_API enum hl_status hl_envelope_open_resent(const struct hl_envelope *envelope,
	const struct hl_id *lab, const struct hl_key32 *ck, struct hl_opened *ret);

/* Makes a lab's slip again (envelope 2.2). HL_BAD_WRAP if it is not the one that was signed. */
HL_MUST HL_API enum hl_status hl_envelope_slip(const struct hl_envelope *envelope,
	const struct hl_opened *opened, const struct hl_id *lab, struct hl_buf *ret_slip);

HL_API void hl_opened_clear(struct hl_opened *opened);

#endif
