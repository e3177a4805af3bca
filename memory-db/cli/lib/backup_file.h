/* One backup as a file.
 *
 * It is what gzip(1) writes: `gunzip` gives back an SQLite file (or, of a part of
 * a chain, JSON lines) without any program of ours. What the backup is stands in
 * the comment of the gzip header: a JSON object, a blank, and a hash of that
 * object in hex, so that each byte of the file is covered by a checksum.
 *
 *   {"format":"enhanced-memory-backup","version":1,"kind":"whole",
 *    "database_id":HEX,"instance_id":HEX,"schema":8,"change":50,"at":MS,
 *    "made":MS,"bytes":N,"hash":HEX,"heads":[{"namespace","change","head"}]}
 *
 * `hash` is BLAKE2b of the content. A part of a chain says "kind":"changes",
 * "from" (the change it follows) and "base" (the hash of the backup it follows). */
#ifndef CLI_LIB_BACKUP_FILE_H
#define CLI_LIB_BACKUP_FILE_H

#include <jansson.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <zlib.h>

#include "common/cleanup.h"
#include "common/err.h"

#define BACKUP_FORMAT	  "enhanced-memory-backup"
#define BACKUP_VERSION	  1
#define BACKUP_HASH_BYTES 32
#define BACKUP_HASH_SIZE  (2 * BACKUP_HASH_BYTES + 1)

/* Called now and then with the bytes done; may be NULL. */
typedef void (*backup_tick_fn)(void *ctx, int64_t bytes);

/* The hash of what fd gives from its begin on (pread). */
int backup_hash(int fd, char ret[BACKUP_HASH_SIZE], struct err *e) MUST_CHECK;

/* Writes the content of fd (from its begin, by pread) with this description.
 * MDB_E_STORE: reading or writing failed. */
int backup_write(int fd, const json_t *about, FILE *out, backup_tick_fn tick,
	void *ctx, struct err *e) MUST_CHECK;

/* The description as text with the hash that protects it, "JSON HEX", and back.
 * *ret NULL: the text is none. MDB_E_CORRUPT, MDB_E_VERSION. */
struct buf;
int backup_about_text(const json_t *about, struct buf *out, struct err *e)
	MUST_CHECK;
int backup_about_parse(const char *text, json_t **ret, struct err *e)
	MUST_CHECK;

/* Reads a backup as a stream. */
struct backup_reader {
	json_t *about; /* owned; NULL: it has no description */
	int64_t bytes; /* of content, so far */
	/* private */
	int fd; /* borrowed */
	z_stream z;
	bool is_raw, is_begun, is_end, is_input_end;
	crypto_generichash_state hash;
	unsigned char *in; /* owned */
};

/* fd: borrowed, read on from where it stands. A bare SQLite file is taken, too.
 * MDB_E_CORRUPT: it is no backup, or its description is damaged; MDB_E_VERSION;
 * MDB_E_STORE. */
int backup_reader_open(struct backup_reader *r, int fd, struct err *e)
	MUST_CHECK;
/* Some bytes of content into data; 0 at the end, when all checksums were found
 * right. MDB_E_CORRUPT: they are not, or the file is cut off. */
ssize_t backup_reader_read(struct backup_reader *r, void *data, size_t n,
	struct err *e) MUST_CHECK;
void backup_reader_done(struct backup_reader *r);
#define AUTO_READER __attribute__((cleanup(backup_reader_done)))

/* Reads all of it; out_fd -1: only checks. */
int backup_reader_copy(struct backup_reader *r, int out_fd, backup_tick_fn tick,
	void *ctx, struct err *e) MUST_CHECK;

#endif
