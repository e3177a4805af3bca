/* The queue of review on the command line: what agents staged where main is
 * protected, shown as what it would do now, and the decision. */
#ifndef CLI_LIB_REVIEW_QUEUE_H
#define CLI_LIB_REVIEW_QUEUE_H

#include <stdbool.h>

struct cli;

struct review_options {
	const char *session, *note, *state; /* or NULL */
	bool all, dry_run, wins;
};

/* `review list`, `review show CHANGE`, `review approve|reject CHANGE...`.
 * argv[0] is the action. An exit code. */
int review_queue(struct cli *c, const struct review_options *o, int argc,
	char **argv);

#endif
