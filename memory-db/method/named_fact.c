#include "memory-db/method/named_fact.h"

#include "common/jx.h"
#include "memory-db/store/log/branch.h"

/* 1 is what fact_get says of a fact that is there. */
#define IS_OF_IT 2

static int
named_fact_is_of(void *ctx, const struct fact *f)
{
	return f->kind == FACT_OBSERVATION && !f->erased &&
			       f->entity == *(int64_t *)ctx
		       ? IS_OF_IT
		       : 0;
}

int
named_fact_find(struct write *w, int64_t entity, const json_t *p, int64_t *ret,
	struct err *e)
{
	const json_t *text = json_object_get(p, "observation");
	bool visible = false;
	int rc;

	if (text) {
		rc = fact_find_text(w->st, entity, FACT_OBSERVATION,
			json_string_value(text), json_string_length(text), ret,
			e);
		return rc != 0 ? (rc < 0 ? rc : 0)
			       : err_param(e, MDB_E_NOT_FOUND, "observation",
					 "it has no observation with exactly "
					 "this text; open_nodes gives them");
	}
	*ret = json_integer_value(json_object_get(p, "fact"));
	rc = fact_get(w->st, *ret, named_fact_is_of, &entity, e);
	if (rc == IS_OF_IT)
		rc = branch_sees(w->st, *ret, &w->scope.lens, &visible, NULL,
			e);
	if (rc >= 0 && !visible)
		rc = err_param(e, MDB_E_NOT_FOUND, "fact",
			"it has no observation %lld; the member `facts` of a "
			"read gives their ids",
			(long long)*ret);
	return rc < 0 ? rc : 0;
}
