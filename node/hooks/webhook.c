/* webhook URL [HEADER-FILE]: posts the document as it came. HEADER-FILE holds one more header, such
 * as "Authorization: Bearer …". */
#include <stdio.h>
#include <stdlib.h>

#include "node/hooks/hook.h"

int main(int argc, char **argv)
{
	char *secret = NULL, *key = NULL;

	if (argc < 2 || argc > 3)
		hook_die("usage: webhook URL [HEADER-FILE]");
	json_t *doc = hook_read("hotline.hook.1");
	char *body = json_dumps(doc, JSON_COMPACT | JSON_ENSURE_ASCII);
	if (argc == 3)
		secret = hook_secret(argv[2]);
	if (body == NULL ||
		asprintf(&key, "Idempotency-Key: %s", hook_text(doc, "dedup_key")) < 0)
		hook_die("no memory");
	const char *const headers[] = {
		"Content-Type: application/json", key, secret, NULL};
	int status = hook_post(argv[1], headers, body);
	free(secret);
	free(key);
	free(body);
	json_decref(doc);
	return status;
}
