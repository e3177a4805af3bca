/* What a fact says of another entity, as a relation; triple.h has examples.
 * The fact is taken apart by its text alone: the object is the longest end of
 * it, of five words at most, that names an entity; what stands before it, of
 * one to four words, is the attribute. A fact that is denied, or whose end
 * names nothing, gives no relation. */
#include "memory-db/model/curate/triple.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/buf.h"
#include "common/limits.h"
#include "memory-db/model/write/write_entity.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/log/derivations.h"

#define WORDS	     9
#define OBJECT_WORDS 5
#define VERB_WORDS   4
#define TEXT_MOST    200

struct triple {
	int64_t entity;
	char text[TEXT_MOST + 1]; /* its words, each closed by a NUL */
	char *word[WORDS];
	int n; /* 0: it is none */
};

static bool
triple_denies(const char *word)
{
	static const char *const words[] = {"not", "never", "no", "cannot",
		"nobody", "if", "maybe", "might", "could", "would"};
	size_t n = strlen(word);

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcasecmp(word, words[i]) == 0)
			return true;
	return n > 3 && strcasecmp(word + n - 3, "n't") == 0;
}

/* Without the stop at its end; one that has another inside is no triple. */
static int
triple_take_apart(void *ctx, const struct fact *f)
{
	struct triple *t = ctx;
	size_t n = f->text_n;
	char *at, *save = NULL;

	t->entity = f->entity;
	if (f->kind != FACT_OBSERVATION || f->erased || n > TEXT_MOST)
		return 0;
	while (n > 0 && strchr(".!; \n", f->text[n - 1]))
		n--;
	memcpy(t->text, f->text, n);
	t->text[n] = '\0';
	if (strpbrk(t->text, ",;:?\n\"") != NULL)
		return 0;
	for (at = strtok_r(t->text, " \t", &save); at;
		at = strtok_r(NULL, " \t", &save)) {
		if (t->n == WORDS || triple_denies(at)) {
			t->n = 0;
			return 0;
		}
		t->word[t->n++] = at;
	}
	return 0;
}

static int
triple_join(const struct triple *t, int from, int to, struct buf *out,
	struct err *e)
{
	out->len = 0;
	for (int i = from; i < to; i++)
		if (buf_addf(out, "%s%s", i > from ? " " : "", t->word[i]) != 0)
			return err_nomem(e);
	return buf_str(out) ? 0 : err_nomem(e);
}

/* 1 found: *ret_at is its first word. */
static int
find_object(struct write *w, const struct triple *t, int64_t *ret, int *ret_at,
	struct err *e)
{
	AUTO_BUF struct buf name = {0};
	int first = t->n - OBJECT_WORDS > 1 ? t->n - OBJECT_WORDS : 1;

	for (int at = first; at < t->n; at++) {
		int rc;

		if (at > VERB_WORDS)
			break;
		rc = triple_join(t, at, t->n, &name, e);
		if (rc)
			return rc;
		rc = write_find_entity(w, name.data, ret, e);
		if (rc < 0)
			return rc;
		if (rc == 1 && *ret != t->entity) {
			*ret_at = at;
			return 1;
		}
	}
	return 0;
}

int
triple_relate(struct write *w, int64_t fact, struct err *e)
{
	struct fact f = write_fact(0, FACT_RELATION);
	struct triple t = {0};
	AUTO_BUF struct buf verb = {0};
	struct observation_source source = {NULL, fact};
	int64_t have;
	int at = 0, rc = fact_get(w->st, fact, triple_take_apart, &t, e);

	if (rc < 0 || t.n < 2)
		return rc < 0 ? rc : 0;
	rc = find_object(w, &t, &f.peer, &at, e);
	if (rc != 1)
		return rc;
	rc = triple_join(&t, 0, at, &verb, e);
	if (rc || verb.len > LIMIT_TYPE_BYTES)
		return rc;
	f.entity = t.entity;
	f.method = METHOD_AUTO;
	f.flags = FACT_DERIVED;
	rc = label_intern(w->st, verb.data, &f.label, e);
	if (rc)
		return rc;
	rc = fact_find_relation(w->st, f.entity, f.peer, f.label, false, &have,
		e);
	if (rc)
		return rc < 0 ? rc : 0;
	rc = write_add(w, &f, e);
	if (rc)
		return rc;
	return write_source_add(w, f.entity, w->last_fact, &source, "day", e);
}
