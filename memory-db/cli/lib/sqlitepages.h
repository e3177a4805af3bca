/* The pages of an SQLite file that another program owns, with what its log
 * holds of them: what sqlitefile reads its tables from. */
#ifndef CLI_LIB_SQLITEPAGES_H
#define CLI_LIB_SQLITEPAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/err.h"

struct sqlitepages_frame;

struct sqlitepages {
	int fd, wal;
	uint32_t page_size, usable;	  /* bytes; of these are a tree's */
	struct sqlitepages_frame *frames; /* by page, then by age; owned */
	size_t frames_n, frames_cap;
	int64_t left; /* pages that may still be read: each once */
};

/* Numbers in a file are big-endian. */
static inline uint32_t
sqlitepages_be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static inline uint32_t
sqlitepages_be32(const uint8_t *p)
{
	return sqlitepages_be16(p) << 16 | sqlitepages_be16(p + 2);
}

/* Is it such a file, by its first bytes? */
bool sqlitepages_is(int fd);
/* 0, MDB_E_INVALID (no such file, or one in UTF-16), MDB_E_CORRUPT,
 * MDB_E_NOMEM. To be closed whatever it returned. */
int sqlitepages_open(struct sqlitepages *f, const char *path, struct err *e)
	MUST_CHECK;
void sqlitepages_close(struct sqlitepages *f);
/* A walk begins: it may read as many pages as there are. */
void sqlitepages_walk(struct sqlitepages *f);
/* The page as the last commit left it, page_size bytes. false: there is none,
 * or this walk has read as many as there are. */
bool sqlitepages_read(struct sqlitepages *f, uint32_t page, uint8_t *out);
/* MDB_E_CORRUPT, with the text that goes with it. */
int sqlitepages_corrupt(struct err *e);

#endif
