/* Writing the metadata of an entity, a single JSON object: another one takes its
 * place. Of a skill it holds the code, which save_skill alone may change. */
#include "memory-db/model/write/write_entity.h"

#include <string.h>

#include "common/buf.h"
#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/model/write/skill.h"

/* The metadata that stands there: there is one of it at most. */
struct standing {
	struct store *st;
	struct buf text;
	int64_t fact;
	bool is_saved; /* code that runs (model/write/skill.h) */
	struct err *e;
};

static void
standing_done(struct standing *s)
{
	buf_done(&s->text);
}
#define AUTO_STANDING __attribute__((cleanup(standing_done)))

static int
get_standing(void *ctx, const struct fact *f)
{
	struct standing *s = ctx;
	int rc = skill_is_saved(s->st, f, s->e);

	s->fact = f->id;
	s->is_saved = rc == 1;
	return rc < 0 ? rc : buf_add(&s->text, f->text, f->text_n);
}

/* A skill may get other tags here; its code changes by save_skill alone. */
static bool
keeps_code(const struct standing *s, const json_t *object)
{
	static const char *const members[] = {"code", "params"};
	json_t *had AUTO_JSON =
		s->is_saved ? jx_parse(s->text.data, s->text.len, NULL) : NULL;

	if (!had || !json_is_string(json_object_get(had, "code")))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		const json_t *a = json_object_get(had, members[i]);
		const json_t *b = json_object_get(object, members[i]);

		if (a != b && !json_equal(a, b))
			return false;
	}
	return true;
}

static int
write_entity_set_metadata(struct write *w, int64_t entity, const json_t *object,
	struct fact *f, struct standing *s, struct err *e)
{
	bool same = s->fact != 0 && s->text.len == f->text_n &&
		    memcmp(s->text.data, f->text, f->text_n) == 0;
	int rc;

	/* Nothing to do when it stands there already. */
	if (same && (!w->saves_skill || s->is_saved))
		return 0;
	if (w->saves_skill || keeps_code(s, object))
		f->method = METHOD_SCRIPT;
	rc = write_hide_others(w, entity, 1u << FACT_METADATA, NULL, e);
	if (rc != 0)
		return rc;
	if (json_object_size(object) > 0)
		rc = write_add(w, f, e);
	return rc;
}

int
write_metadata_text(const json_t *object, const char *path, struct buf *ret,
	struct err *e)
{
	if (jx_dump(object, ret) != 0 || !buf_str(ret))
		return err_nomem(e);
	if (ret->len > LIMIT_METADATA_BYTES)
		return err_param(e, MDB_E_LIMIT, path,
			"metadata has %zu bytes as JSON; at most %d", ret->len,
			LIMIT_METADATA_BYTES);
	return 0;
}

int
write_entity_metadata(struct write *w, int64_t entity, const json_t *object,
	const char *path, struct err *e)
{
	struct fact f = write_fact(entity, FACT_METADATA);
	AUTO_STANDING struct standing s = {.st = w->st, .e = e};
	AUTO_BUF struct buf text = {0};
	int rc;

	rc = write_metadata_text(object, path, &text, e);
	if (rc != 0)
		return rc;
	f.text = text.data;
	f.text_n = text.len;
	rc = fact_each(w->st, entity, 1u << FACT_METADATA, get_standing, &s, e);
	if (rc == MDB_E_NOMEM)
		return err_nomem(e);
	if (rc != 0)
		return rc;
	return write_entity_set_metadata(w, entity, object, &f, &s, e);
}
