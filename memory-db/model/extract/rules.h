/* The rules of a language: which verbs and nouns say something worth keeping, and
 * the forms that verbs have. The data stand in english.def. Pure. */
#ifndef MODEL_EXTRACT_RULES_H
#define MODEL_EXTRACT_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "memory-db/model/extract/extract.h"
#include "memory-db/model/extract/words.h"

enum rule_flag {
	/* In which forms of the verb it counts. */
	R_NOW = 1 << 0,	     /* lives, do not live */
	R_PAST = 1 << 1,     /* lived */
	R_ING = 1 << 2,	     /* is living */
	R_PERF = 1 << 3,     /* has lived */
	R_PERF_ING = 1 << 4, /* has been living; so do R_ING and R_NOW */
	R_CAN = 1 << 5,	     /* can speak */
	R_CANNOT = 1 << 6,   /* can't stand, and in no other form */
	R_NOT = 1 << 7,	     /* only when it is denied */
	R_WILL = 1 << 8,     /* will go with */
	R_WILLING = 1 << 9,  /* "is flying to": needs a time or a place */
	/* What must stand behind it. */
	R_BARE = 1 << 10,      /* nothing */
	R_TO = 1 << 11,	       /* a verb may: likes to swim */
	R_NAMED = 1 << 12,     /* a name, a number, code */
	R_NUMBER = 1 << 13,    /* a number */
	R_OWNS = 1 << 14,      /* what one has for long: two kids, a dog */
	R_THINGS = 1 << 15,    /* "a dog", "our house": no feelings, no "it" */
	R_DATED = 1 << 16,     /* a time, somewhere in the sentence */
	R_OFTEN = 1 << 17,     /* how often */
	R_VERSION = 1 << 18,   /* "on Node 18" */
	R_WHEN = 1 << 19,      /* a time */
	R_PASTNAMED = 1 << 20, /* in the past only with a name */
	/* Of whom. */
	R_WHO = 1 << 21,   /* people */
	R_THING = 1 << 22, /* the server, our API */
	R_WE = 1 << 23,	   /* of "we": about the project */
	R_ITS = 1 << 24,   /* behind the, our, its: about the project */
	R_HABIT = 1 << 25, /* "used to" and "always" belong to it */
	R_NEVER = 1 << 26,
	R_MEAL = 1 << 29, /* "for breakfast", "usually" */
	R_TECH = 1
		 << 28, /* a tool, or what is no place: "moved to a monorepo" */
	R_SHOP = 1 << 27 /* services, nodes: what a project has */
};

struct rule {
	enum extract_kind kind;
	const char *words; /* particles of a verb, phrases, heads */
	unsigned flags;
	int sureness;
};

enum verb_form {
	FORM_BASE = 1,
	FORM_THIRD = 2,
	FORM_PAST = 4,
	FORM_PART = 8,
	FORM_ING = 16
};

/* The verb of a form: its number, 0: none; *ret: the forms it may be. */
int rules_verb(const char *low, unsigned *ret);
/* 0: rules speak of the verb; 1: it is only known to be one; 2: and its word is a
 * noun as often ("waters"). */
int rules_general(int verb);
/* Base form of a verb, and of a verb any third person: "lives". */
const char *rules_base(int verb);
/* "lived", "went". */
const char *rules_past(int verb);
const char *rules_third(int verb, const char *low, char room[WORD_BYTES + 4]);
/* Rules of a verb whose particle stands at word i, the longest first. Returns how
 * many. */
#define RULES_FIT 12
struct rule_fit {
	const struct rule *rule;
	int n; /* words of the particle */
};
int rules_of_verb(const struct extract_words *w, int verb, int i,
	struct rule_fit ret[RULES_FIT]);
/* The longest state whose phrase stands at i; ret_n: its words. */
const struct rule *rules_state(const struct extract_words *w, int i,
	int *ret_n);
/* The noun rule of which an entry ends before word `end` and begins at or behind
 * `first`; its: those for the things of a project. */
const struct rule *rules_noun(const struct extract_words *w, int first, int end,
	bool its, int *ret_at);

#endif
