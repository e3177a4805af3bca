/* The two halves of a scan: looking, which only reads, and writing.
 *
 * Looking and writing lie apart in time and in threads, so the scan may have
 * been stopped or begun anew between them. Findings carry when their scan was
 * started; scan_write drops those of another one.
 *
 *   thread   look (started 12:00)  ...  writer: "stop"  ...  scan_write: it is
 *            not running any more, nothing is written */
#include <string.h>

#include "common/clock.h"
#include "common/text.h"
#include "memory-db/model/order/fact_attributes.h"
#include "memory-db/model/order/scan_internal.h"
#include "memory-db/store/engine/meta.h"
#include "memory-db/store/engine/store.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/facts/namespaces.h"
#include "memory-db/store/index/recall.h"

/* Facts that a look reads at a time. */
#define CHUNK 16
/* Facts of branches and of the past that it passes over without work. */
#define PASSED 2000

/* --- looking -------------------------------------------------------------- */
struct scan_chunk {
	int64_t v[CHUNK], last;
	int n, passed;
};

static int
scan_look_take_fact(void *ctx, const struct fact *f)
{
	struct scan_chunk *c = ctx;

	c->last = f->id;
	if (f->kind == FACT_OBSERVATION ||
		(f->kind == FACT_RELATION && !fact_is_reversed(f)))
		c->v[c->n++] = f->id;
	return c->n == CHUNK || ++c->passed == PASSED;
}

static int
look_at_main(struct scan *x, struct scope *s, struct fact_attributes **ret)
{
	int rc = lens_make(x->st, STORE_MAIN, STORE_OPEN_END - 1, &s->lens,
		x->e);

	if (rc)
		return rc;
	rc = lens_apply(x->st, &s->lens, x->e);
	if (rc)
		return rc;
	fact_home(x->st, x->ns);
	return fact_attributes_get(x->st, x->ns, ret, x->e);
}

/* Is that enough for one look? What is found has its bound, too. */
static bool
is_enough(const struct scan *x, int64_t end_ns)
{
	return x->p->n + SCAN_MOST > SCAN_FOUND_MAX || clock_mono_ns() > end_ns;
}

/* A chunk of the first range that is to be looked at again and was not yet, with
 * all facts of main, older and newer. 1: there is or was one, 0: there is none. */
static int
scan_again_chunk(struct scan *x, const struct scope *scope, int64_t end_ns)
{
	struct scan_chunk c = {.n = 0};
	struct scan_place *p = x->p;
	int64_t first, last;
	int more;

	if (!scan_again_range(x, p->again_done, &first, &last))
		return 0;
	if (p->again_at < first)
		p->again_at = first - 1;
	more = fact_each_stored(x->st, x->ns, p->again_at, scan_look_take_fact,
		&c, x->e);
	if (more < 0)
		return more;
	for (int i = 0; i < c.n && c.v[i] <= last; i++) {
		int rc = scan_fact(x, scope, c.v[i], true);

		if (rc)
			return rc;
		p->again_at = c.v[i];
		if (is_enough(x, end_ns))
			return 1;
	}
	p->again_at = c.last;
	if (more == 0 || c.last >= last) {
		p->again_done++;
		p->again_at = 0;
	}
	return 1;
}

/* 1 more is to do. */
static int
scan_chunk(struct scan *x, const struct scope *scope, int64_t end_ns)
{
	struct scan_chunk c = {.n = 0};
	int more = scan_again_chunk(x, scope, end_ns);

	if (more != 0)
		return more;
	more = fact_each_stored(x->st, x->ns, x->p->after, scan_look_take_fact,
		&c, x->e);
	if (more < 0)
		return more;
	for (int i = 0; i < c.n; i++) {
		int rc;

		if (c.v[i] > x->upto)
			return 0;
		rc = scan_fact(x, scope, c.v[i], false);
		if (rc)
			return rc;
		x->p->after = c.v[i];
		if (i + 1 < c.n && is_enough(x, end_ns))
			return 1;
	}
	if (c.last > x->p->after)
		x->p->after = c.last;
	return more == 1 && x->p->after < x->upto;
}

static int
scan_chunks(struct scan *x, int64_t budget_ns)
{
	struct scope scope = {.ns = {x->ns}, .n = 1, .valid_at = FACT_NO_TIME};
	AUTO_FREE struct fact_attributes *attributes = NULL;
	int64_t end_ns = clock_mono_ns() + budget_ns;
	int rc = look_at_main(x, &scope, &attributes);

	if (rc)
		return rc;
	x->attributes = attributes;
	do {
		rc = scan_chunk(x, &scope, end_ns);
	} while (rc == 1 && !is_enough(x, end_ns));
	x->attributes = NULL;
	return rc;
}

/* Goes on where the look before left off, or, after a start, a stop or a
 * failure, where the file says. */
static void
take_place(const struct scan *x)
{
	struct scan_place *p = x->p;

	if (p->ns == x->ns && p->started_at == x->started_at)
		return;
	*p = (struct scan_place){.ns = x->ns,
		.started_at = x->started_at,
		.after = x->after,
		.checked = x->checked,
		.pause = p->pause};
}

struct scan_next {
	int64_t ns;
	bool is_calm;
};

static int
first_scanned(void *ctx, const char *value, size_t n)
{
	struct scan_next *x = ctx;
	bool is_late = n > 0 && value[n - 1] == SCAN_CATCH_UP[0];
	char text[24];

	n -= is_late;
	if (n >= sizeof(text) || (is_late && !x->is_calm))
		return 0;
	memcpy(text, value, n);
	text[n] = '\0';
	return text_int(text, 1, INT64_MAX >> 33, &x->ns) == 0;
}

static int64_t
next_scan(struct store *st, bool is_calm)
{
	struct scan_next x = {0, is_calm};
	int rc = meta_each(st, META_SCANNING, META_SCANNING_LAST, first_scanned,
		&x, NULL);

	return rc == 1 ? x.ns : 0;
}

bool
scan_wanted(struct store *st, bool is_calm)
{
	return next_scan(st, is_calm) != 0;
}

/* 0 at its end, 1 there is more. */
static int
look_on(struct scan *x, int64_t budget_ns)
{
	int rc = scan_load(x);

	if (rc != 0)
		return rc;
	if (!scan_is_running(x))
		return err_set(x->e, MDB_E_INTERNAL, "a scan has no beginning");
	take_place(x);
	return scan_chunks(x, budget_ns);
}

int
scan_look(struct store *st, struct scan_place *place, bool is_calm,
	int64_t budget_ns, struct err *e)
{
	AUTO_SCAN struct scan x = {.st = st,
		.p = place,
		.ns = next_scan(st, is_calm),
		.e = e};
	int rc;

	if (x.ns == 0)
		return 0;
	rc = look_on(&x, budget_ns);
	if (rc < 0)
		return rc;
	place->is_done = rc == 0;
	return 1;
}

/* --- writing -------------------------------------------------------------- */
/* What was found goes to the queue. A pair that is there already is none. */
static int
queue_found(struct scan *x)
{
	for (size_t i = 0; i < x->p->n; i++) {
		const struct queue_found *f = &x->p->found[i];
		int64_t id;
		int rc = queue_add(x->st, f, &id, x->e);

		if (rc < 0)
			return rc;
		if (rc == 1 && f->kind != FACTS_SUCCESSION)
			x->found++;
	}
	return 0;
}

static int
stop_at_first(void *ctx, const struct fact *f)
{
	(void)ctx;
	(void)f;
	return 1;
}

/* All that the look saw was compared. What was written since belongs to a scan
 * without a fixed end; and where busy writes said "later" while one with an end
 * was under way, what they left out is next. */
static int
end_or_go_on(struct scan *x)
{
	int64_t later = scan_number(x, "later", -1);
	int rc = x->upto == INT64_MAX ? fact_each_stored(x->st, x->ns, x->after,
						stop_at_first, NULL, x->e)
				      : 0;

	if (rc == 1 || (rc == 0 && json_object_get(x->state, "again")))
		return scan_save(x);
	if (rc != 0)
		return rc;
	rc = scan_end(x, "done");
	if (rc || later < 0)
		return rc;
	return scan_begin(x, later);
}

static int
write_found(struct scan *x, const struct scan_place *place)
{
	int rc;

	/* Stopped, or begun anew, while its thread looked. */
	if (!scan_is_running(x) || x->started_at != place->started_at)
		return 0;
	rc = queue_found(x);
	if (rc)
		return rc;
	x->after = place->after;
	x->checked = place->checked;
	rc = scan_again_done(x, place);
	if (rc)
		return rc;
	return place->is_done ? end_or_go_on(x) : scan_save(x);
}

int
scan_write(struct store *st, const struct scan_place *place, struct err *e)
{
	AUTO_SCAN struct scan x = {.st = st,
		.p = (struct scan_place *)(uintptr_t)place,
		.ns = place->ns,
		.e = e};
	int rc = scan_load(&x);

	if (rc != 0)
		return rc;
	return write_found(&x, place);
}
