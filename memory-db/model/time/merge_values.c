/* The merge of what an entity has one of: its type, its name, its metadata;
 * and the row of a conflict where both sides set it.
 *
 * For example the type was person at the fork, the branch set researcher,
 * the parent writer. A merge cannot know which is right: the parent keeps
 * writer, and the conflict holds all three values until somebody decides.
 * When the parent had left it at person, researcher would come. */
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/limits.h"
#include "common/text.h"
#include "common/contract/tools.h"
#include "memory-db/model/time/merge_internal.h"
#include "memory-db/model/write/write_entity.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/log/conflicts.h"

/* --- conflicts ------------------------------------------------------------ */
static int
merge_values_add_conflict(struct merge *m, struct conflict c,
	const char *member, const char *ours, const char *theirs)
{
	AUTO_BUF struct buf name = {0}, notes = {0};
	int rc = entity_first_name(m->st, c.entity, NULL, &name, m->e);

	if (rc < 0)
		return rc;
	if (!buf_str(&name) || buf_addf(&notes, "%s: here ", member) != 0 ||
		text_add_cut(&notes, ours, CONFLICT_NOTE_BYTES) != 0 ||
		buf_adds(&notes, ", on the branch ") != 0 ||
		text_add_cut(&notes, theirs, CONFLICT_NOTE_BYTES) != 0 ||
		(c.notes = buf_str(&notes)) == NULL)
		return err_nomem(m->e);
	c.found = clock_now_ms();
	c.ours = m->parent;
	c.theirs = m->branch;
	c.confidence = -1;
	/* Of a change that waits for review it is told each time it is looked
	 * at. */
	rc = m->pick || m->w->is_staged ? 0
					: conflict_add(m->st, &c, NULL, m->e);
	if (rc != 0)
		return rc;
	return jx_add(m->out->conflicts,
		       json_pack("{s:s,s:s,s:s,s:s}", "entity", name.data,
			       "member", member, "ours", ours, "theirs",
			       theirs)) != 0
		       ? err_nomem(m->e)
		       : 0;
}

int
merge_conflict(struct merge *m, int64_t entity, enum conflict_kind kind,
	const char *member, const char *ours, const char *theirs)
{
	struct conflict c = {.entity = entity, .kind = kind};

	return merge_values_add_conflict(m, c, member, ours, theirs);
}

int
merge_conflict_with(struct merge *m, int64_t entity, int64_t other,
	const char *ours, const char *theirs)
{
	struct conflict c = {.entity = entity,
		.other = other,
		.kind = CONFLICT_ATTRIBUTE};

	return merge_values_add_conflict(m, c, "name", ours, theirs);
}

int
merge_taken(struct merge *m, int64_t entity, const char *name,
	int64_t *ret_other)
{
	int rc = lens_apply(m->st, &m->ours, m->e);

	if (rc != 0)
		return rc;
	rc = entity_find(m->st, m->w->ns, name, strlen(name), ret_other, m->e);
	if (rc == 1 && *ret_other != entity)
		rc = fact_existence(m->st, *ret_other, NULL, NULL, NULL, m->e);
	if (rc == 0 || *ret_other == entity)
		*ret_other = 0;
	return rc < 0 ? rc : 0;
}

/* --- single values -------------------------------------------------------- */
void
existence_done(struct existence *x)
{
	buf_done(&x->name);
}

int
existence_under(struct merge *m, const struct lens *lens, int64_t entity,
	struct existence *x)
{
	int rc = lens_apply(m->st, lens, m->e);

	if (rc != 0)
		return rc;
	rc = fact_existence(m->st, entity, &x->fact, &x->label, &x->name, m->e);
	if (rc < 0)
		return rc;
	if (!buf_str(&x->name))
		return err_nomem(m->e);
	return 0;
}

static int
label_name(struct merge *m, int64_t label, struct buf *out)
{
	int rc = label == 0 ? 0 : label_text(m->st, label, out, m->e);

	if (rc < 0)
		return rc;
	if (!buf_str(out))
		return err_nomem(m->e);
	return 0;
}

/* Which label stands after the merge. */
static int
merge_type(struct merge *m, int64_t entity, const struct existence *b,
	const struct existence *t, const struct existence *o, int64_t *ret)
{
	AUTO_BUF struct buf ours = {0}, theirs = {0};
	int r;

	*ret = o->label;
	m->out->stands += t->label == o->label && t->label != b->label;
	if (t->label == o->label || t->label == b->label)
		return 0;
	if (o->label == b->label) {
		*ret = t->label;
		return 0;
	}
	r = label_name(m, o->label, &ours);
	if (r != 0)
		return r;
	r = label_name(m, t->label, &theirs);
	if (r != 0)
		return r;
	return merge_conflict(m, entity, CONFLICT_ATTRIBUTE, "entityType",
		ours.data, theirs.data);
}

static int
merge_name(struct merge *m, int64_t entity, const struct existence *b,
	const struct existence *t, const struct existence *o, const char **ret)
{
	int64_t other = 0;
	int rc;

	*ret = o->name.data;
	if (strcmp(t->name.data, o->name.data) == 0 ||
		strcmp(t->name.data, b->name.data) == 0)
		return 0;
	if (strcmp(o->name.data, b->name.data) != 0)
		return merge_conflict(m, entity, CONFLICT_ATTRIBUTE, "name",
			o->name.data, t->name.data);
	rc = merge_taken(m, entity, t->name.data, &other);
	if (rc != 0)
		return rc;
	if (other == 0)
		*ret = t->name.data;
	if (rc != 0 || other == 0)
		return rc;
	return m->last_round ? merge_conflict_with(m, entity, other,
				       o->name.data, t->name.data)
			     : MERGE_WAITS;
}

int
merge_existence(struct merge *m, int64_t entity, const struct existence *b,
	const struct existence *t, const struct existence *o)
{
	struct fact defaults = write_fact(entity, FACT_EXISTENCE);
	int64_t label;
	const char *name;
	int rc = merge_name(m, entity, b, t, o, &name);

	if (rc != 0)
		return rc;
	rc = merge_type(m, entity, b, t, o, &label);
	if (rc != 0 || (label == o->label && strcmp(name, o->name.data) == 0))
		return rc;
	m->out->attributes++;
	if (label != t->label || strcmp(name, t->name.data) != 0)
		return write_entity_existence(m->w, entity, name, label,
			&defaults, m->e);
	rc = write_hide(m->w, o->fact, m->e);
	if (rc != 0)
		return rc;
	return write_show(m->w, t->fact, m->e);
}

static int
get_provenance(void *ctx, const struct fact *f)
{
	struct fact *to = ctx;

	to->method = f->method;
	to->source = f->source;
	to->speaker = f->speaker;
	to->source_at = f->source_at;
	to->confidence = f->confidence;
	return 0;
}

/* "name~branch", or "name~branch~2" and so on: the first that is free. */
static int
other_name(struct merge *m, int64_t entity, const char *name, struct buf *ret)
{
	size_t n = strnlen(name, LIMIT_NAME_BYTES - m->name.len - 16);
	AUTO_FREE char *cut = strndup(name, text_cut(name, n));
	int64_t other = 1;
	int rc;

	if (!cut)
		return err_nomem(m->e);
	for (int i = 1; other != 0; i++) {
		ret->len = 0;
		if (buf_addf(ret, "%s~%s", cut, m->name.data) != 0 ||
			(i > 1 && buf_addf(ret, "~%d", i) != 0) ||
			!buf_str(ret))
			return err_nomem(m->e);
		rc = merge_taken(m, entity, ret->data, &other);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
merge_new(struct merge *m, int64_t entity, const struct existence *t)
{
	struct fact defaults = write_fact(entity, FACT_EXISTENCE);
	AUTO_BUF struct buf name = {0};
	int64_t other;
	int r = merge_taken(m, entity, t->name.data, &other);

	if (r == 0 && other != 0 && !m->last_round)
		return MERGE_WAITS;
	m->out->added++;
	if (r != 0 || other == 0)
		return r != 0 ? r : write_show(m->w, t->fact, m->e);
	r = fact_get(m->st, t->fact, get_provenance, &defaults, m->e);
	defaults.supersedes = t->fact;
	if (r == 1)
		r = other_name(m, entity, t->name.data, &name);
	if (r != 0)
		return r;
	r = write_entity_existence(m->w, entity, name.data, t->label, &defaults,
		m->e);
	if (r != 0)
		return r;
	return merge_conflict_with(m, entity, other, name.data, t->name.data);
}

/* --- metadata ------------------------------------------------------------- */
struct meta {
	int64_t id;
	struct buf text;
	struct err *e;
};

static int
get_meta(void *ctx, const struct fact *f)
{
	struct meta *x = ctx;

	x->id = f->id;
	return buf_add(&x->text, f->text, f->text_n) != 0 ? err_nomem(x->e) : 0;
}

static int
read_meta(struct merge *m, const struct lens *lens, int64_t entity,
	struct meta *side)
{
	int rc = lens_apply(m->st, lens, m->e);

	if (rc != 0)
		return rc;
	rc = fact_each(m->st, entity, 1u << FACT_METADATA, get_meta, side,
		m->e);
	if (rc != 0)
		return rc;
	return buf_str(&side->text) ? 0 : err_nomem(m->e);
}

/* side: that of the base, theirs, ours; read here. */
static int
merge_metadata_sides(struct merge *m, int64_t entity, struct meta *side)
{
	const struct lens *lens[3] = {&m->base, &m->theirs, &m->ours};
	int rc;

	for (int i = 0; i < 3; i++) {
		rc = read_meta(m, lens[i], entity, &side[i]);
		if (rc != 0)
			return rc;
	}
	if (side[1].id == side[0].id)
		return 0;
	if (side[1].id == side[2].id ||
		strcmp(side[1].text.data, side[2].text.data) == 0) {
		m->out->stands++;
		return 0;
	}
	/* By what they say: the branch of another machine has a row of its own
	 * for the same metadata. */
	if (side[2].id != side[0].id &&
		strcmp(side[2].text.data, side[0].text.data) != 0)
		return merge_conflict(m, entity, CONFLICT_ATTRIBUTE, "metadata",
			side[2].text.data, side[1].text.data);
	m->out->attributes++;
	if (side[2].id != 0) {
		rc = write_hide(m->w, side[2].id, m->e);
		if (rc != 0)
			return rc;
	}
	return side[1].id != 0 ? write_show(m->w, side[1].id, m->e) : 0;
}

/* Metadata is one value an entity: the branch's comes when ours is base's. */
int
merge_metadata(struct merge *m, int64_t entity)
{
	struct meta side[3] = {{.e = m->e}, {.e = m->e}, {.e = m->e}};
	int rc = merge_metadata_sides(m, entity, side);

	for (int i = 0; i < 3; i++)
		buf_done(&side[i].text);
	return rc;
}

/* --- tier and pin --------------------------------------------------------- */
/* The parent deleted what the branch gave another tier or pin. */
static int
deleted_here(struct merge *m, int64_t entity)
{
	AUTO_EXISTENCE struct existence b = {0}, t = {0};
	int r = idset_has(&m->told, entity)
			? 0
			: existence_under(m, &m->base, entity, &b);

	if (r != 0)
		return r;
	if (b.fact != 0)
		r = existence_under(m, &m->theirs, entity, &t);
	if (r != 0)
		return r;
	r = lens_apply(m->st, &m->ours, m->e);
	return r == 0 && t.fact != 0
		       ? merge_gone(m, entity, "deleted", "changed")
		       : r;
}

int
merge_gone(struct merge *m, int64_t entity, const char *ours,
	const char *theirs)
{
	if (!idset_put(&m->told, entity))
		return err_nomem(m->e);
	return merge_conflict(m, entity, CONFLICT_MERGE, "existence", ours,
		theirs);
}

int
merge_attribute(struct merge *m, int64_t entity, enum attr_key k)
{
	int64_t base = 0, theirs = 0, ours = 0, since;
	char a[24], b[24];
	int rc = branch_attr(m->st, entity, k, &m->base, &base, &since, m->e);

	if (rc != 0)
		return rc;
	rc = branch_attr(m->st, entity, k, &m->theirs, &theirs, &since, m->e);
	if (rc != 0)
		return rc;
	rc = branch_attr(m->st, entity, k, &m->ours, &ours, &since, m->e);
	if (rc != 0)
		return rc;
	rc = fact_existence(m->st, entity, NULL, NULL, NULL, m->e);
	if (rc == 0 && theirs != base)
		return deleted_here(m, entity);
	m->out->stands += rc == 1 && theirs != base && theirs == ours;
	if (rc != 1 || theirs == base || theirs == ours)
		return rc < 0 ? rc : 0;
	/* Both sides confirmed it: the later time says both. */
	if (ours == base ||
		((k == ATTR_CONFIRMED || k == ATTR_FACT_CONFIRMED) &&
			theirs > ours)) {
		m->out->attributes++;
		return write_attr(m->w, entity, k, theirs, m->e);
	}
	/* Both decided about a conflict, or about an end: what was decided here
	 * stands. */
	if (k >= ATTR_CONFIRMED)
		return 0;
	snprintf(a, sizeof(a), "%lld", (long long)ours);
	snprintf(b, sizeof(b), "%lld", (long long)theirs);
	if (k == ATTR_TIER)
		return merge_conflict(m, entity, CONFLICT_ATTRIBUTE, "tier",
			tool_tiers[ours & 3], tool_tiers[theirs & 3]);
	return merge_conflict(m, entity, CONFLICT_ATTRIBUTE,
		k == ATTR_PIN ? "pin" : "pin_unconfirmed", a, b);
}
