/* What a call carries from dispatch down to the rules. */
#ifndef MODEL_SCOPE_CALL_H
#define MODEL_SCOPE_CALL_H

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/contract/tools.h"
#include "memory-db/model/scope/effects.h"
#include "memory-db/model/secrets/secrets.h"
#include "memory-db/store/engine/store.h"

/* A write of an agent to a protected main (model/scope/inbox.h) is tried in the
 * inbox. Where the policy lets it through it is undone, and run on main; where
 * main will not have it like that, in the inbox after all. */
enum review_pass { REVIEW_PASS_ASK, REVIEW_PASS_MAIN, REVIEW_PASS_INBOX };

/* Where and as whom a request runs. Strings are borrowed from the request. */
struct context {
	const char *namespace_; /* never NULL: "default" */
	const char *branch;	/* never NULL: "main" */
	const json_t *as_of;	/* NULL: now. Integer or string, unresolved */
	const json_t *valid_at; /* NULL: facts whatever their validity */
	const char *session, *client, *actor, *message, *key; /* or NULL */
	bool user_scope; /* scope:"user": write to `default` */
	bool own_scope;	 /* scope:"project": and said so */
	bool in_script;	 /* one call of many in a script */
	char zone[65];	 /* time zone of the client; "": UTC */
	unsigned uid;	 /* of the peer */
	/* Authority. An agent is whoever memory-mcp serves; a caller that is
	 * none is the operator's own program, or the service itself. Every
	 * restriction of agents hangs on these two, never on a name that a
	 * client gives itself. */
	bool is_agent, is_service;
	bool is_confirmed;	      /* `confirm`: many facts may be hidden */
	enum secret_policy secrets;   /* of the service, or of allow_secret */
	enum review_pass review_pass; /* set by the writer */
	unsigned profiles; /* of an agent: its tools (enum tool_profile) */
};

/* What was worked out for a call before it ran (method/prepare.h): its handler
 * knows what data is. */
struct prepared {
	void *data; /* NULL: nothing */
	void (*free)(void *data);
};

struct chat;
struct graph_keep;
struct question;
struct write;

struct call {
	struct store *st; /* of the thread that runs it */
	const struct tool *tool;
	const struct context *ctx;
	json_t *params;			 /* borrowed */
	int64_t deadline_ns;		 /* monotonic; 0: none */
	const struct question *question; /* borrowed: vector of what is asked,
				   made before; NULL: none was */
	struct chat *chat; /* borrowed: may be asked while a call is prepared;
			      NULL: there is none */
	const struct prepared *prepared; /* borrowed; NULL: nothing was */
	/* A write in parts (work/parts.h): the handler may do a part, set
	 * has_more, and is called again once that part is committed. What it
	 * keeps meanwhile is its own; a part that failed is done again, so what
	 * it notes beyond `part` is to be thrown away. */
	bool in_parts;		   /* the caller can do that */
	bool has_more;		   /* set by the handler: no reply yet */
	size_t part;		   /* parts that are committed */
	struct prepared *progress; /* empty before the first part */
	struct change_note note;   /* filled by writes */
	struct write *within;	/* the write this one is a part of: it seals no
				   change of its own; NULL: on its own */
	struct effects effects; /* added by handlers: after the COMMIT */
	bool is_retry;		/* set by a handler: its key was seen, it did
				   nothing and says what was done then */
	/* TF_SNAPSHOT: where its handler leaves the descriptor that goes with
	 * the reply, and whether anybody waits for it still; else NULL. */
	int *ret_fd;
	const atomic_bool *cancelled;
	/* A reply of text may leave members here, as JSON text with commas
	 * between, in the place of values in the result: the large ones, which
	 * are only passed on. NULL: the caller looks into the result. */
	struct buf *text;
	struct graph_keep *keep; /* of readers: what is kept of the graph */
	uint64_t keep_seen;	 /* graph_keep_seen() before the snapshot */
	bool is_kept; /* set by a handler: it keeps its reply itself */
	bool dry_run; /* set by a handler: after the reply is made,
				   all it did is rolled back */
};

/* Frees what handlers put into it. */
void call_done(struct call *c);

#endif
