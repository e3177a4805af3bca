/* Receipts: what a read gave to whom, outside the log. A read puts its receipt
 * into a queue of the database, from any thread; the writer puts the queue into
 * the file in batches: with the commit of other work, or in its idle time. So a
 * read never waits for a write, and a crash loses the receipts of the last
 * moments, nothing else. The file keeps the newest RECEIPTS_KEPT.
 *
 * Usage (how often an entity was given, and when last) comes from here. */
#ifndef STORE_BESIDE_RECEIPTS_H
#define STORE_BESIDE_RECEIPTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

struct store;
struct database;

#define RECEIPTS_KEPT 5000
/* Receipts that wait for the writer; above, the oldest are dropped. */
#define RECEIPTS_WAITING 1000
#define RECEIPT_ID_SIZE	 12 /* "r" and 10 letters or digits, and NUL */

enum receipt_kind {
	RECEIPT_RECALL = 1,
	RECEIPT_CONTEXT = 2,
	/* of an agent; nobody is told of these */
	RECEIPT_SEARCH = 3,
	RECEIPT_OPEN = 4, /* entities by name */
	RECEIPT_GRAPH = 5 /* the whole of a small memory: it has no rows */
};

struct receipt_row {
	int64_t fact, entity;
	double score;
	double useful; /* what its usefulness is of that; 0: nothing */
};
struct receipt {
	char id[RECEIPT_ID_SIZE];
	enum receipt_kind kind;
	int64_t at;		    /* ms */
	int64_t ns, branch, change; /* the state that was read */
	bool is_relevant;
	const char *query; /* borrowed */
	size_t query_n;
	const struct receipt_row *rows; /* borrowed */
	size_t n;
};

/* A new id, not to be guessed. */
void receipt_make_id(char id[RECEIPT_ID_SIZE]);

/* Queues a copy; sets r->id. From any thread. MDB_E_NOMEM. */
int receipt_give(struct store *st, struct receipt *r, struct err *e) MUST_CHECK;

/* The receipt with this id, waiting or written. 1 fn was called, 0 not found,
 * or what fn said when that was not 0. */
typedef int (*receipt_fn)(void *ctx, const struct receipt *r);
int receipt_find(struct store *st, const char *id, receipt_fn fn, void *ctx,
	struct err *e) MUST_CHECK;

/* The names of receipts that a namespace was given for these questions (a JSON
 * array of texts, as receipts keep them) since a moment, newest first, waiting
 * ones among them. fn returns non-zero to stop; query: which of the questions. */
typedef int (*receipt_asked_fn)(void *ctx, const char *id, size_t query);
int receipts_asked(struct store *st, int64_t ns, int64_t since_ms,
	const json_t *queries, receipt_asked_fn fn, void *ctx, struct err *e)
	MUST_CHECK;

/* The group erases something of the namespace: questions that wait to be
 * written and may name it are written without their words. */
void receipts_forget(struct store *st, int64_t ns);
/* Drops how often the entity was given (writer). */
int receipts_forget_usage(struct store *st, int64_t entity, struct err *e)
	MUST_CHECK;

/* Writer, inside a group: writes what waits. Never fails the group: errors
 * leave the queue as it is. */
void receipts_write(struct store *st);
/* Rises whenever usage has changed. */
int64_t receipts_written(const struct store *st);
/* Whether some are to be written now. Those of reads whose replies are kept in
 * memory until the next commit (RECEIPT_OPEN, RECEIPT_GRAPH) wait for one of other
 * work, or RECEIPTS_LAZY_MS. */
bool receipts_waiting(const struct store *st);
#define RECEIPTS_LAZY_MS 10000

#endif
