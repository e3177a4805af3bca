/* The writers of random configurations, one a format. */
#ifndef TESTS_LIB_CLIENT_TEXTS_INT_H
#define TESTS_LIB_CLIENT_TEXTS_INT_H

#include "tests/lib/client_texts.h"

void texts_put(struct texts *t, const char *s);
/* A line end and the indentation of the next line. */
void texts_nl(struct texts *t, int depth);
void texts_mark(struct texts *t, const char *quotes);

void texts_json(struct texts *t);
void texts_toml(struct texts *t);
void texts_yaml(struct texts *t);

#endif
