/* Who changed last what both have, and what only comes back from here.
 *
 * A merge compares with what it took the last time from the other machine. That
 * does not say what the other machine had from here when it wrote:
 *
 *   here    type author, push
 *   there   pull: author; later type editor; push
 *   here    pull: the last time they said person. Both have changed it?
 *
 * Their log knows: it has a branch of its own with what they took from here the
 * last time (`seen`). Of a value that both sides have and say otherwise:
 *
 *   ours is the one that was taken from them      theirs is newer: it comes
 *   theirs is the one that they took from here    ours is newer: it stays
 *   ours is the one that they took from here      theirs is newer: it comes
 *   none of these                                 a conflict of the merge
 *
 * Where they never took it from here, it may have come to them by a third machine.
 * What was pushed from here is noted as hashes (mirror_pushed.h), and stands for
 * what they have seen, the first time. So a fact is left out that was pushed, and
 * deleted here since.
 *
 * A value of theirs that is newer is set here, by an update like any. Then both
 * say the same, which the merge notes, and compares with the next time. */
#include "memory-db/cli/lib/mirror_meet.h"

#include "common/jx.h"
#include "memory-db/cli/lib/mirror_pushed.h"
#include "memory-db/cli/lib/pairname.h"
#include "memory-db/cli/lib/mirror_values.h"

struct meeting {
	const json_t *known; /* NULL: nothing was pushed */
	const struct mirror_side *branch, *seen;
	/* now: our main; update: what it is to say of entities it has */
	struct mirror_side now, update, *theirs;
};

/* --- facts that are gone --------------------------------------------------- */
/* Facts of an entity that only come back. Returns how many went. */
static size_t
drop_facts(const char *name, json_t *facts, const json_t *known,
	const json_t *ours, const json_t *there)
{
	const char *text;
	size_t gone = 0;
	char key[PAIRNAME_SIZE];
	void *next;
	json_t *x;

	json_object_foreach_safe(facts, next, text, x) {
		pairname(name, text, key);
		if (!json_object_get(known, key) ||
			json_object_get(json_object_get(ours, "facts"), text) ||
			json_object_get(json_object_get(there, "facts"), text))
			continue;
		(void)json_object_del(facts, text);
		gone++;
	}
	return gone;
}

/* Those of an entity that is gone. */
static void
drop_relations(struct mirror_side *s, const json_t *gone)
{
	const char *key;
	void *next;
	json_t *x;

	json_object_foreach_safe(s->relations, next, key, x)
		if (json_object_get(gone, jx_text(x, "from")) ||
			json_object_get(gone, jx_text(x, "to")))
			(void)json_object_del(s->relations, key);
}

/* --- values --------------------------------------------------------------- */
/* The entity among what is set here, made when it is not there. Borrowed. */
static json_t *
updated_entity(struct meeting *m, const char *name)
{
	const json_t *now = json_object_get(m->now.entities, name);
	json_t *row = json_object_get(m->update.entities, name);

	if (row)
		return row;
	row = json_pack("{s:O,s:{}}", "values", json_object_get(now, "values"),
		"facts");
	return jx_set(m->update.entities, name, row) == 0 ? row : NULL;
}

/* Who of both has changed it last? */
enum newer { NEWER_OURS, NEWER_THEIRS, NEWER_BOTH };

/* A value of both, and what is known of it. */
struct meet_value {
	const char *name, *member;
	const json_t *theirs, *ours;
	const json_t *seen;  /* NULL: they did not take it from here */
	const json_t *taken; /* NULL: it was not taken from them yet */
};

static int
meet_newer(const struct meeting *m, const struct meet_value *v, enum newer *ret)
{
	bool was_pushed;
	int rc;

	*ret = NEWER_BOTH;
	if (v->taken && json_equal(v->taken, v->ours))
		*ret = NEWER_THEIRS;
	else if (v->seen && json_equal(v->seen, v->theirs))
		*ret = NEWER_OURS;
	else if (v->seen && json_equal(v->seen, v->ours))
		*ret = NEWER_THEIRS;
	if (v->seen || v->taken)
		return CLI_OK;
	*ret = NEWER_OURS;
	if (mirror_values_is_usual(v->member, v->theirs))
		return CLI_OK;
	rc = mirror_pushed_has(m->known, v->name, v->member, v->theirs,
		&was_pushed);
	if (rc != CLI_OK || was_pushed)
		return rc;
	*ret = NEWER_BOTH;
	/* The merge takes theirs by itself. */
	if (mirror_values_is_usual(v->member, v->ours))
		return CLI_OK;
	rc = mirror_pushed_has(m->known, v->name, v->member, v->ours,
		&was_pushed);
	if (rc == CLI_OK && was_pushed)
		*ret = NEWER_THEIRS;
	return rc;
}

/* Of an entity of a side; NULL: it has none. */
static json_t *
values_in(const struct mirror_side *side, const char *name)
{
	return json_object_get(json_object_get(side->entities, name), "values");
}

static json_t *
fact_in(const struct mirror_side *side, const char *name, const char *text)
{
	return json_object_get(json_object_get(json_object_get(side->entities,
						       name),
				       "facts"),
		text);
}

static int
meet_values(struct meeting *m, const char *name, json_t *theirs,
	const json_t *ours)
{
	AUTO_JSON json_t *set = json_object();
	const char *member;
	json_t *value;
	int bad = 0, rc;

	if (!set || json_object_update(set, (json_t *)(uintptr_t)ours) != 0)
		return cli_nomem();
	json_object_foreach((json_t *)(uintptr_t)ours, member, value) {
		json_t *their = json_object_get(theirs, member);
		const struct meet_value v = {name, member, their, value,
			json_object_get(values_in(m->seen, name), member),
			json_object_get(values_in(m->branch, name), member)};
		enum newer newer;

		if (json_equal(their, value) ||
			(!v.seen && json_equal(their, v.taken)))
			continue;
		rc = meet_newer(m, &v, &newer);
		if (rc != CLI_OK)
			return rc;
		if (newer == NEWER_THEIRS)
			bad |= json_object_set(set, member, their);
		/* The branch goes on to say what was taken from them. */
		if (newer == NEWER_OURS && v.seen && v.taken)
			bad |= json_object_set(theirs, member,
				(json_t *)(uintptr_t)v.taken);
		else if (newer == NEWER_OURS)
			bad |= json_object_set(theirs, member, value);
	}
	if (bad)
		return cli_nomem();
	if (json_equal(set, ours))
		return CLI_OK;
	theirs = updated_entity(m, name);
	return theirs && json_object_set(theirs, "values", set) == 0
		       ? CLI_OK
		       : cli_nomem();
}

static int
meet_fact(struct meeting *m, const char *name, const char *text, json_t *theirs,
	const json_t *ours)
{
	const json_t *branch = fact_in(m->branch, name, text);
	const json_t *seen = fact_in(m->seen, name, text);
	AUTO_JSON json_t *a = mirror_values_marks(theirs);
	AUTO_JSON json_t *b = mirror_values_marks(ours);
	AUTO_JSON json_t *taken = branch ? mirror_values_marks(branch) : NULL;
	AUTO_JSON json_t *had = seen ? mirror_values_marks(seen) : NULL;
	const struct meet_value v = {name, text, a, b, had, taken};
	enum newer newer;
	json_t *entity;
	int rc;

	if (!a || !b || (branch && !taken) || (seen && !had))
		return cli_nomem();
	if (json_equal(a, b) || (!had && json_equal(a, taken)) ||
		!mirror_values_same_body(theirs, ours))
		return CLI_OK;
	rc = meet_newer(m, &v, &newer);
	if (rc != CLI_OK || newer == NEWER_BOTH)
		return rc;
	if (newer == NEWER_OURS)
		return mirror_values_set_marks(theirs,
			had && taken ? taken : b);
	entity = updated_entity(m, name);
	return entity && json_object_set(json_object_get(entity, "facts"), text,
				 theirs) == 0
		       ? CLI_OK
		       : cli_nomem();
}

/* Of a weight that was pushed and is another one here now. */
static int
meet_relations(struct meeting *m)
{
	const char *key;
	json_t *row;

	json_object_foreach(m->theirs->relations, key, row) {
		const json_t *now = json_object_get(m->now.relations, key);
		json_t *theirs = json_object_get(row, "weight");
		json_t *ours = json_object_get(now, "weight");
		bool was_pushed;
		int rc;

		if (!ours || !theirs || json_equal(ours, theirs) ||
			json_object_get(m->branch->relations, key))
			continue;
		rc = mirror_pushed_has(m->known, key, "weight", theirs,
			&was_pushed);
		if (rc != CLI_OK)
			return rc;
		if (was_pushed && json_object_set(row, "weight", ours) != 0)
			return cli_nomem();
	}
	return CLI_OK;
}

/* --- entities -------------------------------------------------------------- */
static int
meet_entity(struct meeting *m, const char *name, json_t *row, json_t *gone)
{
	const json_t *ours = json_object_get(m->now.entities, name);
	const json_t *there = json_object_get(m->branch->entities, name);
	json_t *facts = json_object_get(row, "facts"), *fact;
	const char *text;
	int rc;

	if (ours) {
		rc = meet_values(m, name, json_object_get(row, "values"),
			json_object_get(ours, "values"));
		if (rc != CLI_OK)
			return rc;
	}
	json_object_foreach(facts, text, fact) {
		const json_t *now =
			json_object_get(json_object_get(ours, "facts"), text);

		if (!now)
			continue;
		rc = meet_fact(m, name, text, fact, now);
		if (rc != CLI_OK)
			return rc;
	}
	if (drop_facts(name, facts, m->known, ours, there) == 0 ||
		json_object_size(facts) > 0 || ours || there)
		return CLI_OK;
	/* It has nothing but what was deleted here. */
	if (jx_set(gone, name, json_true()) != 0)
		return cli_nomem();
	(void)json_object_del(m->theirs->entities, name);
	return CLI_OK;
}

static void
meeting_done(struct meeting *m)
{
	mirror_side_done(&m->now);
	mirror_side_done(&m->update);
}

int
mirror_meet(struct cli *to, const struct mirror_side *seen, bool is_apart,
	const struct mirror_side *branch, struct mirror_side *theirs,
	struct mirror_counts *counts)
{
	AUTO_JSON json_t *known = mirror_pushed_known(to);
	__attribute__((
		cleanup(meeting_done))) struct meeting m = {.known = known,
		.branch = branch,
		.seen = seen,
		.theirs = theirs,
		.update.entities = json_object()};
	AUTO_JSON json_t *gone = json_object();
	const char *name;
	void *next;
	json_t *row;
	int rc;

	if (!gone || !m.update.entities)
		return cli_nomem();
	rc = mirror_side_read(to, to->namespace_ ? to->namespace_ : "default",
		"main", &m.now);
	if (rc != CLI_OK)
		return rc;
	json_object_foreach_safe(theirs->entities, next, name, row) {
		rc = meet_entity(&m, name, row, gone);
		if (rc != CLI_OK)
			return rc;
	}
	drop_relations(theirs, gone);
	rc = meet_relations(&m);
	if (rc != CLI_OK || is_apart)
		return rc;
	return mirror_values_update(to, "main", &m.update, &m.now, counts);
}
