/* What the files of scan.h share. */
#ifndef MODEL_ORDER_SCAN_INTERNAL_H
#define MODEL_ORDER_SCAN_INTERNAL_H

#include "memory-db/model/order/scan.h"
#include "memory-db/model/scope/scope.h"

struct scan {
	struct store *st;
	int64_t ns;
	json_t *state;			    /* owned */
	struct fact_attributes *attributes; /* of one chunk */
	struct scan_place *p; /* of a look or a write; else NULL */
	int64_t started_at, upto, after, checked, found; /* as written */
	struct err *e;
};

void scan_done(struct scan *x);
#define AUTO_SCAN __attribute__((cleanup(scan_done)))

/* In "scanning/<ns>", behind the number: it makes up for busy writes. */
#define SCAN_CATCH_UP "+"

/* Reads and writes "scan/<ns>". (scan.c) */
int scan_load(struct scan *x) MUST_CHECK;
int scan_save(struct scan *x) MUST_CHECK;
int64_t scan_number(const struct scan *x, const char *key, int64_t otherwise);
bool scan_is_running(const struct scan *x);
/* from: as in scan_start. */
int scan_begin(struct scan *x, int64_t from) MUST_CHECK;
int scan_end(struct scan *x, const char *state) MUST_CHECK;
/* The i-th range of facts to be looked at again: false, there is none.
 * (scan_again.c) */
bool scan_again_range(const struct scan *x, int64_t i, int64_t *ret_first,
	int64_t *ret_last);
/* What a look has done of them goes from the state. */
int scan_again_done(struct scan *x, const struct scan_place *place) MUST_CHECK;
/* Loads the state and adds a range: who comes to it must be begun. */
int scan_again_add(struct scan *x, int64_t first, int64_t last) MUST_CHECK;
int scan_newest_fact(struct scan *x, int64_t *ret) MUST_CHECK;

/* Findings of one fact. */
#define SCAN_MOST 16

/* Compares one fact of main with older ones, or with all, and adds what it finds
 * to the place. 0 or negative. (scan_fact.c) */
int scan_fact(struct scan *x, const struct scope *scope, int64_t fact,
	bool with_newer) MUST_CHECK;

#endif
