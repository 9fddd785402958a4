/*
 * Key files: a small head, and a box under a key that Argon2id makes of the passphrase, or in clear
 * where no passphrase was wanted (for a device alone).
 *
 *	[1, what, ops u, mem u, salt bin, nonce bin, box bin]	ops 0: the box is the plaintext
 */
#include "client/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "client/prompt.h"

#define FILE_MAX   4096
#define DEVICE_KEY "device.key"
#define ROOT_KEY   "root.key"
#define SALT       crypto_pwhash_SALTBYTES
#define NONCE      crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG        crypto_aead_xchacha20poly1305_ietf_ABYTES
#define MEM_MAX    (1ull << 30)
#define OPS_MAX    16

enum what { DEVICE = 1, ROOT = 2 };

struct head {
	enum what what;
	uint64_t ops, mem;
	uint8_t salt[SALT], nonce[NONCE];
};

static void put_head(struct hl_out *out, const struct head *head)
{
	hl_out_uint(out, 1);
	hl_out_uint(out, head->what);
	hl_out_uint(out, head->ops);
	hl_out_uint(out, head->mem);
	hl_out_bin(out, HL_VIEW(head->salt));
	hl_out_bin(out, HL_VIEW(head->nonce));
}

/* What the box is bound to: the head, so that none of it can be swapped. */
static enum hl_status bound(const struct head *head, struct hl_buf *ret)
{
	struct hl_out out HL_CLEAN_OUT = {0};

	hl_out_init(&out);
	hl_out_array(&out, 6);
	put_head(&out, head);
	return hl_out_finish(&out, ret);
}

static enum hl_status stretch(
	const struct head *head, const struct hl_secret *passphrase, struct hl_key32 *ret)
{
	if (crypto_pwhash(ret->b, sizeof(ret->b), (const char *)passphrase->p,
		    passphrase->n, head->salt, head->ops, (size_t)head->mem,
		    crypto_pwhash_ALG_ARGON2ID13))
		return HL_ERR_NOMEM;
	return HL_OK;
}

static enum hl_status lock(const struct head *head, const struct hl_secret *passphrase,
	struct hl_view plain, struct hl_buf *ret)
{
	struct hl_buf ad HL_CLEAN_BUF = {0}, box HL_CLEAN_BUF = {0};
	struct hl_out out HL_CLEAN_OUT = {0};
	struct hl_key32 key HL_CLEAN_KEY32 = {{0}};
	enum hl_status status = HL_OK;

	if (passphrase->n == 0) {
		status = hl_buf_append(&box, plain);
	} else {
		status = stretch(head, passphrase, &key);
		if (status == HL_OK)
			status = bound(head, &ad);
		if (status == HL_OK)
			status = hl_buf_reserve(&box, plain.n + TAG);
		if (status == HL_OK) {
			crypto_aead_xchacha20poly1305_ietf_encrypt(box.p, NULL, plain.p,
				plain.n, ad.p, ad.n, NULL, head->nonce, key.b);
			box.n = plain.n + TAG;
		}
	}
	if (status != HL_OK)
		return status;
	hl_out_init(&out);
	hl_out_array(&out, 7);
	put_head(&out, head);
	hl_out_bin(&out, hl_view_buf(&box));
	return hl_out_finish(&out, ret);
}

static enum hl_status parse(
	struct hl_view doc, enum what what, struct head *ret, struct hl_view *ret_box)
{
	struct hl_in in HL_CLEAN_IN = {0};
	struct head head = {.what = what};

	hl_in_init(&in, doc, FILE_MAX);
	hl_in_array(&in, 7, 7);
	hl_in_uint(&in, 1, 1);
	hl_in_uint(&in, what, what);
	head.ops = hl_in_uint(&in, 0, OPS_MAX);
	head.mem = hl_in_uint(&in, 0, MEM_MAX);
	hl_in_fixed(&in, head.salt, SALT);
	hl_in_fixed(&in, head.nonce, NONCE);
	*ret_box = hl_in_bin(&in, 1, FILE_MAX);
	hl_in_end(&in);
	*ret = head;
	return hl_in_finish(&in);
}

static enum hl_status unlock(const struct head *head, const struct hl_secret *passphrase,
	struct hl_view box, struct hl_buf *ret)
{
	struct hl_buf ad HL_CLEAN_BUF = {0}, plain HL_CLEAN_BUF = {0};
	struct hl_key32 key HL_CLEAN_KEY32 = {{0}};
	enum hl_status status = stretch(head, passphrase, &key);

	if (status == HL_OK)
		status = bound(head, &ad);
	if (status == HL_OK)
		status = hl_buf_reserve(&plain, box.n);
	if (status != HL_OK)
		return status;
	if (box.n < TAG ||
		crypto_aead_xchacha20poly1305_ietf_decrypt(plain.p, NULL, NULL, box.p,
			box.n, ad.p, ad.n, head->nonce, key.b))
		return HL_BAD_OPEN;
	plain.n = box.n - TAG;
	*ret = hl_buf_steal(&plain);
	return HL_OK;
}

static const char *file_of(enum what what)
{
	return what == DEVICE ? DEVICE_KEY : ROOT_KEY;
}

/* Asks, locks and writes. path NULL: its place in the home directory. */
static enum hl_exit write_key(
	struct hl_app *app, enum what what, const char *path, struct hl_view plain)
{
	struct hl_secret passphrase HL_CLEAN_SECRET = {0};
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct head head = {.what = what};
	enum hl_exit code = hl_prompt_passphrase(
		what == DEVICE ? "this device's keys" : "the lab's root key",
		what == DEVICE ? app->passphrase_file : app->root_passphrase_file, true,
		what == DEVICE, &passphrase);
	int error;

	if (code)
		return code;
	if (passphrase.n > 0) {
		head.ops = what == DEVICE ? crypto_pwhash_OPSLIMIT_INTERACTIVE
					  : crypto_pwhash_OPSLIMIT_MODERATE;
		head.mem = what == DEVICE ? crypto_pwhash_MEMLIMIT_INTERACTIVE
					  : crypto_pwhash_MEMLIMIT_MODERATE;
		randombytes_buf(head.salt, SALT);
		randombytes_buf(head.nonce, NONCE);
	}
	if (lock(&head, &passphrase, plain, &doc))
		return hl_fail(HL_EXIT_NO,
			"locking %s takes %u MiB of memory; there is less", file_of(what),
			(unsigned)(head.mem >> 20));
	error = hl_file_put(path ? AT_FDCWD : app->home_fd, path ? path : file_of(what),
		hl_view_buf(&doc), false, 0600);
	if (error == EEXIST)
		return hl_fail(HL_EXIT_USAGE,
			"%s%s%s is there already and is not overwritten; use another --home",
			path ? "" : app->home, path ? "" : "/",
			path ? path : file_of(what));
	if (error)
		return hl_fail(HL_EXIT_NO, "cannot write %s: %s",
			path ? path : file_of(what), strerror(error));
	return HL_EXIT_OK;
}

static enum hl_exit wrong_passphrase(enum what what)
{
	hl_fail(HL_EXIT_NO, "wrong passphrase for %s",
		what == DEVICE ? "this device's keys" : "the lab's root key");
	if (what == DEVICE)
		hl_note("  If it is forgotten nobody can bring it back: what this device has\n"
			"  read is lost to it. Make a new device (hotline join, in another\n"
			"  --home) and have an admin of your lab enrol it (hotline member add).");
	else
		hl_note("  If it is forgotten nobody can bring it back, and the lab's card\n"
			"  cannot be changed any more: begin a new lab and have its fingerprint\n"
			"  compared again. Devices that are enrolled work on.");
	return HL_EXIT_NO;
}

static enum hl_exit cannot_read(
	struct hl_app *app, enum what what, const char *path, int error)
{
	const char *name = path ? path : file_of(what), *where = path ? "" : app->home;
	const char *slash = path ? "" : "/";

	if (error == ENOENT && what == ROOT)
		return hl_fail(HL_EXIT_USAGE,
			"%s%s%s is not here: name the lab's root key with --root FILE",
			where, slash, name);
	if (error == ENOENT)
		return hl_fail(HL_EXIT_USAGE,
			"this device has no keys (%s%s%s is missing); "
			"bring it back from a backup, or join again in another --home",
			where, slash, name);
	if (error == EPERM)
		return hl_fail(HL_EXIT_NO,
			"%s%s%s must be your own file, readable by nobody else; type: chmod 600 "
			"%s%s%s",
			where, slash, name, where, slash, name);
	return hl_fail(HL_EXIT_NO, "cannot read %s%s%s: %s", where, slash, name,
		strerror(error));
}

static enum hl_exit read_key(
	struct hl_app *app, enum what what, const char *path, struct hl_buf *ret)
{
	struct hl_buf doc HL_CLEAN_BUF = {0};
	struct hl_secret passphrase HL_CLEAN_SECRET = {0};
	struct hl_view box = {0};
	struct head head;
	enum hl_status status;
	enum hl_exit code;
	int error = hl_file_get(path ? AT_FDCWD : app->home_fd,
		path ? path : file_of(what), FILE_MAX, true, &doc);

	if (error)
		return cannot_read(app, what, path, error);
	if (parse(hl_view_buf(&doc), what, &head, &box))
		return hl_fail(HL_EXIT_NO,
			"%s is no key file of hotline, or it is damaged",
			path ? path : file_of(what));
	if (head.ops == 0) {
		if (hl_buf_append(ret, box))
			return hl_fail_status(HL_ERR_NOMEM, "read a key");
		return HL_EXIT_OK;
	}
	code = hl_prompt_passphrase(
		what == DEVICE ? "this device's keys" : "the lab's root key",
		what == DEVICE ? app->passphrase_file : app->root_passphrase_file, false,
		false, &passphrase);
	if (code)
		return code;
	status = unlock(&head, &passphrase, box, ret);
	if (status == HL_BAD_OPEN)
		return wrong_passphrase(what);
	return status ? hl_fail_status(status, "unlock a key") : HL_EXIT_OK;
}

/* The device's three secrets, one after the other. */
#define SECRET      32
#define DEVICE_SIZE (3 * SECRET)

static enum hl_status from_bytes(
	const struct hl_id *net, struct hl_view bytes, struct hl_keyring *ret)
{
	enum hl_status status;

	if (bytes.n != DEVICE_SIZE)
		return HL_BAD_KEY;
	status = hl_sign_key_from_secret(hl_view_of(bytes.p, SECRET), &ret->sign);
	if (status == HL_OK)
		status = hl_dh_key_from_secret(
			hl_view_of(bytes.p + SECRET, SECRET), &ret->link);
	if (status == HL_OK)
		status = hl_secret_copy(
			hl_view_of(bytes.p + (size_t)2 * SECRET, SECRET), &ret->archive);
	if (status == HL_OK)
		hl_key_id(net, HL_ROLE_MEMBER_SIGN, ret->sign.pub, &ret->kid);
	return status;
}

static enum hl_exit take(struct hl_app *app, struct hl_view bytes)
{
	struct hl_keyring *keys = calloc(1, sizeof(*keys));
	enum hl_status status = keys ? from_bytes(&app->net, bytes, keys) : HL_ERR_NOMEM;

	if (status != HL_OK) {
		hl_keyring_free(keys);
		return hl_fail_status(status, "unlock this device's keys");
	}
	hl_keyring_free(app->keys);
	app->keys = keys;
	return HL_EXIT_OK;
}

enum hl_exit hl_keyring_create(struct hl_app *app)
{
	struct hl_secret plain HL_CLEAN_SECRET = {0};
	enum hl_status status = hl_secret_generate(&app->entropy, DEVICE_SIZE, &plain);
	enum hl_exit code;

	if (status)
		return hl_fail_status(status, "make keys");
	code = write_key(app, DEVICE, NULL, hl_view_secret(&plain));
	return code ? code : take(app, hl_view_secret(&plain));
}

enum hl_exit hl_keyring_open(struct hl_app *app)
{
	struct hl_buf plain HL_CLEAN_BUF = {0};
	enum hl_exit code;

	if (app->keys)
		return HL_EXIT_OK;
	code = read_key(app, DEVICE, NULL, &plain);
	if (!code)
		code = take(app, hl_view_buf(&plain));
	if (!code && app->joined && !hl_id_eq(&app->keys->kid, &app->kid))
		return hl_fail(HL_EXIT_NO,
			"device.key and device.db in %s are of different "
			"devices; bring both back from one backup",
			app->home);
	return code;
}

void hl_keyring_free(struct hl_keyring *keys)
{
	if (!keys)
		return;
	hl_sign_key_clear(&keys->sign);
	hl_dh_key_clear(&keys->link);
	hl_secret_clear(&keys->archive);
	free(keys);
}

enum hl_exit hl_root_create(struct hl_app *app, const char *path, struct hl_sign_key *ret)
{
	struct hl_sign_key key HL_CLEAN_SIGN_KEY = {{0}};
	enum hl_status status = hl_sign_key_generate(&app->entropy, &key);
	enum hl_exit code;

	if (status)
		return hl_fail_status(status, "make the root key");
	code = write_key(app, ROOT, path, hl_sign_key_seed(&key));
	if (code)
		return code;
	*ret = key;
	key = (struct hl_sign_key){{0}};
	return HL_EXIT_OK;
}

enum hl_exit hl_root_open(struct hl_app *app, const char *path, struct hl_sign_key *ret)
{
	struct hl_buf seed HL_CLEAN_BUF = {0};
	enum hl_exit code = read_key(app, ROOT, path, &seed);
	enum hl_status status;

	if (code)
		return code;
	status = hl_sign_key_from_secret(hl_view_buf(&seed), ret);
	return status ? hl_fail_status(status, "unlock the root key") : HL_EXIT_OK;
}

enum hl_status hl_box_seal(const struct hl_app *app, struct hl_view ad,
	struct hl_view plain, struct hl_buf *ret)
{
	struct hl_buf box HL_CLEAN_BUF = {0};
	enum hl_status status = hl_buf_reserve(&box, NONCE + plain.n + TAG);

	if (status)
		return status;
	randombytes_buf(box.p, NONCE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(box.p + NONCE, NULL, plain.p, plain.n,
		ad.p, ad.n, NULL, box.p, app->keys->archive.p);
	box.n = NONCE + plain.n + TAG;
	*ret = hl_buf_steal(&box);
	return HL_OK;
}

enum hl_status hl_box_open(const struct hl_app *app, struct hl_view ad,
	struct hl_view box, struct hl_buf *ret_plain)
{
	struct hl_buf plain HL_CLEAN_BUF = {0};
	enum hl_status status;

	if (box.n < NONCE + TAG)
		return HL_BAD_OPEN;
	status = hl_buf_reserve(&plain, box.n);
	if (status)
		return status;
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain.p, NULL, NULL, box.p + NONCE,
		    box.n - NONCE, ad.p, ad.n, box.p, app->keys->archive.p))
		return HL_BAD_OPEN;
	plain.n = box.n - NONCE - TAG;
	*ret_plain = hl_buf_steal(&plain);
	return HL_OK;
}
