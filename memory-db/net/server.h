/* The service: the loop, its connections, and what they share. */
#ifndef NET_SERVER_H
#define NET_SERVER_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/log_reader.h"
#include "memory-db/net/by_method.h"
#include "memory-db/net/config.h"
#include "memory-db/net/conn.h"
#include "memory-db/net/rate.h"
#include "memory-db/work/work.h"

/* Exit code for a failure of the system around us; see memory-db(8). */
#define SERVER_EXIT_SYSTEM 111

enum server_phase {
	SERVER_SERVING,
	SERVER_FINISHING, /* reads nothing; waits for accepted work */
	SERVER_FLUSHING	  /* waits for clients to take their replies */
};

struct server {
	const struct config *config;
	const struct conn_events *conn_events;
	struct database *db;
	struct work *work;
	struct ev_loop *loop;
	ev_io acceptable;
	ev_async woken;
	ev_prepare turn_end;
	ev_idle busy; /* keeps the loop awake while input waits */
	ev_signal terminate, interrupt, hangup;
	ev_timer tick;
	enum server_phase phase;
	int exit_code;
	bool is_announced; /* ready was told */
	bool is_open;	   /* the database takes requests */
	int ready_fd;	   /* -1: nobody to tell */

	int listen_fd;
	int spare_fd;	  /* given up to refuse one when fds run out */
	bool owns_socket; /* we bound it; systemd's is left alone */
	dev_t socket_dev;
	ino_t socket_ino;

	struct conn *conns, *dirty, *resumed, *dead;
	size_t conns_n;
	struct conn *privileged; /* may exceed the input budget */
	size_t starved_n;	 /* connections that wait for the budget */
	bool has_room;		 /* input was answered since they were asked */
	size_t input_bytes;	 /* unanswered, of all connections */
	size_t requests_n;	 /* under way */
	struct job_list writes, reads, slow_reads, scripts; /* of this turn */
	struct job_list questions, snapshots, prepares;
	struct sandbox *sandbox;
	size_t subscribers_n;
	int64_t last_change; /* newest change known to the loop */
	struct rate rate;
	struct rate day; /* bytes written to a namespace */

	uint64_t next_serial, next_conn;
	uint64_t requests_total, conns_total, conns_refused;
	uint64_t outcomes[MDB_E_MAX]; /* replies by -code; [0]: success */
	struct by_method *methods;    /* owned; one for each of tools[] */
	struct database_sizes sizes;
	int64_t sizes_ns; /* when they were looked at; 0: never */
	/* The process that keeps the log large, as of then; 0: none. */
	long log_reader;
	char log_reader_name[LOG_READER_NAME];
	int64_t started_ns, idle_since_ns, checked_ns, pinged_ns;
	int64_t flush_until_ns;
	int64_t watchdog_ms;
	char *scratch; /* one read; SERVER_READ_BYTES */
};

#define SERVER_READ_BYTES (64 * 1024)

/* Everything that main.c has prepared. listen_fd is taken. */
struct server_options {
	const struct config *config;
	struct database *db; /* borrowed */
	int listen_fd;
	bool owns_socket;
	int ready_fd; /* taken; gets "ready\n"; -1: none */
};

/* Serves until told to end; all accepted work is finished and the socket
 * removed on return. Returns the exit code. */
int server_run(const struct server_options *o);

/* Begins the end. Later calls change nothing. */
void server_stop(struct server *s, int exit_code, const char *why);

/* Sizes of the database files and free disk, at most a second old. */
const struct database_sizes *server_sizes(struct server *s);

/* Lists of the present loop turn. */
void server_mark_dirty(struct server *s, struct conn *c);
void server_mark_resumed(struct server *s, struct conn *c);

#endif
