/* Setting pins. */
#include "memory-db/model/write/pins_write.h"

#include "common/limits.h"
#include "memory-db/store/facts/facts.h"
#include "memory-db/store/facts/labels.h"
#include "memory-db/store/index/recall.h"

static int
count_one(void *ctx, int64_t entity, bool is_asked)
{
	(void)entity;
	(void)is_asked;
	++*(int64_t *)ctx;
	return 0;
}

static int
pins_check_room(struct write *w, struct err *e)
{
	int64_t n = 0;
	int rc = recall_pinned(w->st, w->ns, count_one, &n, e);

	if (rc < 0 || n < LIMIT_PINS)
		return rc < 0 ? rc : 0;
	return err_param(e, MDB_E_LIMIT, "pin",
		"%d entities are pinned here already, the most that count; "
		"unpin one (pin: false) that every context can do without",
		LIMIT_PINS);
}

int
pins_set(struct write *w, int64_t entity, int64_t value, struct err *e)
{
	bool is_agent = w->ctx->is_agent;
	int64_t now = 0, asked;
	int r = attr_get(w->st, entity, ATTR_PIN, &now, e);

	if (r != 0)
		return r;
	r = attr_get(w->st, entity, ATTR_PIN_ASKED, &asked, e);
	if (r != 0)
		return r;
	if (value != 0 && now == 0 && is_agent)
		r = pins_check_room(w, e);
	if (r != 0)
		return r;
	r = change_attr(w->change, entity, ATTR_PIN, value, e);
	if (r != 0)
		return r;
	/* A pin that is confirmed stays so when an agent sets it again. */
	if (value != 0 && is_agent && now != 0)
		return 0;
	asked = value != 0 && is_agent && w->ns == NAMESPACE_DEFAULT;
	return change_attr(w->change, entity, ATTR_PIN_ASKED, asked, e);
}

int
pins_set_asked(struct write *w, int64_t entity, int64_t value, struct err *e)
{
	int64_t pin = 0;
	int r = attr_get(w->st, entity, ATTR_PIN, &pin, e);

	if (r == 0 && pin != 0 && value == 0 && w->ctx->is_agent)
		return 0;
	if (r != 0)
		return r;
	return change_attr(w->change, entity, ATTR_PIN_ASKED, value, e);
}
