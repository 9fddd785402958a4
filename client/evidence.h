/*
 * Attachments: files read into a letter, and saved from one under names that are safe here.
 */
#ifndef HL_CLIENT_EVIDENCE_H
#define HL_CLIENT_EVIDENCE_H

#include "client/commands.h"
#include "client/letters.h"

/* Files read for a letter. A file that would bring the letter above HL_ATTACH_MAX goes by name,
 * size and hash alone; by_hand counts those. */
struct hl_evidence_list {
	struct hl_evidence items[HL_EVIDENCE_MAX];
	struct hl_buf data[HL_EVIDENCE_MAX];
	size_t n, by_hand;
};
#define HL_CLEAN_EVIDENCE HL_CLEAN(hl_evidence_list_clear)
void hl_evidence_list_clear(struct hl_evidence_list *list);

/* --attach FILE…; says which files have to travel by hand. Names borrow argv. */
HL_MUST enum hl_exit hl_evidence_read(
	struct hl_app *app, const struct hl_args *args, struct hl_evidence_list *ret);

/* Size and SHA-256 of a file of any size. 0 or an errno. */
int hl_evidence_hash(const char *path, uint64_t *ret_size, struct hl_id *ret_hash);

/* A file name without slashes, leading dots, control or other unsafe characters; never empty. A
 * scrap. */
const char *hl_evidence_name(struct hl_app *app, struct hl_view name);

/* Writes an attachment that came with its letter into a directory, under its safe name or, where
 * that is taken, name-2, name-3, …. *ret_path is a scrap. */
HL_MUST enum hl_exit hl_evidence_save(struct hl_app *app, const char *dir,
	const struct hl_evidence *evidence, const char **ret_path);

#endif
