/* What the modules of store/ share. Not included outside store/. */
#ifndef STORE_ENGINE_STORE_INTERNAL_H
#define STORE_ENGINE_STORE_INTERNAL_H

#include <pthread.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "common/buf.h"
#include "memory-db/store/engine/codec.h"
#include "memory-db/store/engine/lens.h"
#include "memory-db/store/engine/store.h"

/* A number of C as text of SQL, so that it stands in one place:
 * "removed = " SQL_OF(STORE_OPEN_END). The macro must be a bare number. */
#define SQL_OF_TEXT(number) #number
#define SQL_OF(number)	    SQL_OF_TEXT(number)
#define SQL_OPEN_END	    SQL_OF(STORE_OPEN_END)

/* --- statements ----------------------------------------------------------- */
enum stmt_flag {
	STMT_WRITER = 1, /* prepared on the writer only */
	STMT_LENS = 2	 /* two forms: see stmt.c for the marks in it */
};
struct stmt_def {
	const char *sql;
	int params; /* checked against the prepared statement */
	unsigned flags;
};
/* A module lists its statements once; the first connection prepares them all,
 * so that a typo or a schema mismatch fails at start. */
struct stmt_module {
	const char *name;
	const struct stmt_def *defs;
	size_t n;
};
/* One id a module: store/modules.def. */
enum stmt_module_id {
#define MODULE(id, module) id,
#define TABLES(list)
#include "memory-db/store/modules.def"
#undef MODULE
#undef TABLES
	MOD_MAX
};

/* Facts whose vectors went in the group under way (vectors.c). */
struct vectors_erased {
	int64_t *v;
	size_t n, cap;
	bool lost; /* there was no memory for one */
};

struct answer_cache;
struct receipts;
struct run_sum;
struct text_queue;
struct text_parts;
struct counters_log;
struct pack;
struct store_modules;
struct change_sink;
struct fd_vfs;
struct change_sealed;

struct database {
	const struct store_modules *modules; /* participant.h */
	char *path, *folder, *pid_path;
	struct fd_vfs *fd_vfs; /* owned, or NULL: the file has a path */
	int lock_fd;
	bool read_only, new_instance;
	dev_t dev; /* of the file: vanished? */
	ino_t ino;
	char id[33], instance[33];
	const char *new_id; /* borrowed, or NULL */
	_Atomic int schema; /* user_version; raised by the writer, told
				   by the loop */
	unsigned char sip_key[crypto_shorthash_KEYBYTES];
	int64_t namespace_facts;	      /* limit */
	const struct recall_weights *weights; /* borrowed, or NULL */
	_Atomic int64_t waits_n, waits_bytes; /* published (text_wait.c) */
	pthread_mutex_t tally_lock;
	pthread_mutex_t trouble_lock; /* of the cause; see trouble.h */
	_Atomic int trouble;
	char trouble_cause[200];
	struct answer_cache *answers; /* cache (answer_cache.c) */
	struct receipts *receipts;    /* queue (receipts.c) */
	struct counters_state *tally; /* published counters (counters.c) */
	pthread_mutex_t runs_lock;
	struct run_sum *runs; /* not stored yet (skill_runs.c) */
	size_t runs_n;
	void (*vectors_told)(void *ctx, const int64_t *erased, size_t n,
		bool lost); /* or NULL; see vectors_watch() */
	void *vectors_ctx;
	const struct change_sink *sink; /* or NULL: change_sink.h */
	void *kept;			/* see database_kept() */
};

struct store {
	struct database *base;
	const struct stmt_module *const *modules; /* of base */
	sqlite3 *db;
	enum store_role role;
	sqlite3_stmt **stmts[MOD_MAX]; /* [module][2 * index + form] */
	struct err unprepared;	       /* why stmt_use has no statement */
	struct lens lens;
	struct codec codec;
	struct text_queue *queue;    /* writer: text index work of the group */
	struct heads *heads;	     /* writer: facts/heads.c */
	struct counters_log *deltas; /* writer: counter changes of the group */
	struct snapshot *snapshot;   /* STORE_SCRIPT: the pages it sees */
	bool in_group;
	bool is_crowded; /* the group has many requests: store_crowd() */
	bool savepoint_is_group; /* the request cannot be undone alone */
	int64_t forgets;	 /* namespace of what the group erased; 0: none,
				   -1: of several */
	int erasing; /* traces of what was erased remain (erase.c) */
	struct run_sum
		*runs; /* writer: of the group under way (skill_runs.c) */
	size_t runs_n;
	struct label_cache *labels; /* id -> text (labels.c) */
	int64_t home;		    /* namespace that reads: fact_home() */
	int64_t deadline_ns;
	atomic_bool interrupted;
	void (*progress)(void *ctx); /* see store_on_progress() */
	void *progress_ctx;
	int idle_merge; /* which index is merged next */
	/* Rows changed when all was merged, or in the file (idle.c). */
	int merged_at, checkpointed_at;
	struct pack *pack;	/* writer: what is packed (facts/pack.c) */
	void *terms;		/* writer: cache of known terms */
	int64_t terms_new;	/* words that went into it so far */
	struct buf terms_added; /* new ones of the group (terms_wait.c) */
	bool terms_learnt;	/* the group may still fail: cache and words */
	bool terms_waiting_known, terms_waiting_many;
	/* What a group may bring into the text indexes, or take out, at once:
	 * bytes of all texts, of one, new words (text_index.c). */
	struct {
		int64_t bytes, text_bytes, terms;
	} index_now;
	bool waits_known;		     /* text_wait.c: */
	int64_t waits_n, waits_bytes;	     /* rows that wait, their texts */
	struct text_parts *wait_parts;	     /* of the row worked at last */
	struct word_sets *word_sets;	     /* of long texts (erase_words.c) */
	struct search_waits *search_waits;   /* for searches (search_wait.c) */
	struct search_counts *search_counts; /* reader: search_count.c */
	struct vectors_erased vectors_erased; /* writer */
	bool vectors_changed;	      /* the group under way changed facts */
	struct buf search_text;	      /* text under search_text() */
	struct change_sealed *sealed; /* of the group: change_sink.c */
	size_t sealed_n, sealed_savepoint;
	bool sealed_given; /* to the sink; COMMIT comes */
	struct {
		void *p;
		void (*free_fn)(void *);
	} kept[STORE_KEPT_MAX]; /* see store_kept() */
	int changes_before;	/* rows changed when the script began */
	uint64_t meta_state; /* writer: counts what may have changed (meta.c) */
};

/* Frees what store_kept() has. */
void store_drop_kept(struct store *st);

/* The statement, reset and with its bindings cleared. For STMT_LENS the form
 * that fits the lens applied. NULL when it could not be prepared now: nobody has
 * to ask, as sqlite3_bind_* do nothing with it, and stmt_row says why. */
sqlite3_stmt *stmt_use(struct store *st, enum stmt_module_id module, int index)
	MUST_CHECK;
/* Room for all statements, none of them prepared. */
int stmt_begin(struct store *st, struct err *e) MUST_CHECK;
int stmt_prepare_all(struct store *st, struct err *e) MUST_CHECK;
void stmt_finalize_all(struct store *st);

/* Steps: 1 a row, 0 done, negative with *e set. */
int stmt_row(struct store *st, sqlite3_stmt *s, struct err *e) MUST_CHECK;
/* Steps once: 1 and the integer in the first column, 0 without a row and with
 * *ret as it was, negative with *e set. */
int stmt_int(struct store *st, sqlite3_stmt *s, int64_t *ret, struct err *e)
	MUST_CHECK;
/* Hands the integers of the first two columns of each row to fn: 0, what fn returns
 * when that is not 0, or negative. */
typedef int (*stmt_pair_fn)(void *ctx, int64_t a, int64_t b);
int stmt_each_pair(struct store *st, sqlite3_stmt *s, stmt_pair_fn fn,
	void *ctx, struct err *e) MUST_CHECK;
/* Steps to the end and resets: 0, or negative. */
int stmt_run(struct store *st, sqlite3_stmt *s, struct err *e) MUST_CHECK;
/* Appends a column of a row; 1, or MDB_E_NOMEM. */
int stmt_append_text(sqlite3_stmt *s, int column, struct buf *out,
	struct err *e) MUST_CHECK;
/* Maps the connection's last error to our codes. where: what was done. */
int stmt_error(struct store *st, int rc, const char *where, struct err *e);

static inline void
stmt_reset(sqlite3_stmt **s)
{
	if (*s != NULL)
		sqlite3_reset(*s);
}
/* Resets at the end of the scope: a stepped statement that stays un-reset
 * holds a read lock and blocks the checkpoint. */
#define AUTO_STMT __attribute__((cleanup(stmt_reset)))

/* Binding cannot fail for indexes checked at open, except for memory, which
 * the step that follows reports. */
static inline void
bind_i(sqlite3_stmt *s, int i, int64_t v)
{
	(void)sqlite3_bind_int64(s, i, v);
}
static inline void
bind_i0(sqlite3_stmt *s, int i, int64_t v) /* 0 becomes NULL */
{
	if (v != 0)
		(void)sqlite3_bind_int64(s, i, v);
}
/* The bytes stay valid until the statement is reset. */
static inline void
bind_t(sqlite3_stmt *s, int i, const char *v, size_t n)
{
	(void)sqlite3_bind_text64(s, i, v, n, SQLITE_STATIC, SQLITE_UTF8);
}
static inline void
bind_b(sqlite3_stmt *s, int i, const void *v, size_t n)
{
	(void)sqlite3_bind_blob64(s, i, v, n, SQLITE_STATIC);
}

int store_exec(struct store *st, const char *sql, struct err *e) MUST_CHECK;

/* lens.c: the text of a statement in one of its two forms. */
int lens_expand(const char *sql, bool now, struct buf *out) MUST_CHECK;
int lens_prepare(struct store *st, struct err *e) MUST_CHECK; /* temp table */

#endif
