/* The policy of a namespace that protects main: an ordered table of rules, and
 * what they say of a change. Pure: settings give the rules, write_stage.c the
 * change.
 *
 *   [{"when": {"deletes": true}, "do": "refuse", "why": "ask first"},
 *    {"when": {"type": "note", "max_facts": 5}, "do": "apply"},
 *    {"when": {"client": "ci-*"}, "do": "stage"}]
 *
 * The first rule of which all conditions hold decides; where none does, the
 * change waits. A rule that applies is read strictly, as it lets text onto main:
 * its type, entity and tag must hold for all that the change touches, not for
 * one thing among others, and it lets no deletion, pin or skill pass that it
 * does not name. A change that a deletion, a pin or a skill is part of is
 * thereby not brought in under the rule for notes. */
#ifndef MODEL_SCOPE_REVIEW_POLICY_H
#define MODEL_SCOPE_REVIEW_POLICY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

enum review_do { REVIEW_STAGE, REVIEW_APPLY, REVIEW_REFUSE };

/* A change as the rules see it. */
struct review_change {
	const char *tool, *kind;	 /* the method; "rename", "create" */
	const char *client, *session;	 /* as they call themselves; or NULL */
	json_t *types, *entities, *tags; /* texts of what it touches */
	bool deletes, pins, skills;
	int64_t facts, bytes;
};

/* The check of the setting `policy`. */
int review_policy_check(const json_t *rules, struct err *e) MUST_CHECK;
/* The check of the setting `review_script`: {} or {skill, timeout_ms?}. */
int review_script_check(const json_t *value, struct err *e) MUST_CHECK;
/* *ret_rule: its number from 1 on, 0: none decided; *ret_why: borrowed from
 * rules, or NULL. */
enum review_do review_policy_decide(const json_t *rules,
	const struct review_change *c, size_t *ret_rule, const char **ret_why);

#endif
