/* What snapshot.c and snapshot_vfs.c share. */
#ifndef STORE_ENGINE_SNAPSHOT_INTERNAL_H
#define STORE_ENGINE_SNAPSHOT_INTERNAL_H

#include "memory-db/store/engine/store_internal.h"
#include "memory-db/store/engine/snapshot.h"

#define PAGE	     4096 /* SQLite's default, which we never change */
#define WAL_HEADER   32
#define FRAME_HEADER 24
#define PIN_TRIES    100

/* WalIndexHdr of walformat.html, in the machine's byte order. */
struct index_header {
	uint32_t version, unused, change;
	uint8_t is_init, big_endian;
	uint16_t page_size;
	uint32_t max_frame, pages;
	uint32_t frame_checksum[2], salt[2], checksum[2];
};

struct snapshot {
	struct database *base;
	sqlite3_vfs vfs; /* ours; the rest goes to the default one */
	char name[32];
	bool is_registered;
	sqlite3 *reader;	      /* holds the read mark */
	sqlite3_file *file, *wal;     /* of the reader */
	const volatile uint32_t *shm; /* first region of the log's index */
	struct index_header header;   /* of the state pinned */
	uint32_t *frames;	      /* page number -> last frame, 0: none */
	uint32_t frames_cap, frames_read;
	bool from_file;	     /* the log is not looked at */
	uint32_t generation; /* change counter shown to SQLite */
};

/* Reads n bytes of one of the reader's files; -1: they are not there. */
int snapshot_read_at(sqlite3_file *f, void *data, size_t n, int64_t offset)
	MUST_CHECK;

/* The pages of the state pinned, from 1; -1: one cannot be read. */
int snapshot_read_page(struct snapshot *s, uint32_t page, unsigned char *out)
	MUST_CHECK;
uint32_t snapshot_pages(const struct snapshot *s);

/* Registers the VFS that serves the pages of the state pinned. */
int snapshot_register(struct snapshot *s, struct err *e) MUST_CHECK;

#endif
