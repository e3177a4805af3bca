/* What a few words say of how a text is meant, by the words beside them:
 *
 *   "you may eat here"       a permission; "it may rain" is a guess
 *   "boats make Ivo sick"    who is made so gets so: the verb says little
 *   "carries no version"     an entry of the lexicon with a denial in it
 */
#include "memory-db/model/order/terms_internal.h"

/* "You may eat here", "may be left empty": said to be allowed, not to be likely. */
bool
terms_is_permitted(const struct reading *r, int i)
{
	static const char *const who[] = {"you", "we", "guests", "visitors",
		"students", "pupils", "users", "employees", "members",
		"children", "residents", "tenants", "players", "customers",
		"everyone", "everybody", "anyone", "anybody", "admins", NULL};
	static const char *const irregular[] = {"left", "sent", "taken", "put",
		"set", "given", "brought", "kept", "written", "read", NULL};

	if (i > 0 && terms_word_in(r, i - 1, who))
		return true;
	return terms_word_is(r, i + 1, "be") && i + 2 < r->n &&
	       (lexicon_is_past(r->w[i + 2].s, r->w[i + 2].n) ||
		       terms_word_in(r, i + 2, irregular));
}

/* "Boats make Ivo seasick", "makes them tired": who is made so gets so. */
bool
terms_is_causing(const struct reading *r, int i)
{
	static const char *const make[] = {"make", "makes", "made", "making",
		"leave", "leaves", "get", "gets", NULL};
	static const char *const whom[] = {"me", "him", "her", "them", "us",
		"it", "you", "the", NULL};

	return terms_word_in(r, i, make) && i + 2 < r->n &&
	       (r->w[i + 1].is_subject || terms_word_in(r, i + 1, whom));
}

/* "Carry no", "dairy free": a denial is hidden in the words of the entry. */
bool
terms_is_denied_phrase(const struct reading *r, int i, int n)
{
	static const char *const words[] = {"no", "not", "never", "without",
		"t", "cannot", "none", "nobody", "nothing", "lacks", NULL};

	for (int k = i; n > 1 && k < i + n; k++)
		if (terms_word_in(r, k, words))
			return true;
	return n > 1 && terms_word_is(r, i + n - 1, "free");
}

/* "Does not smoke any longer", "neither smokes nor drinks": denied once, in two
 * words. */
bool
terms_is_denied_already(const struct reading *r, int i)
{
	static const char *const again[] = {"anymore", "any", "nor", NULL};

	return r->t->not_n > 0 && terms_word_in(r, i, again);
}
