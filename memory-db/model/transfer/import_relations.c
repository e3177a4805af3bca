/* Relations as lines. */
#include "memory-db/model/transfer/import.h"
#include "memory-db/model/write/write.h"

#include <string.h>

#include "common/jx.h"
#include "common/limits.h"
#include "memory-db/store/log/derivations.h"
#include "memory-db/store/facts/labels.h"

/* 1 with the entity of that name where it exists, 0 not. */
static int
existing(struct importer *im, int64_t ns, const char *name, size_t n,
	int64_t *ret)
{
	int r = entity_find(im->st, ns, name, n, ret, im->e);

	return r == 1 ? fact_existence(im->st, *ret, NULL, NULL, NULL, im->e)
		      : r;
}

/* An end of a relation: in the namespace of the line, unless it says that it
 * is in the user's memory, where it is looked for as well. 1 with the entity; 0
 * when it does not exist and the line was reported. */
static int
import_relations_find_end(struct importer *im, const json_t *o, const char *key,
	int64_t *ret, bool *ret_user)
{
	char member[32];
	const char *name, *of;
	size_t n;
	int rc = 0;

	snprintf(member, sizeof(member), "%s_namespace", key);
	if (!import_text(o, key, LIMIT_NAME_BYTES, &name, &n))
		return import_complain(im,
			"%s must be a text of 1 to 1024 bytes", key);
	of = jx_text(o, member);
	if (!of || strcmp(of, "default") != 0)
		rc = existing(im, im->ns, name, n, ret);
	*ret_user = rc == 0 && im->ns != NAMESPACE_DEFAULT;
	if (rc != 0)
		return rc;
	rc = existing(im, NAMESPACE_DEFAULT, name, n, ret);
	if (rc != 0)
		return rc;
	return import_complain(im,
		"relation %s '%.200s': no entity of "
		"that name in the lines before",
		key, name);
}

/* Both ends of f. 1, or 0 when the line was reported. */
static int
find_ends(struct importer *im, const json_t *o, struct fact *f)
{
	bool from_user, to_user;
	int64_t end;
	int rc = import_relations_find_end(im, o, "from", &f->entity,
		&from_user);

	if (rc == 1)
		rc = import_relations_find_end(im, o, "to", &f->peer, &to_user);
	if (rc != 1 || !from_user)
		return rc;
	if (to_user)
		return import_complain(im,
			"both ends of the relation are in "
			"the user's memory, none in the namespace of the line");
	end = f->entity;
	f->entity = f->peer;
	f->peer = end;
	f->text = FACT_REVERSED;
	f->text_n = strlen(FACT_REVERSED);
	return 1;
}

int
import_relation(struct importer *im, const json_t *o)
{
	struct fact f = write_fact(0, FACT_RELATION);
	const char *type;
	struct err why;
	int64_t same, ns;
	size_t n;
	int rc = import_check_numbers(o, &why);

	if (rc != 0)
		return import_complain(im, "%s", why.text);
	rc = import_namespace(im, o, &ns);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	if (!import_text(o, "relationType", LIMIT_TYPE_BYTES, &type, &n))
		return import_complain(im,
			"relationType must be a text of 1 to 256 bytes");
	f.weight = import_share(o, "weight");
	rc = find_ends(im, o, &f);
	if (rc != 1)
		return rc;
	import_validity(o, &f);
	if (strcmp(type, DERIVED_FROM) == 0 && !fact_is_reversed(&f))
		f.flags = FACT_DERIVED;
	rc = label_intern(im->st, type, &f.label, im->e);
	if (rc != 0)
		return rc;
	rc = fact_find_relation(im->st, f.entity, f.peer, f.label,
		fact_is_reversed(&f), &same, im->e);
	if (rc == 1) {
		im->result->skipped++;
		return 0;
	}
	if (rc != 0)
		return rc;
	return import_add(im, &f, NULL);
}
