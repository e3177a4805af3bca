/* What an import told a branch already, so that a second run tells it nothing
 * again. Kept in a file of this user (statefolder()).
 *
 * The service knows a fact that it has, also in nearly the same words; but it
 * looks for such words among the newest facts only. What it took for a
 * repetition in the first run could be new to it in a second one. */
#ifndef CLI_LIB_IMPORTSEEN_H
#define CLI_LIB_IMPORTSEEN_H

#include <jansson.h>
#include <stdint.h>

#include "common/cleanup.h"

struct importseen {
	json_t *rows; /* owned; digest -> facts that came of it */
	int fd;	      /* of the file; -1: there is none */
};

/* Reads the file. Without a folder for it nothing is known or kept. */
int importseen_open(struct importseen *s) MUST_CHECK;
void importseen_done(struct importseen *s);

/* The digest of a text for one branch of one memory (place). */
void importseen_digest(const char *place, const char *session, const char *text,
	size_t n, char ret[33]);
/* 1 and how many facts came of it; 0: it is new. */
int importseen_has(const struct importseen *s, const char *digest,
	int64_t *ret_facts);
/* The service has it now. What cannot be written is told again: no harm. */
void importseen_add(struct importseen *s, const char *digest, int64_t facts);

#define AUTO_IMPORTSEEN __attribute__((cleanup(importseen_done)))

#endif
