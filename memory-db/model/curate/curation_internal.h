/* What the files of curation share. */
#ifndef MODEL_CURATE_CURATION_INTERNAL_H
#define MODEL_CURATE_CURATION_INTERNAL_H

#include "memory-db/model/curate/curation.h"
#include "memory-db/model/time/sliced_run.h"

/* A slice under way. */
struct running {
	struct store *st;
	const struct curation_request *q;
	struct curation_settings settings;
	struct judging judging;
	struct sliced_run run;
	uint64_t rules;
	int64_t ns, branch;
	int64_t change;	 /* of this slice; 0: none */
	json_t *moves;	 /* told of this slice; owned */
	bool is_stopped; /* by the brake */
	bool is_more;
	struct err *e;
};
void running_done(struct running *x);
#define AUTO_RUNNING __attribute__((cleanup(running_done)))

/* Numbers and the phase of the state of a run. */
int64_t running_int(const struct running *x, const char *key);
int running_set(struct running *x, const char *key, int64_t v) MUST_CHECK;
int running_phase(struct running *x, const char *phase) MUST_CHECK;
/* Adds to by_rule. */
int running_tally(struct running *x, const struct curation_list *l) MUST_CHECK;
/* Sets is_stopped and "stopped" when that many entities are too many. */
int running_brake(struct running *x, int64_t would) MUST_CHECK;
/* A slice of consolidation, which follows the phase apply. */
int curation_consolidate(struct running *x, struct call *c) MUST_CHECK;

/* The list without what a slice cannot hide. */
int running_cut(struct running *x, struct curation_list *l) MUST_CHECK;
/* Does it, as a change. The list ends where the room of a slice did. */
int running_write(struct running *x, struct call *c, struct curation_list *l)
	MUST_CHECK;

/* What makes new entities (curation_make.c): a slice of each, on the branch of
 * the run. */
int running_gather(struct running *x, struct write *w) MUST_CHECK;
int running_sequences(struct running *x, struct write *w) MUST_CHECK;
int running_days(struct running *x, struct write *w) MUST_CHECK;
/* The phase behind one of these; NULL: the first. Static. */
const char *running_maker(const struct running *x, const char *phase);

/* Adds rows of what was decided, as many as the call wants. */
int running_tell(struct running *x, const struct curation_list *l) MUST_CHECK;

#endif
