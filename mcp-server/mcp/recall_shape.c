/* An agent pays for every character of an answer, several times a session. */
#include "mcp-server/mcp/recall_shape.h"

#include "common/err.h"
#include "common/jx.h"

static int
recall_shape_copy(json_t *to, json_t *from, const char *key)
{
	json_t *v = json_object_get(from, key);

	return v ? jx_set(to, key, json_incref(v)) : 0;
}

static const char *
recall_shape_note_of(const json_t *reply)
{
	if (json_array_size(json_object_get(reply, "results")) == 0)
		return "Nothing found. Other words, or search_nodes, may find "
		       "more.";
	return json_is_false(json_object_get(reply, "relevant"))
		       ? "No clear answer; the nearest there is:"
		       : NULL;
}

json_t *
recall_shape(json_t *reply, bool with_receipt)
{
	AUTO_JSON json_t *shape = json_object();
	const char *note = recall_shape_note_of(reply);

	if (!shape || recall_shape_copy(shape, reply, "results") ||
		recall_shape_copy(shape, reply, "relevant") ||
		recall_shape_copy(shape, reply, "partial") ||
		/* Of weak ones it does not matter. */
		(!note && recall_shape_copy(shape, reply, "omitted")) ||
		(with_receipt && recall_shape_copy(shape, reply, "receipt")) ||
		(note && jx_set(shape, "note", json_string(note))))
		return NULL;
	return take_ptr(shape);
}

int
recall_write_text(const json_t *shape, struct buf *out)
{
	json_t *results = json_object_get(shape, "results"), *line;
	const char *note = json_string_value(json_object_get(shape, "note"));
	const char *receipt =
		json_string_value(json_object_get(shape, "receipt"));
	json_int_t omitted =
		json_integer_value(json_object_get(shape, "omitted"));
	size_t i;

	if (note && (buf_adds(out, note) || buf_addc(out, '\n')))
		return MDB_E_NOMEM;
	json_array_foreach(results, i, line)
		if (buf_add(out, json_string_value(line),
			    json_string_length(line)) ||
			buf_addc(out, '\n'))
			return MDB_E_NOMEM;
	if (omitted > 0 && buf_addf(out, "%lld more: raise max_tokens\n",
				   (long long)omitted))
		return MDB_E_NOMEM;
	if (json_is_true(json_object_get(shape, "partial")) &&
		buf_adds(out, "partial: stopped at the deadline\n"))
		return MDB_E_NOMEM;
	if (receipt && buf_addf(out, "receipt: %s\n", receipt))
		return MDB_E_NOMEM;
	if (out->len > 0)
		out->len--; /* the last line end */
	return 0;
}
