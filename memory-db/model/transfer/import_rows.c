/* Replay of what is no change of facts: namespaces, other names, branches,
 * conflicts, staged changes, runs.
 *
 * These rows may have moved on here since the log was written, by a decision
 * or another name. What was decided here stays: of a conflict that is resolved
 * here and open in the log, the resolution is kept. For example a log that is
 * replayed twice, with a decision between, leaves the decision. */
#include "memory-db/model/transfer/import.h"

#include <inttypes.h>
#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/model/recall/recall_settings.h"
#include "memory-db/model/scope/settings.h"
#include "memory-db/model/time/sliced_run.h"
#include "memory-db/store/beside/files.h"
#include "memory-db/store/log/branch.h"
#include "memory-db/store/log/change.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/facts/entity_ids.h"
#include "memory-db/store/facts/namespaces.h"
#include "memory-db/store/log/conflicts.h"
#include "memory-db/store/log/log.h"
#include "memory-db/store/log/staged.h"

/* Does the log know more of what was decided than this database? One that
 * brought a change does, and one that goes on from this very state: what it says
 * of a rejected change may be all that it says. */
static bool
is_newer(const struct importer *im)
{
	return im->state.applied || im->q->continues;
}

/* --- namespaces and aliases ----------------------------------------------- */
struct import_rows_found {
	bool here, same_name, is_empty;
	const char *name;
};

static int
compare_namespace(void *ctx, const struct namespace_row *row)
{
	struct import_rows_found *f = ctx;

	f->here = true;
	f->same_name = strcmp(row->name, f->name) == 0;
	f->is_empty = row->last_change == 0;
	return 0;
}

/* Another name of the namespace, unless one is called so. */
static int
alias_namespace(struct importer *im, int64_t id, const char *name)
{
	int64_t other;
	int rc = namespace_find(im->st, name, &other, im->e);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	return namespace_alias(im->st, id, name, im->e);
}

static int
alias_namespaces(struct importer *im, const json_t *o, int64_t id)
{
	json_t *aliases = NULL, *v;
	size_t i;
	int rc = jx_array(o, "aliases", JX_OPTIONAL, &aliases, im->e);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	json_array_foreach(aliases, i, v) {
		const char *name = json_string_value(v);

		if (!name || json_string_length(v) > LIMIT_LABEL_BYTES)
			continue;
		rc = alias_namespace(im, id, name);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* What this version does not know is left out. */
static int
set_weights(struct importer *im, int64_t ns, json_t *weights)
{
	const char *name;
	json_t *value;

	if (weights && im->q->continues) {
		int rc = recall_settings_clear(im->st, ns, im->e);

		if (rc != 0)
			return rc;
	}

	json_object_foreach(weights, name, value) {
		AUTO_JSON json_t *one = json_pack("{s:O}", name, value);
		int rc = one ? recall_settings_set(im->st, ns, one, NULL)
			     : MDB_E_NOMEM;

		if (rc != 0 && rc != MDB_E_INVALID)
			return err_set(im->e, rc,
				"the weights of recall of a "
				"namespace cannot be written");
	}
	return 0;
}

struct gone {
	const json_t *names; /* borrowed: those that stay */
	json_t *files;	     /* borrowed: names of the others */
};

static int
note_gone(void *ctx, const struct file *f)
{
	struct gone *g = ctx;
	const json_t *v;
	size_t i;

	json_array_foreach(g->names, i, v)
		if (json_is_string(v) &&
			strcmp(json_string_value(v), f->name) == 0)
			return 0;
	return jx_add(g->files, json_string(f->name)) == 0 ? 0 : MDB_E_NOMEM;
}

/* A log that continues this database names the files there are. */
static int
drop_files(struct importer *im, int64_t ns, const json_t *names)
{
	AUTO_JSON json_t *files = json_array();
	struct gone g = {names, files};
	const json_t *v;
	size_t i;
	int rc;

	if (!json_is_array(names) || !im->state.all)
		return 0;
	rc = !files ? err_nomem(im->e)
		    : file_each(im->st, ns, note_gone, &g, im->e);
	if (rc != 0)
		return rc;
	json_array_foreach(files, i, v) {
		rc = file_delete(im->st, ns, json_string_value(v), im->e);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
replay_namespace(struct importer *im, const json_t *o)
{
	const char *name, *stem;
	struct import_rows_found f = {0};
	int64_t id, other;
	size_t n, stem_n;
	int rc = jx_int(o, "id", JX_REQUIRED, 1, 1 << 20, &id, im->e);

	if (rc != 0)
		return rc;
	rc = jx_string(o, "name", JX_REQUIRED, &name, &n, im->e);
	if (rc != 0)
		return rc;
	rc = jx_string(o, "stem", JX_REQUIRED, &stem, &stem_n, im->e);
	if (rc != 0)
		return rc;
	if (n == 0 || n > LIMIT_LABEL_BYTES || stem_n >= NAMESPACE_STEM_SIZE)
		return err_set(im->e, MDB_E_INVALID,
			"a namespace of the log "
			"has a name or language that is too long");
	f.name = name;
	rc = namespace_each(im->st, id, compare_namespace, &f, im->e);
	if (rc == 0)
		rc = import_check_log_namespace(im, id, name,
			f.here && f.same_name);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	if (!f.same_name)
		rc = namespace_find(im->st, name, &other, im->e);
	if (rc == 1 || (rc == 0 && f.here && !f.same_name && !f.is_empty))
		return err_set(im->e, MDB_E_CONFLICT,
			"namespace '%.200s' of the log (id %" PRId64 ") is not "
			"that of this database; replay into an empty one",
			name, id);
	if (rc != 0)
		return rc;
	if (!f.here)
		rc = namespace_create(im->st, id, name, stem, im->e);
	else if (!f.same_name)
		rc = namespace_rename(im->st, id, name, im->e);
	if (rc != 0)
		return rc;
	rc = set_weights(im, id, json_object_get(o, "recall_weights"));
	if (rc != 0)
		return rc;
	rc = settings_import(im->st, id, json_object_get(o, "settings"),
		im->q->continues, im->e);
	if (rc != 0)
		return rc;
	rc = drop_files(im, id, json_object_get(o, "files"));
	if (rc != 0)
		return rc;
	return alias_namespaces(im, o, id);
}

int
replay_alias(struct importer *im, const json_t *o)
{
	int64_t ns, entity, other;
	const char *name;
	size_t n;
	int rc = jx_int(o, "ns", JX_REQUIRED, 1, 1 << 20, &ns, im->e);

	if (rc != 0)
		return rc;
	rc = jx_int(o, "entity", JX_REQUIRED, 1, INT64_MAX, &entity, im->e);
	if (rc != 0)
		return rc;
	rc = jx_string(o, "name", JX_REQUIRED, &name, &n, im->e);
	if (rc != 0)
		return rc;
	rc = import_may_write(im, ns);
	if (rc != 1)
		return rc;
	rc = import_check_entity(im, entity, ns);
	if (rc != 0)
		return rc;
	rc = entity_is_known(im->st, entity, im->e);
	if (rc != 1)
		return rc;
	/* Names may have moved on since the log was written. */
	rc = is_newer(im) ? 0 : entity_find(im->st, ns, name, n, &other, im->e);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	return entity_alias(im->st, ns, name, n, entity, true, im->e);
}

int
replay_file(struct importer *im, const json_t *o)
{
	struct import_rows_found f = {.name = ""};
	int64_t ns;
	int rc = jx_int(o, "ns", JX_REQUIRED, 1, 1 << 20, &ns, im->e);

	if (rc != 0)
		return rc;
	rc = namespace_each(im->st, ns, compare_namespace, &f, im->e);
	if (rc == 0 && !f.here)
		return import_complain(im, "a file of a namespace that the log "
					   "does not have");
	rc = import_may_write(im, ns);
	if (rc == 1)
		return import_file(im, o, ns);
	if (rc != 0)
		return rc;
	im->result->elsewhere++;
	return 0;
}

/* --- branches ------------------------------------------------------------- */
static int
import_rows_create_branch(struct importer *im, const json_t *op,
	struct branch_row *b)
{
	json_t *o = NULL;
	size_t n = 0;
	int rc = jx_object(op, "branch", JX_REQUIRED, &o, im->e);

	if (rc != 0)
		return rc;
	rc = jx_string(o, "name", JX_REQUIRED, &b->name, &n, im->e);
	if (rc != 0)
		return rc;
	rc = jx_int(o, "parent", JX_REQUIRED, 1, INT64_MAX, &b->parent, im->e);
	if (rc != 0)
		return rc;
	rc = jx_string(o, "about", JX_OPTIONAL, &b->about, NULL, im->e);
	if (rc < 0)
		return rc;
	if (n == 0 || n > LIMIT_LABEL_BYTES || b->id <= STORE_MAIN)
		rc = err_set(im->e, MDB_E_INVALID,
			"a branch of the log has no proper name or id");
	return rc < 0 ? rc : branch_create_as(im->st, b, im->e);
}

int
replay_branch(struct importer *im, const json_t *op, struct branch_row *b,
	int64_t action)
{
	int64_t change = change_id(im->change);
	int r;

	switch (action) {
	case BRANCH_OP_CREATE:
		r = import_rows_create_branch(im, op, b);
		break;
	case BRANCH_OP_MERGE:
		r = branch_add_merge(im->st, b->id, change,
			b->fork != 0 ? b->fork : change - 1, im->e);
		break;
	case BRANCH_OP_DISCARD:
		r = branch_set_state(im->st, b->id, BRANCH_DISCARDED, im->e);
		break;
	default:
		return err_set(im->e, MDB_E_VERSION,
			"the log does something "
			"to a branch (%" PRId64 ") that this version does not "
			"know; upgrade first",
			action);
	}
	if (r != 0)
		return r;
	return change_branch(im->change, (enum branch_action)action, b->id,
		b->fork, im->e);
}

/* --- conflicts ------------------------------------------------------------ */
int
replay_conflict(struct importer *im, const json_t *o)
{
	struct conflict c = {.confidence = -1,
		.other = CONFLICT_NONE,
		.base = CONFLICT_NONE,
		.ours = CONFLICT_NONE,
		.theirs = CONFLICT_NONE,
		.action = CONFLICT_NONE,
		.closed = CONFLICT_NONE};
	const struct import_number numbers[] = {{"id", &c.id, true},
		{"entity", &c.entity, true}, {"kind", &c.kind, true},
		{"state", &c.state, true}, {"found", &c.found, true},
		{"other", &c.other, false}, {"base", &c.base, false},
		{"ours", &c.ours, false}, {"theirs", &c.theirs, false},
		{"action", &c.action, false}, {"closed", &c.closed, false}};
	int rc = import_read_numbers(o, numbers, ARRAY_LEN(numbers), INT64_MIN,
		im->e);

	if (rc != 0)
		return rc;
	rc = jx_number(o, "confidence", JX_OPTIONAL, 0, 1, &c.confidence,
		im->e);
	if (rc < 0)
		return rc;
	rc = jx_string(o, "notes", JX_OPTIONAL, &c.notes, NULL, im->e);
	/* Decided here since the log was written: that stays. */
	if (rc < 0 || !is_newer(im))
		return rc < 0 ? rc : 0;
	rc = entity_is_known(im->st, c.entity, im->e);
	return rc == 1 ? conflict_put(im->st, &c, im->e) : rc;
}

/* --- staged changes ------------------------------------------------------- */
/* A line of a staged change names no session: the change itself does. */
static int
staged_of(void *ctx, const struct log_change *c)
{
	struct staged *s = ctx;

	s->ns = c->ns;
	s->session = c->session;
	return 0;
}

int
replay_staged(struct importer *im, const json_t *o)
{
	struct staged s = {.change = 0};
	int64_t state = 0;
	const struct import_number numbers[] = {{"change", &s.change, true},
		{"branch", &s.branch, true}, {"shown", &s.shown, true},
		{"at", &s.at, true}, {"facts", &s.facts, true},
		{"bytes", &s.bytes, true}, {"state", &state, true},
		{"decided", &s.decided, false}, {"applied", &s.applied, false}};
	int rc = import_read_numbers(o, numbers, ARRAY_LEN(numbers), 0, im->e);

	if (rc != 0)
		return rc;
	if (state >= STAGED_STATES)
		return err_set(im->e, MDB_E_INVALID,
			"state: %" PRId64 " is none of a staged change", state);
	rc = jx_string(o, "by", JX_OPTIONAL, &s.by, NULL, im->e);
	if (rc < 0)
		return rc;
	rc = jx_string(o, "note", JX_OPTIONAL, &s.note, NULL, im->e);
	s.state = (enum staged_state)state;
	s.told = json_is_true(json_object_get(o, "told"));
	/* Decided here since the log was written: that stays. */
	if (rc < 0 || !is_newer(im))
		return rc < 0 ? rc : 0;
	rc = log_get(im->st, s.change, staged_of, &s, im->e);
	return rc == 1 ? staged_put(im->st, &s, im->e) : rc;
}

/* --- runs ----------------------------------------------------------------- */
/* Of a run, its state is what the method left; what is looked at here is what the
 * service itself relies on. */
int
replay_run(struct importer *im, const json_t *o)
{
	const char *method = jx_text(o, "method");
	const json_t *changes = json_object_get(o, "changes"), *one;
	int64_t ns, number;
	size_t i;
	int rc = jx_int(o, "ns", JX_REQUIRED, 1, 1 << 20, &ns, im->e);

	if (rc != 0)
		return rc;
	if (!sliced_run_number(o, &number) || !method || !tool_find(method) ||
		!json_is_array(changes))
		return err_set(im->e, MDB_E_INVALID,
			"a run of the log has no proper id, method or changes");
	json_array_foreach((json_t *)(uintptr_t)changes, i, one)
		if (!json_is_integer(one))
			return err_set(im->e, MDB_E_INVALID,
				"a run of the log names a change that is no "
				"number");
	rc = import_may_write(im, ns);
	if (rc != 1 || !is_newer(im))
		return rc < 0 ? rc : 0;
	return sliced_run_put(im->st, o, im->e);
}
