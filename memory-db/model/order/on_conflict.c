/* A write watches itself: before a fact is stored it is compared with older
 * ones, and after it something is done about what was found. on_conflict.h has
 * the modes and examples.
 *
 * Looking costs time that the writer does not have. The facts of the same
 * entity are always compared: they are few. The search for facts of other
 * entities gets a share of the time that goes by (SHARE): each search is paid
 * for afterwards, and who has spent ahead does without. What was left out is
 * noted, and a scan makes up for it when nobody writes (scan.h).
 *
 *   an agent stores a fact a second          every fact is searched for
 *   an import stores 1,000 facts a second    a twentieth of the time is spent
 *                                            on it; the scan does the rest */
#include "memory-db/model/order/on_conflict.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/model/order/fact_attributes.h"
#include "memory-db/model/order/lexicon.h"
#include "memory-db/model/order/queue.h"
#include "memory-db/model/order/scan.h"
#include "memory-db/model/read/relation_text.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/model/scope/settings.h"
#include "memory-db/model/write/write_entity.h"

/* Findings of less confidence are none. */
#define THRESHOLD 0.85
/* Told of one new fact. */
#define MOST 8
/* Facts compared with a new one: with its words, of its entity. */
#define CANDIDATES 60
#define NEWEST	   24
/* Comparisons of one request: some 16 us each. The search for facts of other
 * entities takes half of them at most: the rest is for those of the same entity,
 * which a quick machine would else spend on others before. */
#define LOOKED	 1000
#define SEARCHED 500
/* The search for facts of other entities: a twentieth of the time that goes by, and
 * what was saved of it, up to 30 ms. A single agent never notices. */
#define SHARE	  20
#define SAVED_NS  INT64_C(30000000)
#define SEARCH_NS INT64_C(20000000)

/* --- the share of time ---------------------------------------------------- */
/* When the time of searches so far would have been earned: those of all writes
 * of the process. A moment that lies ahead of now: it is spent. */
static _Atomic int64_t earned_ns;

static bool
may_search(void)
{
	return atomic_load_explicit(&earned_ns, memory_order_relaxed) <=
	       clock_mono_ns();
}

static void
pay_search(int64_t spent_ns)
{
	int64_t now = clock_mono_ns();
	int64_t at = atomic_load_explicit(&earned_ns, memory_order_relaxed);

	if (at < now - SAVED_NS * SHARE)
		at = now - SAVED_NS * SHARE;
	atomic_store_explicit(&earned_ns, at + spent_ns * SHARE,
		memory_order_relaxed);
}

/* --- looking -------------------------------------------------------------- */
static int
name_entity(struct on_conflict *x, struct write *w, int64_t entity,
	struct err *e)
{
	int rc;

	if (x->entity == entity)
		return 0;
	buf_clear(&x->name, 4096);
	rc = fact_existence(w->st, entity, NULL, NULL, &x->name, e);
	if (rc >= 0 && !buf_str(&x->name))
		rc = err_nomem(e);
	x->entity = rc < 0 ? 0 : entity;
	return rc < 0 ? rc : 0;
}

static int
on_conflict_find(struct on_conflict *x, struct write *w, int64_t entity,
	bool is_bare, bool searches, struct err *e)
{
	struct scope s = w->scope;
	struct conflicts_request q = {.scope = &s,
		.name = x->name.data,
		.said = &x->said,
		.said_n = 1,
		.threshold = THRESHOLD,
		.most = MOST,
		.candidates = searches ? CANDIDATES : -1,
		.newest = NEWEST,
		.entity = entity,
		.is_bare = is_bare,
		.attributes = x->attributes,
		.looked = &x->looked};
	int64_t before;
	int rc;

	/* The words are read at the first use; no search pays for that. */
	rc = lexicon_ready();
	if (rc)
		return err_nomem(e);
	before = clock_mono_ns();
	s.ns[0] = w->ns;
	s.n = 1;
	if (searches)
		q.deadline_ns = before + SEARCH_NS;
	rc = conflicts_find(w->st, &q, &x->found, e);
	if (searches)
		pay_search(clock_mono_ns() - before);
	x->has_left_out |= !searches || x->found.partial;
	return rc;
}

/* May the new fact take its place? One of this very change has said as much a
 * moment ago: both stay, for a person to look at. */
static bool
makes_room(const struct on_conflict *x, const struct conflict_found *c,
	int64_t entity)
{
	return c->entity == entity && c->fact < x->first_fact && !c->is_part &&
	       (c->kind == FACTS_DUPLICATE || c->kind == FACTS_UPDATE);
}

/* A relation is known by its ends: none stands for two of its entity, and no
 * search would find another entity's. */
static int
find_relations(struct on_conflict *x, struct write *w, const struct fact *f,
	struct err *e)
{
	struct scope s = w->scope;
	struct conflicts_request q = {.scope = &s,
		.name = x->name.data,
		.said = &x->said,
		.said_n = 1,
		.threshold = THRESHOLD,
		.most = MOST,
		.newest = NEWEST,
		.entity = f->entity,
		.is_relation = true,
		.said_anew = w->replaced != 0 ? f : NULL,
		.attributes = x->attributes,
		.looked = &x->looked};

	s.ns[0] = w->ns;
	s.n = 1;
	return conflicts_find(w->st, &q, &x->found, e);
}

/* What the new fact says, as it is compared and told. */
static int
on_conflict_say(struct on_conflict *x, struct write *w, const struct fact *f,
	struct err *e)
{
	int rc = 0;

	buf_clear(&x->text, 65536);
	if (f->kind == FACT_RELATION)
		rc = relation_text(w->st, f, &x->text, e);
	else if (buf_add(&x->text, f->text, f->text_n) != 0 ||
		 !buf_str(&x->text))
		rc = err_nomem(e);
	x->said = (struct fact_said){.text = x->text.data,
		.from = f->valid_from,
		.to = f->valid_to == FACT_NO_TIME ? INT64_MAX : f->valid_to};
	return rc;
}

/* An entity that this change has made has nothing yet that its first fact could
 * be at odds with. Their ids grow: the highest one that got a fact tells. */
static bool
says_nothing(struct on_conflict *x, const struct write *w, int64_t entity)
{
	bool is_bare = w->made_first != 0 && entity >= w->made_first &&
		       entity > x->highest;

	if (entity > x->highest)
		x->highest = entity;
	return is_bare;
}

static int
on_conflict_before(struct write_watcher *watcher, struct write *w,
	struct fact *f, struct err *e)
{
	struct on_conflict *x = (struct on_conflict *)watcher;
	bool is_relation = f->kind == FACT_RELATION;
	bool searches = !is_relation && x->looked < SEARCHED && may_search();
	bool is_bare = says_nothing(x, w, f->entity);
	int rc;

	conflicts_done(&x->found);
	x->place = 0;
	if (x->looked >= LOOKED || (is_bare && !searches)) {
		x->has_left_out |= !is_relation || !is_bare;
		return 0;
	}
	rc = on_conflict_say(x, w, f, e);
	if (rc != 0)
		return rc;
	rc = name_entity(x, w, f->entity, e);
	if (rc != 0)
		return rc;
	rc = is_relation
		     ? find_relations(x, w, f, e)
		     : on_conflict_find(x, w, f->entity, is_bare, searches, e);
	if (rc != 0)
		return rc;
	for (size_t i = 0; i < x->found.n; i++)
		if (x->mode == ON_CONFLICT_SUPERSEDE && x->place == 0 &&
			f->supersedes == 0 &&
			makes_room(x, &x->found.v[i], f->entity))
			x->place = x->found.v[i].fact;
	if (x->place != 0 && !is_relation)
		f->supersedes = x->place;
	return 0;
}

/* --- acting --------------------------------------------------------------- */
static const char *
did_name(const struct on_conflict *x, const struct conflict_found *c,
	int64_t id, bool is_gone)
{
	if (c->fact == x->place || is_gone)
		return "superseded";
	return id != 0 ? "queued" : "reported";
}

static int
tell_found(struct on_conflict *x, const struct conflict_found *c, int64_t fact,
	int64_t id, bool is_gone, struct err *e)
{
	json_t *row = json_pack("{s:s,s:I,s:s,s:f,s:s,s:s,s:I,s:s,s:I,s:s}",
		"existing_entity", c->name, "existing_id",
		(json_int_t)c->entity, "conflict_type",
		verdict_kind_name(c->kind), "confidence",
		round(c->confidence * 1000) / 1000, "suggested_action",
		c->action, "reason", c->reason, "fact", (json_int_t)c->fact,
		"text", c->text, "new_fact", (json_int_t)fact, "did",
		did_name(x, c, id, is_gone));
	int rc = jx_add(x->rows, row) != 0 ? err_nomem(e) : 0;

	if (rc)
		return rc;
	rc = member_set_text(row, "entity", x->name.data, x->name.len, e);
	if (rc)
		return rc;
	rc = member_set_text(row, "said", x->text.data, x->text.len, e);
	if (rc)
		return rc;
	if (id == 0)
		return 0;
	return member_set_int(row, "id", id, e);
}

/* The earlier of two that follow each other gets its end: a copy of it that
 * says until when it was so takes its place. */
struct on_conflict_ending {
	struct fact f;
	char *text; /* owned */
};

static int
copy_earlier(void *ctx, const struct fact *f)
{
	struct on_conflict_ending *x = ctx;

	x->f = *f;
	x->text = strndup(f->text, f->text_n);
	x->f.text = x->text;
	return x->text ? 0 : MDB_E_NOMEM;
}

static void
ending_done(struct on_conflict_ending *x)
{
	free(x->text);
}

static int
end_earlier(struct write *w, int64_t earlier, int64_t until, struct err *e)
{
	__attribute__((cleanup(ending_done))) struct on_conflict_ending x = {
		.text = NULL};
	int rc = fact_get(w->st, earlier, copy_earlier, &x, e);

	if (rc == MDB_E_NOMEM)
		err_nomem(e);
	if (rc != 1)
		return rc < 0 ? rc : 0;
	if (x.f.valid_to != FACT_NO_TIME || x.f.valid_from == FACT_NO_TIME ||
		x.f.valid_from >= until)
		return 0;
	x.f.valid_to = until;
	x.f.supersedes = earlier;
	x.f.flags &= FACT_CLAIMED;
	rc = write_add(w, &x.f, e);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = write_copy_marks(w, x.f.entity, earlier, w->last_fact, e);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = write_hide_marked(w, x.f.entity, earlier, e);
	return rc < 0 ? rc : 0;
}

static int
note_pair(struct write *w, const struct conflict_found *c, const struct fact *f,
	int64_t fact, int64_t *ret_id, struct err *e)
{
	struct queue_found found = {.entity = c->entity,
		.fact = c->fact,
		.by_entity = f->entity,
		.by_fact = fact,
		.kind = c->kind,
		.confidence = c->confidence,
		.action = c->action};
	int rc = queue_add(w->st, &found, ret_id, e);

	return rc < 0 ? rc : 0;
}

static int
act_on(struct on_conflict *x, struct write *w, const struct conflict_found *c,
	const struct fact *f, int64_t fact, struct err *e)
{
	bool follows = c->kind == FACTS_SUCCESSION, is_gone = false;
	int64_t id = 0;
	int rc = 0;

	if (c->fact == x->place) {
		rc = write_copy_marks(w, f->entity, c->fact, fact, e);
		if (rc != 0)
			return rc;
		rc = write_hide_marked(w, f->entity, c->fact, e);
	} else if (x->place != 0 && makes_room(x, c, f->entity)) {
		/* All older values make room, not the newest of them alone. */
		rc = write_hide_marked(w, f->entity, c->fact, e);
		is_gone = true;
	} else if (follows && x->mode == ON_CONFLICT_SUPERSEDE &&
		   c->entity == f->entity && c->fact < x->first_fact &&
		   f->valid_from != FACT_NO_TIME) {
		rc = end_earlier(w, c->fact, f->valid_from, e);
	} else if (x->mode != ON_CONFLICT_REPORT) {
		rc = note_pair(w, c, f, fact, &id, e);
	}
	if (rc)
		return rc;
	if (follows)
		return 0;
	return tell_found(x, c, fact, id, is_gone, e);
}

static int
act_on_found(struct on_conflict *x, struct write *w, const struct fact *f,
	int64_t fact, struct err *e)
{
	for (size_t i = 0; i < x->found.n; i++) {
		int rc;

		/* A replacement names what it takes the place of. */
		if (x->found.v[i].fact == f->supersedes && x->place == 0)
			continue;
		rc = act_on(x, w, &x->found.v[i], f, fact, e);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int
on_conflict_after(struct write_watcher *watcher, struct write *w,
	const struct fact *f, int64_t fact, struct err *e)
{
	struct on_conflict *x = (struct on_conflict *)watcher;
	int rc = 0;

	if (x->first_fact == INT64_MAX)
		x->first_fact = fact;
	if (x->has_left_out && x->mode != ON_CONFLICT_REPORT &&
		!x->is_scanned) {
		x->is_scanned = true;
		rc = scan_start(w->st, w->ns, x->first_fact - 1, e);
	}
	if (rc >= 0)
		rc = act_on_found(x, w, f, fact, e);
	conflicts_done(&x->found);
	return rc;
}

/* --- the frame ------------------------------------------------------------ */
int
on_conflict_begin(struct on_conflict *x, struct write *w, const char *named,
	struct err *e)
{
	static const char *const modes[] = {"none", "report", "queue",
		"supersede"};
	int mode = 0, rc = 0;

	*x = (struct on_conflict){.first_fact = INT64_MAX};
	for (size_t i = 0; named && i < ARRAY_LEN(modes); i++)
		if (strcmp(named, modes[i]) == 0)
			mode = (int)i;
	if (!named)
		rc = settings_choice(w->st, w->ns, SETTING_on_conflict, &mode,
			e);
	/* Who wants no comparison, the call or the namespace, wants none later,
	 * either: so a plain write asks for the setting once. */
	w->is_unwatched = mode == ON_CONFLICT_NONE;
	if (rc < 0 || mode == ON_CONFLICT_NONE || w->replay)
		return rc < 0 ? rc : 0;
	x->mode = (enum on_conflict_mode)mode;
	x->watcher.before = on_conflict_before;
	x->watcher.after = on_conflict_after;
	x->rows = json_array();
	w->watcher = &x->watcher;
	if (!x->rows)
		return err_nomem(e);
	return fact_attributes_get(w->st, w->ns, &x->attributes, e);
}

int
on_conflict_reply(const struct on_conflict *x, json_t *reply, struct err *e)
{
	size_t n = json_array_size(x->rows);
	int rc = 0;

	if (x->mode == ON_CONFLICT_NONE)
		return 0;
	if (n > 0)
		rc = member_set_new(reply, "conflicts", json_incref(x->rows),
			e);
	if (rc)
		return rc;
	rc = member_set_int(reply, "conflict_count", (int64_t)n, e);
	if (rc)
		return rc;
	if (!x->has_left_out)
		return 0;
	return member_set_bool(reply, "conflicts_later", true, e);
}

void
on_conflict_done(struct on_conflict *x)
{
	conflicts_done(&x->found);
	buf_done(&x->name);
	buf_done(&x->text);
	json_decref(x->rows);
	x->rows = NULL;
	free(x->attributes);
	x->attributes = NULL;
}
