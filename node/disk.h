/*
 * Files of the node's own directory: read only where nobody else could have written or read them,
 * written whole or not at all.
 */
#ifndef HL_NODE_DISK_H
#define HL_NODE_DISK_H

#include "protocol/hotline.h"

#define HL_CLEAN_FD HL_CLEAN(hl_fd_close)

/* Closes a descriptor that is not negative. */
void hl_fd_close(int *fd);

/* All return 0 or an errno; dirfd may be AT_FDCWD. */

/* A file of at most max bytes (EFBIG). secret: a plain file of ours or of root, which nobody else
 * may read or write, and no link (EPERM, ELOOP). Appends to an empty buffer. */
HL_MUST int hl_disk_read(
	int dirfd, const char *name, size_t max, bool secret, struct hl_buf *ret);

/* A new file of mode 0600 in place of nothing (EEXIST), durable with its directory's entry. */
HL_MUST int hl_disk_create(int dirfd, const char *name, struct hl_view bytes);

/* A sentence for people: what of it is wrong and what to do. Static, or strerror's. */
const char *hl_disk_reason(int error);

#endif
