/* Token buckets for the writes of a session. */
#ifndef NET_RATE_H
#define NET_RATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"

struct rate_bucket {
	uint64_t key;	   /* hash of the session; 0: free */
	int64_t filled_ns; /* monotonic time of the last filling; 0: full */
	double tokens;
};

/* Sessions are kept in sets of 8; in a full set the one not heard of for
 * longest makes room (it is the nearest to a full bucket, which is the same
 * as none). Bounds the memory whatever sessions clients make up. */
#define RATE_SETS 128
#define RATE_WAYS 8

struct rate {
	double per_ns; /* tokens; 0: no limit */
	double burst;
	struct rate_bucket buckets[RATE_SETS][RATE_WAYS];
};

/* per_minute 0: no limit. */
void rate_init(struct rate *r, double per_minute, int64_t burst);

/* Of a name, never 0, other in each process: none can be made up to meet
 * another. */
uint64_t rate_hash(const char *text);

/* The bucket of a session, made when it is new. Valid until the next call. */
struct rate_bucket *rate_session(struct rate *r, const char *session,
	int64_t now_ns);

/* Takes n tokens, at most what a full bucket holds. 0, or the milliseconds until
 * there will be as many. */
int rate_take(const struct rate *r, struct rate_bucket *b, double n,
	int64_t now_ns) MUST_CHECK;

#endif
