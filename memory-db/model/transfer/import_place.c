/* Where an import may write, and what it does that a person should know of.
 *
 * A file is not its reader's: it stays in the namespace of the call unless the
 * call says all_namespaces. A log that comes into a database without any change
 * is a restore and may fill it as a whole: there is nothing to overwrite. */
#include "memory-db/model/transfer/import.h"

#include <inttypes.h>
#include <string.h>

#include "common/jx.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/store/engine/lens.h"
#include "memory-db/store/facts/labels.h"

/* Names that a reply lists. */
#define NAMES_MAX 1000

const char *
import_home(const struct importer *im)
{
	return im->ctx->user_scope ? "default" : im->ctx->namespace_;
}

int
import_begins_log(struct importer *im)
{
	int64_t newest = 0;
	int rc = lens_newest(im->st, &newest, im->e);

	im->state.is_log = true;
	im->state.all |= rc == 0 && newest == 0;
	return rc;
}

int
import_may_write(struct importer *im, int64_t ns)
{
	int64_t home;
	int rc;

	if (im->state.all)
		return 1;
	rc = namespace_find(im->st, import_home(im), &home, im->e);

	return rc == 1 ? home == ns : rc;
}

int
import_line_goes_elsewhere(struct importer *im, const char *name)
{
	int64_t ns, home;
	json_t *list = im->result->elsewhere_names, *v;
	size_t i;
	int rc;

	if (im->state.all || strcmp(name, import_home(im)) == 0)
		return 0;
	rc = namespace_find(im->st, name, &ns, im->e);
	if (rc == 1)
		rc = namespace_find(im->st, import_home(im), &home, im->e);
	if (rc < 0 || (rc == 1 && ns == home))
		return rc < 0 ? rc : 0;
	im->result->elsewhere++;
	json_array_foreach(list, i, v)
		if (strcmp(json_string_value(v), name) == 0)
			return 1;
	if (json_array_size(list) < NAMES_MAX &&
		jx_add(list, member_text(name, strlen(name))) != 0)
		return err_nomem(im->e);
	return 1;
}

int
import_check_log_namespace(struct importer *im, int64_t id, const char *name,
	bool is_here)
{
	if (id == NAMESPACE_DEFAULT && strcmp(name, "default") != 0)
		return err_set(im->e, MDB_E_INVALID,
			"the log calls the namespace with id 1 '%.200s'; that "
			"is 'default', the user's own memory, everywhere, and "
			"no file renames it",
			name);
	if (im->state.all || strcmp(name, import_home(im)) == 0)
		return 0;
	if (is_here)
		return 1;
	return err_param(im->e, MDB_E_DENIED, "all_namespaces",
		"this log holds the namespace '%.200s', and an import stays in "
		"that of the call, '%.200s'; name that namespace, or allow all "
		"(memoryctl import --all-namespaces)",
		name, import_home(im));
}

int
import_check_log_place(struct importer *im, int64_t ns)
{
	int rc = import_may_write(im, ns);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	return err_param(im->e, MDB_E_DENIED, "all_namespaces",
		"the log writes into namespace %" PRId64
		", and an import stays "
		"in that of the call, '%.200s'; allow all (memoryctl import "
		"--all-namespaces) if that is meant",
		ns, import_home(im));
}

int
import_check_entity(struct importer *im, int64_t entity, int64_t ns)
{
	AUTO_BUF struct buf name = {0};
	int64_t here = ns;
	int rc = entity_first_name(im->st, entity, &here, &name, im->e);

	if (rc < 0 || here == ns)
		return rc < 0 ? rc : 0;
	return err_set(im->e, MDB_E_INVALID,
		"a change of the log touches entity %" PRId64 " of another "
		"namespace: the log was altered",
		entity);
}

int
import_note_pin(struct importer *im, const char *name, size_t n)
{
	if (json_array_size(im->result->pinned) >= NAMES_MAX)
		return 0;
	return jx_add(im->result->pinned, member_text(name, n)) == 0
		       ? 0
		       : err_nomem(im->e);
}

int
import_note_erased(struct importer *im, int64_t facts)
{
	im->result->erased += facts;
	if (facts == 0 || im->q->confirm_erasures)
		return 0;
	return err_param(im->e, MDB_E_DENIED, "confirm_erasures",
		"this log erases for good what is here (%" PRId64 " facts with "
		"this change); nothing of this part was imported. If that is "
		"meant, confirm it (memoryctl import "
		"--confirm-erasures)",
		im->result->erased);
}
