/* What was said in a session, read from the transcript that a client keeps:
 * JSON lines of Claude Code, Codex, Copilot CLI, Cursor and VS Code. */
#ifndef CLI_LIB_TRANSCRIPT_H
#define CLI_LIB_TRANSCRIPT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"

/* Where what a transcript says goes; NULL: not wanted. */
struct transcript_heard {
	json_t *turns;	/* array of {role, content, at?}, as auto_extract_facts
			   takes them */
	json_t *calls;	/* array: what the agent asked its memory for */
	json_t *agents; /* object: the same of sub-agents (transcriptcalls.h) */
};

/* Adds what is said from byte `from` on, up to most bytes of turns. *ret_to:
 * behind the last whole line that was read. Lines of sub-agents, of the
 * client's own, summaries of compaction, tools and thoughts are none, nor is
 * what the memory itself put in. 0; MDB_E_STORE; MDB_E_NOMEM. */
int transcript_read(int fd, int64_t from, size_t most,
	const struct transcript_heard *to, int64_t *ret_to) MUST_CHECK;

/* The pure parts. A turn of a line: new, or NULL (none, or no memory). */
json_t *transcript_turn(const char *line, size_t n) MUST_CHECK;
/* The same of a value, whoever speaks in it: a sub-agent, too. */
json_t *transcript_said(const json_t *line) MUST_CHECK;
/* Appends text without the blocks that the memory put into it. */
int transcript_strip(const char *text, size_t n, struct buf *out) MUST_CHECK;

#endif
