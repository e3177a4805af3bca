/* English stop words: words that say nothing about what a text is about.
 * Sorted, so that a binary search finds them. */
#include "common/text.h"

#include <string.h>

#define LONGEST 10

static const char words[][LONGEST + 1] = {"a", "about", "above", "after",
	"again", "against", "all", "also", "am", "an", "and", "any", "anybody",
	"anyone", "anything", "are", "as", "at", "be", "because", "been",
	"before", "being", "below", "between", "both", "but", "by", "can",
	"cannot", "could", "d", "did", "do", "does", "doing", "don", "down",
	"during", "each", "either", "else", "ever", "few", "for", "from",
	"further", "had", "has", "have", "having", "he", "her", "here", "hers",
	"herself", "him", "himself", "his", "how", "i", "if", "in", "into",
	"is", "it", "its", "itself", "just", "ll", "m", "may", "me", "might",
	"more", "most", "must", "my", "myself", "no", "nor", "not", "now", "of",
	"off", "on", "once", "only", "or", "other", "our", "ours", "ourselves",
	"out", "over", "own", "re", "s", "same", "shall", "she", "should", "so",
	"some", "somebody", "someone", "something", "such", "t", "than", "that",
	"the", "their", "theirs", "them", "themselves", "then", "there",
	"these", "they", "this", "those", "through", "to", "too", "under",
	"until", "up", "upon", "ve", "very", "was", "we", "were", "what",
	"when", "where", "whether", "which", "while", "who", "whom", "whose",
	"why", "will", "with", "would", "yet", "you", "your", "yours",
	"yourself", "yourselves"};

bool
text_is_stop(const char *word, size_t n)
{
	size_t low = 0, high = ARRAY_LEN(words);

	if (n == 0 || n > LONGEST)
		return false;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strncmp(word, words[mid], n);

		if (order == 0 && words[mid][n] == '\0')
			return true;
		/* A word equal so far is longer: it comes later. */
		if (order <= 0)
			high = mid;
		else
			low = mid + 1;
	}
	return false;
}
