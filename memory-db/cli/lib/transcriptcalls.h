/* What an agent asked its memory for, read from a client's transcript. */
#ifndef CLI_LIB_TRANSCRIPTCALLS_H
#define CLI_LIB_TRANSCRIPTCALLS_H

#include <jansson.h>
#include <stddef.h>

#include "common/cleanup.h"

/* Calls that are kept of one turn. */
#define TRANSCRIPT_CALLS 40

/* Sub-agents that are kept of one turn. */
#define TRANSCRIPT_AGENTS 16

/* Adds what a line (or a whole file, of a client that keeps one JSON value) tells
 * of recalls: {"query": its words} of a call, {"names": [..]} of open_nodes,
 * {"all": true} of read_graph, {"receipt": name} of an answer that shows it. Each
 * once; lines of sub-agents have none. 0 or MDB_E_NOMEM. */
int transcript_calls(const char *line, size_t n, json_t *calls) MUST_CHECK;
/* The sub-agent that a line is of; NULL: of none. */
const char *transcript_agent_of(const json_t *line);
/* Adds a line of a sub-agent to agents: its name -> {asked, answer, calls}. What
 * it was shown its own answer is held against. 0 or MDB_E_NOMEM. */
int transcript_agents(const char *line, size_t n, json_t *agents) MUST_CHECK;
/* The same of a value that is read already. */
int transcript_calls_of(const json_t *value, json_t *calls) MUST_CHECK;
/* The same of the end of a file, for clients whose transcript is no list of
 * lines. */
int transcript_calls_read(int fd, json_t *calls) MUST_CHECK;

#endif
