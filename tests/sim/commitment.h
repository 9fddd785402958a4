/* The next letter that is sealed carries a foreign commitment. Needs hl_slip_make wrapped. */
#ifndef HL_TESTS_COMMITMENT_H
#define HL_TESTS_COMMITMENT_H

#include <stdbool.h>

void commitment_foreign(bool is);

#endif
