/* Conversations on their way through extraction: several calls are under way at
 * once, so that the service has work for all of its threads and stores what
 * several brought in one commit.
 *
 *   lanes     transcripts that are read at once    a.jsonl  b.jsonl  c.jsonl
 *   flights   one piece of each at most            a:3      b:1      c:7
 *
 * The pieces of one conversation go one after the other: what was said later is
 * stored later. */
#ifndef CLI_LIB_IMPORTTURNS_H
#define CLI_LIB_IMPORTTURNS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"

/* One more than the service has threads that extract: each finds the next piece
 * waiting, and who else asks waits for one piece at most. */
#define IMPORT_FLIGHTS 3

struct import_job;

/* A call under way. */
struct import_flight {
	unsigned long long ticket; /* 0: a free place */
	char conversation[33];	   /* its digest */
	char digest[33];	   /* of the piece; "": nothing is kept of it */
};

/* A transcript that is being read. */
struct import_lane {
	int fd;		  /* owned; 0: a free place */
	int64_t at;	  /* where its next piece begins */
	struct buf place; /* its namespace */
	char session[200];
};

struct import_turns {
	struct import_flight flights[IMPORT_FLIGHTS];
	struct import_lane lanes[IMPORT_FLIGHTS];
};

/* Takes fd, which is closed when the transcript is read. */
void importturns_file(struct import_job *j, int fd, const char *session);
/* Reads what is left of all transcripts and waits for all replies. */
void importturns_finish(struct import_job *j);
/* Closes what is open; nothing is waited for. */
void importturns_done(struct import_turns *t);

#endif
