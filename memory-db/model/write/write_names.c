/* Names in writes: to which entity a name belongs.
 *
 * A write goes to one memory, the project's or the user's, and its names are
 * those of that memory. There is one exception: a relation of a project may
 * name an entity of the user's as its other end, since agents read both
 * memories as one. "api maintained_by ada" in the project thus leads to the
 * ada whom all projects share. */
#include <string.h>

#include "common/buf.h"
#include "common/limits.h"
#include "memory-db/model/write/write.h"
#include "memory-db/store/facts/labels.h"

int
write_find_entity(struct write *w, const char *name, int64_t *ret_entity,
	struct err *e)
{
	if (w->replay)
		return entity_find(w->st, w->ns, name, strlen(name), ret_entity,
			e);
	return scope_entity(w->st, &w->scope, name, strlen(name), ret_entity,
		e);
}

int
write_user_entity(struct write *w, const char *name, int64_t *ret_entity,
	struct err *e)
{
	struct scope user = w->scope;

	if (w->ns == NAMESPACE_DEFAULT)
		return 0;
	user.ns[0] = NAMESPACE_DEFAULT;
	user.n = 1;
	return scope_entity(w->st, &user, name, strlen(name), ret_entity, e);
}

/* A write to the user's memory that names what only the project knows. */
static int
is_of_project(struct write *w, const char *name, struct err *e)
{
	struct scope project = w->scope;
	int64_t id;
	int rc;

	if (!w->ctx->user_scope)
		return 0;
	project.n = 1;
	rc = namespace_find(w->st, w->ctx->namespace_, &project.ns[0], e);
	if (rc != 1 || project.ns[0] == NAMESPACE_DEFAULT)
		return rc < 0 ? rc : 0;
	return scope_entity(w->st, &project, name, strlen(name), &id, e);
}

static bool
is_end(const char *param)
{
	const char *member = strrchr(param, '.');

	return member != NULL &&
	       (strcmp(member, ".from") == 0 || strcmp(member, ".to") == 0);
}

int
write_missing(struct write *w, const char *name, const char *param,
	struct err *e)
{
	AUTO_BUF struct buf similar = {0};
	struct scope known = w->scope;
	int64_t id;
	int rc = write_user_entity(w, name, &id, e);

	if (rc == 1)
		return err_param(e, MDB_E_NOT_FOUND, param,
			"'%s' is not in this project's memory but in the "
			"user's; pass scope:\"user\" to write there",
			name);
	if (rc == 0)
		rc = is_of_project(w, name, e);
	if (rc == 1 && is_end(param))
		return err_param(e, MDB_E_NOT_FOUND, param,
			"'%s' is in this project's memory, and the user's "
			"memory, which all projects share, cannot refer to it. "
			"Leave out scope: a relation kept with the project may "
			"have an end in the user's memory",
			name);
	if (rc == 1)
		return err_param(e, MDB_E_NOT_FOUND, param,
			"'%s' is in this project's memory, not in the user's; "
			"leave out scope to write there",
			name);
	if (is_end(param) && w->ns != NAMESPACE_DEFAULT)
		known.ns[known.n++] = NAMESPACE_DEFAULT;
	if (rc != 0)
		return rc;
	if (w->missed++ < LIMIT_SIMILAR_LOOKED)
		rc = scope_similar(w->st, &known, name, &similar, e);
	if (rc < 0)
		return rc;
	if (similar.len > 0 && buf_str(&similar))
		return err_param(e, MDB_E_NOT_FOUND, param,
			"no entity '%s'; similar: %s", name, similar.data);
	return err_param(e, MDB_E_NOT_FOUND, param,
		"no entity '%s'; search_nodes finds others, create_entities "
		"makes one",
		name);
}

int
write_need_entity(struct write *w, const char *name, const char *param,
	int64_t *ret_entity, struct err *e)
{
	int rc = write_find_entity(w, name, ret_entity, e);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	if (w->replay)
		return err_param(e, MDB_E_INVALID, "key",
			"this key was used within a day by another request, "
			"which did not name '%s'; give each request its own "
			"key, or none",
			name);
	return write_missing(w, name, param, e);
}

/* One end of a relation: where we write, else in the user's memory. In a
 * replay as it was then; what is gone since only where we write. */
static int
write_names_find_end(struct write *w, const char *name, int64_t *ret_entity,
	bool *ret_user, struct err *e)
{
	int r = scope_entity(w->st, &w->scope, name, strlen(name), ret_entity,
		e);

	*ret_user = false;
	if (r != 0)
		return r;
	r = write_user_entity(w, name, ret_entity, e);
	*ret_user = r == 1;
	return r == 0 && w->replay ? write_find_entity(w, name, ret_entity, e)
				   : r;
}

int
write_ends(struct write *w, const char *from, const char *to,
	struct relation_ends *ret, struct err *e)
{
	bool from_user, to_user;
	int64_t a, b;
	int rc = write_names_find_end(w, from, &a, &from_user, e);

	if (rc == 1)
		rc = write_names_find_end(w, to, &b, &to_user, e);
	if (rc != 1)
		return rc;
	if (from_user && to_user)
		return WRITE_ENDS_OF_USER;
	ret->entity = from_user ? b : a;
	ret->peer = from_user ? a : b;
	ret->reversed = from_user;
	return 1;
}

int
write_need_ends(struct write *w, const char *from, const char *to,
	const char *path, struct relation_ends *ret, struct err *e)
{
	int64_t id;
	char at[96];
	bool is_user;
	int rc = write_ends(w, from, to, ret, e);

	if (rc == WRITE_ENDS_OF_USER)
		return err_param(e, MDB_E_NOT_FOUND, path,
			"'%s' and '%s' are both in the user's memory, not in "
			"this project's; pass scope:\"user\" to relate them "
			"there",
			from, to);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = write_names_find_end(w, from, &id, &is_user, e);
	if (rc < 0)
		return rc;
	snprintf(at, sizeof(at), "%s.%s", path, rc == 0 ? "from" : "to");
	return write_missing(w, rc == 0 ? from : to, at, e);
}

int
write_version(struct write *w, int64_t entity, int64_t *ret_version,
	struct err *e)
{
	/* Sealed, so it has its first version. */
	if (!w->is_part && w->change_id > 0 && w->made_first != 0 &&
		entity >= w->made_first) {
		*ret_version = 1;
		return 0;
	}
	return entity_newest(w->st, entity, ret_version, e);
}

int
write_end_named(struct write *w, const char *name, int64_t entity,
	int64_t *ret_version, struct err *e)
{
	int rc = write_note(w, name, e);

	if (rc != 0)
		return rc;
	rc = write_end(w, e);
	if (rc != 0)
		return rc;
	return write_version(w, entity, ret_version, e);
}
