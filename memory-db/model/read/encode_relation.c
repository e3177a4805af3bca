/* A relation as JSON, from its own side: {"id": 7, "from": "ada", "to": "rob",
 * "relationType": "knows"}. A fact that is stored with the entity it leads to is
 * turned round here, so that nobody else needs to know. */
#include "memory-db/model/read/encode.h"

#include "common/jx.h"
#include "memory-db/store/facts/labels.h"

int
encode_relation_between(struct store *st, const struct fact *f,
	const struct encode_end *entity, const struct encode_end *peer,
	json_t **ret, struct err *e)
{
	bool reversed = fact_is_reversed(f);
	const struct encode_end *from = reversed ? peer : entity;
	const struct encode_end *to = reversed ? entity : peer;
	AUTO_BUF struct buf type = {0};
	AUTO_JSON json_t *j = json_object();
	int rc = label_text(st, f->label, &type, e);

	if (rc < 0)
		return rc;
	if (!j || jx_set(j, "id", json_integer((json_int_t)f->id)) != 0 ||
		jx_set(j, "from", json_stringn(from->name, from->name_n)) !=
			0 ||
		jx_set(j, "to", json_stringn(to->name, to->name_n)) != 0 ||
		jx_set(j, "relationType", json_stringn(type.data, type.len)) !=
			0)
		return err_nomem(e);
	if (f->weight >= 0 && jx_set(j, "weight", json_real(f->weight)) != 0)
		return err_nomem(e);
	/* The end that is in another memory: the user's. */
	if (fact_namespace(peer->existence) != fact_namespace(f->id) &&
		jx_set(j, reversed ? "from_namespace" : "to_namespace",
			json_string("default")) != 0)
		return err_nomem(e);
	*ret = take_ptr(j);
	return 0;
}

int
encode_relation(struct store *st, const struct fact *f, json_t **ret,
	struct err *e)
{
	AUTO_BUF struct buf own = {0}, other = {0};
	struct encode_end entity = {0}, peer = {0};
	int rc =
		fact_existence(st, f->entity, &entity.existence, NULL, &own, e);

	if (rc == 1)
		rc = fact_existence(st, f->peer, &peer.existence, NULL, &other,
			e);
	if (rc != 1)
		return rc;
	entity.name = own.data;
	entity.name_n = own.len;
	peer.name = other.data;
	peer.name_n = other.len;
	rc = encode_relation_between(st, f, &entity, &peer, ret, e);
	return rc == 0 ? 1 : rc;
}
