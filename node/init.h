/*
 * hotlined init: makes a node's directory. Its keys, its store with the lab's cards put in, its
 * configuration, and the request that the lab's root answers with a card that names the node.
 */
#ifndef HL_NODE_INIT_H
#define HL_NODE_INIT_H

#define HL_NODE_REQUEST_FILE "node-request.hotline"

/* Runs `hotlined init …`; argv[0] is "init". Needs hl_sandbox_early before it. Returns the exit
 * code: 0 done, 1 refused (said on standard error), 2 wrong usage. */
int hl_init_run(int argc, char **argv);

#endif
