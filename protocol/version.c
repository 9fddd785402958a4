#include "version.h"

const char *hl_version(void)
{
	return HL_RELEASE;
}
