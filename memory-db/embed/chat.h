/* A chat model behind an OpenAI-compatible endpoint, POST /v1/chat/completions: off
 * unless it is configured, and never asked for more than a day's budget.
 *
 * The budget is that of calls and of tokens, by the days of UTC. A call is counted
 * before it is sent, with the tokens that its text may have, and with those that the
 * endpoint names when it has answered; the count lies in a file beside the database,
 * so that a restart spends nothing twice.
 *
 * An endpoint that fails is left alone for a while, from a second to a minute. */
#ifndef EMBED_CHAT_H
#define EMBED_CHAT_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"

struct chat;

struct chat_options {
	const char *url;	 /* NULL, "" or "none": there is none */
	const char *model, *key; /* key NULL: none */
	const char *budget_path; /* of the file; NULL: not kept */
	int64_t timeout_ms, calls_per_day, tokens_per_day;
};

/* new; *ret is NULL for none. MDB_E_INVALID: what cannot be used, and why;
 * MDB_E_NOMEM. Asks nothing of the network. */
int chat_open(const struct chat_options *o, struct chat **ret, struct err *e)
	MUST_CHECK;
/* No request is under way. NULL: nothing. */
void chat_close(struct chat *x);
/* Requests under way end within a second, later ones at once. Any thread. */
void chat_stop(struct chat *x);

/* What the model answers to a text, appended. Any thread, several at a time.
 * MDB_E_LIMIT (the day's budget is used up); MDB_E_UNREACHABLE (also: left alone
 * for now), MDB_E_TIMEOUT, MDB_E_INVALID (no answer of a chat model),
 * MDB_E_CANCELLED, MDB_E_NOMEM. */
int chat_ask(struct chat *x, const char *orders, const char *text, size_t n,
	struct buf *out, struct err *e) MUST_CHECK;

const char *chat_model(const struct chat *x);

struct chat_status {
	int64_t calls, tokens; /* of today */
	int64_t calls_per_day, tokens_per_day;
	char last_error[256]; /* "": none */
};
void chat_status(struct chat *x, struct chat_status *ret);

#endif
