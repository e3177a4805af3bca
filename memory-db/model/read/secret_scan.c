/* Secrets that are stored already: a walk over all facts and files of a
 * namespace, in slices that a reader can spare.
 *
 * Texts are never shown as they are. A row has the rule that matched and what
 * stands around it, with a marker in the place of the secret: "the db password
 * is [secret:password]". The name of the entity is masked as well, since it
 * may hold the secret. */
#include "memory-db/model/read/secret_scan.h"

#include <string.h>

#include "common/jx.h"
#include "common/text.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/model/secrets/secret_json.h"
#include "memory-db/store/beside/files.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/log/branch.h"

/* Bounds of a slice: some 20 ms of a reader. */
#define SLICE_FACTS 2000
#define SLICE_BYTES (1024 * 1024)
#define SLICE_ROWS  200
/* Bytes shown of a text, and of those before the marker. */
#define SHOWN_BYTES  160
#define BEFORE_BYTES 60

/* --- one value -------------------------------------------------------------- */
static const char *
kind_name(enum fact_kind kind)
{
	switch (kind) {
	case FACT_EXISTENCE:
		return "name";
	case FACT_OBSERVATION:
		return "observation";
	case FACT_RELATION:
		return "relation";
	case FACT_METADATA:
	case FACT_NOTE:
		return "metadata";
	case FACT_TAG:
		return "tag";
	}
	return "?";
}

static int
secret_of_text(const char *s, size_t n, const char **ret_rule,
	struct buf *masked, struct err *e)
{
	struct secret found;

	if (!secret_find(s, n, 0, &found))
		return 0;
	*ret_rule = found.rule;
	if (masked && secret_mark(s, n, masked, NULL) != 0)
		return err_nomem(e);
	return 1;
}

/* JSON that is kept as a text: its members give secrets away. */
static int
secret_of_json(const char *s, size_t n, const char **ret_rule,
	struct buf *masked, struct err *e)
{
	AUTO_JSON json_t *holder = json_object();
	struct secret_place at;
	struct err why = {0};
	int64_t marked = 0;
	json_t *value;
	int rc;

	if (!holder)
		return err_nomem(e);
	value = jx_parse_any(s, n, &why);
	if (!value && why.code != MDB_E_NOMEM)
		return secret_of_text(s, n, ret_rule, masked, e);
	if (jx_set(holder, "value", value) != 0)
		return err_nomem(e);
	if (!secret_in_member(holder, "value", "", &at))
		return 0;
	*ret_rule = at.rule;
	rc = secret_mark_member(holder, "value", "", NULL, &marked, e);
	if (rc != 0)
		return rc;
	return masked != NULL && jx_dump(json_object_get(holder, "value"),
					 masked) != 0
		       ? err_nomem(e)
		       : 1;
}

int
secret_of_fact(const struct fact *f, const char **ret_rule, struct buf *masked,
	struct err *e)
{
	if (f->erased)
		return 0;
	return f->kind == FACT_METADATA || f->kind == FACT_NOTE
		       ? secret_of_json(f->text, f->text_n, ret_rule, masked, e)
		       : secret_of_text(f->text, f->text_n, ret_rule, masked,
				 e);
}

/* --- a slice ----------------------------------------------------------------- */
struct secret_scan {
	struct store *st;
	const struct scope *scope;
	json_t *rows; /* borrowed */
	int64_t checked, bytes, last;
	enum beside_place place;
	struct err *e;
};

/* What stands around the first marker. */
static json_t *
shown_text(const struct buf *masked)
{
	const char *s = masked->data;
	const char *mark = memmem(s, masked->len, "[secret:", 8);
	size_t at = mark != NULL ? (size_t)(mark - s) : 0, n;

	at = at > BEFORE_BYTES ? at - BEFORE_BYTES : 0;
	while (at < masked->len && ((unsigned char)s[at] & 0xC0) == 0x80)
		at++;
	n = masked->len - at;
	return member_text(s + at,
		text_cut(s + at, n < SHOWN_BYTES ? n : SHOWN_BYTES));
}

/* The name of the entity, which may hold a secret itself. */
static int
set_entity(struct secret_scan *x, int64_t entity, json_t *row)
{
	AUTO_JSON json_t *name = NULL;
	AUTO_BUF struct buf masked = {0};
	int rc = member_entity_name(x->st, entity, &name, x->e);

	if (rc != 0)
		return rc;
	if (secret_mark(json_string_value(name), json_string_length(name),
		    &masked, NULL) != 0)
		rc = err_nomem(x->e);
	if (rc != 0)
		return rc;
	return member_set_text(row, "entity",
		masked.data != NULL ? masked.data : "", masked.len, x->e);
}

static int
secret_scan_add_row(struct secret_scan *x, const struct fact *f,
	const char *kind, const char *rule, const struct buf *masked)
{
	json_t *row AUTO_JSON = json_pack("{s:I,s:s,s:s}", "fact",
		(json_int_t)f->id, "kind", kind, "rule", rule);
	bool visible = false;
	int rc = !row ? err_nomem(x->e) : set_entity(x, f->entity, row);

	if (rc != 0)
		return rc;
	rc = branch_sees(x->st, f->id, &x->scope->lens, &visible, NULL, x->e);
	if (rc != 0)
		return rc;
	if (!visible)
		rc = member_set_bool(row, "gone", 1, x->e);
	if (rc != 0)
		return rc;
	rc = member_set_new(row, "text", shown_text(masked), x->e);
	if (rc != 0)
		return rc;
	if (jx_add(x->rows, take_ptr(row)) != 0)
		rc = err_nomem(x->e);
	return rc;
}

static bool
is_full(const struct secret_scan *x)
{
	return x->checked >= SLICE_FACTS || x->bytes >= SLICE_BYTES ||
	       json_array_size(x->rows) >= SLICE_ROWS;
}

int
secret_of_type(struct store *st, const struct fact *f, const char **ret_rule,
	struct buf *masked, struct err *e)
{
	AUTO_BUF struct buf text = {0};
	int rc;

	if (f->erased || f->label == 0)
		return 0;
	rc = label_text(st, f->label, &text, e);
	if (rc < 0 || text.len == 0)
		return rc < 0 ? rc : 0;
	return secret_of_text(text.data, text.len, ret_rule, masked, e);
}

static int
look_at_type(struct secret_scan *x, const struct fact *f)
{
	AUTO_BUF struct buf masked = {0};
	const char *rule = NULL;
	int rc = secret_of_type(x->st, f, &rule, &masked, x->e);

	if (rc != 1)
		return rc;
	return secret_scan_add_row(x, f,
		f->kind == FACT_EXISTENCE ? "type" : "relation type", rule,
		&masked);
}

/* 1: the slice is full. */
static int
secret_scan_look_at_fact(void *ctx, const struct fact *f)
{
	struct secret_scan *x = ctx;
	AUTO_BUF struct buf masked = {0};
	const char *rule = NULL;
	int rc = secret_of_fact(f, &rule, &masked, x->e);

	if (rc == 1)
		rc = secret_scan_add_row(x, f, kind_name(f->kind), rule,
			&masked);
	if (rc < 0)
		return rc;
	rc = look_at_type(x, f);
	if (rc < 0)
		return rc;
	x->last = f->id;
	x->bytes += (int64_t)f->text_n;
	x->checked++;
	return is_full(x);
}

/* --- what belongs to no fact ------------------------------------------------ */
static const struct {
	const char *name, *list, *kind;
} places[BESIDE_PLACES] = {
	[BESIDE_MESSAGE] = {"change", "changes", "message"},
	[BESIDE_QUESTION] = {"receipt", "receipts", "question"},
	[BESIDE_NOTES] = {"conflict", "conflicts", "note"},
	[BESIDE_REASON] = {"staged", "staged", "review"},
};

const char *
secret_place_name(enum beside_place place)
{
	return places[place].name;
}

const char *
secret_place_list(enum beside_place place)
{
	return places[place].list;
}

/* 1: the slice is full. */
static int
look_beside(void *ctx, int64_t id, const char *text, size_t n)
{
	struct secret_scan *x = ctx;
	AUTO_BUF struct buf masked = {0};
	const char *rule = NULL;
	int rc = secret_of_text(text, n, &rule, &masked, x->e);

	if (rc < 0)
		return rc;
	if (rc == 1 && jx_add(x->rows,
			       json_pack("{s:I,s:s,s:s,s:o*}",
				       places[x->place].name, (json_int_t)id,
				       "kind", places[x->place].kind, "rule",
				       rule, "text", shown_text(&masked))) != 0)
		return err_nomem(x->e);
	x->last = id;
	x->bytes += (int64_t)n;
	x->checked++;
	return is_full(x);
}

static int
is_secret(void *ctx, int64_t id, const char *text, size_t n)
{
	struct secret found;

	(void)id;
	*(bool *)ctx = secret_find(text, n, 0, &found);
	return 0;
}

int
secret_beside(struct store *st, enum beside_place place, int64_t ns, int64_t id,
	struct err *e)
{
	bool is_one = false;
	int rc = beside_get(st, place, ns, id, is_secret, &is_one, e);

	return rc < 0 ? rc : is_one;
}

static int
look_at_file(void *ctx, const struct file *f, const char *body)
{
	struct secret_scan *x = ctx;
	AUTO_BUF struct buf name = {0};
	const char *rule = NULL;
	int rc = secret_of_json(body, strlen(body), &rule, NULL, x->e);

	if (rc == 0)
		rc = secret_of_text(f->name, strlen(f->name), &rule, NULL,
			x->e);
	x->checked++;
	if (rc != 1)
		return rc;
	if (secret_mark(f->name, strlen(f->name), &name, NULL) != 0)
		return err_nomem(x->e);
	return jx_add(x->rows, json_pack("{s:s%,s:s}", "file", name.data,
				       name.len, "rule", rule)) != 0
		       ? err_nomem(x->e)
		       : 0;
}

/* The facts, each place beside them, the files. */
#define FACTS 0
#define FILES (BESIDE_PLACES + 1)

static int
scan_part(struct secret_scan *x, int part, int64_t after)
{
	int64_t ns = x->scope->ns[0];

	x->last = after;
	if (part == FACTS)
		return fact_each_stored(x->st, ns, after,
			secret_scan_look_at_fact, x, x->e);
	if (part == FILES)
		return file_since(x->st, ns, 0, look_at_file, x, x->e);
	x->place = (enum beside_place)(part - 1);
	return beside_each(x->st, x->place, ns, after, look_beside, x, x->e);
}

static int
scan_slice(struct secret_scan *x, int part, int64_t after, json_t *result)
{
	char cursor[CURSOR_SIZE];

	if (x->scope->ns[0] == 0)
		return 0;
	for (; part <= FILES; part++, after = 0) {
		int rc = scan_part(x, part, after);

		if (rc < 0)
			return rc;
		if (rc == 0)
			continue;
		cursor_format(cursor, x->scope->change, x->last, part);
		return member_set_text(result, "next", cursor, strlen(cursor),
			x->e);
	}
	return 0;
}

int
secret_scan(struct store *st, const struct scope *s, const char *cursor,
	json_t **ret, struct err *e)
{
	AUTO_JSON json_t *result = json_pack("{s:[]}", "secrets");
	struct secret_scan x = {.st = st,
		.scope = s,
		.rows = json_object_get(result, "secrets"),
		.e = e};
	int64_t change, after = 0, part = 0;
	int rc = 0;

	if (!result)
		return err_nomem(e);
	if (cursor)
		rc = cursor_parse(cursor, &change, &after, &part, e);
	if (rc != 0)
		return rc;
	rc = scan_slice(&x, (int)(part < FILES ? part : FILES), after, result);
	if (rc != 0)
		return rc;
	rc = member_set_int(result, "checked", x.checked, e);
	if (rc != 0)
		return rc;
	*ret = take_ptr(result);
	return rc;
}
