/* What was said in a session, read from the transcript that a client keeps:
 * JSON lines of Claude Code, Codex, Copilot CLI, Cursor and VS Code. */
#ifndef CLI_LIB_TRANSCRIPT_H
#define CLI_LIB_TRANSCRIPT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"

/* Adds the turns from byte `from` on to the array `turns`, each {role, content,
 * at?}, as auto_extract_facts takes them, up to most bytes of text; to `calls`
 * (NULL: not wanted) what the agent asked its memory for (transcriptcalls.h).
 * *ret_to:
 * behind the last whole line that was read. Lines of sub-agents, of the
 * client's own, summaries of compaction, tools and thoughts are none, nor is
 * what the memory itself put in. 0; MDB_E_STORE; MDB_E_NOMEM. */
int transcript_read(int fd, int64_t from, size_t most, json_t *turns,
	json_t *calls, int64_t *ret_to) MUST_CHECK;

/* The pure parts. A turn of a line: new, or NULL (none, or no memory). */
json_t *transcript_turn(const char *line, size_t n) MUST_CHECK;
/* Appends text without the blocks that the memory put into it. */
int transcript_strip(const char *text, size_t n, struct buf *out) MUST_CHECK;

#endif
