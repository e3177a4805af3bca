/* Inboxes: the branch of a session whose writes wait for review. inbox.h
 * says how reads through an inbox work.
 *
 * The branch is made when the first write of a session needs it, and used
 * again by later writes of the same session. Its name is "inbox/" and the
 * session; a session whose name is too long or has characters that names of
 * branches may not have is named by a hash, so that two sessions never share
 * an inbox. */
#include "memory-db/model/scope/inbox.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "memory-db/model/scope/settings.h"
#include "memory-db/store/engine/lens.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/facts/namespaces.h"
#include "memory-db/store/log/branch.h"
#include "memory-db/store/log/change.h"
#include "memory-db/store/log/staged.h"

#define PREFIX	    "inbox/"
#define NO_SESSION  "inbox"
#define PLAIN_BYTES 200

/* --- names ---------------------------------------------------------------- */
/* '#' ends the name of a discarded branch; '~' stands before a hash, and before
 * the number of an inbox that is made anew while the other still stands. */
static bool
is_plain(const char *session)
{
	return session[0] != '\0' && strpbrk(session, "#~") == NULL &&
	       strlen(session) <= PLAIN_BYTES;
}

void
inbox_name(const char *session, char ret[INBOX_NAME_SIZE])
{
	unsigned char hash[16];
	char hex[2 * sizeof(hash) + 1];

	if (!session) {
		snprintf(ret, INBOX_NAME_SIZE, NO_SESSION);
		return;
	}
	if (is_plain(session)) {
		snprintf(ret, INBOX_NAME_SIZE, PREFIX "%s", session);
		return;
	}
	crypto_generichash(hash, sizeof(hash), (const unsigned char *)session,
		strlen(session), NULL, 0);
	sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	snprintf(ret, INBOX_NAME_SIZE, PREFIX "~%s", hex);
}

bool
inbox_is_name(const char *branch)
{
	return strcmp(branch, NO_SESSION) == 0 ||
	       strncmp(branch, PREFIX, strlen(PREFIX)) == 0;
}

static int
floats(void *ctx, const struct branch_row *b)
{
	*(bool *)ctx = b->fork == INBOX_FORK;
	return 0;
}

int
inbox_is(struct store *st, int64_t branch, bool *ret, struct err *e)
{
	int rc;

	*ret = false;
	if (branch == STORE_MAIN)
		return 0;
	rc = branch_get(st, branch, floats, ret, e);
	return rc < 0 ? rc : 0;
}

int
inbox_refuse(struct store *st, int64_t branch, const char *param, struct err *e)
{
	bool is_inbox = false;
	int rc = inbox_is(st, branch, &is_inbox, e);

	if (rc != 0 || !is_inbox)
		return rc;
	return err_param(e, MDB_E_DENIED, param,
		"this branch is an inbox: what waits there is approved or "
		"rejected (memoryctl review)");
}

/* --- who is kept from main ------------------------------------------------ */
int
inbox_guards(struct store *st, const struct context *ctx, int64_t ns, bool *ret,
	struct err *e)
{
	int64_t project = 0;
	int rc;

	*ret = false;
	if (!ctx->is_agent || ns == 0 || ctx->review_pass == REVIEW_PASS_MAIN)
		return 0;
	rc = settings_bool(st, ns, SETTING_protect, ret, e);
	if (rc != 0 || *ret || !ctx->user_scope)
		return rc;
	rc = namespace_find(st, ctx->namespace_, &project, e);
	return rc == 1 ? settings_bool(st, project, SETTING_protect, ret, e)
		       : rc;
}

struct inbox_search {
	struct store *st;
	bool found;
	struct err *e;
};

static int
inbox_look_at(void *ctx, const struct namespace_row *n)
{
	struct inbox_search *x = ctx;
	int rc = settings_bool(x->st, n->id, SETTING_protect, &x->found, x->e);

	return rc != 0 ? rc : x->found;
}

int
inbox_any(struct store *st, bool *ret, struct err *e)
{
	struct inbox_search x = {.st = st, .e = e};
	int rc = namespace_each(st, 0, inbox_look_at, &x, e);

	*ret = x.found;
	return rc < 0 ? rc : 0;
}

/* Is the branch an inbox of the caller's session, the first one or one made
 * anew? */
static bool
is_own(const struct context *ctx, const char *branch)
{
	char own[INBOX_NAME_SIZE];
	size_t n;

	inbox_name(ctx->session, own);
	n = strlen(own);
	if (strncmp(branch, own, n) != 0)
		return false;
	return branch[n] == '\0' ||
	       (branch[n] == '~' && branch[n + 1] != '\0' &&
		       strspn(&branch[n + 1], "0123456789") ==
			       strlen(&branch[n + 1]));
}

int
inbox_check(const struct context *ctx, const char *branch, bool is_write,
	struct err *e)
{
	if (!inbox_is_name(branch))
		return 0;
	if (is_write)
		return err_param(e, MDB_E_DENIED, "branch",
			"'%s' is an inbox: what agents write to a protected "
			"main waits there, and nothing else goes there; leave "
			"`branch` out",
			branch);
	if (ctx->is_agent && !is_own(ctx, branch))
		return err_param(e, MDB_E_DENIED, "branch",
			"'%s' is the inbox of another session; reads of main "
			"show this session's own staged changes",
			branch);
	return 0;
}

/* --- the branch ----------------------------------------------------------- */
int
inbox_find(struct store *st, const struct context *ctx, int64_t ns,
	int64_t *ret_branch, struct err *e)
{
	int64_t session = 0;
	int rc;

	if (!ctx->is_agent || ns == 0)
		return 0;
	if (ctx->session) {
		rc = label_find(st, ctx->session, &session, e);
		if (rc != 1)
			return rc;
	}
	return staged_inbox(st, ns, session, ret_branch, e);
}

static int
inbox_begin(struct store *st, int64_t ns, const char *client,
	const char *session, struct change **ret, struct err *e)
{
	struct change_info info = {.ns = ns,
		.branch = STORE_MAIN,
		.kind = CHANGE_BRANCH,
		.client = client,
		.session = session};
	int rc = lens_apply_main(st, e);

	if (rc)
		return rc;
	return change_begin(st, &info, ret, e);
}

int
inbox_create(struct store *st, int64_t ns, const char *name, const char *client,
	const char *session, int64_t *ret_branch, struct err *e)
{
	AUTO_CHANGE struct change *c = NULL;
	int64_t id, change, at;
	int rc = inbox_begin(st, ns, client, session, &c, e);

	if (rc)
		return rc;
	rc = branch_create(st, ns, name,
		"writes of an agent that wait for review", STORE_MAIN,
		INBOX_FORK, &id, e);
	if (rc)
		return rc;
	rc = change_branch(c, BRANCH_OP_CREATE, id, INBOX_FORK, e);
	if (rc)
		return rc;
	rc = change_seal(take_ptr(c), &change, &at, e);
	if (rc != 0)
		return rc;
	*ret_branch = id;
	return 0;
}

int
inbox_discard(struct store *st, int64_t ns, int64_t branch, const char *client,
	struct err *e)
{
	AUTO_CHANGE struct change *c = NULL;
	int64_t change, at;
	int rc;

	assert(branch != STORE_MAIN);
	rc = inbox_begin(st, ns, client, NULL, &c, e);
	if (rc)
		return rc;
	rc = branch_set_state(st, branch, BRANCH_DISCARDED, e);
	if (rc)
		return rc;
	rc = staged_release(st, branch, e);
	if (rc)
		return rc;
	rc = change_branch(c, BRANCH_OP_DISCARD, branch, 0, e);
	if (rc)
		return rc;
	return change_seal(take_ptr(c), &change, &at, e);
}

static int
any_row(void *ctx, const struct staged *s)
{
	(void)ctx;
	(void)s;
	return 1;
}

/* An inbox of that name in which nothing waits: what it shows is decided, or it
 * shows nothing yet. 1 it can be used, 0 it is out of the way. */
static int
inbox_reuse(struct store *st, int64_t ns, const char *name, const char *client,
	int64_t *ret_branch, struct err *e)
{
	bool is_inbox = false;
	int rc = lens_branch(st, ns, name, ret_branch, e);

	if (rc != 0)
		return rc == MDB_E_NOT_FOUND ? 0 : rc;
	rc = inbox_is(st, *ret_branch, &is_inbox, e);
	if (rc != 0)
		return rc;
	if (!is_inbox)
		return err_param(e, MDB_E_CONFLICT, "branch",
			"this namespace protects main, and a branch called "
			"'%s' is in the way of the inbox; the operator has to "
			"discard it",
			name);
	rc = staged_each_shown(st, *ret_branch, any_row, NULL, e);
	if (rc == 0)
		return 1;
	return rc == 1 ? inbox_discard(st, ns, *ret_branch, client, e) : rc;
}

int
inbox_open(struct store *st, const struct context *ctx, int64_t ns,
	int64_t *ret_branch, struct err *e)
{
	char name[INBOX_NAME_SIZE];
	int rc = inbox_find(st, ctx, ns, ret_branch, e);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	inbox_name(ctx->session, name);
	rc = inbox_reuse(st, ns, name, ctx->client, ret_branch, e);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	return inbox_create(st, ns, name, ctx->client, ctx->session, ret_branch,
		e);
}
