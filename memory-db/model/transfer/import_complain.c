/* What is wrong with a line of an import, told beside the result: the import
 * goes on with the next one. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/jx.h"
#include "common/text.h"
#include "memory-db/model/scope/json_members.h"
#include "memory-db/model/transfer/import.h"

/* Errors of one call that are listed; the rest is counted as skipped. */
#define ERRORS_MAX 1000

int
import_complain(struct importer *im, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	json_t *o;

	im->result->skipped++;
	if (json_array_size(im->result->errors) >= ERRORS_MAX)
		return 0;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	o = json_object();
	if (!o || jx_add(im->result->errors, o) != 0)
		return err_nomem(im->e);
	if (member_set_int(o, "line", im->line, im->e) != 0)
		return MDB_E_NOMEM;
	return member_set_text(o, "error", text, text_cut(text, strlen(text)),
		im->e);
}
