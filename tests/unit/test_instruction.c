/* Which texts tell an agent what to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "common/cleanup.h"
#include "memory-db/model/read/instruction.h"

static void
rules_are_known(void **state)
{
	static const char *const rules[] = {
		"Always confirm salary figures when I ask about pay.",
		"Never deploy on Fridays", "please always answer in German",
		"Thanks. From now on, use tabs.",
		"When I ask for code, add tests", "Note: never push to main",
		"You must always sign commits",
		"Whenever I mention Lyon, say the date"};
	static const char *const others[] = {"", "Always",
		"I always drink green tea", "It never rains in the desert",
		"When is the train?", "She said that one should never lie",
		"alwaysness is no word", "The default is never used"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		assert_true(is_instruction(rules[i], strlen(rules[i])));
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_false(is_instruction(others[i], strlen(others[i])));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(rules_are_known)};

	return cmocka_run_group_tests_name("instruction", tests, NULL, NULL);
}
