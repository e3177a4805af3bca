/* Which tier and type a text would have, and why: by the rules that take facts
 * out of a text (model/extract), by instructions, and by steps. Pure: nothing is
 * read of the memory, nothing is written.
 *
 *   "Always answer in French"                     procedural  instruction
 *   "First run make, then make test"              procedural  procedure
 *   "Ada lives in Rome"                           semantic    person
 *   "Yesterday we met Bob at the office"          episodic    event
 *   "what about the other one?"                   working     note
 */
#ifndef MODEL_CURATE_CLASSIFY_H
#define MODEL_CURATE_CLASSIFY_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

/* {tier, type, confidence, reason, evidence: [{kind, tier, text}]}, new. zone:
 * of the client; "": UTC. */
int classify_content(const char *text, size_t n, const char *zone,
	int64_t deadline_ns, json_t **ret, struct err *e) MUST_CHECK;

#endif
