/* Writing relations. There is one of its type between two entities; told again
 * with another weight it takes the place of the one before.
 *
 * For example "bob works_at acme" (weight .5) is there, and the same comes with
 * weight .9: the change hides the first fact and shows a new one. Without a
 * weight nothing happens. */
#include "memory-db/model/write/write_entity.h"

#include <string.h>

#include "common/jx.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/log/derivations.h"

/* Weight of the relation that stands there; -2 for another one. */
struct weight {
	double v;
};

static int
get_weight(void *ctx, const struct fact *f)
{
	((struct weight *)ctx)->v = f->weight;
	return 0;
}

static int
put_relation(struct write *w, struct fact *f, bool has_weight, struct err *e)
{
	struct weight now = {-1};
	int64_t have = 0;
	int rc = fact_find_relation(w->st, f->entity, f->peer, f->label,
		fact_is_reversed(f), &have, e);

	if (rc < 0)
		return rc;
	if (rc == 1) {
		rc = fact_get(w->st, have, get_weight, &now, e);
		if (rc < 0 || !has_weight ||
			!(now.v < f->weight || now.v > f->weight))
			return rc < 0 ? rc : 0;
		rc = write_hide(w, have, e);
		if (rc != 0)
			return rc;
	}
	/* What is said of an end in another memory is not looked at. */
	if (fact_is_reversed(f))
		return write_add(w, f, e);
	w->replaced = have;
	rc = write_add_watched(w, f, e);
	w->replaced = 0;
	return rc;
}

int
write_entity_relation(struct write *w, const json_t *entry, const char *path,
	struct err *e)
{
	const json_t *weight = json_object_get(entry, "weight");
	const char *type = jx_text(entry, "relationType");
	struct fact f = write_fact(0, FACT_RELATION);
	struct relation_ends ends = {0};
	int rc = write_need_ends(w, jx_text(entry, "from"),
		jx_text(entry, "to"), path, &ends, e);

	if (rc != 0)
		return rc;
	f.entity = ends.entity;
	f.peer = ends.peer;
	if (ends.reversed) {
		f.text = FACT_REVERSED;
		f.text_n = strlen(FACT_REVERSED);
	}
	rc = label_intern(w->st, type, &f.label, e);
	if (rc != 0)
		return rc;
	if (json_is_number(weight))
		f.weight = jx_real(weight);
	/* What is said of the user's entity does not make ours doubtful. */
	if (strcmp(type, DERIVED_FROM) == 0 && !ends.reversed)
		f.flags = FACT_DERIVED;
	return put_relation(w, &f, json_is_number(weight), e);
}
