#include "memory-db/model/extract/language.h"

#include <ctype.h>
#include <string.h>

#include "common/cleanup.h"
#include "memory-db/model/extract/words.h"

/* Bytes of a line that are looked at. */
#define LOOKED 600

static const char *const english =
	"the|a|an|i|you|he|she|it|we|they|is|are|was|were|am|be|been|to|of|in|"
	"and|that|for|on|with|my|your|our|his|her|their|this|have|has|had|do|"
	"does|did|not|but|from|at|by|or|as|if|so|will|would|can|could|should|i'm|"
	"don't|it's|we're|just|what|when|which|who|there|here|then|about|than|"
	"use|like|yes|no|all|every|me|us|them|because|after|before|how|why|also|"
	"never|always|really|i've|i'd|i'll|any|some|more|into|up|out|over";
/* Of others, without those that English has, too. */
static const char *const others =
	"der|das|den|dem|und|ich|du|wir|ihr|nicht|ist|sind|ein|eine|einen|mit|"
	"auf|von|zu|im|auch|aber|wenn|mein|meine|habe|hat|f\xc3\xbcr|sich|als|"
	"le|les|des|et|je|tu|nous|vous|est|sont|une|dans|pour|pas|que|qui|mais|"
	"avec|sur|mon|ma|mes|j'ai|suis|c'est|du|au|"
	"el|los|las|y|yo|es|un|una|en|por|para|con|pero|mi|muy|soy|est\xc3\xa1|"
	"estoy|tengo|como|del|lo|se|"
	"il|gli|e|io|sono|di|che|non|per|della|nel|ho|ma|anche|mio|"
	"o|os|eu|uma|em|n\xc3\xa3o|com|meu|minha|voc\xc3\xaa|"
	"de|het|een|ik|wij|niet|van|naar|ook|maar|mijn|"
	"och|jag|inte|som|att|har|min|p\xc3\xa5|det|"
	"zus|hebben|heeft|om|te|bij|naar|nog|dat|dit|zijn|wordt|geen|wel|"
	"jest|nie|w|z|si\xc4\x99|na|mam|to\xc5\xbc|bir|ve|bu|benim";

/* Words of English that hardly any of the others has. */
static const char *const surely =
	"the|i|you|they|are|were|been|and|with|my|your|our|his|their|this|have|"
	"does|did|not|but|from|would|can|could|should|i'm|don't|it's|we're|just|"
	"what|when|which|who|there|here|then|about|than|use|like|yes|because|"
	"after|before|how|why|also|never|always|really|i've|i'd|i'll|it|she|for|"
	"that|to|of|out|every|some";

bool
language_is_known(const char *s, size_t n, bool is_doubted)
{
	int ours = 0, theirs = 0, words = 0, far = 0, near = 0, sure = 0;
	char low[WORD_BYTES];

	n = n < LOOKED ? n : LOOKED;
	for (size_t i = 0, k; i<n; i += k> 0 ? k : 1) {
		k = 0;
		while (i + k < n && (isalpha((unsigned char)s[i + k]) ||
					    (unsigned char)s[i + k] >= 0x80 ||
					    (k > 0 && s[i + k] == '\'')))
			k++;
		if (k == 0)
			continue;
		for (size_t b = i; b < i + k; b++) {
			/* 0xc3 leads the letters of Western Europe, 0xe2 signs
			 * and marks, 0xf0 pictures. */
			unsigned char c = (unsigned char)s[b];

			far += c >= 0xc4 && c != 0xe2 && c != 0xf0;
			near += isalpha(c) != 0;
		}
		words++;
		if (k >= sizeof(low))
			continue;
		for (size_t b = 0; b < k; b++)
			low[b] = (char)tolower((unsigned char)s[i + b]);
		low[k] = '\0';
		ours += extract_in(low, english);
		sure += is_doubted && extract_in(low, surely);
		theirs += extract_in(low, others);
	}
	if (far * 2 > near)
		return false;
	/* "Anna will in Berlin arbeiten", after lines of German. */
	if (is_doubted && sure == 0)
		return false;
	/* Names in an English sentence: "Rio de Janeiro". */
	if (theirs > ours && theirs > 1)
		return false;
	return !(ours == 0 && theirs > 0 && words > 2);
}
