#include "node/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/disk.h"

#define KEYS_FORMAT   1
#define KEYS_FILE_MAX 1024

static enum hl_status fill(void *ctx, uint8_t *p, size_t n)
{
	(void)ctx;
	randombytes_buf(p, n);
	return HL_OK;
}

struct hl_entropy hl_system_entropy(void)
{
	return (struct hl_entropy){fill, NULL};
}

/* Opens the directory; nothing that others could have put there is trusted. */
static int open_dir(
	const char *dir, int *ret_fd, char ret_error[static HL_NODE_ERROR_MAX])
{
	int fd HL_CLEAN_FD = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st)) {
		snprintf(ret_error, HL_NODE_ERROR_MAX, "%s: %s", dir,
			errno == ENOENT
				? "there is no such directory; hotlined init makes it"
				: errno == ENOTDIR
				? "it must be a directory, not a file or a link"
				: strerror(errno));
		return -1;
	}
	if (st.st_uid != geteuid()) {
		snprintf(ret_error, HL_NODE_ERROR_MAX,
			"%s: it belongs to uid %u, but this runs as uid %u: start it as its "
			"owner, or type: chown -R %u %s",
			dir, (unsigned)st.st_uid, (unsigned)geteuid(),
			(unsigned)geteuid(), dir);
		return -1;
	}
	if (st.st_mode & 077) {
		snprintf(ret_error, HL_NODE_ERROR_MAX,
			"%s: others may enter it (mode %04o); type: chmod 700 %s", dir,
			(unsigned)st.st_mode & 07777, dir);
		return -1;
	}
	*ret_fd = fd;
	fd = -1;
	return 0;
}

int hl_state_dir_check(const char *dir, char ret_error[static HL_NODE_ERROR_MAX])
{
	int fd HL_CLEAN_FD = -1;

	return open_dir(dir, &fd, ret_error);
}

bool hl_node_keys_exist(const char *dir)
{
	int fd HL_CLEAN_FD = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0 &&
		(faccessat(fd, HL_NODE_KEYS_FILE, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ||
			errno != ENOENT);
}

/* [1, net, lab, signing seed, link secret, sealing secret] */
static enum hl_status encode(const struct hl_node_keys *keys, struct hl_buf *ret)
{
	struct hl_out out HL_CLEAN_OUT = {0};

	hl_out_init(&out);
	hl_out_array(&out, 6);
	hl_out_uint(&out, KEYS_FORMAT);
	hl_out_id(&out, &keys->net);
	hl_out_id(&out, &keys->lab);
	hl_out_bin(&out, hl_sign_key_seed(&keys->sign));
	hl_out_bin(&out, hl_view_secret(&keys->link.sk));
	hl_out_bin(&out, hl_view_secret(&keys->seal.sk));
	return hl_out_finish(&out, ret);
}

static enum hl_status decode(struct hl_view bytes, struct hl_node_keys *keys)
{
	struct hl_in in HL_CLEAN_IN = {0};
	struct hl_view sign, link, seal;
	enum hl_status status;

	hl_in_init(&in, bytes, KEYS_FILE_MAX);
	hl_in_array(&in, 6, 6);
	hl_in_uint(&in, KEYS_FORMAT, KEYS_FORMAT);
	hl_in_id(&in, &keys->net);
	hl_in_id(&in, &keys->lab);
	sign = hl_in_bin(&in, HL_KEY_SIZE, HL_KEY_SIZE);
	link = hl_in_bin(&in, HL_KEY_SIZE, HL_KEY_SIZE);
	seal = hl_in_bin(&in, HL_KEY_SIZE, HL_KEY_SIZE);
	hl_in_end(&in);
	status = hl_in_finish(&in);
	if (status == HL_OK)
		status = hl_sign_key_from_secret(sign, &keys->sign);
	if (status == HL_OK)
		status = hl_dh_key_from_secret(link, &keys->link);
	if (status == HL_OK)
		status = hl_dh_key_from_secret(seal, &keys->seal);
	if (status == HL_OK)
		hl_key_id(&keys->net, HL_ROLE_NODE_SIGN, keys->sign.pub, &keys->kid);
	return status;
}

static enum hl_status generate(
	const struct hl_id *net, const struct hl_id *lab, struct hl_node_keys *keys)
{
	struct hl_entropy entropy = hl_system_entropy();
	enum hl_status status = hl_sign_key_generate(&entropy, &keys->sign);

	if (status == HL_OK)
		status = hl_dh_key_generate(&entropy, &keys->link);
	if (status == HL_OK)
		status = hl_dh_key_generate(&entropy, &keys->seal);
	if (status != HL_OK)
		return status;
	keys->net = *net;
	keys->lab = *lab;
	hl_key_id(net, HL_ROLE_NODE_SIGN, keys->sign.pub, &keys->kid);
	return HL_OK;
}

int hl_node_keys_create(const char *dir, const struct hl_id *net, const struct hl_id *lab,
	struct hl_node_keys *ret, char ret_error[static HL_NODE_ERROR_MAX])
{
	struct hl_node_keys keys HL_CLEAN_NODE_KEYS = {0};
	struct hl_buf bytes HL_CLEAN_BUF = {0};
	int fd HL_CLEAN_FD = -1;
	enum hl_status status;
	int error;

	if (open_dir(dir, &fd, ret_error))
		return -1;
	status = generate(net, lab, &keys);
	if (status == HL_OK)
		status = encode(&keys, &bytes);
	if (status != HL_OK) {
		snprintf(ret_error, HL_NODE_ERROR_MAX,
			"the node's keys could not be made: %s", hl_status_text(status));
		return -1;
	}
	error = hl_disk_create(fd, HL_NODE_KEYS_FILE, hl_view_buf(&bytes));
	if (error) {
		snprintf(ret_error, HL_NODE_ERROR_MAX, "%s/" HL_NODE_KEYS_FILE ": %s",
			dir, hl_disk_reason(error));
		return -1;
	}
	*ret = keys;
	memset(&keys, 0, sizeof(keys));
	return 0;
}

int hl_node_keys_load(const char *dir, const struct hl_id *net, struct hl_node_keys *ret,
	char ret_error[static HL_NODE_ERROR_MAX])
{
	struct hl_node_keys keys HL_CLEAN_NODE_KEYS = {0};
	struct hl_buf bytes HL_CLEAN_BUF = {0};
	const char *why = NULL;
	int fd HL_CLEAN_FD = -1;
	int error;

	if (open_dir(dir, &fd, ret_error))
		return -1;
	error = hl_disk_read(fd, HL_NODE_KEYS_FILE, KEYS_FILE_MAX, true, &bytes);
	if (error == ENOENT)
		why = "there are no keys yet; hotlined init makes them";
	else if (error)
		why = hl_disk_reason(error);
	else if (decode(hl_view_buf(&bytes), &keys) != HL_OK)
		why = "it is damaged; bring it back from a backup, or remove it and run "
		      "hotlined init again";
	else if (!hl_id_eq(&keys.net, net))
		why = "these keys were made for another network; set network in the "
		      "configuration to the one that hotlined init was given";
	if (why) {
		snprintf(ret_error, HL_NODE_ERROR_MAX, "%s/" HL_NODE_KEYS_FILE ": %s",
			dir, why);
		return -1;
	}
	*ret = keys;
	memset(&keys, 0, sizeof(keys));
	return 0;
}

void hl_node_keys_clear(struct hl_node_keys *keys)
{
	if (!keys)
		return;
	hl_sign_key_clear(&keys->sign);
	hl_dh_key_clear(&keys->link);
	hl_dh_key_clear(&keys->seal);
	memset(keys, 0, sizeof(*keys));
}
