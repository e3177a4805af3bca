/* Entities and relations as lines: those of the reference memory server, and
 * our own export of today's state, which adds members ("tags", "metadata",
 * times). Both are read by the same code; a member that is missing has its
 * usual value. A line is checked in whole before anything of it is written, so
 * that a bad line leaves nothing behind and the others go on. */
#include "memory-db/model/transfer/import.h"

#include <string.h>

#include "common/clock.h"
#include "common/jx.h"
#include "common/limits.h"
#include "common/text.h"
#include "common/contract/tools.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/model/scope/observation.h"
#include "memory-db/model/scope/scope.h"
#include "memory-db/model/write/write.h"
#include "memory-db/store/log/change.h"
#include "memory-db/store/facts/labels.h"

struct entity_line {
	const char *name, *type;
	size_t name_n;
	json_t *observations, *provenance, *metadata, *aliases;
	int64_t tier, created_at, expires_at; /* expires_at 0: never */
	bool pin, has_tier;
	struct err why; /* what is wrong with a number */
};

/* --- reading with tolerance ----------------------------------------------- */
int
import_text(const json_t *o, const char *key, size_t max, const char **ret,
	size_t *ret_n)
{
	const json_t *v = json_object_get(o, key);

	*ret = json_string_value(v);
	*ret_n = v != NULL ? json_string_length(v) : 0;
	return *ret != NULL && *ret_n > 0 && *ret_n <= max &&
	       strlen(*ret) == *ret_n;
}

/* The text of an observation: a string, or an object with one. */
static const json_t *
observation_text(const json_t *v)
{
	return json_is_object(v) ? json_object_get(v, "text") : v;
}

/* NULL, or what is wrong with the observations. */
static const char *
check_observations(struct entity_line *l)
{
	size_t i;
	json_t *v;

	json_array_foreach(l->provenance, i, v)
		if (import_check_numbers(v, &l->why) != 0)
			return l->why.text;

	if (json_array_size(l->observations) > LIMIT_CHANGE_FACTS)
		return "more than 10000 observations in one line; split the "
		       "entity into several lines with the same name";
	json_array_foreach(l->observations, i, v) {
		const json_t *t = observation_text(v);

		if (import_check_numbers(v, &l->why) != 0)
			return l->why.text;
		if (!json_is_string(t))
			return "an observation is no text";
		if (json_string_length(t) > LIMIT_OBSERVATION_BYTES)
			return "an observation is longer than 1 MiB";
		if (strlen(json_string_value(t)) != json_string_length(t))
			return "an observation holds a NUL";
	}
	return NULL;
}

static const char *
check_metadata(const struct entity_line *l)
{
	AUTO_BUF struct buf text = {0};

	if (!l->metadata)
		return NULL;
	if (!json_is_object(l->metadata))
		return "metadata is no object";
	if (jx_dump(l->metadata, &text) != 0)
		return "out of memory";
	return text.len > LIMIT_METADATA_BYTES
		       ? "metadata is longer than 64 KiB"
		       : NULL;
}

/* Fills l; NULL, or what is wrong with the line. */
static const char *
import_lines_read_entity(const json_t *o, struct entity_line *l)
{
	const char *tier = jx_text(o, "tier");
	const char *wrong;
	size_t n;

	if (!import_text(o, "name", LIMIT_NAME_BYTES, &l->name, &l->name_n))
		return "name must be a text of 1 to 1024 bytes";
	if (!import_text(o, "entityType", LIMIT_TYPE_BYTES, &l->type, &n)) {
		if (n > LIMIT_TYPE_BYTES)
			return "entityType is longer than 256 bytes";
		l->type = "unknown";
	}
	l->observations = json_object_get(o, "observations");
	if (l->observations && !json_is_array(l->observations))
		return "observations is no list";
	l->provenance = json_object_get(o, "provenance");
	wrong = import_check_numbers(o, &l->why) != 0 ? l->why.text
						      : check_observations(l);
	if (wrong)
		return wrong;
	l->metadata = json_object_get(o, "metadata");
	l->aliases = json_object_get(o, "aliases");
	l->pin = json_is_true(json_object_get(o, "pin"));
	for (int i = 0; tier != NULL && tool_tiers[i] != NULL; i++)
		if (strcmp(tier, tool_tiers[i]) == 0) {
			l->tier = i;
			l->has_tier = true;
		}
	if (!import_time(o, "created_at", &l->created_at))
		l->created_at = FACT_NO_TIME;
	if (!import_time(o, "expires_at", &l->expires_at) ||
		l->expires_at < 0 || l->expires_at > CLOCK_LATEST_MS)
		l->expires_at = 0;
	return check_metadata(l);
}

/* --- the change under way ------------------------------------------------- */
int
import_seal(struct importer *im)
{
	int64_t change, at;
	int rc;

	if (!im->change)
		return 0;
	rc = change_seal(take_ptr(im->change), &change, &at, im->e);
	if (rc != 0)
		return rc;
	if (change != 0) {
		im->result->change = change;
		im->result->at = at;
	}
	return rc;
}

/* A change in namespace ns with room for another fact. */
static int
open_change(struct importer *im, int64_t ns)
{
	struct change_info info = {.ns = ns,
		.branch = im->branch,
		.kind = CHANGE_IMPORT,
		.actor = im->ctx->actor,
		.client = im->ctx->client,
		.session = im->ctx->session,
		.message = im->ctx->message};
	int rc = 0;

	if (im->change &&
		(im->ns != ns || change_ops(im->change) >= LIMIT_SLICE_FACTS))
		rc = import_seal(im);
	if (rc != 0)
		return rc;
	im->ns = ns;
	return im->change ? 0 : change_begin(im->st, &info, &im->change, im->e);
}

int
import_add(struct importer *im, const struct fact *f, int64_t *ret_id)
{
	struct fact imported = *f;
	int rc = open_change(im, im->ns);

	imported.method = METHOD_IMPORT;
	if (rc != 0)
		return rc;
	rc = change_add_fact(im->change, &imported, ret_id, im->e);
	if (rc != 0)
		return rc;
	im->written++;
	im->result->added++;
	return rc;
}

int
import_namespace(struct importer *im, const json_t *o, int64_t *ret_ns)
{
	struct context ctx = *im->ctx;
	const char *name;
	size_t n;
	int rc;

	if (import_text(o, "namespace", LIMIT_LABEL_BYTES, &name, &n)) {
		rc = import_line_goes_elsewhere(im, name);
		if (rc != 0)
			return rc;
		ctx.namespace_ = name;
		ctx.user_scope = false;
	}
	rc = scope_write(im->st, &ctx, ret_ns, &im->branch, im->e);
	if (rc != 0)
		return rc;
	return open_change(im, *ret_ns);
}

/* --- entities ------------------------------------------------------------- */
static int
import_lines_add_existence(struct importer *im, int64_t entity,
	const struct entity_line *l)
{
	struct fact f = write_fact(entity, FACT_EXISTENCE);
	int rc = label_intern(im->st, l->type, &f.label, im->e);

	f.source_at = l->created_at;
	f.text = l->name;
	f.text_n = l->name_n;
	if (rc != 0)
		return rc;
	rc = import_add(im, &f, NULL);
	if (rc != 0)
		return rc;
	if (l->has_tier)
		rc = change_attr(im->change, entity, ATTR_TIER, l->tier, im->e);
	if (rc != 0)
		return rc;
	if (l->expires_at != 0)
		rc = change_attr(im->change, entity, ATTR_EXPIRES,
			l->expires_at, im->e);
	if (rc != 0)
		return rc;
	if (l->pin)
		rc = change_attr(im->change, entity, ATTR_PIN, 1, im->e);
	return rc == 0 && l->pin ? import_note_pin(im, l->name, l->name_n) : rc;
}

/* The entity of the line, created when it does not exist. */
static int
import_lines_find_or_add(struct importer *im, const struct entity_line *l,
	int64_t *ret_entity)
{
	int rc = entity_find(im->st, im->ns, l->name, l->name_n, ret_entity,
		im->e);

	if (rc == 1) {
		rc = fact_existence(im->st, *ret_entity, NULL, NULL, NULL,
			im->e);
		if (rc != 0)
			return rc < 0 ? rc : 0;
	} else if (rc == 0)
		rc = entity_create(im->st, im->ns, l->name, l->name_n,
			ret_entity, im->e);
	if (rc != 0)
		return rc;
	return import_lines_add_existence(im, *ret_entity, l);
}

/* NULL: the line has none that fits. */
static const char *
label_member(const json_t *o, const char *key)
{
	const char *text;
	size_t n;

	return import_text(o, key, LIMIT_LABEL_BYTES, &text, &n) ? text : NULL;
}

void
import_validity(const json_t *o, struct fact *f)
{
	if (!import_time(o, "valid_from", &f->valid_from))
		f->valid_from = FACT_NO_TIME;
	if (!import_time(o, "valid_to", &f->valid_to))
		f->valid_to = FACT_NO_TIME;
}

/* What the line says of an observation and of where it comes from. */
static struct observation_in
import_lines_read_observation(const json_t *text, const json_t *o)
{
	struct observation_in in = observation_in(json_string_value(text),
		json_string_length(text), METHOD_IMPORT);

	if (!json_is_object(o))
		return in;
	in.confidence = import_share(o, "confidence");
	in.salience = import_share(o, "salience");
	(void)import_time(o, "valid_from", &in.valid_from);
	(void)import_time(o, "valid_to", &in.valid_to);
	if (!import_time(o, "source_timestamp", &in.source_at))
		(void)import_time(o, "at", &in.source_at);
	in.source = label_member(o, "source_session");
	if (!in.source)
		in.source = label_member(o, "session");
	in.speaker = label_member(o, "speaker");
	return in;
}

static int
import_lines_add_observation(struct importer *im, int64_t entity,
	const json_t *text, const json_t *provenance)
{
	struct observation_in in =
		import_lines_read_observation(text, provenance);
	struct fact f = write_fact(entity, FACT_OBSERVATION);
	int64_t same;
	int rc;

	if (in.text_n == 0)
		return 0;
	rc = fact_find_text(im->st, entity, FACT_OBSERVATION, in.text,
		in.text_n, &same, im->e);
	if (rc == 0) {
		rc = observation_fact(im->st, &in, &f, im->e);
		if (rc != 0)
			return rc;
		rc = import_add(im, &f, &same);
	}
	if (rc < 0)
		return rc;
	return json_is_object(provenance)
		       ? import_marks(im, entity, same, provenance)
		       : 0;
}

static int
note_there(void *ctx, const struct fact *f)
{
	(void)f;
	*(bool *)ctx = true;
	return 1;
}

static int
import_lines_add_metadata(struct importer *im, int64_t entity,
	const json_t *metadata)
{
	struct fact f = write_fact(entity, FACT_METADATA);
	AUTO_BUF struct buf text = {0};
	bool there = false;
	int rc;

	if (!metadata || json_object_size(metadata) == 0)
		return 0;
	rc = fact_each(im->st, entity, 1u << FACT_METADATA, note_there, &there,
		im->e);
	if (rc < 0 || there)
		return rc < 0 ? rc : 0;
	if (jx_dump(metadata, &text) != 0 || !buf_str(&text))
		return err_nomem(im->e);
	f.text = text.data;
	f.text_n = text.len;
	return import_add(im, &f, NULL);
}

/* Another name of the entity, unless one is called so. */
static int
import_lines_add_alias(struct importer *im, int64_t entity, const char *name,
	size_t n)
{
	int64_t other;
	int rc = entity_find(im->st, im->ns, name, n, &other, im->e);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	return entity_alias(im->st, im->ns, name, n, entity, true, im->e);
}

/* Other names lead to it too, unless they lead elsewhere already. */
static int
import_lines_add_aliases(struct importer *im, int64_t entity,
	const json_t *aliases)
{
	size_t i;
	json_t *v;

	json_array_foreach(aliases, i, v) {
		const char *name = json_string_value(v);
		size_t n = name != NULL ? json_string_length(v) : 0;
		int rc;

		if (n == 0 || n > LIMIT_NAME_BYTES || strlen(name) != n)
			continue;
		rc = import_lines_add_alias(im, entity, name, n);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int
import_entity(struct importer *im, const json_t *o)
{
	struct entity_line l = {0};
	const char *wrong = import_lines_read_entity(o, &l);
	int64_t entity, before = im->written, ns;
	size_t i;
	json_t *v;
	int rc;

	if (wrong)
		return import_complain(im, "%s", wrong);
	rc = import_namespace(im, o, &ns);
	if (rc == 1)
		return 0;
	if (rc != 0)
		return rc;
	rc = import_lines_find_or_add(im, &l, &entity);
	if (rc != 0)
		return rc;
	rc = import_lines_add_metadata(im, entity, l.metadata);
	if (rc != 0)
		return rc;
	rc = import_lines_add_aliases(im, entity, l.aliases);
	if (rc != 0)
		return rc;
	json_array_foreach(l.observations, i, v) {
		const json_t *from =
			json_is_object(v) ? v : json_array_get(l.provenance, i);

		rc = import_lines_add_observation(im, entity,
			observation_text(v), from);
		if (rc != 0)
			return rc;
	}
	im->result->skipped += im->written == before;
	return 0;
}

static int
import_file_line(struct importer *im, const json_t *o)
{
	int64_t ns;
	int rc = import_namespace(im, o, &ns);

	if (rc == 0)
		return import_file(im, o, ns);
	if (rc < 0)
		return rc;
	return 0;
}

int
import_line(struct importer *im, const json_t *record)
{
	const char *type = jx_text(record, "type");

	if (type && strcmp(type, "entity") == 0)
		return import_entity(im, record);
	if (type && strcmp(type, "relation") == 0)
		return import_relation(im, record);
	if (type && strcmp(type, "file") == 0)
		return import_file_line(im, record);
	return import_complain(im,
		"type is %s%.60s%s; 'entity', 'relation' or "
		"'file' is known",
		type != NULL ? "'" : "", type != NULL ? type : "missing",
		type != NULL ? "'" : "");
}
