/* What a write request does, around one change: scope, retries by key, the
 * change itself, and the record from which its reply is made.
 *
 * A reply is made from the parameters and an `outcome`: the set of what the
 * change showed and hid. A retry with a known key finds the change of the
 * first try, reads the outcome back from the log, and so gives the same reply
 * without keeping any text of it. */
#ifndef MODEL_WRITE_WRITE_H
#define MODEL_WRITE_WRITE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "common/limits.h"
#include "memory-db/model/scope/call.h"
#include "memory-db/model/scope/scope.h"
#include "memory-db/store/log/change.h"
#include "memory-db/store/facts/facts.h"

struct outcome_entry;
struct write;

/* Who looks at each observation and relation that a write adds
 * (model/order/on_conflict.h):
 * before, when it may still say that it supersedes another, and after. */
struct write_watcher {
	int (*before)(struct write_watcher *x, struct write *w, struct fact *f,
		struct err *e);
	int (*after)(struct write_watcher *x, struct write *w,
		const struct fact *f, int64_t fact, struct err *e);
};

/* What would be written is told, and nothing is: the rules of a write without
 * its effect, as a read may follow them. Then the write has no change. */
struct write_look {
	int (*fact)(struct write_look *l, enum op_what what,
		const struct fact *f, struct err *e);
	int (*attr)(struct write_look *l, int64_t entity, enum attr_key key,
		int64_t value, struct err *e);
};

struct write {
	struct store *st;
	const struct context *ctx;
	const bool *dry_run; /* of the call: a handler may still set it */
	struct scope scope;  /* the namespace written to, lens now */
	int64_t ns, branch;
	struct change *change;		    /* NULL when replaying */
	char actor[LIMIT_LABEL_BYTES + 16]; /* "": none */
	bool saves_skill;	 /* its metadata is code that runs (skill.h) */
	const char *tool;	 /* that writes; "": none */
	bool is_policed;	 /* an agent's, on main by the policy */
	bool is_staged;		 /* an agent's, to an inbox: write_stage.h */
	bool is_approved;	 /* no policy is asked: it tells who does what,
				    and nothing that could be wrong */
	struct write_look *look; /* borrowed; NULL: it writes */
	int64_t bytes;		 /* of the texts that it showed */
	int64_t hidden;		 /* facts, its parts included */
	unsigned missed;	 /* names that were not found */
	struct write *whole;	 /* a part: of which write, which seals */
	bool is_part;
	bool replay;		       /* a retry: apply nothing, only reply */
	int64_t change_id, at;	       /* after write_end; 0: nothing changed */
	struct outcome_entry *entries; /* what it did; see write_did */
	size_t entries_n, entries_cap, asked;
	bool watch;	   /* look for texts that say the same: repeats.h */
	int looks;	   /* texts compared; repeats.c bounds them */
	int searches;	   /* for what is meant; repeats_find() bounds them */
	json_t *alike;	   /* what they are like, for the reply; owned */
	int64_t last_fact; /* added by write_add */
	const char *made_name; /* borrowed; the entity made last, and */
	int64_t made;	       /* its id: its row of the reply asks for it */
	int64_t made_first;    /* entities from here on are new; 0: none */
	const json_t *entry;   /* borrowed: whose `source` its observations have
				that say none; NULL: none */
	struct write_watcher *watcher; /* borrowed; NULL: nobody looks */
	bool is_unwatched; /* and nobody shall (on_conflict: none) */
	int64_t replaced;  /* the relation that the one to add says anew, with
			     another weight; 0: none */
	struct change_note *note;
	struct buf message; /* of the change, with markers; owned */
};

/* Begins: for a key already seen, w->replay is set and the outcome loaded. */
int write_begin(struct write *w, struct call *c, enum change_kind kind,
	struct err *e) MUST_CHECK;
/* The same for a change that is about another one (undone), 0: none. */
int write_begin_about(struct write *w, struct call *c, enum change_kind kind,
	int64_t about, struct err *e) MUST_CHECK;
/* The same on a branch given by id, whatever the context says. */
int write_begin_on(struct write *w, struct call *c, enum change_kind kind,
	int64_t branch, int64_t about, struct err *e) MUST_CHECK;
/* Seals the change, remembers the key. Not called again for a replay. */
int write_end(struct write *w, struct err *e) MUST_CHECK;
void write_done(struct write *w);
#define AUTO_WRITE __attribute__((cleanup(write_done)))

/* --- steps: each records what it did -------------------------------------- */
/* f->entity, kind and the rest as for change_add_fact. */
int write_add(struct write *w, const struct fact *f, struct err *e) MUST_CHECK;
/* The same for an observation, under the eyes of the watcher. */
int write_add_watched(struct write *w, const struct fact *f, struct err *e)
	MUST_CHECK;
/* Hides a visible fact. */
int write_hide(struct write *w, int64_t fact, struct err *e) MUST_CHECK;
/* Shows a fact that is not visible. */
int write_show(struct write *w, int64_t fact, struct err *e) MUST_CHECK;
/* Sets an attribute of an entity. */
int write_attr(struct write *w, int64_t entity, enum attr_key key,
	int64_t value, struct err *e) MUST_CHECK;
/* Hides every visible fact of an entity and the relations to it. */
int write_hide_entity(struct write *w, int64_t entity, struct err *e)
	MUST_CHECK;
/* The same for at most `most` of them, so that what is left is an entity as
 * good as any; itself goes last. *ret_left: how many remain. */
int write_hide_part(struct write *w, int64_t entity, size_t most,
	size_t *ret_left, struct err *e) MUST_CHECK;
/* Hides its facts of the kinds (bit mask) whose text is not in keep (array of
 * strings, may be NULL). */
int write_hide_others(struct write *w, int64_t entity, unsigned kinds,
	const json_t *keep, struct err *e) MUST_CHECK;

/* Hides the marks of a fact whose text is not in keep; an observation together
 * with all of its marks. */
int write_hide_marks(struct write *w, int64_t entity, int64_t fact,
	unsigned kinds, const json_t *keep, struct err *e) MUST_CHECK;
int write_hide_marked(struct write *w, int64_t entity, int64_t fact,
	struct err *e) MUST_CHECK;

/* Did the change show (hide) such a fact? Each entry answers yes once, so
 * that a text given twice is reported once. text NULL: a relation or an
 * existence fact (peer and label tell them apart). */
bool write_did(struct write *w, enum op_what what, int64_t entity,
	enum fact_kind kind, int64_t peer, int64_t label, const char *text,
	size_t n);
/* The same for a relation. */
struct relation_ends;
bool write_did_relation(struct write *w, enum op_what what,
	const struct relation_ends *ends, int64_t label);
/* The same for an attribute. */
bool write_did_attr(struct write *w, int64_t entity, enum attr_key key);
/* Whether it touched the entity at all. */
bool write_touched(struct write *w, int64_t entity);

/* --- names ---------------------------------------------------------------- */
/* The existing entity of that name where we write. 1 found, 0 not. In a
 * replay also one that was deleted since. */
int write_find_entity(struct write *w, const char *name, int64_t *ret_entity,
	struct err *e) MUST_CHECK;
/* The same, or MDB_E_NOT_FOUND with similar names and, when the name exists in
 * the user's memory, the way to write there. param: "relations[2].from". */
int write_need_entity(struct write *w, const char *name, const char *param,
	int64_t *ret_entity, struct err *e) MUST_CHECK;
/* That error alone: why there is no such entity where we write. Always
 * negative. */
int write_missing(struct write *w, const char *name, const char *param,
	struct err *e) MUST_CHECK;
/* The entity of that name in the user's memory; 0 also when that is where we
 * write. */
int write_user_entity(struct write *w, const char *name, int64_t *ret_entity,
	struct err *e) MUST_CHECK;

/* A relation as it is stored: with the end that is where we write, which is
 * `to` when reversed (FACT_REVERSED). */
struct relation_ends {
	int64_t entity, peer;
	bool reversed;
};
/* 1 found, 0 not (an end is missing), or WRITE_ENDS_OF_USER: both ends are in
 * the user's memory, not in the one that is written to. */
#define WRITE_ENDS_OF_USER 2
int write_ends(struct write *w, const char *from, const char *to,
	struct relation_ends *ret, struct err *e) MUST_CHECK;
/* The same, or an error that names the end. path: "relations[2]". */
int write_need_ends(struct write *w, const char *from, const char *to,
	const char *path, struct relation_ends *ret, struct err *e) MUST_CHECK;
/* Version of an entity after the change. */
int write_version(struct write *w, int64_t entity, int64_t *ret_version,
	struct err *e) MUST_CHECK;
/* Adds a name to the note for the feed. */
int write_note(struct write *w, const char *name, struct err *e) MUST_CHECK;
/* The end of a write to one entity: its name is noted, the change sealed, and
 * *ret_version the version it made. */
int write_end_named(struct write *w, const char *name, int64_t entity,
	int64_t *ret_version, struct err *e) MUST_CHECK;

/* A fact with nothing set but entity and kind. */
struct fact write_fact(int64_t entity, enum fact_kind kind);

#endif
