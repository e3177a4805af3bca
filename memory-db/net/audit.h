/* The audit, when it was asked for (--audit): a line for each request, with who,
 * what and how it ended, and nothing of what was said.
 *
 *   {"ts":"2026-11-29T18:15:00.120Z","uid":1000,"pid":4711,"conn":3,
 *    "method":NAME,"change":31,"outcome":"ok","us":850,
 *    "namespace":"default","client":"claude-code/2.1",
 *    "session":"2026-11-29-7f3a01"}
 *
 * uid and pid are what the kernel says of the peer; client, session and actor are
 * what the peer says of itself. */
#ifndef NET_AUDIT_H
#define NET_AUDIT_H

struct request;

void audit_request(const struct request *r);

#endif
