/* What was recalled, as JSON, within a budget of bytes. Rows are written from
 * the best on, and the first that finds no room ends the page: the text of a
 * row is never cut, but large metadata are left out of it first. A row is
 * small because what is usual is left out: the namespace, for example, is told
 * only where it is another one than the reader's. */
#include "memory-db/model/recall/recall_page.h"

#include <math.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/codespan.h"
#include "common/jx.h"
#include "memory-db/model/read/encode.h"
#include "memory-db/model/read/encode_internal.h"
#include "memory-db/model/read/fact_tags.h"
#include "memory-db/model/read/instruction.h"
#include "memory-db/model/read/provenance.h"
#include "memory-db/model/recall/recall_line.h"
#include "memory-db/model/read/contested.h"
#include "memory-db/model/read/derived_suspect.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/facts/labels.h"

/* Room for the frame of the reply: names of members, receipt. */
#define FRAME_BYTES 120
#define MINUTE_MS   INT64_C(60000)
#define DAY_MS	    INT64_C(86400000)

/* Lines of what is not relevant. */
#define WEAK_ROWS 2

/* A fact that was forgotten after it was found. */
#define GONE 2

struct recall_page_writing {
	struct store *st;
	const struct scope *scope;
	const struct recall_page *page;
	json_t *results; /* owned */
	json_t *sources; /* owned; of lines: the code they were read in */
	size_t bytes, given;
	bool is_weak;
	int minutes;	      /* of the zone, east of UTC */
	struct origin origin; /* of the row under way */
	struct err *e;
};
struct recall_page_row {
	struct recall_page_writing *w;
	const struct recall_found *found;
	json_t *j; /* owned */
};

static double
recall_page_rounded(double v)
{
	return round(v * 1000) / 1000;
}

static int
set_date(const struct recall_page_writing *w, json_t *j, const char *key,
	int64_t ms)
{
	int64_t local = ms + w->minutes * MINUTE_MS;
	struct clock_date d =
		clock_date_of(local / DAY_MS - (local % DAY_MS < 0));
	char text[40];

	snprintf(text, sizeof(text), "%04lld-%02d-%02d", (long long)d.year,
		d.month, d.day);
	return jx_set(j, key, json_string(text));
}

static int
set_parts(json_t *j, const struct recall_found *found)
{
	json_t *parts = json_object();
	int bad = parts ? 0 : MDB_E_NOMEM;

	for (int p = 0; bad == 0 && p < PART_MAX; p++)
		if (found->parts[p] > 0.0005f || found->parts[p] < -0.0005f)
			bad = jx_set(parts,
				recall_part_name((enum recall_part)p),
				json_real(recall_page_rounded(
					(double)found->parts[p])));
	if (bad != 0) {
		json_decref(parts);
		return bad;
	}
	return jx_set(j, "parts", parts);
}

/* Where it was said, and by whom. */
static int
set_said(struct recall_page_row *x, json_t *j, const struct fact *f)
{
	struct recall_page_writing *w = x->w;
	int r = encode_set_label(w->st, j, "source", f->source, w->e);

	if (r != 0)
		return r;
	return encode_set_label(w->st, j, "speaker", f->speaker, w->e);
}

/* The same as an agent says it. */
static int
set_claims(struct recall_page_row *x, const struct fact *f)
{
	struct recall_page_writing *w = x->w;
	AUTO_JSON json_t *claims = json_object();
	int rc = !claims ? err_nomem(w->e) : set_said(x, claims, f);

	if (rc != 0)
		return rc;
	if (f->source_at != FACT_NO_TIME &&
		set_date(w, claims, "date", f->source_at) != 0)
		rc = err_nomem(w->e);
	if (rc != 0)
		return rc;
	if (json_object_size(claims) > 0 &&
		json_object_set(x->j, "claims", claims) != 0)
		rc = err_nomem(w->e);
	return rc;
}

static int
recall_page_set_fact(void *ctx, const struct fact *f)
{
	struct recall_page_row *x = ctx;
	struct recall_page_writing *w = x->w;
	bool is_claim = f->flags & FACT_CLAIMED;
	int rc;

	if (f->erased)
		return GONE;
	rc = provenance_origin(w->st, f->id, &w->origin, w->e);
	if (rc < 0)
		return rc;
	if (jx_set(x->j, "id", json_integer((json_int_t)f->id)) != 0 ||
		jx_set(x->j, "text", json_stringn(f->text, f->text_n)) != 0 ||
		set_date(w, x->j, "date",
			is_claim ? w->origin.at : x->found->at) != 0 ||
		jx_set(x->j, "dated",
			json_string(x->found->is_dated && !is_claim
					    ? "happened"
					    : "noted")) != 0)
		return err_nomem(w->e);
	rc = is_claim ? set_claims(x, f) : set_said(x, x->j, f);
	if (rc != 0)
		return rc;
	rc = provenance_from(w->st, w->scope, &w->origin, x->j, w->e);
	if (rc != 0)
		return rc;
	if (f->valid_from != FACT_NO_TIME)
		rc = set_date(w, x->j, "valid_from", f->valid_from);
	if (rc != 0)
		return rc;
	if (f->valid_to != FACT_NO_TIME)
		rc = set_date(w, x->j, "valid_to", f->valid_to);
	if (rc != 0)
		return rc;
	rc = fact_tags_encode(w->st, f->entity, f->id, x->j, w->e);
	return rc < 0 ? rc : 0;
}

static int
recall_page_set_entity(struct recall_page_row *x)
{
	struct recall_page_writing *w = x->w;
	AUTO_BUF struct buf name = {0}, ns_name = {0};
	int64_t type = 0, ns = fact_namespace(x->found->fact);
	int rc = fact_existence(w->st, x->found->entity, NULL, &type, &name,
		w->e);

	if (rc != 1)
		return rc;
	if (jx_set(x->j, "name",
		    json_stringn(name.data ? name.data : "", name.len)) != 0)
		return err_nomem(w->e);
	rc = encode_set_label(w->st, x->j, "type", type, w->e);
	if (rc != 0)
		return rc;
	if (ns != w->scope->ns[0]) {
		rc = namespace_name(w->st, ns, &ns_name, w->e);
		if (rc == 1 &&
			jx_set(x->j, "namespace",
				json_stringn(ns_name.data, ns_name.len)) != 0)
			rc = err_nomem(w->e);
	}
	return rc < 0 ? rc : 1;
}

/* `suspect`: reasons, only when there are any. */
static int
recall_page_set_suspect(struct recall_page_row *x)
{
	AUTO_JSON json_t *list = json_array();
	int rc =
		!list ? err_nomem(x->w->e)
		      : derived_suspect_fact_reasons(x->w->st, x->found->entity,
				x->found->fact, list, x->w->e);

	if (rc != 0)
		return rc;
	if (json_array_size(list) > 0 &&
		json_object_set(x->j, "suspect", list) != 0)
		rc = err_nomem(x->w->e);
	return rc;
}

/* `alike`: near copies left out; `also`: names of others that have it. */
static int
set_alike(struct recall_page_row *x)
{
	struct recall_page_writing *w = x->w;
	const struct recall_found *found = x->found;
	AUTO_JSON json_t *also = json_array();

	if (found->alike == 0)
		return 0;
	for (int i = 0; also && i < RECALL_ALSO && found->also[i] != 0; i++) {
		AUTO_BUF struct buf name = {0};
		int rc = fact_existence(w->st, found->also[i], NULL, NULL,
			&name, w->e);

		if (rc < 0)
			return rc;
		if (rc == 1 &&
			jx_add(also, json_stringn(name.data ? name.data : "",
					     name.len)) != 0)
			return err_nomem(w->e);
	}
	if (!also || jx_set(x->j, "alike", json_integer(found->alike)) != 0 ||
		(json_array_size(also) > 0 &&
			jx_set(x->j, "also", take_ptr(also)) != 0))
		return err_nomem(w->e);
	return 0;
}

/* The row that comes next was read in code: who has the files may look whether
 * they still say so. */
static int
recall_page_add_source(struct recall_page_writing *w, const json_t *row)
{
	json_t *source =
		json_object_get(json_object_get(row, "metadata"), "source");
	json_t *one;

	if (!w->page->lines || !codespan_is(source))
		return 0;
	one = json_pack("{s:I,s:O*,s:O}", "row",
		(json_int_t)json_array_size(w->results), "namespace",
		json_object_get(row, "namespace"), "source", source);
	if (!w->sources)
		w->sources = json_array();
	if (!one || !w->sources) {
		json_decref(one);
		return MDB_E_NOMEM;
	}
	w->bytes += encode_size(one) + 1;
	return jx_add(w->sources, one);
}

/* The row as it is given. Takes row_new. */
static json_t *
given_row(const struct recall_page_writing *w, json_t *row_new)
{
	AUTO_JSON json_t *row = row_new;
	AUTO_BUF struct buf line = {0};

	if (!w->page->lines)
		return take_ptr(row);
	return recall_line(row, w->is_weak, &line) == 0 && buf_str(&line)
		       ? json_stringn(line.data, line.len)
		       : NULL;
}

/* Bytes of the row. One that does not fit does without its metadata, which may
 * be far larger than what was asked for; the text is never cut. */
static int
fit_row(const struct recall_page_writing *w, json_t *j, size_t *ret_bytes)
{
	*ret_bytes = encode_size(j) + 1;
	if (w->bytes + *ret_bytes <= w->page->max_bytes ||
		!json_object_get(j, "metadata"))
		return 0;
	if (json_object_del(j, "metadata") != 0 ||
		jx_set(j, "omitted", json_pack("[s]", "metadata")) != 0)
		return MDB_E_NOMEM;
	*ret_bytes = encode_size(j) + 1;
	return 0;
}

/* A third answer of recall_page_write_row: the row does not fit any more. */
#define PAGE_FULL 2

/* 1 written, 0 gone, 2 it does not fit. */
static int
recall_page_write_row(struct recall_page_writing *w,
	const struct recall_found *found)
{
	AUTO_JSON json_t *j = json_object(), *whole = NULL;
	struct recall_page_row x = {w, found, j};
	size_t bytes;
	int rc = j ? recall_page_set_entity(&x) : err_nomem(w->e);

	if (rc == 1)
		rc = fact_get(w->st, found->fact, recall_page_set_fact, &x,
			w->e);
	if (rc != 1)
		return rc == GONE ? 0 : rc;
	rc = recall_page_set_suspect(&x);
	if (rc != 0)
		return rc;
	rc = contested_set(w->st, found->fact, j, w->e);
	if (rc != 0)
		return rc;
	if (found->is_instruction &&
		jx_set(j, "kind", json_string(INSTRUCTION_TAG)) != 0)
		return err_nomem(w->e);
	rc = set_alike(&x);
	if (rc)
		return rc;
	if (jx_set(j, "score", json_real(recall_page_rounded(found->score))) !=
			0 ||
		(w->page->explain && set_parts(j, found) != 0))
		return err_nomem(w->e);
	whole = json_incref(j);
	j = given_row(w, j);
	if (!j || fit_row(w, j, &bytes) != 0)
		return err_nomem(w->e);
	if (w->bytes + bytes > w->page->max_bytes &&
		json_array_size(w->results) > 0)
		return PAGE_FULL;
	w->bytes += bytes;
	if (recall_page_add_source(w, whole) != 0 ||
		jx_add(w->results, take_ptr(j)) != 0)
		return err_nomem(w->e);
	return 1;
}

static int
write_rows(struct recall_page_writing *w, const struct recall_result *found)
{
	for (; w->given < found->n; w->given++) {
		int rc = recall_page_write_row(w, &found->rows[w->given]);

		if (rc < 0)
			return rc;
		if (rc == PAGE_FULL)
			break;
	}
	return 0;
}

int
recall_page_json(struct store *st, const struct scope *scope,
	const struct recall_page *page, const struct recall_result *found,
	json_t **ret_result, size_t *ret_given, struct err *e)
{
	struct recall_page_writing w = {.st = st,
		.scope = scope,
		.page = page,
		.e = e,
		.bytes = FRAME_BYTES};
	AUTO_JSON json_t *j = json_object();
	size_t wanted = 0, count;
	int rc;

	w.is_weak = page->lines && !found->is_relevant;
	wanted = w.is_weak && found->n > WEAK_ROWS ? WEAK_ROWS : found->n;
	if (clock_zone_minutes(page->zone[0] ? page->zone : "UTC",
		    clock_now_ms(), &w.minutes) < 0)
		w.minutes = 0;
	w.results = json_array();
	rc = j && w.results
		     ? write_rows(&w, &(struct recall_result){found->rows,
					      wanted, false, false})
		     : err_nomem(e);
	count = json_array_size(w.results);
	if (rc == 0 &&
		(jx_set(j, "results", take_ptr(w.results)) != 0 ||
			jx_set(j, "count", json_integer((json_int_t)count)) !=
				0 ||
			jx_set(j, "relevant",
				json_boolean(found->is_relevant)) != 0 ||
			(w.given < wanted &&
				jx_set(j, "omitted",
					json_integer((json_int_t)(wanted -
								  w.given))) !=
					0) ||
			(found->partial &&
				jx_set(j, "partial", json_true()) != 0) ||
			(w.sources && jx_set(j, "sources",
					      take_ptr(w.sources)) != 0)))
		rc = err_nomem(e);
	json_decref(w.results);
	json_decref(w.sources);
	if (rc < 0)
		return rc;
	*ret_given = w.given;
	*ret_result = take_ptr(j);
	return 0;
}
