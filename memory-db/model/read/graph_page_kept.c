/* Entities of a page that are copied from what is kept, and those that are made
 * and kept (graph_keep.h). */
#include "memory-db/model/read/graph_page_int.h"

#include <stdlib.h>

/* What the encoder reserves of an entity before it cuts, and more. */
#define CUT_BYTES 256

struct graph_page_copy {
	struct graph_page *p;
	bool given;
	int64_t *after;
	struct err *e;
};

/* As the entity and its relations were given before, to the byte. */
static int
graph_page_copy(void *ctx, const struct graph_keep_item *item)
{
	struct graph_page_copy *x = ctx;
	struct graph_page *p = x->p;
	const char *text = item->text + item->text_n;
	size_t before = p->entities.len;
	int64_t last = 0;
	int rc;

	/* One that may have to be cut is made for this page. */
	if (item->text_n + CUT_BYTES > graph_page_room(p))
		return GRAPH_PAGE_NOTHING;
	/* What leads from here to a later one does not wait for it. */
	p->knows_earlier = false;
	if ((p->entities_n > 0 && buf_addc(&p->entities, ',') != 0) ||
		buf_add(&p->entities, item->text, item->text_n) != 0)
		return err_nomem(x->e);
	rc = graph_page_take_entity(p, before);
	if (rc != GRAPH_PAGE_ADDED)
		return rc;
	x->given = true;
	for (size_t i = 0; i < item->rows_n; i++) {
		const struct graph_keep_row *row = &item->rows[i];

		before = p->relations.len;
		if (buf_add(&p->relations, text, row->n) != 0)
			return err_nomem(x->e);
		rc = graph_page_take_relation(p, row->id, row->other, before,
			x->e);
		if (rc == GRAPH_PAGE_FULL)
			*x->after = last > 0 ? last : 1;
		if (rc != 0)
			return rc;
		last = row->id;
		text += row->n;
	}
	return GRAPH_PAGE_ADDED;
}

int
graph_page_kept(struct graph_page *p, int which, int64_t existence,
	bool *ret_given, int64_t *after, struct err *e)
{
	struct graph_page_copy x = {p, false, after, e};
	int rc = graph_view_take(&p->view, which, existence, graph_page_copy,
		&x);

	*ret_given = x.given;
	return rc;
}

void
graph_page_keep(struct graph_page *p, int which, int64_t existence)
{
	struct graph_keep_row few[8], *rows = few;
	size_t n = p->rows.n - p->last_row;
	struct graph_keep_item item = {p->entities.data + p->last_text,
		p->entities.len - p->last_text, rows, n};

	if (!p->view.keep || !p->is_keepable)
		return;
	if (n > ARRAY_LEN(few)) {
		rows = calloc(n, sizeof(*rows));
		if (!rows)
			return;
		item.rows = rows;
	}
	for (size_t i = 0; i < n; i++) {
		const struct graph_page_row *row = &p->rows.v[p->last_row + i];

		rows[i] = (struct graph_keep_row){row->id, row->other, row->n};
	}
	graph_view_put(&p->view, which, existence, &item,
		n > 0 ? p->relations.data + p->rows.v[p->last_row].at : NULL);
	if (rows != few)
		free(rows);
}
