/*
 * Which values the configuration may have; each check returns NULL or what is allowed instead.
 */
#ifndef HL_NODE_CONFIG_CHECK_H
#define HL_NODE_CONFIG_CHECK_H

#include "node/config.h"

/* Where the text itself cannot be taken: control characters, text that is not UTF-8, "${", what is
 * never closed. Writes the line's number. */
const char *hl_config_text_check(struct hl_view text, unsigned *ret_line);

/* Puts blanks in place of comments: libConfuse counts their lines twice. */
void hl_config_text_blank(struct hl_buf *text);

const char *hl_config_network_check(const char *value);
const char *hl_config_listen_check(const char *value);
const char *hl_config_address_check(const char *value);
const char *hl_config_path_check(const char *value);
const char *hl_config_socket_mode_check(const char *value);
const char *hl_config_user_check(const char *value);
const char *hl_config_level_check(const char *value);
const char *hl_config_peer_check(const char *value);

/* Of values that were checked. */
unsigned hl_config_socket_mode(const char *value);
int hl_config_level(const char *value);

/* The 64 hexadecimal digits of a psk-file. 0 or an errno (EINVAL: not such digits, or zeros). */
HL_MUST int hl_config_psk_read(const char *path, struct hl_key32 *ret);

#endif
