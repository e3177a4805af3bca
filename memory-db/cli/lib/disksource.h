/* What lies on the disk that a memory could begin with: transcripts and notes
 * of clients. */
#ifndef CLI_LIB_DISKSOURCE_H
#define CLI_LIB_DISKSOURCE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"

enum disk_kind {
	DISK_TRANSCRIPT,
	DISK_NOTES,
	DISK_RECORDS /* of another memory, or an export: importitem.h */
};

struct disksource {
	const char *name, *title;
	enum disk_kind kind;
	const char *folder;  /* as in clients.def; NULL: the working directory,
			       "": none, a path must be given */
	const char *ending;  /* of the files */
	const char *within;  /* part of their path, or NULL */
	const char *without; /* not a part of it, or NULL */
};

extern const struct disksource disksources[];
extern const size_t disksources_n;

const struct disksource *disksource_named(const char *name);

/* Calls for each file, in the order of their names. path: another file or
 * folder than the source's own, or NULL. Links are not followed. Non-zero from
 * the callback stops and is returned; -1: the folder is not there. */
typedef int (*disk_file_fn)(void *ctx, const char *path, int64_t size);
int disksource_each(const struct disksource *src, const char *path,
	disk_file_fn fn, void *ctx);

/* The folder that a transcript says it was written in: appended to out. False:
 * it says none. */
bool disksource_cwd(int fd, struct buf *out);

#endif
