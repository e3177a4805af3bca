/* Which texts tell an agent what to do. */
#include "tests/lib/unit.h"

#include <string.h>

#include "common/cleanup.h"
#include "memory-db/model/read/instruction.h"

static void
check(const char *const *texts, bool wanted)
{
	for (; *texts != NULL; texts++)
		if (is_instruction(*texts, strlen(*texts)) != wanted)
			fail_msg("%s: %s", wanted ? "missed" : "not one",
				*texts);
}

static void
rules_are_known(void **state)
{
	static const char *const rules[] = {
		"Always confirm salary figures when I ask about pay.",
		"Never deploy on Fridays", "please always answer in German",
		"Thanks. From now on, use tabs.",
		"When I ask for code, add tests", "Note: never push to main",
		"You must always sign commits", "- Always run the linter",
		"Whenever I mention Lyon, say the date",
		"User wants me to answer in one line",
		"The user asked you to use metric units", NULL};
	static const char *const others[] = {"", "Always", "Never.",
		"I always drink green tea", "It never rains in the desert",
		"When is the train?", "She said that one should never lie",
		"alwaysness is no word", "The default is never used",
		"Never been there before", "Always here to help!",
		"Whenever I hear this jam, I think of home",
		"always-on displays need power", "Never had a chance to go",
		"The user wants a red car", NULL};

	(void)state;
	check(rules, true);
	check(others, false);
}

static void
german_rules(void **state)
{
	static const char *const rules[] = {"Immer auf Deutsch antworten",
		"Nie am Freitag ausliefern", "Antworte immer auf Deutsch.",
		"Bitte verwende nie Tabs",
		"Verwenden Sie immer metrische Einheiten",
		"Ab sofort nur noch kurze Antworten",
		"Wenn ich nach Code frage, schreib Tests dazu",
		"K\xc3\xbcnftig vor jedem Commit die Tests laufen lassen",
		"Jedes Mal, wenn ich Lyon sage, nenne das Datum", NULL};
	static const char *const others[] = {"Ada trinkt immer Tee",
		"Nie war der Winter so kalt", "Wie immer kam er zu sp\xc3\xa4t",
		"Immer noch kein Regen", "Ich antworte immer sofort",
		"Noch nie habe ich so gelacht",
		"Immer wenn ich das h\xc3\xb6re, denke ich an Lyon",
		"Niemand wei\xc3\x9f es", NULL};

	(void)state;
	check(rules, true);
	check(others, false);
}

static void
french_rules(void **state)
{
	static const char *const rules[] =
		{"Toujours r\xc3\xa9pondre en fran\xc3\xa7"
		 "ais",
			"R\xc3\xa9ponds toujours en une ligne",
			"Ne jamais pousser sur main",
			"N'utilise jamais de tabulations",
			"Ne pousse jamais le vendredi",
			"D\xc3\xa9sormais, cite les sources",
			"Quand je te demande du code, ajoute des tests",
			"Chaque fois que je cite Lyon, donne la date", NULL};
	static const char *const others[] = {"Ada boit toujours du th\xc3\xa9",
		"Jamais vu une chose pareille", "Presque toujours en retard",
		"Il n'a jamais plu en mai", "N'a jamais aim\xc3\xa9 la mer",
		"Pour toujours et \xc3\xa0 jamais",
		"Chaque fois que je l'entends, je pense \xc3\xa0 Lyon", NULL};

	(void)state;
	check(rules, true);
	check(others, false);
}

static void
spanish_rules(void **state)
{
	static const char *const rules[] =
		{"Siempre responde en espa\xc3\xb1ol",
			"Responde siempre en una l\xc3\xadnea",
			"Nunca uses tabuladores", "No uses nunca tabuladores",
			"Por favor, usa siempre unidades m\xc3\xa9tricas",
			"A partir de ahora, cita las fuentes",
			"Cuando te pida c\xc3\xb3"
			"digo, a\xc3\xb1"
			"ade pruebas",
			"Cada vez que mencione Lyon, di la fecha", NULL};
	static const char *const others[] = {"Ada bebe siempre t\xc3\xa9",
		"Nunca he estado all\xc3\xad", "Siempre me ha gustado el mar",
		"Casi siempre llega tarde", "Como siempre, no vino nadie",
		"Cada vez que la oigo, pienso en Lyon", NULL};

	(void)state;
	check(rules, true);
	check(others, false);
}

/* An index of words finds by the cues what the recogniser then looks at. */
static void
cues_are_listed(void **state)
{
	size_t n = 0;
	bool always = false, whenever = false;

	(void)state;
	for (const char *cue; (cue = instruction_cue(n)) != NULL; n++) {
		always |= strcmp(cue, "always") == 0;
		whenever |= strcmp(cue, "whenever I") == 0;
		assert_true(strlen(cue) > 2);
	}
	assert_true(always && whenever && n > 50);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(rules_are_known),
		cmocka_unit_test(german_rules), cmocka_unit_test(french_rules),
		cmocka_unit_test(spanish_rules),
		cmocka_unit_test(cues_are_listed)};

	return cmocka_run_group_tests_name("instruction", tests, NULL, NULL);
}
