/* Aligned tables. Columns have their natural widths as long as the terminal
 * has room; then the widest flexible ones give way, down to NARROWEST. Where a
 * row never fits, each row becomes a few lines of its own. Elsewhere than on a
 * terminal nothing is cut, so that a pipe gets whole texts. */
#include "memory-db/cli/lib/table.h"

#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/vec.h"
#include "memory-db/cli/lib/cli.h"
#include "memory-db/cli/lib/out.h"

#define GAP	  2 /* blanks between columns */
#define NARROWEST 8 /* columns are not cut below this */

void
table_init(struct table *t, const struct table_column *columns, size_t n)
{
	*t = (struct table){.columns = columns, .columns_n = n};
}

static void
add_cell(struct table *t, char *cell_new)
{
	if (!cell_new || vec_room(t->cells, t->n, t->cap) != 0) {
		free(cell_new);
		t->failed = true;
		return;
	}
	t->cells[t->n++] = cell_new;
}

void
table_text(struct table *t, const char *text)
{
	AUTO_BUF struct buf b = {0};

	if (!text)
		text = "";
	add_cell(t,
		out_safe(text, strlen(text), &b) != 0 ? NULL : buf_steal(&b));
}

void
table_number(struct table *t, int64_t n)
{
	char text[OUT_NUMBER_SIZE];

	table_text(t, out_count(n, text));
}

/* Natural widths, then as many columns less as the terminal asks for. The
 * width of a row. */
static int
table_measure(const struct table *t, int room, int *widths)
{
	int total = 0;

	for (size_t k = 0; k < t->columns_n; k++) {
		widths[k] = out_width(t->columns[k].title);
		for (size_t i = k; i < t->n; i += t->columns_n) {
			int w = out_width(t->cells[i]);

			if (w > widths[k])
				widths[k] = w;
		}
		total += widths[k] + (k > 0 ? GAP : 0);
	}
	while (room > 0 && total > room) {
		int widest = -1;

		for (size_t k = 0; k < t->columns_n; k++)
			if (t->columns[k].flexible && widths[k] > NARROWEST &&
				(widest < 0 || widths[k] > widths[widest]))
				widest = (int)k;
		if (widest < 0)
			break;
		widths[widest]--;
		total--;
	}
	return total;
}

static int
cut_cell(const struct table *t, size_t k, const char *text, int width,
	struct buf *out)
{
	return t->columns[k].flexible == TABLE_TAIL
		       ? out_cut_head(text, width, out)
		       : out_cut(text, width, out);
}

static int
print_cell(const struct table *t, size_t k, const char *text, int width,
	FILE *f)
{
	AUTO_BUF struct buf b = {0};
	bool is_last = k + 1 == t->columns_n;
	const char *s;
	int pad;

	if (cut_cell(t, k, text, width, &b) != 0 || (s = buf_str(&b)) == NULL)
		return MDB_E_NOMEM;
	pad = width - out_width(s);
	if (t->columns[k].is_right)
		fprintf(f, "%*s%s", pad, "", s);
	else
		fprintf(f, "%s%*s", s, is_last ? 0 : pad, "");
	if (!is_last)
		fprintf(f, "%*s", GAP, "");
	return 0;
}

/* A row that does not fit, however narrow its columns: a cell a line. */
static int
print_records(const struct table *t, const struct cli *c, FILE *f)
{
	int titles = 0;

	for (size_t k = 0; k < t->columns_n; k++)
		if (out_width(t->columns[k].title) > titles)
			titles = out_width(t->columns[k].title);
	for (size_t i = 0; i < t->n; i++) {
		AUTO_BUF struct buf b = {0};
		size_t k = i % t->columns_n;

		if (k == 0 && i > 0)
			fputc('\n', f);
		if (t->cells[i][0] == '\0')
			continue;
		if (cut_cell(t, k, t->cells[i], c->width - titles - GAP, &b) ||
			!buf_str(&b))
			return MDB_E_NOMEM;
		fprintf(f, "%s%s%s%*s%s\n", out_on(c, OUT_BOLD),
			t->columns[k].title, out_off(c, OUT_BOLD),
			titles + GAP - out_width(t->columns[k].title), "",
			b.data);
	}
	return 0;
}

int
table_print(const struct table *t, const struct cli *c, FILE *f)
{
	int widths[TABLE_COLUMNS];

	if (t->failed || t->columns_n > TABLE_COLUMNS)
		return MDB_E_NOMEM;
	if (t->n == 0)
		return 0;
	if (table_measure(t, c->width, widths) > c->width && c->width > 0)
		return print_records(t, c, f);
	fputs(out_on(c, OUT_BOLD), f);
	for (size_t k = 0; k < t->columns_n; k++)
		if (print_cell(t, k, t->columns[k].title, widths[k], f) != 0)
			return MDB_E_NOMEM;
	fprintf(f, "%s\n", out_off(c, OUT_BOLD));
	for (size_t i = 0; i < t->n; i++) {
		size_t k = i % t->columns_n;

		if (print_cell(t, k, t->cells[i], widths[k], f) != 0)
			return MDB_E_NOMEM;
		if (k + 1 == t->columns_n)
			fputc('\n', f);
	}
	return 0;
}

void
table_done(struct table *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->cells[i]);
	free(t->cells);
	*t = (struct table){0};
}
