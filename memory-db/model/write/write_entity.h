/* The rules of writing: entities, observations, relations. Each takes one
 * entry of a request and applies it; see model/write/write.h for the frame. */
#ifndef MODEL_WRITE_WRITE_ENTITY_H
#define MODEL_WRITE_WRITE_ENTITY_H

#include <jansson.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "memory-db/model/scope/observation.h"
#include "memory-db/model/write/write.h"

enum create_mode { CREATE_MERGE, CREATE_REPLACE, CREATE_SKIP };
enum create_mode write_entity_mode(const char *name); /* NULL: merge */

/* Creates the entity, or by mode adds to an existing one, makes its
 * observations these, or leaves it alone. An existing type never changes. */
int write_entity(struct write *w, const json_t *entry, enum create_mode mode,
	const char *path, struct err *e) MUST_CHECK;

/* Adds observations that are not there yet. fresh: the entity was made by this
 * very change. list: strings or objects;
 * defaults: where their provenance comes from when they say nothing. */
int write_entity_observations(struct write *w, int64_t entity, bool fresh,
	const json_t *list, const struct fact *defaults, const char *path,
	struct err *e) MUST_CHECK;

/* Whether all of the list can be written: an error before the first one is. */
int write_entity_check(struct write *w, const json_t *list, const char *path,
	struct err *e) MUST_CHECK;

/* Adds an observation that was not said as JSON. 1 added, 0 the entity has this
 * text, which gets the tags it lacks; *ret_fact in both cases. Markers take the
 * places of secrets in its text, unless the context allows them. */
int write_observation(struct write *w, int64_t entity,
	const struct observation_in *o, int64_t *ret_fact, struct err *e)
	MUST_CHECK;

/* What an observation follows from: whether that is there, and an edge from the
 * fact to each fact of it. path: of the observation. */
int write_source_check(struct write *w, const struct observation_source *s,
	const char *path, struct err *e) MUST_CHECK;
int write_source_add(struct write *w, int64_t entity, int64_t fact,
	const struct observation_source *s, const char *path, struct err *e)
	MUST_CHECK;

/* Before an entity is made that is not where we write: to an agent it may exist
 * all the same, in the user's memory. 0 make it; 1 by mode it is left alone;
 * MDB_E_EXISTS tells both ways on, unless the call says scope:"project". */
int write_entity_twin(struct write *w, const char *name, enum create_mode mode,
	const char *path, struct err *e) MUST_CHECK;

/* Makes an entity that does not exist where we write. */
int write_entity_new(struct write *w, const char *name, const char *type,
	const struct fact *defaults, int64_t *ret_entity, struct err *e)
	MUST_CHECK;

int write_entity_relation(struct write *w, const json_t *entry,
	const char *path, struct err *e) MUST_CHECK;

/* Hides an observation and shows a text in its place, which says that it
 * supersedes it and takes over its tags, metadata, salience and validity unless
 * f says another. f: new text and provenance, entity set. A text that the entity
 * has already only takes the place. */
int write_replacement(struct write *w, int64_t old, const struct fact *f,
	struct err *e) MUST_CHECK;

/* Tags and metadata of one fact of the entity are said of another as well. */
int write_copy_marks(struct write *w, int64_t entity, int64_t from, int64_t to,
	struct err *e) MUST_CHECK;

/* The object as JSON, appended, when it is not too large. path: of it. */
int write_metadata_text(const json_t *object, const char *path, struct buf *ret,
	struct err *e) MUST_CHECK;
/* Sets the metadata object; {} removes it. */
int write_entity_metadata(struct write *w, int64_t entity, const json_t *object,
	const char *path, struct err *e) MUST_CHECK;

/* Shows the entity under a type and a name, hiding what stood there. defaults->
 * supersedes: what it replaces; 0: what stood there. */
int write_entity_existence(struct write *w, int64_t entity, const char *name,
	int64_t type_label, const struct fact *defaults, struct err *e)
	MUST_CHECK;

/* Index of a tier name; -1 for NULL. */
int write_entity_tier(const char *name);

#endif
