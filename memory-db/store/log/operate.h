/* What the operator asks for: sessions, namespaces, named state. */
#ifndef STORE_LOG_OPERATE_H
#define STORE_LOG_OPERATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"

struct store;

/* --- sessions ------------------------------------------------------------- */
struct session_row {
	int64_t session, client; /* labels; client of its newest change or 0 */
	int64_t ns;		 /* of its newest change */
	int64_t last_change, first_at, last_at, changes;
};
typedef int (*session_fn)(void *ctx, const struct session_row *row);
/* Sessions whose newest change is < before, newest first. fn returns non-zero
 * to stop, and that is returned. */
int operate_sessions(struct store *st, int64_t before, session_fn fn, void *ctx,
	struct err *e) MUST_CHECK;
/* One session, by its label: 1 and the row, 0 it never wrote. */
int operate_session(struct store *st, int64_t session, struct session_row *ret,
	struct err *e) MUST_CHECK;
typedef int (*ns_fn)(void *ctx, int64_t ns);
/* The namespaces it wrote to, by id. */
int operate_session_namespaces(struct store *st, int64_t session, ns_fn fn,
	void *ctx, struct err *e) MUST_CHECK;

/* --- namespaces ----------------------------------------------------------- */
struct namespace_row {
	int64_t id;
	const char *name, *stem;
	const unsigned char *head; /* 32 bytes */
	int64_t last_change;
	int64_t entities, observations, changes;
};
typedef int (*namespace_fn)(void *ctx, const struct namespace_row *row);
/* By id; only: that one, 0 for all. */
int operate_namespaces(struct store *st, int64_t only, namespace_fn fn,
	void *ctx, struct err *e) MUST_CHECK;
typedef int (*name_fn)(void *ctx, const char *name, size_t n);
int operate_namespace_aliases(struct store *st, int64_t ns, name_fn fn,
	void *ctx, struct err *e) MUST_CHECK;
/* The chain of a namespace as of a change: its head then. 1 found (32 bytes
 * into ret, *ret_change), 0: no change of it yet. */
int operate_head_at(struct store *st, int64_t ns, int64_t change,
	unsigned char ret[32], int64_t *ret_change, struct err *e) MUST_CHECK;

/* Writer. The caller has made sure that the new name is free. */
int operate_rename_namespace(struct store *st, int64_t ns, const char *name,
	struct err *e) MUST_CHECK;
int operate_alias_namespace(struct store *st, int64_t ns, const char *alias,
	struct err *e) MUST_CHECK;
int operate_unalias_namespace(struct store *st, const char *alias,
	struct err *e) MUST_CHECK;
/* With a given id (replay of a log). */
int operate_create_namespace(struct store *st, int64_t ns, const char *name,
	const char *stem, struct err *e) MUST_CHECK;

/* --- names of entities ---------------------------------------------------- */
typedef int (*alias_fn)(void *ctx, int64_t ns, const char *name, size_t n,
	int64_t entity);
/* Aliases of namespace ns (0: all) of entities that existed at `change`, by
 * namespace and name, after (after_ns, after). */
int operate_aliases(struct store *st, int64_t ns, int64_t change,
	int64_t after_ns, const char *after, alias_fn fn, void *ctx,
	struct err *e) MUST_CHECK;
/* An entity with a given id (replay of a log). name NULL: forgotten. */
int operate_create_entity(struct store *st, int64_t id, int64_t ns,
	const char *name, size_t n, struct err *e) MUST_CHECK;
/* 1 there is one with this id, 0 not. */
int operate_has_entity(struct store *st, int64_t id, struct err *e) MUST_CHECK;

/* --- rows of a log that are no changes (export and replay) ---------------- */
#define CONFLICT_NONE INT64_MIN
struct conflict_line {
	int64_t id, entity, kind, state, found;
	int64_t other, base, ours, theirs, action, closed; /* or NONE */
	double confidence;				   /* < 0: none */
	const char *notes;				   /* or NULL */
};
typedef int (*conflict_line_fn)(void *ctx, const struct conflict_line *c);
/* Of namespace ns (0: all), of entities that existed at `change`, id > after. */
int operate_conflicts(struct store *st, int64_t ns, int64_t change,
	int64_t after, conflict_line_fn fn, void *ctx, struct err *e)
	MUST_CHECK;
/* Writes the row, over one with its id. */
int operate_put_conflict(struct store *st, const struct conflict_line *c,
	struct err *e) MUST_CHECK;
/* A branch with a given id; parent, fork, ns, name and about are taken. */
struct branch_row;
int operate_create_branch(struct store *st, const struct branch_row *b,
	struct err *e) MUST_CHECK;

/* Id of the database, 32 hex digits. */
const char *operate_database_id(const struct store *st);

#endif
