/* Which pins count. */
#include "memory-db/model/read/pins.h"

#include "common/limits.h"
#include "memory-db/store/index/recall.h"

struct pins_counting {
	int (*fn)(void *ctx, int64_t entity);
	void *ctx;
	bool is_foreign; /* the user's memory, read by a project */
	bool wants_asked;
	int64_t n, over;
};

static int
each_pin(void *ctx, int64_t entity, bool is_asked)
{
	struct pins_counting *c = ctx;

	if (is_asked != c->wants_asked)
		return 0;
	if (c->n == LIMIT_PINS || (c->is_foreign && is_asked)) {
		c->over++;
		return 0;
	}
	c->n++;
	return c->fn(c->ctx, entity);
}

int
pins_each(struct store *st, const struct scope *s,
	int (*fn)(void *ctx, int64_t entity), void *ctx, int64_t *ret_over,
	struct err *e)
{
	*ret_over = 0;
	for (int i = 0; i < s->n; i++) {
		struct pins_counting c = {.fn = fn,
			.ctx = ctx,
			.is_foreign = i > 0};

		/* Those of the operator come first. */
		for (int k = 0; s->ns[i] != 0 && k < 2; k++) {
			int rc;

			c.wants_asked = k > 0;
			rc = recall_pinned(st, s->ns[i], each_pin, &c, e);
			if (rc != 0)
				return rc;
		}
		*ret_over += c.over;
	}
	return 0;
}
