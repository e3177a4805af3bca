/* Where what is imported goes: a namespace, and the branch of the import there.
 * A branch that the import itself wrote to last is told nothing twice
 * (importseen.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/client/project.h"
#include "common/jx.h"
#include "memory-db/cli/lib/importfrom_int.h"

/* The change that began the branch; 0: unknown. */
static int64_t
branch_fork(struct import_job *j, const char *namespace_)
{
	AUTO_JSON json_t *reply = importfrom_ask(j, namespace_, NULL,
		"memory_branch", json_pack("{s:s}", "action", "list"));
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(reply, "branches"), i, row)
		if (strcmp(cli_str(row, "name", ""), j->branch) == 0)
			return cli_int(row, "fork", 0);
	return 0;
}

/* The newest change of the branch, when the import itself made it; else 0: what
 * was told it once may have been taken back since. */
static int64_t
our_last(struct import_job *j, const char *namespace_)
{
	AUTO_JSON json_t *last = importfrom_ask(j, namespace_, j->branch,
		"memory_history", json_pack("{s:i}", "limit", 1));
	const json_t *row = json_array_get(json_object_get(last, "changes"), 0);

	return strncmp(cli_str(row, "session", ""), IMPORT_SESSION,
		       strlen(IMPORT_SESSION)) == 0
		       ? cli_int(row, "change", 0)
		       : 0;
}

/* A number that is kept of a branch, under a name that is no session. */
static void
number_name(const char *place, const char *name, char ret[33])
{
	importseen_digest(place, name, "", 0, ret);
}

static int64_t
number_of(const struct import_job *j, const char *place, const char *name)
{
	char digest[33];
	int64_t n = 0;

	number_name(place, name, digest);
	return importseen_has(&j->seen, digest, &n) ? n : 0;
}

static void
number_keep(struct import_job *j, const char *place, const char *name,
	int64_t n)
{
	char digest[33];

	number_name(place, name, digest);
	importseen_add(&j->seen, digest, n);
}

/* A branch whose newest change is older than the one that a run left is that of
 * a backup: what was told it behind that is gone. From then on its texts have
 * other digests (the number of such falls is a part of them). Example: a run
 * ends with change 900, a backup of change 700 is restored, the next run tells
 * all again. Returns the place with that number, new; NULL: no memory. */
static json_t *
importplace_place_of(struct import_job *j, const char *identity, int64_t newest)
{
	int64_t falls = number_of(j, identity, "\nfalls");

	if (newest < number_of(j, identity, "\nnewest")) {
		number_keep(j, identity, "\nfalls", ++falls);
		number_keep(j, identity, "\nnewest", newest);
	}
	return json_sprintf("%s\n%lld", identity, (long long)falls);
}

void
importfrom_note_newest(struct import_job *j)
{
	const char *namespace_;
	json_t *place;

	json_object_foreach(j->places, namespace_, place) {
		AUTO_FREE char *identity = NULL;
		int64_t newest;

		if (!json_is_string(place))
			continue;
		newest = our_last(j, namespace_);
		identity = strdup(json_string_value(place));
		if (!identity || newest == 0)
			continue;
		*strrchr(identity, '\n') = '\0';
		number_keep(j, identity, "\nnewest", newest);
		number_keep(j, identity, "\nfalls",
			number_of(j, identity, "\nfalls"));
	}
}

/* What tells the branch from every other one, also of another memory: where and
 * when it was begun. Returns new; json_true() when that is unknown. */
static json_t *
branch_identity(struct import_job *j, const char *namespace_, int64_t fork,
	int64_t newest)
{
	AUTO_JSON json_t *begun =
		importfrom_ask(j, namespace_, NULL, "memory_history",
			json_pack("{s:I,s:I,s:i}", "since", (json_int_t)fork,
				"until", (json_int_t)fork, "limit", 1));
	const json_t *row =
		json_array_get(json_object_get(begun, "changes"), 0);
	const char *at = cli_str(row, "at", NULL);
	AUTO_FREE char *identity = NULL;

	if (!at)
		return json_true();
	if (asprintf(&identity, "%s\n%s\n%s", namespace_, j->branch, at) < 0) {
		identity = NULL;
		return NULL;
	}
	return importplace_place_of(j, identity, newest);
}

/* The branch of a namespace, made when it is not there. */
void
importfrom_prepare(struct import_job *j, const char *namespace_)
{
	AUTO_JSON json_t *made = NULL, *identity = NULL;
	int64_t fork, newest = 0;

	if (json_object_get(j->places, namespace_) ||
		strcmp(j->branch, "main") == 0)
		return;
	made = importfrom_ask(j, namespace_, NULL, "memory_branch",
		json_pack("{s:s,s:s,s:s}", "action", "create", "name",
			j->branch, "about", j->src->title));
	/* One that is there from a run before is the one. */
	fork = made ? cli_int(made, "fork", 0) : branch_fork(j, namespace_);
	if (j->rc != CLI_OK)
		return;
	if (!made)
		newest = our_last(j, namespace_);
	if (fork > 0 && !j->is_fresh && (made || newest > 0))
		identity = branch_identity(j, namespace_, fork, newest);
	if (jx_set(j->places, namespace_,
		    identity ? json_incref(identity) : json_true()) != 0)
		j->rc = cli_nomem();
}

/* The namespace of a folder, as memory-mcp has it with `auto`. */
bool
importfrom_namespace(struct import_job *j, const char *folder, struct buf *out)
{
	if (j->c->is_named && j->c->namespace_)
		return buf_adds(out, j->c->namespace_) == 0 && buf_str(out);
	if (!folder)
		return buf_adds(out, "default") == 0 && buf_str(out);
	return project_namespace(folder, out) == 0 && buf_str(out);
}

bool
importfrom_digest(const struct import_job *j, const char *namespace_,
	const char *session, const struct buf *text, char ret[33])
{
	const char *place =
		json_string_value(json_object_get(j->places, namespace_));
	char own[256];

	/* What was told with markers is told anew as it stands. */
	if (j->keeps_secrets) {
		snprintf(own, sizeof(own), "allow-secrets\n%.230s", session);
		session = own;
	}
	if (place)
		importseen_digest(place, session, text->data, text->len, ret);
	return place != NULL;
}
