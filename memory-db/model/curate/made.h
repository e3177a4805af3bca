/* What curation makes: entities of the words of others, each text with the facts
 * it is from. */
#ifndef MODEL_CURATE_MADE_H
#define MODEL_CURATE_MADE_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/write/write.h"

/* A free name of a text without its numbers: "deploy 3" of the kind "pattern" is
 * "deploy (pattern)", and "deploy (pattern 2)" where that is taken. */
int made_name(struct write *w, const char *text, size_t n, const char *kind,
	struct buf *out, struct err *e) MUST_CHECK;
/* 1: the entity, or a fact of it, is to go by itself. What is made of it would
 * stay, so nothing is. */
int made_has_end(struct store *st, int64_t entity, struct err *e) MUST_CHECK;
/* A relation derived_from. */
int made_relate(struct write *w, int64_t entity, int64_t to, struct err *e)
	MUST_CHECK;
/* A text with the facts that it is from. */
int made_text(struct write *w, int64_t entity, const char *text, size_t n,
	const int64_t *sources, int sources_n, struct err *e) MUST_CHECK;

#endif
