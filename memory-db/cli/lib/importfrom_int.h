/* What the importers of transcripts, notes and records share. */
#ifndef CLI_LIB_IMPORTFROM_INT_H
#define CLI_LIB_IMPORTFROM_INT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "memory-db/cli/lib/cli.h"
#include "memory-db/cli/lib/disksource.h"
#include "memory-db/cli/lib/importseen.h"
#include "memory-db/cli/lib/importturns.h"
#include "memory-db/cli/lib/progress.h"

/* What the session of an import begins with. Each run has one of its own,
 * whatever kinds and namespaces it writes to, so that one undo takes it back. */
#define IMPORT_SESSION "memoryctl-import"

struct import_counts {
	int64_t files, bytes, turns, facts, known, refused, unread;
	int64_t relations, left_out;
	int64_t masked; /* secrets in whose place a marker is stored */
};

struct import_job {
	struct cli *c;
	const struct disksource *src;
	char branch[80];
	const char *session; /* of the run */
	struct import_counts n;
	bool is_fresh;	    /* as if nothing had been told before */
	bool keeps_secrets; /* they are stored as they stand */
	/* owned; namespace that has the branch -> its identity, or true */
	json_t *places;
	json_t *relations; /* owned; that wait for their ends */
	json_t *pinned;	   /* owned; names of what the files pin */
	struct progress progress;
	struct importseen seen;
	struct import_turns turns;
	int rc;
};

/* Says in the parameters of a write that markers take the places of secrets, or
 * that these are stored (--allow-secrets). 0 or MDB_E_NOMEM. */
int importfrom_secrets(const struct import_job *j, json_t *params) MUST_CHECK;
/* Secrets that a reply says were marked; reply: may be NULL. */
int64_t importfrom_masked(const json_t *reply);
/* Asks as an agent does: what is known is not stored again. Sets j->rc when the
 * service is gone; NULL also when it refused. */
json_t *importfrom_ask(struct import_job *j, const char *namespace_,
	const char *branch, const char *method, json_t *params_new);
/* The branch of a namespace, made when it is not there. */
void importfrom_prepare(struct import_job *j, const char *namespace_);
/* Keeps how far each branch is, for who restores an older backup. */
void importfrom_note_newest(struct import_job *j);
/* The digest of a text for the branch of a namespace that is prepared
 * (importseen.h). False: nothing is kept of it. */
bool importfrom_digest(const struct import_job *j, const char *namespace_,
	const char *session, const struct buf *text, char ret[33]);
/* The namespace of a folder, as memory-mcp has it with `auto`. */
bool importfrom_namespace(struct import_job *j, const char *folder,
	struct buf *out);
/* Turns of a conversation, through extraction. The reply is counted when it comes
 * (importturns.h). */
void importfrom_turns(struct import_job *j, const char *namespace_,
	const char *session, const json_t *turns);

/* A call that writes records. An entity of that name in the user's memory is
 * another one. Secrets that were marked are counted. */
json_t *importfrom_write(struct import_job *j, const char *place,
	const char *method, const char *key, json_t *list);
/* Sends entries of add_observations, each with one content, in calls of bounded
 * size. One that is refused stops none. */
void importfrom_facts(struct import_job *j, const char *place,
	const json_t *entries);
/* The same of entities without facts. */
void importfrom_entities(struct import_job *j, const char *place,
	const json_t *entities);

/* A file of DISK_NOTES (importnotes.c). */
void importfrom_notes(struct import_job *j, int fd, const char *path);
/* A file of DISK_RECORDS (importitems.c). */
void importfrom_records(struct import_job *j, int fd, const char *path);
/* Relations that waited for their ends. */
void importfrom_relations(struct import_job *j);

#endif
