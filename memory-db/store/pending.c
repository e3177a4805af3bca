/* Weak stand-ins while modules of the store are being landed; each real
 * module overrides its own. Removed when the last one is in. */
#include "memory-db/store/internal.h"

#define WEAK __attribute__((weak))

WEAK const struct stmt_module log_module = {"log", NULL, 0};
WEAK const struct stmt_module verify_module = {"verify", NULL, 0};
WEAK const struct stmt_module operate_module = {"operate", NULL, 0};
