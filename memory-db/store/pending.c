/* Weak stand-ins while modules of the store are being landed; each real
 * module overrides its own. Removed when the last one is in. */
#include "memory-db/store/internal.h"
#include "memory-db/store/log.h"

#define WEAK __attribute__((weak))

WEAK const struct stmt_module log_module = {"log", NULL, 0};
WEAK const struct stmt_module verify_module = {"verify", NULL, 0};
WEAK const struct stmt_module operate_module = {"operate", NULL, 0};

WEAK int
log_get(struct store *st, int64_t id, log_change_fn fn, void *ctx,
	struct err *e)
{
	(void)st, (void)id, (void)fn, (void)ctx, (void)e;
	return 0;
}
WEAK int
log_ops(struct store *st, int64_t change, int64_t entity, int64_t from,
	log_op_fn fn,
	void *ctx, struct err *e)
{
	(void)st, (void)change, (void)entity, (void)from, (void)fn, (void)ctx, (void)e;
	return 0;
}
