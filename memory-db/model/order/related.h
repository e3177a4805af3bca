/* What entities have to do with one entity, or with a text, and why:
 *
 *   relations  one or two steps away: "ada works at acme", and through acme
 *              "bob works at acme"
 *   words      their facts share words that few others have
 *   names      a fact of the one names the other
 *   tags       both have a tag that few have
 *   session    somebody wrote of both in one session
 *
 * Each kind gives a likelihood from 0 to 1 for each entity; an entity's score is
 * that of at least one of them being right, 1 - (1 - a)(1 - b)... So what is
 * near in several ways comes before what is near in one, and no sum passes 1.
 *
 * Nothing of this is kept: it is found when it is asked, under the lens, within
 * bounds that stand below. */
#ifndef MODEL_ORDER_RELATED_H
#define MODEL_ORDER_RELATED_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/scope/idset.h"
#include "memory-db/model/scope/scope.h"

struct store;

enum related_kind { /* in the order of tool_related_kinds */
	RELATED_RELATIONS,
	RELATED_WORDS,
	RELATED_NAMES,
	RELATED_TAGS,
	RELATED_SESSION,
	RELATED_KINDS
};

/* Words of the start that are compared: bits of a mask. */
#define RELATED_WORDS_MAX 64
/* Reasons kept of an entity, the first ones. */
#define RELATED_WHY 4

struct related_request {
	const struct scope *scope;
	int64_t entity;	  /* 0: the text is what is asked about */
	const char *name; /* of the entity, or "" */
	const char *text;
	size_t text_n;
	unsigned kinds; /* mask of 1 << kind */
	int64_t deadline_ns;
};

struct related_why {
	enum related_kind kind;
	int64_t label;	      /* of the relation, tag or session */
	int64_t via, label_2; /* a second step: through which entity, by what */
	bool is_incoming;     /* relations: it leads to the start; names: a
				 fact of the other names the start */
};

struct related_row {
	int64_t entity;
	double miss; /* that none of the kinds is right */
	uint64_t words;
	unsigned kinds;
	int why_n;
	struct related_why why[RELATED_WHY];
};

struct related {
	struct related_row *rows; /* owned; the nearest first */
	size_t n, cap;
	struct idset at; /* entity -> its place in rows, from 1, while found */
	/* The words of the start, folded; owned. */
	struct {
		char *word;
		int rows; /* that have it */
	} words[RELATED_WORDS_MAX];
	size_t words_n;
	bool is_partial; /* stopped at the deadline, or at a bound */
};

/* 0 or negative; *ret is the caller's to end also then. */
int related_find(struct store *st, const struct related_request *request,
	struct related *ret, struct err *e) MUST_CHECK;
void related_done(struct related *r);
#define AUTO_RELATED __attribute__((cleanup(related_done)))

double related_score(const struct related_row *row);
/* The reasons in words. name: of the row. *ret: new array of texts. */
int related_reasons(struct store *st, const struct related_request *request,
	const struct related *r, const struct related_row *row,
	const char *name, json_t **ret, struct err *e) MUST_CHECK;

#endif
