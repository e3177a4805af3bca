/* Verification in slices, as JSON. A slice takes 50 ms of a reader; where it
 * ended and the sums so far travel in the cursor, so the service keeps nothing
 * between two slices and a client that stops asking leaves nothing behind.
 *
 * All slices look at the same state: the first one notes the newest change,
 * and what is written later is not looked at. */
#include "memory-db/model/transfer/verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "memory-db/model/scope/page_cursor.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/model/namespace/namespaces.h"
#include "memory-db/store/engine/lens.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/engine/store.h"
#include "memory-db/store/engine/trouble.h"
#include "memory-db/store/check/verify.h"

/* Time of a slice: other reads share the reader. */
#define SLICE_NS   (50 * 1000 * 1000LL)
#define HEAD_BYTES 32

struct verify_page {
	struct store *st;
	struct verify_mark mark;
	int64_t changes, facts; /* checked before this slice */
	json_t *problems;	/* borrowed */
	struct err *e;
};

static int
verify_tell(void *ctx, const char *what, const char *detail, int64_t mendable)
{
	struct verify_page *p = ctx;
	json_t *o = json_object();
	int rc;

	if (!o || jx_add(p->problems, o) != 0)
		return err_nomem(p->e);
	rc = member_set_text(o, "what", what, strlen(what), p->e);
	if (rc != 0)
		return rc;
	rc = member_set_text(o, "detail", detail, strlen(detail), p->e);
	if (rc != 0 || mendable == 0)
		return rc;
	rc = member_set_int(o, "fact", mendable, p->e);
	if (rc != 0)
		return rc;
	return member_set_new(o, "repair", json_true(), p->e);
}

static int
read_cursor(struct verify_page *p, const char *cursor)
{
	int64_t v[VERIFY_MARK_NUMBERS];
	int rc;

	if (!cursor)
		return lens_newest(p->st, &p->mark.change, p->e);
	rc = page_cursor_parse(cursor, 'v', v, VERIFY_MARK_NUMBERS, p->e);
	if (rc != 0)
		return rc;
	p->mark = (struct verify_mark){.change = v[0],
		.step = v[1],
		.a = v[2],
		.changes = v[3],
		.facts = v[4],
		.spans = v[5],
		.closed = v[6],
		.versions = v[7],
		.attrs = v[8],
		.problems = v[9]};
	return rc;
}

static int
set_next(struct verify_page *p, json_t *o)
{
	const struct verify_mark *m = &p->mark;
	int64_t v[VERIFY_MARK_NUMBERS] = {m->change, m->step, m->a, m->changes,
		m->facts, m->spans, m->closed, m->versions, m->attrs,
		m->problems};
	char text[PAGE_CURSOR_SIZE];

	page_cursor_format(text, 'v', v, VERIFY_MARK_NUMBERS);
	return member_set_new(o, "next", json_string(text), p->e);
}

/* NAMESPACE:HEX; the name may hold colons. */
static int
parse_head(struct verify_page *p, const char *head, char *name,
	size_t name_size, unsigned char bytes[HEAD_BYTES])
{
	const char *colon = strrchr(head, ':');

	if (!colon || (size_t)(colon - head) >= name_size ||
		member_hex(colon + 1, bytes, HEAD_BYTES) != 0)
		return err_param(p->e, MDB_E_INVALID, "head",
			"head must be NAMESPACE:HEX with 64 hexadecimal "
			"digits, as list_namespaces or an export shows it");
	memcpy(name, head, (size_t)(colon - head));
	name[colon - head] = '\0';
	return 0;
}

/* A head kept elsewhere must be a link of the chain. */
static int
verify_check_head(struct verify_page *p, const char *head, json_t *o)
{
	unsigned char bytes[HEAD_BYTES];
	char name[300], detail[420];
	int64_t ns = 0, change = 0;
	json_t *found;
	int rc = parse_head(p, head, name, sizeof(name), bytes);

	if (rc != 0)
		return rc;
	rc = namespace_find(p->st, name, &ns, p->e);
	if (rc == 1)
		rc = verify_find_head(p->st, ns, bytes, &change, p->e);
	if (rc < 0)
		return rc;
	if (rc == 0) {
		snprintf(detail, sizeof(detail),
			"the head is no link of the chain of namespace "
			"'%.255s': its log was rewritten since, or this is "
			"another database",
			name);
		p->mark.problems++;
		return verify_tell(p, "head", detail, 0);
	}
	found = json_object();
	rc = member_set_new(o, "head", found, p->e);
	if (rc != 0)
		return rc;
	rc = member_set_text(found, "namespace", name, strlen(name), p->e);
	if (rc != 0)
		return rc;
	return member_set_int(found, "change", change, p->e);
}

/* What this slice checked. */
static int
set_checked(struct verify_page *p, json_t *o)
{
	json_t *checked = json_object();
	int r = member_set_new(o, "checked", checked, p->e);

	if (r != 0)
		return r;
	r = member_set_int(checked, "changes", p->mark.changes - p->changes,
		p->e);
	if (r != 0)
		return r;
	return member_set_int(checked, "facts", p->mark.facts - p->facts, p->e);
}

static int
set_heads(struct verify_page *p, json_t *o)
{
	json_t *heads = NULL;
	int rc = namespaces_heads(p->st, 0, p->mark.change, &heads, p->e);

	if (rc == MDB_E_CORRUPT) { /* told by the chain already */
		heads = json_array();
		rc = 0;
	}
	if (rc != 0)
		return rc;
	return member_set_new(o, "heads", heads, p->e);
}

int
verify_page(struct store *st, const char *cursor, const char *head,
	json_t **ret, struct err *e)
{
	AUTO_JSON json_t *o = json_object();
	struct verify_page p = {.st = st, .problems = json_array(), .e = e};
	double progress = 0;
	bool done = false;
	int rc;

	if (!o) {
		json_decref(p.problems);
		return err_nomem(e);
	}
	if (member_set_new(o, "problems", p.problems, e) != 0)
		return MDB_E_NOMEM;
	rc = read_cursor(&p, cursor);
	p.changes = p.mark.changes;
	p.facts = p.mark.facts;
	if (rc != 0)
		return rc;
	if (!cursor && head)
		rc = verify_check_head(&p, head, o);
	if (rc != 0)
		return rc;
	rc = verify_slice(st, &p.mark, clock_mono_ns() + SLICE_NS, verify_tell,
		&p, &progress, &done, e);
	if (rc != 0)
		return rc;
	if (done && p.mark.problems == 0)
		trouble_over(store_database(st), TROUBLE_DAMAGE);
	rc = set_checked(&p, o);
	if (rc != 0)
		return rc;
	rc = member_set_real(o, "progress", progress, e);
	if (rc != 0)
		return rc;
	rc = done ? set_heads(&p, o) : set_next(&p, o);
	if (rc != 0)
		return rc;
	*ret = take_ptr(o);
	return 0;
}

static int
verify_part_slice(struct verify_page *p, struct verify_mark *mark,
	bool *ret_done)
{
	double progress;
	int rc =
		mark->change == 0 ? lens_newest(p->st, &mark->change, p->e) : 0;

	if (rc != 0)
		return rc;
	return verify_slice(p->st, mark, clock_mono_ns() + SLICE_NS,
		verify_tell, p, &progress, ret_done, p->e);
}

int
verify_part(struct store *st, enum verify_part part, json_t *problems,
	struct verify_mark *mark, struct err *e)
{
	struct verify_page p = {.st = st, .problems = problems, .e = e};
	bool done = false;

	*mark = (struct verify_mark){.part = part};
	while (!done) {
		int rc = store_read_begin(st, e);

		if (rc)
			return rc;
		rc = verify_part_slice(&p, mark, &done);
		store_read_end(st);
		if (rc)
			return rc;
	}
	return 0;
}
