/*
 * What docs.c keeps in memory: parsed documents, each read and verified into form once. They stay
 * until the program ends, so that what was handed out stays good.
 */
#ifndef HL_CLIENT_LIBRARY_H
#define HL_CLIENT_LIBRARY_H

#include "client/docs.h"

struct hl_held_card {
	struct hl_held_card *next;
	struct hl_card card;
	bool newest; /* of its lab, as far as was last looked */
};

struct hl_held_directory {
	struct hl_held_directory *next;
	struct hl_directory directory;
	bool newest;
};

struct hl_library {
	struct hl_held_card *cards;
	struct hl_held_directory *directories;
};

/* The library of app, made when it is first asked for; NULL when there is no memory. */
struct hl_library *hl_library_of(struct hl_app *app);

/* Forget which is the newest: a newer one was taken in. */
void hl_library_turn(struct hl_app *app);

#endif
