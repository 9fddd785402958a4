/*
 * Preloaded into the commands of these tests, and linked into the client's unit tests: a key from a
 * passphrase at the least cost there is.
 * A root key takes half a second and 256 MiB to guess at (client/keyring.c), so that a thief pays
 * for each try; the tests, which know the passphrase, would pay a thousand times.
 */
#include <dlfcn.h>
#include <sodium.h>
#include <stdlib.h>

typedef int derive(unsigned char *const, unsigned long long, const char *const,
	unsigned long long, const unsigned char *const, unsigned long long, size_t, int);

__attribute__((visibility("default"))) int crypto_pwhash(unsigned char *const out,
	unsigned long long out_n, const char *const passphrase, unsigned long long n,
	const unsigned char *const salt, unsigned long long ops, size_t mem, int alg)
{
	derive *real = NULL;

	*(void **)&real = dlsym(RTLD_NEXT, "crypto_pwhash"); /* as POSIX has it */
	if (real == NULL)
		abort();
	if (ops > crypto_pwhash_OPSLIMIT_MIN)
		ops = crypto_pwhash_OPSLIMIT_MIN;
	if (mem > crypto_pwhash_MEMLIMIT_MIN)
		mem = crypto_pwhash_MEMLIMIT_MIN;
	return real(out, out_n, passphrase, n, salt, ops, mem, alg);
}
