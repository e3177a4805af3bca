/* Conversations on their way through extraction; importturns.h has the idea.
 * One loop does both halves: replies that are there are taken, and each
 * transcript that waits for none sends its next piece. So nothing here waits
 * but when all places are taken. */
#include "memory-db/cli/lib/importturns.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/jx.h"
#include "memory-db/cli/lib/importfrom_int.h"
#include "memory-db/cli/lib/transcript.h"

/* Text of one call. A piece of this size keeps a thread of the service for some
 * 20 ms, for which another agent's call may have to wait. */
#define PIECE_BYTES (48 * 1024)

/* --- calls under way ------------------------------------------------------ */
static struct import_flight *
flight_of(struct import_turns *t, unsigned long long ticket)
{
	for (size_t i = 0; i < IMPORT_FLIGHTS; i++)
		if (t->flights[i].ticket == ticket)
			return &t->flights[i];
	return NULL;
}

static bool
is_flying(const struct import_turns *t, const char *conversation)
{
	for (size_t i = 0; i < IMPORT_FLIGHTS; i++)
		if (t->flights[i].ticket != 0 &&
			strcmp(t->flights[i].conversation, conversation) == 0)
			return true;
	return false;
}

static bool
is_any_flying(const struct import_turns *t)
{
	for (size_t i = 0; i < IMPORT_FLIGHTS; i++)
		if (t->flights[i].ticket != 0)
			return true;
	return false;
}

/* What came of a piece. reply: NULL when it was refused. */
static void
count_reply(struct import_job *j, const char *digest, const json_t *reply)
{
	const json_t *facts = json_object_get(reply, "facts"), *fact;
	size_t i;

	if (!reply)
		j->n.refused++;
	else if (digest[0] != '\0')
		importseen_add(&j->seen, digest,
			(int64_t)json_array_size(facts));
	j->n.masked += importfrom_masked(reply);
	json_array_foreach((json_t *)(uintptr_t)facts, i, fact) {
		if (strcmp(cli_str(fact, "status", ""), "stored") == 0)
			j->n.facts++;
		else
			j->n.known++;
	}
}

/* Takes a reply that is there, or waits for one (-1). */
static void
land(struct import_job *j, int timeout_ms)
{
	AUTO_JSON json_t *reply = NULL;
	unsigned long long ticket = 0;
	struct import_flight *f;
	char *text = NULL;
	int rc =
		memory_client_receive(j->c->client, timeout_ms, &ticket, &text);

	if (rc == MEMORY_TIMED_OUT && ticket == 0 && timeout_ms == 0)
		return;
	if (rc != MEMORY_OK && rc != MEMORY_REFUSED)
		j->rc = cli_fail(CLI_SYSTEM, "%s",
			memory_client_error(j->c->client));
	f = ticket != 0 ? flight_of(&j->turns, ticket) : NULL;
	if (rc == MEMORY_OK)
		reply = jx_parse(text, strlen(text), NULL);
	memory_free(text);
	if (!f)
		return;
	f->ticket = 0;
	if (j->rc == CLI_OK)
		count_reply(j, f->digest, reply);
}

static void
send_piece(struct import_job *j, const char *place, const char *conversation,
	const char *digest, json_t *params_new)
{
	AUTO_JSON json_t *params = params_new;
	AUTO_BUF struct buf b = {0};
	struct import_flight *f;

	if (!params || importfrom_secrets(j, params) != 0 ||
		jx_set(params, "namespace", json_string(place)) != 0 ||
		jx_set(params, "branch", json_string(j->branch)) != 0 ||
		jx_dump(params, &b) != 0 || !buf_str(&b)) {
		j->rc = cli_nomem();
		return;
	}
	while (j->rc == CLI_OK && (is_flying(&j->turns, conversation) ||
					  !flight_of(&j->turns, 0)))
		land(j, -1);
	if (j->rc != CLI_OK)
		return;
	f = flight_of(&j->turns, 0);
	assert(f != NULL);
	if (memory_client_submit(j->c->client, "auto_extract_facts", b.data,
		    NULL, 0, &f->ticket) != MEMORY_OK) {
		f->ticket = 0;
		j->rc = cli_fail(CLI_SYSTEM, "%s",
			memory_client_error(j->c->client));
		return;
	}
	memcpy(f->conversation, conversation, sizeof(f->conversation));
	memcpy(f->digest, digest, sizeof(f->digest));
	/* The library sends when it is asked for replies. */
	land(j, 0);
}

static void
conversation_of(const char *place, const char *session, char ret[33])
{
	importseen_digest(place, session, "", 0, ret);
}

void
importfrom_turns(struct import_job *j, const char *namespace_,
	const char *session, const json_t *turns)
{
	char digest[33] = "", conversation[33];
	AUTO_BUF struct buf text = {0};
	int64_t known;
	bool is_kept;

	if (json_array_size(turns) == 0 || j->rc != CLI_OK)
		return;
	if (jx_dump(turns, &text) != 0 || !buf_str(&text)) {
		j->rc = cli_nomem();
		return;
	}
	j->n.turns += (int64_t)json_array_size(turns);
	importfrom_prepare(j, namespace_);
	is_kept = importfrom_digest(j, namespace_, session, &text, digest);
	if (is_kept && importseen_has(&j->seen, digest, &known)) {
		j->n.known += known;
		return;
	}
	if (!is_kept)
		digest[0] = '\0';
	conversation_of(namespace_, session, conversation);
	send_piece(j, namespace_, conversation, digest,
		json_pack("{s:s,s:s,s:b}", "conversation_text", text.data,
			"session_id", session, "auto_store", 1));
}

/* --- transcripts that are read at once ------------------------------------ */
static void
lane_close(struct import_lane *l)
{
	close(l->fd);
	buf_done(&l->place);
	*l = (struct import_lane){.fd = 0};
}

/* Sends the next piece of a transcript, or closes it at its end. */
static void
lane_step(struct import_job *j, struct import_lane *l)
{
	AUTO_JSON json_t *turns = json_array();
	int64_t to = l->at;

	if (!turns ||
		transcript_read(l->fd, l->at, PIECE_BYTES,
			&(struct transcript_heard){.turns = turns}, &to) != 0) {
		j->rc = cli_nomem();
		return;
	}
	if (to == l->at) {
		lane_close(l);
		return;
	}
	importfrom_turns(j, l->place.data, l->session, turns);
	l->at = to;
}

/* Moves each transcript on that waits for no reply. True: one of them did. */
static bool
step_all(struct import_job *j)
{
	bool did_any = false;

	for (size_t i = 0; i < IMPORT_FLIGHTS && j->rc == CLI_OK; i++) {
		struct import_lane *l = &j->turns.lanes[i];
		char conversation[33];

		if (l->fd == 0)
			continue;
		conversation_of(l->place.data, l->session, conversation);
		if (is_flying(&j->turns, conversation))
			continue;
		lane_step(j, l);
		did_any = true;
	}
	return did_any;
}

static struct import_lane *
free_lane(struct import_turns *t)
{
	for (size_t i = 0; i < IMPORT_FLIGHTS; i++)
		if (t->lanes[i].fd == 0)
			return &t->lanes[i];
	return NULL;
}

static bool
is_any_open(const struct import_turns *t)
{
	for (size_t i = 0; i < IMPORT_FLIGHTS; i++)
		if (t->lanes[i].fd != 0)
			return true;
	return false;
}

void
importturns_file(struct import_job *j, int fd, const char *session)
{
	AUTO_BUF struct buf folder = {0};
	struct import_lane *l;
	bool has_folder = disksource_cwd(fd, &folder);

	while (!free_lane(&j->turns) && j->rc == CLI_OK)
		if (!step_all(j) && j->rc == CLI_OK)
			land(j, -1);
	l = free_lane(&j->turns);
	if (!l) {
		close(fd);
		return;
	}
	l->fd = fd;
	snprintf(l->session, sizeof(l->session), "%s", session);
	if (!importfrom_namespace(j, has_folder ? folder.data : NULL,
		    &l->place))
		j->rc = cli_nomem();
}

void
importturns_finish(struct import_job *j)
{
	while (is_any_open(&j->turns) && j->rc == CLI_OK)
		if (!step_all(j) && j->rc == CLI_OK)
			land(j, -1);
	while (is_any_flying(&j->turns) && j->rc == CLI_OK)
		land(j, -1);
}

void
importturns_done(struct import_turns *t)
{
	for (size_t i = 0; i < IMPORT_FLIGHTS; i++)
		if (t->lanes[i].fd != 0)
			lane_close(&t->lanes[i]);
}
