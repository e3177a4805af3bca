#include "mcp-server/mcp/profile.h"

#include "common/contract/profiles.h"

int
profile_read(const char *text, struct profile *ret, struct err *e)
{
	struct profile p = {0, false, false};
	int rc = profiles_read(text, &p.set, e);

	if (rc)
		return rc;
	p.compat = (p.set & TP_COMPAT) != 0;
	p.history = (p.set & TP_HISTORY) != 0;
	*ret = p;
	return 0;
}

bool
profile_has(const struct profile *p, const struct tool *t)
{
	return (t->profiles & p->set) != 0;
}
