/*
 * fuzz: what every fuzz target has in common.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "protocol/hotline.h"

/* The entry that libFuzzer and replay.c call; returns 0. Must not keep data. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Called once before the first input; returns 0. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* Ends the program with the place and the words: the input is a finding. */
#define fuzz_require(cond)                                                         \
	do {                                                                       \
		if (!(cond)) {                                                     \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, \
				#cond);                                            \
			abort();                                                   \
		}                                                                  \
	} while (0)

/* The network of the corpus. */
static inline void fuzz_net(struct hl_id *ret)
{
	hl_net_id(hl_view_str("hotline test vectors"), ret);
}

/* A key to sign with what was read. */
static inline void fuzz_key(struct hl_sign_key *ret)
{
	const uint8_t seed[32] = {7};

	fuzz_require(hl_sign_key_from_secret(HL_VIEW(seed), ret) == HL_OK);
}

#endif
