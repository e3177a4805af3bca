/* Weak stand-ins while modules of the store are being landed; each real
 * module overrides its own. Removed when the last one is in. */
#include "memory-db/store/internal.h"
#include "memory-db/store/text_index.h"

#define WEAK __attribute__((weak))

WEAK const struct stmt_module text_module = {"text", NULL, 0};
WEAK const struct stmt_module search_module = {"search", NULL, 0};
WEAK const struct stmt_module log_module = {"log", NULL, 0};
WEAK const struct stmt_module verify_module = {"verify", NULL, 0};
WEAK const struct stmt_module operate_module = {"operate", NULL, 0};

WEAK int
search_register(struct store *st, struct err *e)
{
	(void)st, (void)e;
	return 0;
}
WEAK int
text_opens(struct store *st, int64_t fact, const char *name, size_t name_n,
	const char *body, size_t body_n, struct err *e)
{
	(void)st, (void)fact, (void)name, (void)name_n, (void)body;
	(void)body_n, (void)e;
	return 0;
}
WEAK int
text_closes(struct store *st, int64_t fact, int64_t past, const char *name,
	size_t name_n, const char *body, size_t body_n, struct err *e)
{
	(void)st, (void)fact, (void)past, (void)name, (void)name_n;
	(void)body, (void)body_n, (void)e;
	return 0;
}
WEAK int
text_queue_mark(const struct store *st)
{
	(void)st;
	return 0;
}
WEAK void
text_queue_rollback(struct store *st, int mark)
{
	(void)st, (void)mark;
}
WEAK int
text_queue_flush(struct store *st, struct err *e)
{
	(void)st, (void)e;
	return 0;
}
WEAK int
text_queue_new(struct store *st, struct err *e)
{
	(void)st, (void)e;
	return 0;
}
WEAK void
text_queue_free(struct store *st)
{
	(void)st;
}
WEAK int
text_idle_merge(struct store *st)
{
	(void)st;
	return 0;
}
