/*
 * The device's secrets: device.key (signing seed, link secret, archive key), the lab's root.key,
 * the secrets of the sealing epochs, and boxes under the archive key.
 */
#ifndef HL_CLIENT_KEYRING_H
#define HL_CLIENT_KEYRING_H

#include "client/app.h"

struct hl_keyring {
	struct hl_sign_key sign;
	struct hl_dh_key link;
	struct hl_secret archive; /* 32 bytes */
	struct hl_id kid;         /* of the signing key */
};

/* Makes fresh keys and writes device.key under a new passphrase (asked for twice, from the file of
 * --passphrase-file, or none: then in clear, mode 0600). One that is there already is never
 * overwritten. app->keys is set. */
HL_MUST enum hl_exit hl_keyring_create(struct hl_app *app);

/* Unlocks device.key into app->keys; at once when it is unlocked already. */
HL_MUST enum hl_exit hl_keyring_open(struct hl_app *app);

void hl_keyring_free(struct hl_keyring *keys);

/* The lab's root key. path NULL: root.key in the home directory. Always under a passphrase
 * (--root-passphrase-file, or asked for). */
HL_MUST enum hl_exit hl_root_create(
	struct hl_app *app, const char *path, struct hl_sign_key *ret);
HL_MUST enum hl_exit hl_root_open(
	struct hl_app *app, const char *path, struct hl_sign_key *ret);

/* A box: nonce (24 bytes) and XChaCha20-Poly1305 under the archive key, bound to ad. Needs
 * app->keys. hl_box_open: HL_BAD_OPEN where it is not ours or was changed. */
HL_MUST enum hl_status hl_box_seal(const struct hl_app *app, struct hl_view ad,
	struct hl_view plain, struct hl_buf *ret);
HL_MUST enum hl_status hl_box_open(const struct hl_app *app, struct hl_view ad,
	struct hl_view box, struct hl_buf *ret_plain);

/* The sealing secrets held, oldest epoch first: what hl_envelope_open wants (epochs, keys, n). */
struct hl_epochs {
	size_t n;
	uint64_t *epochs;
	struct hl_dh_key *keys;
	const struct hl_dh_key **secrets; /* pointers to keys */
};
#define HL_CLEAN_EPOCHS HL_CLEAN(hl_epochs_clear)
HL_MUST enum hl_exit hl_epochs_load(struct hl_app *app, struct hl_epochs *ret);
void hl_epochs_clear(struct hl_epochs *epochs);

/* Keeps HL_SEAL_AHEAD epochs published: where fewer than half of them remain, makes new ones,
 * signs them and queues them for the node; erases what identity 5.5 lets go. At once when nothing
 * is to be done, or when this device may not read. Needs app->keys. */
HL_MUST enum hl_exit hl_epochs_renew(struct hl_app *app);

/* A file that only its owner may read (0600) in a directory, written whole or not at all: a new
 * one beside it, synced, then renamed (or linked, where overwrite is false and it must not exist
 * yet: errno EEXIST). dirfd may be AT_FDCWD. Returns 0 or an errno. */
int hl_file_put(
	int dirfd, const char *name, struct hl_view bytes, bool overwrite, unsigned mode);
/* Reads a file of at most max bytes; secret: it must be ours and 0600, and no link (else EPERM,
 * ELOOP). Returns 0 or an errno (EFBIG). */
int hl_file_get(int dirfd, const char *name, size_t max, bool secret, struct hl_buf *ret);

#endif
