/* The merge of single facts: observations, relations, and what is said of
 * facts (tags and metadata of one observation).
 *
 * Facts are a set, so both sides' new facts come together and nothing is in
 * conflict: the branch added "likes tea", the parent "plays chess", and the
 * merge has both. The metadata of a fact is one value. Set differently on
 * both sides it is a conflict, and the parent keeps its own. */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/model/time/merge_internal.h"

static int
copy_item(void *ctx, const struct fact *f)
{
	struct merge_item *x = ctx;

	x->f = *f;
	x->text = malloc(f->text_n + 1);
	if (!x->text)
		return MDB_E_NOMEM;
	memcpy(x->text, f->text, f->text_n);
	x->text[f->text_n] = '\0';
	x->f.text = x->text;
	return 0;
}

int
merge_item_load(struct merge *m, int64_t fact, struct merge_item *x)
{
	int rc = fact_get(m->st, fact, copy_item, x, m->e);

	m->looked++;
	if (rc == MDB_E_NOMEM)
		return err_nomem(m->e);
	if (rc >= 0)
		rc = branch_sees(m->st, fact, &m->base, &x->base, NULL, m->e);
	if (rc != 0)
		return rc;
	rc = branch_sees(m->st, fact, &m->theirs, &x->theirs, NULL, m->e);
	if (rc != 0)
		return rc;
	return branch_sees(m->st, fact, &m->ours, &x->ours, NULL, m->e);
}

int
merge_item_hide(struct merge *m, const struct merge_item *x)
{
	/* What is not visible there has no span that could be closed. */
	assert(x->ours);
	m->out->removed++;
	if (m->pick && !idset_put(&m->gone, x->f.id))
		return err_nomem(m->e);
	return x->f.kind == FACT_OBSERVATION
		       ? write_hide_marked(m->w, x->f.entity, x->f.id, m->e)
		       : write_hide(m->w, x->f.id, m->e);
}

struct merge_items_twin {
	int64_t from, to;
	double weight;
};

static int
get_twin(void *ctx, const struct fact *f)
{
	*(struct merge_items_twin *)ctx =
		(struct merge_items_twin){f->valid_from, f->valid_to,
			f->weight};
	return 0;
}

#define WEIGHT_SIZE 24

static void
describe_weight(double weight, char ret[WEIGHT_SIZE])
{
	if (weight < 0)
		snprintf(ret, WEIGHT_SIZE, "none");
	else
		snprintf(ret, WEIGHT_SIZE, "%g", weight);
}

/* The same text (triple) stands here already: a conflict only when its
 * validity (weight) differs. */
static int
compare_twin(struct merge *m, const struct merge_item *x, int64_t fact)
{
	struct merge_items_twin t = {0, 0, 0};
	char ours[WEIGHT_SIZE], theirs[WEIGHT_SIZE];
	int rc = fact_get(m->st, fact, get_twin, &t, m->e);
	bool weight = x->f.kind == FACT_RELATION &&
		      (t.weight < x->f.weight || t.weight > x->f.weight);

	if (rc < 0)
		return rc;
	if (weight) {
		describe_weight(t.weight, ours);
		describe_weight(x->f.weight, theirs);
		return merge_conflict(m, x->f.entity, CONFLICT_ATTRIBUTE,
			"weight", ours, theirs);
	}
	if (t.from != x->f.valid_from || t.to != x->f.valid_to)
		return merge_conflict(m, x->f.entity, CONFLICT_ATTRIBUTE,
			"validity", x->text, x->text);
	return 0;
}

int
merge_item_show(struct merge *m, const struct merge_item *x)
{
	int64_t twin = 0;
	int rc;

	assert(x->theirs && !x->ours && !x->f.erased);
	if (x->f.kind == FACT_RELATION)
		rc = fact_find_relation(m->st, x->f.entity, x->f.peer,
			x->f.label, x->f.text_n > 0, &twin, m->e);
	else
		rc = fact_find_text(m->st, x->f.entity, x->f.kind, x->text,
			x->f.text_n, &twin, m->e);
	/* A look hides nothing: what it would have hidden is no twin. */
	if (rc == 1 && merge_is_gone(m, twin))
		rc = 0;
	if (rc != 0) {
		m->out->stands += rc == 1;
		return rc < 0 ? rc : compare_twin(m, x, twin);
	}
	m->out->added++;
	return write_show(m->w, x->f.id, m->e);
}

/* --- marks ---------------------------------------------------------------- */
/* What is told of a mark that could not come: no text, so that there is none to
 * be erased when the fact is forgotten. */
static int
mark_conflict(struct merge *m, const struct fact *f, const char *ours)
{
	char member[48];

	snprintf(member, sizeof(member), "%s of #%" PRId64,
		f->kind == FACT_TAG ? "tag" : "metadata", f->supersedes);
	return merge_conflict(m, f->entity, CONFLICT_ATTRIBUTE, member, ours,
		f->kind == FACT_TAG ? "tagged" : "set otherwise");
}

/* The fact here that a mark of the branch is said of: itself, or the one that
 * says the same. 1, or 0 when it is gone. */
static int
merge_items_find_home(struct merge *m, int64_t of, int64_t *ret)
{
	AUTO_ITEM struct merge_item x = {0};
	int rc = merge_item_load(m, of, &x);

	*ret = of;
	if (rc != 0)
		return rc;
	if (x.ours)
		return 1;
	rc = fact_find_text(m->st, x.f.entity, FACT_OBSERVATION, x.text,
		x.f.text_n, ret, m->e);
	if (rc || !m->w->look || !merge_item_comes(&x))
		return rc;
	/* A look shows nothing: the fact comes together with its mark. */
	*ret = of;
	return 1;
}

/* Shows a mark of the branch here, or writes it anew for another fact. */
static int
bring_mark(struct merge *m, const struct fact *f, int64_t home)
{
	struct fact twin = *f;

	m->out->added++;
	if (home == f->supersedes)
		return write_show(m->w, f->id, m->e);
	twin.supersedes = home;
	return write_add(m->w, &twin, m->e);
}

static int
merge_tag(struct merge *m, const struct merge_item *x)
{
	int64_t home, have;
	int rc = merge_items_find_home(m, x->f.supersedes, &home);

	if (rc == 0)
		return mark_conflict(m, &x->f, "the fact is removed");
	if (rc == 1)
		rc = fact_find_mark(m->st, x->f.entity, home, FACT_TAG, x->text,
			x->f.text_n, &have, m->e);
	if (rc == 0)
		return bring_mark(m, &x->f, home);
	if (rc < 0)
		return rc;
	return 0;
}

/* The metadata of a fact under a lens. */
struct merge_items_note {
	struct fact f; /* id 0: none */
	struct buf text;
	struct err *e;
};

static void
note_done(struct merge_items_note *x)
{
	buf_done(&x->text);
}
#define AUTO_NOTE __attribute__((cleanup(note_done)))

static int
get_note(void *ctx, const struct fact *f)
{
	struct merge_items_note *x = ctx;

	x->f = *f;
	x->text.len = 0;
	return buf_add(&x->text, f->text, f->text_n) != 0 ? err_nomem(x->e) : 0;
}

static int
read_note(struct merge *m, const struct lens *lens, int64_t entity, int64_t of,
	struct merge_items_note *x)
{
	int rc = lens_apply(m->st, lens, m->e);

	if (rc != 0)
		return rc;
	x->e = m->e;
	rc = fact_each_mark(m->st, entity, of, 1u << FACT_NOTE, get_note, x,
		m->e);
	if (rc != 0)
		return rc;
	if (!buf_str(&x->text))
		return err_nomem(m->e);
	x->f.text = x->text.data;
	x->f.text_n = x->text.len;
	return 0;
}

static int
put_note(struct merge *m, const struct fact *old, const struct fact *new,
	int64_t home)
{
	int rc = 0;

	if (old->id != 0) {
		m->out->removed++;
		rc = write_hide(m->w, old->id, m->e);
	}
	return rc == 0 && new->id != 0 ? bring_mark(m, new, home) : rc;
}

/* As the metadata of an entity: one value, the branch's comes when ours is
 * base's. */
static int
merge_items_merge_note(struct merge *m, int64_t entity, int64_t of)
{
	AUTO_NOTE struct merge_items_note base = {0}, theirs = {0}, ours = {0};
	int64_t home = 0;
	int rc = merge_items_find_home(m, of, &home), has_home = rc;

	if (rc < 0)
		return rc;
	rc = read_note(m, &m->base, entity, of, &base);
	if (rc != 0)
		return rc;
	rc = read_note(m, &m->theirs, entity, of, &theirs);
	if (rc != 0)
		return rc;
	rc = read_note(m, &m->ours, entity, home, &ours);
	if (rc != 0)
		return rc;
	if (theirs.f.id == base.f.id ||
		strcmp(theirs.text.data, ours.text.data) == 0)
		return 0;
	if (has_home == 0)
		return mark_conflict(m, &theirs.f, "the fact is removed");
	if (ours.f.id == base.f.id || (home != of && ours.f.id == 0))
		return put_note(m, &ours.f, &theirs.f, home);
	return mark_conflict(m, ours.f.id ? &ours.f : &theirs.f,
		ours.f.id ? "set" : "removed");
}

int
merge_marks(struct merge *m, const struct merge_item *items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct merge_item *x = &items[i];
		bool is_told = false;
		int rc = 0;

		if (x->f.kind == FACT_TAG && merge_item_comes(x) &&
			merge_takes(m, PASS_MARKS, x))
			rc = merge_tag(m, x);
		if (rc != 0)
			return rc;
		if (x->f.kind != FACT_NOTE)
			continue;
		for (size_t k = 0; k < i; k++)
			is_told |= items[k].f.kind == FACT_NOTE &&
				   items[k].f.supersedes == x->f.supersedes;
		if (is_told || !merge_takes(m, PASS_MARKS, x))
			continue;
		rc = merge_items_merge_note(m, x->f.entity, x->f.supersedes);
		if (rc != 0)
			return rc;
	}
	return 0;
}
