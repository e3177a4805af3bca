#include "memory-db/cli/lib/sliced.h"

#include "common/jx.h"
#include "memory-db/cli/lib/cli.h"
#include "memory-db/cli/lib/progress.h"

struct slices {
	struct progress progress;
	json_t *conflicts; /* of all, owned */
	int64_t most;	   /* left after the first one */
};

static void
slices_done(struct slices *s)
{
	progress_clear(&s->progress);
	json_decref(s->conflicts);
}

/* 1 there is more to do. */
static int
sliced_take(struct slices *s, const json_t *reply)
{
	int64_t left = cli_int(reply, "remaining", 0);
	json_t *more = json_object_get(reply, "conflicts");

	if (more && json_array_extend(s->conflicts, more) != 0)
		return cli_nomem();
	if (!json_is_false(json_object_get(reply, "done")))
		return CLI_OK;
	if (left > s->most)
		s->most = left;
	progress_at(&s->progress, 1 - (double)left / (double)s->most,
		s->most - left, "steps");
	return 1;
}

/* A dry run tells of the next slice alone: others build on what that does. */
static int
try_next(struct cli *c, const char *method, json_t *params_new,
	json_t **ret_reply)
{
	int rc = cli_call(c, method, params_new, CLI_NOW, ret_reply);

	if (rc != CLI_OK)
		return rc;
	if (json_is_false(json_object_get(*ret_reply, "done")))
		cli_note(c,
			"this is the next of several changes; %lld steps "
			"would be left",
			(long long)cli_int(*ret_reply, "remaining", 0));
	return CLI_OK;
}

int
sliced_call(struct cli *c, const char *method, json_t *params_new,
	bool is_sliced, const char *label, json_t **ret_reply)
{
	struct slices s __attribute__((
		cleanup(slices_done))) = {.conflicts = json_array(), .most = 1};
	AUTO_JSON json_t *params = params_new, *reply = NULL;
	int rc, more = 1;

	if (!is_sliced)
		return cli_call(c, method, take_ptr(params), CLI_NOW,
			ret_reply);
	if (!s.conflicts || jx_set(params, "sliced", json_true()) != 0)
		return cli_nomem();
	if (json_is_true(json_object_get(params, "dry_run")))
		return try_next(c, method, take_ptr(params), ret_reply);
	progress_start(&s.progress, c, label);
	while (more == 1) {
		json_decref(reply);
		reply = NULL;
		rc = cli_call(c, method, jx_copy(params), CLI_NOW, &reply);
		if (rc != CLI_OK)
			return rc;
		more = sliced_take(&s, reply);
	}
	if (more == CLI_OK && json_object_get(reply, "conflicts") != NULL &&
		json_object_set(reply, "conflicts", s.conflicts) != 0)
		more = cli_nomem();
	if (more == CLI_OK)
		*ret_reply = take_ptr(reply);
	return more;
}

int
sliced_merge(struct cli *c, const char *branch, int64_t *ret_conflicts)
{
	bool is_done = false;

	while (!is_done) {
		AUTO_JSON json_t *reply = NULL;
		int rc = cli_call(c, "memory_merge",
			json_pack("{s:s,s:b}", "branch", branch, "sliced", 1),
			CLI_NOW, &reply);

		if (rc != CLI_OK)
			return rc;
		*ret_conflicts += (int64_t)json_array_size(
			json_object_get(reply, "conflicts"));
		is_done = !json_is_false(json_object_get(reply, "done"));
	}
	return CLI_OK;
}
