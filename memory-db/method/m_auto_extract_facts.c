/* auto_extract_facts: what a conversation says, stored as one change.
 *
 * The work is cut in two, because the writer serves everybody. What follows
 * from the text alone (the facts, and what a chat model adds) is worked out
 * before, by prepare_auto_extract_facts on a thread of its own;
 * m_auto_extract_facts then only compares with what is stored, and stores. A
 * request may run twice (another pass of review, a group that failed): the
 * prepared half is made once and used again.
 *
 *   agent    {"text": "Ada: I live in Rome", ..}
 *   thread   one fact: ada "lives in Rome"          milliseconds to seconds
 *   writer   is it known? no: stored, change 12     less than a millisecond */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/embed/chat.h"
#include "memory-db/method/extract_call.h"
#include "memory-db/method/guard.h"
#include "memory-db/method/handlers.h"
#include "memory-db/method/prepare.h"
#include "memory-db/model/extract/model_facts.h"
#include "memory-db/model/recall/recall_dates.h"

/* The last part of a namespace's name: "github.com/ada/kettle" is kettle. */
static void
set_project(struct said *x, const struct call *c)
{
	const char *name = jx_text(c->params, "project"), *slash;

	if (!name && strcmp(c->ctx->namespace_, "default") != 0 &&
		!c->ctx->user_scope) {
		name = c->ctx->namespace_;
		slash = strrchr(name, '/');
		name = slash && slash[1] != '\0' ? slash + 1 : name;
	}
	snprintf(x->project, sizeof(x->project), "%s", name ? name : "project");
	x->q.project = x->project;
}

static int
m_auto_extract_facts_read_request(struct said *x, struct call *c, struct err *e)
{
	const json_t *text = json_object_get(c->params, "conversation_text");
	const char *date = jx_text(c->params, "session_date");
	const char *user = jx_text(c->params, "user");
	int rc = 0;

	x->q.text = json_string_value(text);
	x->q.n = json_string_length(text);
	x->q.user = user ? user : "user";
	x->q.at = clock_now_ms();
	x->q.us = recall_month_first(c->ctx->zone);
	x->q.most = LIMIT_EXTRACT_FACTS;
	x->q.deadline_ns = c->deadline_ns;
	set_project(x, c);
	if (date)
		rc = clock_parse_in(date, clock_now_ms(), c->ctx->zone, false,
			&x->q.at, e);
	if (rc != 0)
		return err_param(e, MDB_E_INVALID, "session_date",
			"session_date '%.40s' is no time; \"2026-05-08\" is one",
			date);
	return clock_zone_minutes(c->ctx->zone[0] ? c->ctx->zone : "UTC",
		       x->q.at, &x->q.zone_minutes) != 0
		       ? err_param(e, MDB_E_INVALID, "zone",
				 "'%s' is no time zone", c->ctx->zone)
		       : 0;
}

/* --- the reply ------------------------------------------------------------------ */
static int
m_auto_extract_facts_set_time(json_t *row, const char *key, int64_t ms)
{
	char text[CLOCK_TEXT_SIZE];

	if (ms == EXTRACT_NO_TIME)
		return 0;
	clock_format(ms, text);
	return jx_set(row, key, json_string(text));
}

static int
set_kept(json_t *row, const struct extract_kept *k)
{
	if (jx_set(row, "status",
		    json_string(k->state == EXTRACT_STORED ? "stored"
							   : "known")) != 0)
		return MDB_E_NOMEM;
	return k->same_as ? jx_set(row, "same_as", json_string(k->same_as)) : 0;
}

static json_t *
fact_row(const struct extracting *x, size_t i)
{
	const struct extracted *f = &x->said->x.v[i];
	json_t *row AUTO_JSON =
		json_pack("{s:s,s:s,s:[s],s:s,s:s,s:s,s:s,s:f,s:s,s:I}", "name",
			f->name, "entityType",
			f->is_person ? "person" : "project", "observations",
			f->text, "subject", f->subject, "attribute",
			f->attribute, "value", f->value, "kind",
			extract_kind_name(f->kind), "confidence",
			round(f->confidence * 100) / 100, "source", f->line,
			"line", (json_int_t)f->line_no);

	if (!row || (f->is_denied && jx_set(row, "denied", json_true()) != 0) ||
		(f->speaker[0] != '\0' &&
			jx_set(row, "speaker", json_string(f->speaker)) != 0) ||
		(f->is_of_model &&
			jx_set(row, "by", json_string("model")) != 0) ||
		m_auto_extract_facts_set_time(row, "time", f->time) != 0 ||
		m_auto_extract_facts_set_time(row, "valid_from", f->from) !=
			0 ||
		m_auto_extract_facts_set_time(row, "valid_to", f->to) != 0 ||
		(x->kept && set_kept(row, &x->kept[i]) != 0))
		return NULL;
	return take_ptr(row);
}

/* Entities of what was stored or known, each once. */
static int
m_auto_extract_facts_add_entities(const struct extracting *x, json_t *ids)
{
	for (size_t i = 0; x->kept && i < x->said->x.n; i++) {
		bool again = x->kept[i].entity == 0;

		for (size_t j = 0; j < i; j++)
			again = again || x->kept[j].entity == x->kept[i].entity;
		if (!again &&
			jx_add(ids,
				json_integer((json_int_t)x->kept[i].entity)) !=
				0)
			return MDB_E_NOMEM;
	}
	return 0;
}

static int
m_auto_extract_facts_add_counts(const struct extracting *x, json_t *result)
{
	const struct extraction *f = &x->said->x;

	if (f->pasted > 0 && jx_set(result, "lines_pasted",
				     json_integer((json_int_t)f->pasted)) != 0)
		return MDB_E_NOMEM;
	if (x->said->model &&
		jx_set(result, "model", json_incref(x->said->model)) != 0)
		return MDB_E_NOMEM;
	if (f->partial && jx_set(result, "partial", json_true()) != 0)
		return MDB_E_NOMEM;
	if (f->foreign == 0)
		return 0;
	if (jx_set(result, "lines_not_read",
		    json_integer((json_int_t)f->foreign)) != 0)
		return MDB_E_NOMEM;
	return jx_set(result, "note",
		json_sprintf("%zu of %zu lines are in no language that facts "
			     "are known in (en), and nothing is kept of them",
			f->foreign, f->foreign + f->lines));
}

int
extract_call_reply(const struct extracting *x, json_t **ret, struct err *e)
{
	json_t *facts = json_array(), *ids = json_array();
	json_t *result AUTO_JSON = json_pack("{s:o,s:I,s:b,s:o}", "facts",
		facts, "count", (json_int_t)x->said->x.n, "stored",
		x->kept != NULL, "entity_ids", ids);

	if (!result)
		return err_nomem(e);
	for (size_t i = 0; i < x->said->x.n; i++)
		if (jx_add(facts, fact_row(x, i)) != 0)
			return err_nomem(e);
	if (m_auto_extract_facts_add_entities(x, ids) != 0 ||
		m_auto_extract_facts_add_counts(x, result) != 0)
		return err_nomem(e);
	*ret = take_ptr(result);
	return 0;
}

/* --- what is worked out before --------------------------------------------------- */
static void
said_free(void *data)
{
	struct said *x = data;

	if (!x)
		return;
	json_decref(x->marked);
	json_decref(x->model);
	extract_done(&x->x);
	free(x);
}

/* What the rules found stands, whatever becomes of the model: a failure is told in
 * the reply. */
static int
model_failed(struct said *x, const char *name, const struct err *why,
	struct err *e)
{
	x->model = json_pack("{s:s,s:s,s:s}", "name", name, "code",
		err_name(why->code), "error", why->text);
	return x->model ? 0 : err_nomem(e);
}

static int
ask_model(struct said *x, const struct call *c, struct err *e)
{
	AUTO_MODEL_LINES struct model_lines lines = {0};
	AUTO_BUF struct buf answer = {0};
	size_t added = 0, refused = 0;
	struct err why = {0};
	bool wanted = true;
	int rc = jx_bool(c->params, "model", JX_OPTIONAL, &wanted, e);

	if (rc < 0 || !wanted || !c->chat)
		return rc < 0 ? rc : 0;
	rc = model_lines_read(&x->q, &lines, e);
	if (rc != 0 || lines.n == 0)
		return rc;
	rc = chat_ask(c->chat, model_orders(), lines.text.data, lines.text.len,
		&answer, &why);
	if (rc == MDB_E_NOMEM)
		return err_nomem(e);
	if (rc != 0)
		return model_failed(x, chat_model(c->chat), &why, e);
	rc = model_facts(&x->q, &lines, answer.data ? answer.data : "",
		answer.len, &x->x, &added, &refused, &why);
	if (rc == MDB_E_NOMEM)
		return err_nomem(e);
	if (rc != 0)
		return model_failed(x, chat_model(c->chat), &why, e);
	x->model = json_pack("{s:s,s:I,s:I}", "name", chat_model(c->chat),
		"facts", (json_int_t)added, "refused", (json_int_t)refused);
	if (!x->model ||
		(lines.is_cut && jx_set(x->model, "partial", json_true()) != 0))
		return err_nomem(e);
	return 0;
}

/* The facts of the text, in which markers take the places of secrets. Nothing but
 * `marked` is of the copy with markers: that ends here. */
static int
work_out(struct said *x, struct call *c, struct err *e)
{
	static const char *const kept[] = {"conversation_text", NULL};
	AUTO_GUARD struct guard guard = {0};
	int rc = guard_params(&guard, c, kept, e);

	if (rc != 0)
		return rc;
	rc = m_auto_extract_facts_read_request(x, c, e);
	if (rc != 0)
		return rc;
	x->marked = json_incref(guard.marked);
	rc = extract_facts(&x->q, &x->x, e);
	if (rc != 0)
		return rc;
	rc = ask_model(x, c, e);
	x->q.text = NULL;
	x->q.n = 0;
	return rc;
}

int
prepare_auto_extract_facts(struct call *c, struct prepared *ret, struct err *e)
{
	const struct context *given = c->ctx;
	struct context marking = *given;
	struct said *x = calloc(1, sizeof(*x));
	int rc;

	if (!x)
		return err_nomem(e);
	*ret = (struct prepared){x, said_free};
	/* A conversation is what was said; nobody can be asked for another one.
	 * Markers take the places of secrets. */
	if (marking.secrets == SECRETS_REFUSE)
		marking.secrets = SECRETS_MARK;
	c->ctx = &marking;
	rc = work_out(x, c, e);
	c->ctx = given;
	return rc;
}

/* --- the call ------------------------------------------------------------------- */
static int
m_auto_extract_facts_run(struct extracting *x, struct call *c,
	json_t **ret_result, struct err *e)
{
	const struct context *given = c->ctx;
	struct context marking = *given;
	bool store = true;
	int rc = jx_bool(c->params, "auto_store", JX_OPTIONAL, &store, e);

	if (rc < 0)
		return rc;
	if (!store)
		return extract_call_reply(x, ret_result, e);
	/* Lines of the text are kept beside the facts. */
	if (marking.secrets == SECRETS_REFUSE)
		marking.secrets = SECRETS_MARK;
	c->ctx = &marking;
	rc = extract_call_store(x, c, &marking, ret_result, e);
	c->ctx = given;
	return rc;
}

int
m_auto_extract_facts(struct call *c, json_t **ret_result, struct err *e)
{
	AUTO_PREPARED struct prepared own = {.data = NULL};
	struct extracting x = {.kept = NULL};
	struct guard guard = {.c = c};
	int rc = 0;

	if (!c->prepared || !c->prepared->data)
		rc = prepare_auto_extract_facts(c, &own, e);
	if (rc != 0)
		return rc;
	x.said = own.data ? own.data : c->prepared->data;
	guard.marked = x.said->marked;
	rc = m_auto_extract_facts_run(&x, c, ret_result, e);
	return guard_reply(rc, &guard, ret_result, e);
}
