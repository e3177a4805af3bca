/* See review_script.h. A row that waits and says by whom was looked at: by the
 * function, or by whoever had its approval undone. So a function is asked once of
 * each change, also after a crash, and an undone approval stays undone. */
#include "memory-db/model/review/review_script.h"

#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "common/text.h"
#include "memory-db/model/review/review_int.h"
#include "memory-db/model/review/review_run.h"
#include "memory-db/model/scope/settings.h"
#include "memory-db/model/write/skill.h"
#include "memory-db/store/engine/lens.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/facts/namespaces.h"

#define TIMEOUT_MS 1000
#define BY	   "policy function "

void
review_asked_done(struct review_asked *a)
{
	buf_done(&a->skill);
	buf_done(&a->code);
	buf_done(&a->namespace_);
	json_decref(a->row);
	a->row = NULL;
}

/* --- which ---------------------------------------------------------------- */
struct review_script_asking {
	struct store *st;
	struct review_asked *a;
	struct err *e;
};

static int
is_unasked(void *ctx, const struct staged *s)
{
	struct review_script_asking *x = ctx;

	if (s->by)
		return 0;
	x->a->change = s->change;
	return 1;
}

/* 1: a change of this namespace waits to be asked about. */
static int
ask_namespace(void *ctx, int64_t ns)
{
	struct review_script_asking *x = ctx;
	AUTO_JSON json_t *set = NULL;
	const char *skill;
	int rc = settings_get(x->st, ns, SETTING_review_script, &set, x->e);

	if (rc)
		return rc;
	skill = jx_text(set, "skill");
	if (!skill)
		return 0;
	rc = staged_each(x->st, ns, STAGED_WAITING, STAGED_ANY, 0, is_unasked,
		x, x->e);
	if (rc != 1)
		return rc;
	x->a->ns = ns;
	x->a->timeout_ms =
		json_integer_value(json_object_get(set, "timeout_ms"));
	if (x->a->timeout_ms == 0)
		x->a->timeout_ms = TIMEOUT_MS;
	if (buf_adds(&x->a->skill, skill) || !buf_str(&x->a->skill))
		return err_nomem(x->e);
	return 1;
}

/* Does the change touch the skill that judges it? */
static bool
touches(const json_t *row, const char *skill)
{
	static const char *const lists[] = {"added", "removed", "set"};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		json_t *list = json_object_get(row, lists[i]), *o, *v;
		const char *key;
		size_t k;

		json_array_foreach(list, k, o)
			json_object_foreach(o, key, v)
				if (json_is_string(v) &&
					strcmp(json_string_value(v), skill) ==
						0)
					return true;
	}
	return false;
}

static int
load_code(struct store *st, struct review_asked *a, struct err *e)
{
	struct context ctx = {.namespace_ = a->namespace_.data,
		.branch = "main"};
	AUTO_JSON json_t *skill = NULL;
	const json_t *code;
	int rc = lens_apply_main(st, e);

	if (rc)
		return rc;
	fact_home(st, a->ns);
	rc = skill_load(st, &ctx, a->skill.data, 0, NULL, &skill, e);
	if (rc == MDB_E_NOT_FOUND) {
		a->failed = "there is no skill of that name";
		return 0;
	}
	if (rc)
		return rc;
	if (strcmp(jx_text(skill, "namespace"), a->namespace_.data) != 0) {
		/* The user's memory, where others may write. */
		a->failed = "the skill of that name is not of this namespace";
		return 0;
	}
	a->is_own = a->is_own || touches(a->row, jx_text(skill, "name"));
	code = json_object_get(skill, "code");
	if (!json_is_string(code) ||
		json_is_false(json_object_get(skill, "runnable"))) {
		a->failed = "the skill cannot be run";
		return 0;
	}
	/* On its first line, so that the numbers of lines are its own. */
	if (buf_adds(&a->code, "local change = args; ") ||
		buf_add(&a->code, json_string_value(code),
			json_string_length(code)) ||
		!buf_str(&a->code))
		return err_nomem(e);
	return 0;
}

static int
load_row(struct store *st, struct review_asked *a, struct err *e)
{
	struct context ctx = {.namespace_ = a->namespace_.data,
		.branch = "main"};
	struct review_query q = {.ns = a->ns,
		.session = STAGED_ANY,
		.change = a->change,
		.limit = 1,
		.max_bytes = LIMIT_REPLY_BYTES};
	AUTO_JSON json_t *rows = NULL;
	int64_t next;
	int rc = review_list(st, &ctx, &q, &rows, &next, e);

	if (rc)
		return rc;
	a->row = json_incref(json_array_get(rows, 0));
	return a->row ? 0
		      : err_set(e, MDB_E_INTERNAL,
				"staged change %lld is not listed",
				(long long)a->change);
}

/* The change and the skill that is asked about it. */
static int
load_asked(struct store *st, struct review_asked *ret, struct err *e)
{
	int rc = load_row(st, ret, e);

	if (rc != 0)
		return rc;
	ret->is_own = touches(ret->row, ret->skill.data);
	return load_code(st, ret, e);
}

int
review_ask_next(struct store *st, struct review_asked *ret, struct err *e)
{
	struct review_script_asking x = {st, ret, e};
	int rc = staged_each_namespace(st, ask_namespace, &x, e);

	if (rc != 1)
		return rc;
	rc = namespace_name(st, ret->ns, &ret->namespace_, e);
	if (rc < 0)
		return rc;
	if (!buf_str(&ret->namespace_))
		return err_nomem(e);
	rc = load_asked(st, ret, e);
	if (rc == MDB_E_NOMEM || rc == MDB_E_STORE || rc == MDB_E_BUSY)
		return rc;
	/* It is the operator's; those behind it are asked about. */
	if (rc != 0)
		ret->failed = "the change, or the skill, could not be read";
	return 1;
}

/* --- the answer ----------------------------------------------------------- */
int
review_answer(const json_t *value, enum review_do *ret, struct buf *why,
	struct err *e)
{
	static const char *const words[] = {[REVIEW_STAGE] = "stage",
		[REVIEW_APPLY] = "apply",
		[REVIEW_REFUSE] = "refuse"};
	const char *what = json_string_value(value), *text = NULL;

	if (json_is_array(value)) {
		what = json_string_value(json_array_get(value, 0));
		text = json_string_value(json_array_get(value, 1));
	} else if (json_is_object(value)) {
		what = jx_text(value, "do");
		text = jx_text(value, "why");
	}
	if (text && text_add_cut(why, text, STAGED_NOTE_BYTES))
		return err_nomem(e);
	for (size_t i = 0; what && i < ARRAY_LEN(words); i++)
		if (strcmp(what, words[i]) == 0) {
			*ret = (enum review_do)i;
			return 0;
		}
	return err_set(e, MDB_E_INVALID,
		"it must return \"apply\", \"stage\" or \"refuse\", or a "
		"table of that and a reason");
}

/* --- carrying it out ------------------------------------------------------ */
static int
note_waiting(struct store *st, int64_t change, const char *by, const char *why,
	struct err *e)
{
	struct staged s = {.change = change,
		.state = STAGED_WAITING,
		.by = by,
		.note = why};

	return staged_decide(st, &s, e);
}

/* As the operator would decide it. *ret_left: why it was not taken; owned by
 * the reply. */
static int
decide_as(struct store *st, const struct review_asked *a, bool approve,
	const char *by, const char *why, struct effects *ret_effects,
	json_t **ret_reply, struct err *e)
{
	struct context ctx = {.namespace_ = a->namespace_.data,
		.branch = "main",
		.client = "memory-db",
		.is_service = true,
		.secrets = SECRETS_ALLOW};
	AUTO_JSON json_t *params = json_object();
	AUTO_JSON json_t *ids = json_pack("[I]", (json_int_t)a->change);
	struct call c = {.st = st,
		.tool = tool_find(TOOL_NAME(review_staged)),
		.ctx = &ctx,
		.params = params};
	struct review_selection s = {.changes = ids,
		.session = STAGED_ANY,
		.approve = approve,
		.note = why,
		.by = by};
	int rc = !params || !ids ? err_nomem(e)
				 : review_run(&c, a->ns, &s, ret_reply, e);

	if (!rc)
		effects_move(ret_effects, &c.effects);
	call_done(&c);
	return rc;
}

static int
review_script_apply(struct store *st, const struct review_asked *a,
	const char *by, const char *why, struct effects *ret_effects,
	struct err *e)
{
	AUTO_JSON json_t *reply = NULL;
	AUTO_BUF struct buf note = {0};
	const char *left;
	int rc = decide_as(st, a, true, by, why, ret_effects, &reply, e);

	if (rc)
		return rc;
	left = jx_text(json_array_get(json_object_get(reply, "left"), 0),
		"why");
	if (!left)
		return 0;
	if (buf_addf(&note, "would apply it, but %s", left) || !buf_str(&note))
		return err_nomem(e);
	return note_waiting(st, a->change, by, note.data, e);
}

int
review_answered(struct store *st, const struct review_asked *a,
	enum review_do what, const char *why, struct effects *ret_effects,
	struct err *e)
{
	AUTO_REVIEW_ROW struct review_row r = {.by = NULL};
	AUTO_JSON json_t *reply = NULL;
	AUTO_JSON json_t *set = NULL;
	char by[sizeof(BY) + LIMIT_NAME_BYTES];
	int rc = staged_get(st, a->change, review_row_copy, &r, e);

	if (rc == MDB_E_NOMEM)
		return err_nomem(e);
	if (rc != 1 || r.s.state != STAGED_WAITING || r.s.by)
		return rc < 0 ? rc : 0;
	/* Taken back while the function ran. */
	rc = settings_get(st, a->ns, SETTING_review_script, &set, e);
	if (rc || !jx_text(set, "skill") ||
		strcmp(jx_text(set, "skill"), a->skill.data) != 0)
		return rc;
	snprintf(by, sizeof(by), BY "%s", a->skill.data);
	switch (what) {
	case REVIEW_APPLY:
		return review_script_apply(st, a, by, why, ret_effects, e);
	case REVIEW_REFUSE:
		return decide_as(st, a, false, by,
			why ? why : "the policy function refuses it",
			ret_effects, &reply, e);
	case REVIEW_STAGE:
		return note_waiting(st, a->change, by, why, e);
	}
	return 0;
}
