/* What the ops of a change say: added, removed, set. A new type or name is recorded
 * as one existence fact hidden and another one shown; the same holds for
 * metadata. Such a pair is told as `set`:
 *
 *   ops     hide "Ada, a person"; show "Ada, a pilot"; show "flies at night"
 *   told    set entityType from "person" to "pilot"; added "flies at night" */
#include "memory-db/model/read/history_internal.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/contract/tools.h"
#include "common/jx.h"
#include "memory-db/model/read/encode.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/store/log/conflicts.h"

void
history_telling_clear(struct history_telling *t)
{
	for (int l = ADDED; l <= REMOVED; l++)
		for (size_t i = 0; i < t->n[l]; i++) {
			json_decref(t->items[l][i].value);
			json_decref(t->items[l][i].name);
		}
	json_decref(t->set);
	memset(t, 0, sizeof(*t));
}

static int
history_add_set(struct history_reader *rd, int64_t entity, const char *member,
	json_t *from, json_t *to)
{
	struct history_telling *t = rd->t;
	AUTO_JSON json_t *o = json_object();
	int rc;

	if (!o)
		return err_nomem(rd->e);
	rc = history_set_name(rd, o, "entity", entity);
	if (rc != 0)
		return rc;
	rc = member_set_new(o, "member", json_string(member), rd->e);
	if (rc != 0)
		return rc;
	if (from)
		rc = member_set_new(o, "from", json_incref(from), rd->e);
	if (rc != 0)
		return rc;
	if (to)
		rc = member_set_new(o, "to", json_incref(to), rd->e);
	if (rc != 0)
		return rc;
	if (!t->set && (t->set = json_array()) == NULL)
		return err_nomem(rd->e);
	if (t->n[SET] == HISTORY_LIST_MAX) {
		t->more++;
		return 0;
	}
	t->n[SET]++;
	t->bytes += encode_size(o) + 1;
	return jx_add(t->set, json_incref(o)) == 0 ? 0 : err_nomem(rd->e);
}

static json_t *
attr_value(int64_t key, int64_t value)
{
	if (key == ATTR_PIN || key == ATTR_PIN_ASKED)
		return json_boolean(value != 0);
	if (key == ATTR_TIER && value >= 0 && value < 4)
		return json_string(tool_tiers[value]);
	if (key >= ATTR_CONFIRMED && key <= ATTR_LAST_OF_ENTITY && value > 0) {
		char text[CLOCK_TEXT_SIZE];

		clock_format(value, text);
		return json_string(text);
	}
	if (key > ATTR_CONFLICT)
		return json_string(
			value == 0 ? "pending" : conflict_decision_name(value));
	return json_integer(value);
}

static int
tell_attr(struct history_reader *rd, const struct log_op *op)
{
	static const char *const names[] = {[ATTR_TIER] = "tier",
		[ATTR_PIN] = "pin",
		[ATTR_PIN_ASKED] = "pin_unconfirmed",
		[ATTR_CONFIRMED] = "confirmed_at",
		[ATTR_EXPIRES] = "expires_at",
		[ATTR_FACT_EXPIRES] = "facts_expire_at",
		[ATTR_FACT_CONFIRMED] = "fact_confirmed_at"};
	char conflict[32];
	/* op->fact is the value before + 1; 0: it was unset. */
	json_t *from AUTO_JSON =
		op->fact != 0 ? attr_value(op->key, op->fact - 1) : NULL;
	AUTO_JSON json_t *to = attr_value(op->key, op->value);

	if (!to || (op->fact != 0 && !from))
		return err_nomem(rd->e);
	if (op->key < (int64_t)ARRAY_LEN(names))
		return history_add_set(rd, op->entity, names[op->key], from,
			to);
	snprintf(conflict, sizeof(conflict), "conflict #%lld",
		(long long)(op->key - ATTR_CONFLICT));
	return history_add_set(rd, op->entity, conflict, from, to);
}

/* The other half of a pair, still in its list; NULL: none. */
static struct item *
find_half(struct history_telling *t, enum list l, const struct item *it)
{
	if (it->kind != FACT_EXISTENCE && it->kind != FACT_METADATA)
		return NULL;
	for (size_t i = t->n[l]; i-- > 0;) {
		struct item *o = &t->items[l][i];

		if (o->value && o->entity == it->entity && o->kind == it->kind)
			return o;
	}
	return NULL;
}

static int
set_if_other(struct history_reader *rd, int64_t entity, const char *member,
	json_t *from, json_t *to)
{
	return json_equal(from, to)
		       ? 0
		       : history_add_set(rd, entity, member, from, to);
}

static int
tell_pair(struct history_reader *rd, const struct item *from,
	const struct item *to)
{
	int rc;

	if (to->kind == FACT_METADATA)
		return history_add_set(rd, to->entity, "metadata",
			json_object_get(from->value, "metadata"),
			json_object_get(to->value, "metadata"));
	rc = set_if_other(rd, to->entity, "entityType",
		json_object_get(from->value, "entityType"),
		json_object_get(to->value, "entityType"));
	return rc != 0 ? rc
		       : set_if_other(rd, to->entity, "name", from->name,
				 to->name);
}

/* Puts the item into its list, or ends the pair it completes. Takes it. */
static int
add_item(struct history_reader *rd, enum list l, struct item *it)
{
	struct history_telling *t = rd->t;
	struct item *half = find_half(t, l == ADDED ? REMOVED : ADDED, it);
	size_t bytes = encode_size(it->value) + 1;
	int rc = 0;

	if (half)
		rc = l == ADDED ? tell_pair(rd, half, it)
				: tell_pair(rd, it, half);
	else if (t->n[l] == HISTORY_LIST_MAX ||
		 (t->bytes > 0 &&
			 rd->bytes + t->bytes + bytes > rd->q->max_bytes))
		t->more++;
	else {
		t->items[l][t->n[l]++] = *it;
		t->bytes += bytes;
		return 0;
	}
	if (half) {
		json_decref(half->value);
		json_decref(half->name);
		half->value = half->name = NULL;
	}
	json_decref(it->value);
	json_decref(it->name);
	return rc;
}

int
history_tell_op(void *ctx, const struct log_op *op)
{
	struct history_reader *rd = ctx;
	struct history_telling *t = rd->t;
	struct item it = {0};
	enum list l = op->what == OP_SHOW ? ADDED : REMOVED;
	int rc;

	if (op->what == OP_ATTR)
		return tell_attr(rd, op);
	if (op->what == OP_BRANCH) {
		t->branch = op->value;
		t->action = op->key;
	}
	if (op->what != OP_SHOW && op->what != OP_HIDE)
		return 0;
	if (t->n[l] == HISTORY_LIST_MAX && t->n[1 - l] == 0) {
		t->more++; /* full, and no half to look for */
		return 0;
	}
	rc = history_tell_fact(rd, op, &it);
	return rc != 0 ? rc : add_item(rd, l, &it);
}
