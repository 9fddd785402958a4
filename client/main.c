/*
 * hotline: the hands of operators and monitors. Sees that the program and its libraries can be
 * trusted, then runs a command.
 */
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <sodium.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "client/commands.h"
#include "client/output.h"

int main(int argc, char **argv)
{
	struct rlimit none = {0, 0};
	struct hl_app app;
	enum hl_exit code;

	umask(077);
	setrlimit(RLIMIT_CORE, &none);
	signal(SIGPIPE, SIG_IGN);
	setlocale(LC_ALL, "");
	if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		setlocale(LC_CTYPE, "C.UTF-8");
	if (sodium_init() < 0)
		return (int)hl_fail(HL_EXIT_NO, "libsodium does not start");
	if (hl_selftest() != HL_OK)
		return (int)hl_fail(HL_EXIT_NO,
			"a cryptographic self-test failed: this program, its libraries or "
			"this machine "
			"cannot be trusted; install anew or use another");
	hl_json_init();
	code = hl_app_init(&app);
	if (!code)
		code = hl_dispatch(&app, argc, argv);
	hl_app_clear(&app);
	if (fflush(stdout) && !code)
		code = hl_fail(HL_EXIT_NO, "cannot write to standard output");
	return (int)code;
}
