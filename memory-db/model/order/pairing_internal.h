/* What the files of pairing.h share. */
#ifndef MODEL_ORDER_PAIRING_INTERNAL_H
#define MODEL_ORDER_PAIRING_INTERNAL_H

#include "memory-db/model/order/pairing.h"

/* --- pairing.c ---------------------------------------------------------------- */
/* Does term i stand before the verb, where a fact says what it is about? */
bool pairing_is_before_verb(const struct terms_text *t, int i);
/* --- pairing_wide.c -------------------------------------------------------------- */
/* Terms i and k are opposites: does the pair say more than one that is known? */
bool pairing_is_new_pole(struct pairing *p, int i, int k);
/* Pairs what is left by the classes of words. */
void pairing_widen(struct pairing *p);
/* --- pairing_order.c ------------------------------------------------------------ */
/* Sets what the order of the partners says: is_swapped, is_turned, .. */
void pairing_order(struct pairing *p);

#endif
