#include "client/evidence.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/keyring.h"
#include "client/output.h"

void hl_evidence_list_clear(struct hl_evidence_list *list)
{
	if (!list)
		return;
	for (size_t i = 0; i < list->n; i++)
		hl_buf_clear(&list->data[i]);
	*list = (struct hl_evidence_list){0};
}

/* The media type that the ending of a name stands for; "" where it says nothing. */
static const char *media_of(const char *name)
{
	static const char *const types[][2] = {{"csv", "text/csv"}, {"html", "text/html"},
		{"jpeg", "image/jpeg"}, {"jpg", "image/jpeg"},
		{"json", "application/json"}, {"log", "text/plain"},
		{"md", "text/markdown"}, {"pdf", "application/pdf"}, {"png", "image/png"},
		{"txt", "text/plain"}, {"yaml", "application/yaml"},
		{"yml", "application/yaml"}, {"zip", "application/zip"}};
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcasecmp(dot + 1, types[i][0]) == 0)
			return types[i][1];
	return "";
}

int hl_evidence_hash(const char *path, uint64_t *ret_size, struct hl_id *ret_hash)
{
	crypto_hash_sha256_state state;
	uint8_t part[65536];
	uint64_t size = 0;
	ssize_t n;
	int error = 0, fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return errno;
	crypto_hash_sha256_init(&state);
	while ((n = read(fd, part, sizeof(part))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			error = errno;
			break;
		}
		crypto_hash_sha256_update(&state, part, (unsigned long long)n);
		size += (uint64_t)n;
	}
	close(fd);
	if (error)
		return error;
	crypto_hash_sha256_final(&state, ret_hash->b);
	*ret_size = size;
	return 0;
}

static enum hl_exit read_one(struct hl_app *app, const char *path, size_t *room,
	struct hl_evidence *item, struct hl_buf *data, bool *ret_by_hand)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	int error = hl_file_get(AT_FDCWD, path, *room, false, data);

	if (error == EFBIG)
		error = hl_evidence_hash(path, &item->size, &item->sha256);
	else if (error == 0)
		item->has_data = true;
	if (error != 0)
		return hl_fail(
			HL_EXIT_USAGE, "cannot attach %s: %s", path, strerror(error));
	if (!*name || strlen(name) > 255 || !hl_text_ok(hl_view_str(name), HL_TEXT_LINE))
		return hl_fail(HL_EXIT_USAGE,
			"cannot attach %s: its name is no plain text; rename it first",
			hl_safe(app, hl_view_str(path)));
	item->name = hl_view_str(name);
	item->media = hl_view_str(media_of(name));
	*ret_by_hand = !item->has_data;
	if (!item->has_data)
		return HL_EXIT_OK;
	item->data = hl_view_buf(data);
	item->size = data->n;
	hl_sha256(&item->data, 1, &item->sha256);
	*room -= data->n;
	return HL_EXIT_OK;
}

enum hl_exit hl_evidence_read(
	struct hl_app *app, const struct hl_args *args, struct hl_evidence_list *ret)
{
	size_t room = HL_ATTACH_MAX;
	const char *path;

	for (size_t i = 0; (path = hl_option_at(args, "attach", i)); i++) {
		bool by_hand = false;
		enum hl_exit code;

		if (i == HL_EVIDENCE_MAX)
			return hl_usage_error(args, "a letter has at most %d attachments",
				HL_EVIDENCE_MAX);
		ret->n = i + 1;
		code = read_one(
			app, path, &room, &ret->items[i], &ret->data[i], &by_hand);
		if (code != HL_EXIT_OK)
			return code;
		ret->by_hand += by_hand;
		if (by_hand)
			hl_note("note: %s (%llu bytes) does not fit into the letter: its "
				"name, size and\n  SHA-256 go, the file itself travels "
				"by hand (hotline save ID --check FILE there)",
				path, (unsigned long long)ret->items[i].size);
	}
	return HL_EXIT_OK;
}

static bool plain(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		(c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-' || c == '+' ||
		c == ',' || c == '@';
}

const char *hl_evidence_name(struct hl_app *app, struct hl_view name)
{
	char safe[201];
	size_t n = 0;

	for (size_t i = 0; i < name.n && n < sizeof(safe) - 1; i++) {
		bool ok = plain(name.p[i]) && !(n == 0 && strchr(".-", name.p[i]));

		/* One _ for each run of what is not plain. */
		if (ok || n == 0 || safe[n - 1] != '_')
			safe[n++] = ok ? (char)name.p[i] : '_';
	}
	safe[n] = 0;
	return hl_scrap(app, "%s", n ? safe : "attachment");
}

/* name, name-2, name-3: the number goes before the ending. */
static const char *numbered(struct hl_app *app, const char *name, unsigned number)
{
	const char *dot = strrchr(name, '.');
	size_t stem = dot && dot != name ? (size_t)(dot - name) : strlen(name);

	if (number == 1)
		return name;
	return hl_scrap(
		app, "%.*s-%u%s", (int)stem, name, number, dot && dot != name ? dot : "");
}

enum hl_exit hl_evidence_save(struct hl_app *app, const char *dir,
	const struct hl_evidence *evidence, const char **ret_path)
{
	const char *name = hl_evidence_name(app, evidence->name), *as = name;
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), error;

	if (fd < 0)
		return hl_fail(HL_EXIT_USAGE, "cannot open the directory %s: %s", dir,
			strerror(errno));
	for (unsigned i = 1; i < 1000; i++) {
		as = numbered(app, name, i);
		error = hl_file_put(fd, as, evidence->data, false, 0600);
		if (error != EEXIST)
			break;
	}
	close(fd);
	if (error != 0)
		return hl_fail(
			HL_EXIT_NO, "cannot write %s/%s: %s", dir, as, strerror(error));
	*ret_path = hl_scrap(app, "%s/%s", dir, as);
	return HL_EXIT_OK;
}
