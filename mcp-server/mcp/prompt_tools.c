/* A prompt is the same in every profile, as it is the person who asks; the tools
 * that it names are not. So its text is looked through for names of tools, and
 * those that this agent lacks are told, for example:
 *
 *   Not among your tools here: handoff (profile order). */
#include "mcp-server/mcp/prompt_tools.h"

#include <string.h>

#include "common/contract/profiles.h"
#include "common/contract/tools.h"

/* The tool of which the text speaks at s, if it begins a name there. Names of one
 * word are words of English, too; but for one they count as such. */
static const struct tool *
tool_at(const char *s, size_t *ret_n)
{
	char name[64];

	*ret_n = strspn(s, "abcdefghijklmnopqrstuvwxyz_");
	if (*ret_n == 0 || *ret_n >= sizeof(name))
		return NULL;
	memcpy(name, s, *ret_n);
	name[*ret_n] = '\0';
	return strchr(name, '_') || strcmp(name, TOOL_NAME(handoff)) == 0
		       ? tool_find(name)
		       : NULL;
}

int
prompt_tools_add(const char *says, const struct profile *has, struct buf *out)
{
	bool is_first = true;
	size_t n;

	for (const char *s = says; *s; s += n > 0 ? n : 1) {
		const struct tool *t = tool_at(s, &n);
		char in[PROFILES_TEXT];

		if (!t || profile_has(has, t))
			continue;
		profiles_text(t->profiles, in);
		if (buf_addf(out, "%s%s (profile %s)",
			    is_first ? "\n\nNot among your tools here: " : ", ",
			    t->name, in) != 0)
			return MDB_E_NOMEM;
		is_first = false;
	}
	if (is_first)
		return 0;
	return buf_adds(out,
		". Tell me so where one is needed: memory-mcp --tools gives "
		"it, and memoryctl does the same.");
}
