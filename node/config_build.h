/*
 * From what libConfuse has read, and was found good, to a configuration.
 */
#ifndef HL_NODE_CONFIG_BUILD_H
#define HL_NODE_CONFIG_BUILD_H

#include <confuse.h>

#include "node/config.h"

/* A path as it is used, on the heap: from dir where it is not absolute. NULL without memory. */
char *hl_config_absolute(const char *dir, const char *path);

/* Fills an empty configuration. False without memory, or where a psk-file cannot be read any more;
 * ret is then half made. */
bool hl_config_build(cfg_t *cfg, const char *dir, struct hl_config *ret);

/* config_hook.c: the part of hooks, policies and persons; as above. */
bool hl_config_build_hooks(cfg_t *cfg, struct hl_config *ret);

#endif
