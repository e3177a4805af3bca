/* Clauses of a sentence: who is spoken of, and what the verb phrase says. Pure.
 *
 * "Actually, my sister Clara doesn't live in Rome because it is hot":
 *
 *   who      WHO_MY, noun "sister Clara"
 *   verb     live, denied, now; what follows: "in Rome"
 *   reason   "because it is hot" */
#ifndef MODEL_EXTRACT_CLAUSE_H
#define MODEL_EXTRACT_CLAUSE_H

#include <stdbool.h>

#include "memory-db/model/extract/dates.h"
#include "memory-db/model/extract/rules.h"
#include "memory-db/model/extract/words.h"

#define CLAUSES 8

enum who {
	WHO_NOBODY,
	WHO_I,
	WHO_WE,
	WHO_YOU,
	WHO_HE,	  /* he, she */
	WHO_IT,	  /* it, this, that, there */
	WHO_NAME, /* Bob, Ada Lovelace */
	WHO_MY,	  /* my sister */
	WHO_HIS,  /* his name, Bob's contract */
	WHO_OUR,  /* our server, the server */
	WHO_THING /* "Deployments run .." */
};

enum tense {
	T_NOW,
	T_PAST,
	T_GOING_ON, /* is living */
	T_PERFECT,  /* has lived */
	T_PERFECT_ON,
	T_CAN,
	T_WILL,
	T_GOING, /* is going to */
	T_MUST,
	T_USED, /* used to */
	T_WOULD,
	T_MAYBE, /* might, could, should */
	T_IS,	 /* is, with no verb behind */
	T_WAS,
	T_BEEN /* has been, with no verb behind */
};

struct clause {
	int first, end;
	enum who who;
	int noun, noun_end;   /* of the subject, without "my", "the" */
	int owner, owner_end; /* of WHO_HIS: "Bob"; the same: his */
	int lead, lead_end;   /* "for the backend," in front of it */
	int phrase;	      /* the first word of the verb phrase */
	int verb_at;	      /* the verb, or what follows "is" */
	int verb;	      /* its number; 0: not known */
	unsigned form;
	enum tense tense;
	bool is_denied, is_never, is_hedged, is_sure, has_verb;
	int often;		/* "usually"; -1: none */
	int reason, reason_end; /* from "because" on; 0: none */
	int clause_end;		/* of what follows the verb */
	bool is_condition;
	bool is_elided;	  /* nobody is named: "Finished it" */
	bool has_be;	  /* "will be", "must be" */
	bool has_got;	  /* "have got": has */
	bool is_going_on; /* ", working at ..": "is" stands further in front */
	bool inherits;	  /* "and work at ..": the subject of the one before */
};

/* The clauses of a sentence that have a subject and a verb. */
int clauses_read(const struct extract_words *w, const struct when *whens,
	int whens_n, struct clause ret[CLAUSES]);

/* Does a clause of its own begin at word i, and with which word? 0: none. */
int clause_begins(const struct extract_words *w, int i, int end);
/* Words before which a sentence begins to say something: "so", "by the way". */
int clause_skip_courtesy(const struct extract_words *w, int i);

/* --- clause_parts.c, for clause.c -------------------------------------------- */
/* The subject at i. Returns the word behind it, 0: there is none. */
int clause_subject(const struct extract_words *w, int i, int end,
	struct clause *c);
bool clause_starts(const struct extract_words *w, int i, int end);
/* The verb phrase from c->phrase on. False: there is no verb. */
bool clause_phrase(const struct extract_words *w, int end, struct clause *c);
/* May word i be the verb of a third person, or of many? */
bool clause_is_finite(const struct extract_words *w, int i, bool many,
	bool comma);
/* Over adverbs and "not", which c notes. */
int clause_over_adverbs(const struct extract_words *w, int i, int end,
	struct clause *c);
/* --- clause_subject.c */
/* "Priya: finished the search page": the word behind the name, 0: none. */
int clause_note_name(const struct extract_words *w, int i);
/* "sister", "boss", "dog": who belongs to somebody. */
bool clause_is_kin(const char *low);
/* "dad", "grandma": the speaker's own without "my". */
bool clause_is_own_kin(const char *low);

#endif
