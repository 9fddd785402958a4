/*
 * Every fixed limit of the protocol, in one place. All sizes are in bytes. What spec/ fixes is
 * marked by its page there; a limit that two labs need not agree on has no business here.
 */
#ifndef HL_LIMITS_H
#define HL_LIMITS_H

/* Keys, hashes, signatures (suite 1). */
#define HL_ID_SIZE  32 /* SHA-256: every id, link and key id */
#define HL_KEY_SIZE 32 /* X25519 and Ed25519 public keys; X25519 secrets; AEAD keys */
#define HL_SIG_SIZE 64 /* Ed25519 */
#define HL_TAG_SIZE 16 /* ChaCha20-Poly1305 */

/* The link (spec/link.md). */
#define HL_RECORD            4096 /* one record on the wire, always */
#define HL_RECORD_PLAIN      4080 /* what it holds: a record less its tag */
#define HL_REKEY_RECORDS     1024 /* records of one direction under one key */
#define HL_LANES             6    /* lanes 1..6 of a link */
#define HL_FRAME_MAX         (512 * 1024)
#define HL_KNOCK_SIZE        16
#define HL_NOISE_MESSAGE_MAX 1024 /* largest handshake message taken in */

/* Encoding (spec/encoding.md). */
#define HL_DEPTH     8     /* arrays within arrays, the outermost counted */
#define HL_ITEMS_MAX 65536 /* values in one document, arrays counted */
#define HL_LABEL_MAX 32

/* Envelopes (spec/envelope.md). */
#define HL_ENVELOPE_MAX (448 * 1024)
#define HL_PAYLOAD_MIN  1024
#define HL_PAYLOAD_MAX  (256 * 1024)
#define HL_ATTACH_MAX   (192 * 1024)
#define HL_LABS_MAX     64  /* recipient labs of one envelope */
#define HL_READERS_MAX  512 /* readers of one envelope, over all labs */
#define HL_SIGS_MAX     32
#define HL_SEEN_MAX     64 /* envelope ids that a letter's author had seen */

/* Cards and sealing keys (spec/identity.md). */
#define HL_CARD_MAX    (64 * 1024)
#define HL_MEMBERS_MAX 256
#define HL_NODES_MAX   8
#define HL_ROOTS_MAX   16
#define HL_EPOCHS_MAX  64 /* published sealing keys of one device */

/* Channels (spec/channel.md). */
#define HL_RANGES_MAX  64
#define HL_REFUSED_MAX 64

#endif
