/* What a turn of the loop notes for its end, and what it looks at once a second:
 * it stands below the connections, which note themselves here. */
#include "memory-db/net/server.h"

#include "common/clock.h"

#define SECOND_NS 1000000000LL

void
server_mark_dirty(struct server *s, struct conn *c)
{
	if (c->is_dirty)
		return;
	c->is_dirty = true;
	c->next_dirty = s->dirty;
	s->dirty = c;
}

void
server_mark_resumed(struct server *s, struct conn *c)
{
	if (c->is_resumed)
		return;
	c->is_resumed = true;
	c->next_resumed = s->resumed;
	s->resumed = c;
}

const struct database_sizes *
server_sizes(struct server *s)
{
	int64_t now = clock_mono_ns();

	if (s->sizes_ns == 0 || now - s->sizes_ns > SECOND_NS) {
		database_sizes(s->db, &s->sizes);
		s->sizes_ns = now;
		s->log_reader = s->sizes.wal_bytes < LOG_READER_BYTES
					? 0
					: log_reader_find(database_path(s->db),
						  s->log_reader_name);
	}
	return &s->sizes;
}
