/* Which words name something that somebody could ask for later: of "made a huge
 * difference" none does, of "restored their grandfather's bike" two do. */
#include "memory-db/model/extract/internal.h"

/* Words that name nothing that somebody could ask for later. */
static const char *const vague =
	"thing|things|stuff|way|ways|lot|lots|bit|time|times|fun|blast|job|day|"
	"days|week|weekend|month|year|moment|moments|sense|sure|difference|effort|"
	"progress|point|impact|memories|memory|step|steps|world|life|chance|"
	"opportunity|words|word|idea|ideas|mind|feeling|feelings|best|part|kind|"
	"sort|type|change|changes|something|anything|everything|nothing|"
	"someone|people|person|everyone|place|places|while|hours|half|rest|"
	"end|beginning|start|side|hand|look|break|care|eye|eyes|heart|joy|"
	"happiness|peace|love|support|strength|courage|luck|smile|truth|"
	"reason|reasons|result|results|problem|problems|issue|issues|question|"
	"questions|answer|mistake|mistakes|mess|deal|fact|case|course|example|"
	"order|matter|hope|dream|dreams|goal|goals|breath|note|message|pic|pics|photo|"
	"photos|picture|pictures|video|link|conversation|chat|talk|others|"
	"own|self|myself|themselves|himself|herself|ourselves|good|great|nice|"
	"amazing|awesome|new|old|big|little|small|long|hard|easy|well|better|"
	"really|very|so|too|much|many|more|most|less|least|few|some|any|all|"
	"both|each|every|other|another|same|such|first|last|next|recently|"
	"lately|now|then|there|here|again|already|always|never|ever|just|only|"
	"also|even|still|yet|soon|later|once|twice|today|tomorrow|yesterday|"
	"tonight|am|is|are|was|were|be|been|being|have|has|had|do|does|did|will|"
	"would|can|could|should|might|must|may|not|no|yes|super|pretty|quite|"
	"fully|totally|together|apart|ago|before|after|back|away|up|down|out|"
	"off|on|in|at|to|of|for|from|with|without|by|about|into|onto|over|under|"
	"through|around|along|across|between|among|as|than|like|and|or|but|if|"
	"because|since|while|though|although|that|this|these|those|which|who|"
	"what|when|where|how|why|i|me|my|mine|you|your|yours|he|him|his|she|"
	"her|hers|it|its|we|us|our|ours|they|them|their|theirs|the|a|an|one|"
	"ones|'s|got|get|getting|gets|go|going|goes|went|make|makes|making|"
	"made|take|takes|taking|took|see|seeing|saw|seen|know|think|feel|"
	"feels|felt|doing|done|let|keep|put|nowadays|lol|haha|hey|yeah|guys|"
	"challenge|challenges|experience|experiences|journey|space|connection|"
	"ton|tons|busy|story|stories|trial|error|plans|news|events|pairs|"
	"emotions|growth|satisfaction|positivity|vibe|vibes|ever|pic|"
	"true|real|whole|full|different|special|important|possible|able|happy";

/* Words of what is said that name something. */
int
facts_content(const struct extract_words *w, int first, int end)
{
	int n = 0;

	for (int i = first; i < end; i++)
		n += w->v[i].low[0] == '\0' ||
		     !extract_in(extract_low(w, i), vague);
	return n;
}
