/* Extracted facts into the memory; extract_store.h has the rules.
 *
 * Each fact is asked two questions first. Which entity is meant? "Kasia" in a
 * text may be "kasia" or "KASIA" in the memory, so its name is looked for in
 * four spellings before a new entity is made. And does the entity say so
 * already? Its newest facts are compared word by word; what is known is
 * confirmed instead of stored again (model/write/told_again.h).
 *
 *   memory   kasia  "lives in Rome"
 *   text     Kasia  lives in Rome          known: confirmed
 *            Kasia  moved to Oslo          stored, of kasia */
#include "memory-db/model/extract/extract_store.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/model/order/fact_compare.h"
#include "memory-db/model/read/instruction.h"
#include "memory-db/model/scope/observation.h"
#include "memory-db/model/write/fact_tags_write.h"
#include "memory-db/model/write/repeats_compare.h"
#include "memory-db/model/write/told_again.h"
#include "memory-db/model/write/write_entity.h"
#include "memory-db/store/facts/facts.h"

/* A verdict counts from here on, as for detect_conflicts. */
#define SURE 0.85

void
extract_kept_done(struct extract_kept *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(v[i].same_as);
}

/* --- beside what is known --------------------------------------------------------- */
struct comparison {
	struct write *w;
	const struct extracted *x;
	const struct extract_source *source;
	struct repeats_text words;
	struct extract_kept *ret;
	struct err *e;
};

static int
extract_store_set_text(char **to, const char *s, size_t n, struct err *e)
{
	free(*to);
	*to = strndup(s, n);
	return *to ? 0 : err_nomem(e);
}

/* Stops the walk without an answer; 1 is the answer. */
#define LOOKED_ENOUGH 2

/* 1: it says the same. */
static int
compare_with(void *ctx, const struct fact *f)
{
	struct comparison *c = ctx;
	AUTO_FREE char *text = strndup(f->text, f->text_n);
	struct fact_said old = {c->x->subject, text, f->valid_from, INT64_MAX};
	struct fact_said new = {c->x->subject, c->x->text, c->x->from,
		INT64_MAX};
	struct fact_verdict v = {0};
	struct repeats_text words;
	int rc;

	if (!text || repeats_read(f->text, f->text_n, &words) != 0)
		return err_nomem(c->e);
	if (c->w->looks++ > c->source->looks)
		return LOOKED_ENOUGH;
	if (repeats_compare(&words, &c->words) == ALIKE_SAME) {
		c->ret->fact = f->id;
		rc = extract_store_set_text(&c->ret->same_as, f->text,
			f->text_n, c->e);
		return rc != 0 ? rc : 1;
	}
	if (fact_compare(&old, &new, &v) != 0)
		return err_nomem(c->e);
	rc = 0;
	if (v.confidence >= SURE && v.kind == FACTS_DUPLICATE) {
		c->ret->fact = f->id;
		rc = extract_store_set_text(&c->ret->same_as, f->text,
			f->text_n, c->e);
		rc = rc != 0 ? rc : 1;
	}
	buf_done(&v.reason);
	return rc;
}

/* 1: the entity says so already. */
static int
extract_store_is_known(struct write *w, const struct extracted *x,
	const struct extract_source *source, struct extract_kept *ret,
	struct err *e)
{
	struct comparison c = {.w = w,
		.x = x,
		.source = source,
		.ret = ret,
		.e = e};
	int rc;

	rc = fact_find_text(w->st, ret->entity, FACT_OBSERVATION, x->text,
		strlen(x->text), &ret->fact, e);
	if (rc != 0)
		return rc;
	if (repeats_read(x->text, strlen(x->text), &c.words) != 0)
		return err_nomem(e);
	rc = fact_each_newest(w->st, ret->entity, 1, LIMIT_ALIKE_BYTES,
		LIMIT_ALIKE_FACTS, compare_with, &c, e);
	return rc < 0 ? rc : rc == 1;
}

/* --- writing -------------------------------------------------------------------------- */
/* "kasia", "Kasia", "KASIA": as the memory may write the name. */
enum spelling { AS_WRITTEN, LOWER, CAPITALS, LOUD, SPELLINGS };

static void
spell(const char *name, size_t n, enum spelling how, char *out)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)name[i];
		bool first = i == 0 || name[i - 1] == ' ';

		if (how == LOWER)
			out[i] = (char)tolower(c);
		else if (how == LOUD || (how == CAPITALS && first))
			out[i] = (char)toupper(c);
		else
			out[i] = (char)(how == CAPITALS ? tolower(c) : c);
	}
	out[n] = '\0';
}

static int
extract_store_need_entity(struct write *w, const struct extracted *x,
	int64_t *ret, struct err *e)
{
	struct fact defaults = write_fact(0, FACT_EXISTENCE);
	char name[LIMIT_NAME_BYTES + 1];
	size_t n = strlen(x->name);

	for (int how = AS_WRITTEN; how < SPELLINGS && n < sizeof(name); how++) {
		int rc;

		spell(x->name, n, (enum spelling)how, name);
		rc = write_find_entity(w, name, ret, e);
		if (rc != 0)
			return rc < 0 ? rc : 0;
	}
	defaults.method = METHOD_AUTO;
	return write_entity_new(w, x->name, x->is_person ? "person" : "project",
		&defaults, ret, e);
}

/* The line that says it, and what kind of fact it is. */
static int
extract_store_add_note(struct write *w, const struct extracted *x,
	const struct extract_kept *k, struct err *e)
{
	AUTO_BUF struct buf line = {0};
	AUTO_JSON json_t *note = NULL;
	int rc = 0;

	if (w->ctx->secrets != SECRETS_ALLOW)
		rc = secret_mark(x->line, strlen(x->line), &line, NULL);
	else
		rc = buf_adds(&line, x->line);
	if (rc != 0)
		return err_nomem(e);
	note = json_pack("{s:s,s:s%,s:s,s:s}", "kind",
		extract_kind_name(x->kind), "line", line.data ? line.data : "",
		line.len, "attribute", x->attribute, "value", x->value);
	if (note && x->is_of_model &&
		jx_set(note, "by", json_string("model")) != 0)
		return err_nomem(e);
	/* A line cut within a character, or no text: kept without it. */
	if (!note)
		note = json_pack("{s:s}", "kind", extract_kind_name(x->kind));
	return !note ? err_nomem(e)
		     : fact_tags_note(w, k->entity, k->fact, note, "facts", e);
}

static int
extract_store_add_fact(struct write *w, const struct extracted *x,
	const struct extract_source *source, struct extract_kept *k,
	struct err *e)
{
	static const char *const tags[] = {INSTRUCTION_TAG};
	struct observation_in o =
		observation_in(x->text, strlen(x->text), METHOD_AUTO);
	int rc;

	o.confidence = x->confidence;
	o.source = source->session;
	o.speaker = x->speaker[0] ? x->speaker : NULL;
	o.source_at = x->said_at != EXTRACT_NO_TIME ? x->said_at : source->at;
	o.valid_from = x->from;
	o.valid_to = x->to;
	o.is_claimed = w->ctx->is_agent || x->is_of_model;
	if (x->kind == EXTRACT_INSTRUCTION) {
		o.tags = tags;
		o.tags_n = 1;
	}
	rc = write_observation(w, k->entity, &o, &k->fact, e);
	if (rc <= 0) {
		k->state = EXTRACT_KNOWN;
		return rc;
	}
	return extract_store_add_note(w, x, k, e);
}

int
extract_store(struct write *w, const struct extracted *x,
	const struct extract_source *source, struct extract_kept *k,
	struct err *e)
{
	int rc = extract_store_need_entity(w, x, &k->entity, e);

	if (rc != 0)
		return rc;
	rc = extract_store_is_known(w, x, source, k, e);
	if (rc < 0)
		return rc;
	if (rc == 1) {
		k->state = EXTRACT_KNOWN;
		rc = told_again(w, k->entity, k->fact, e);
		return rc < 0 ? rc : 0;
	}
	rc = extract_store_add_fact(w, x, source, k, e);
	if (rc < 0 || k->state != EXTRACT_STORED)
		return rc < 0 ? rc : 0;
	return write_note(w, x->name, e);
}
