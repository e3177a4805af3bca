/* Every limit of the product, with its unit and its reason. Those marked (c)
 * can be set in the configuration of memory-db; get_memory_status shows the
 * values in force. Each has a test and an error text. */
#ifndef COMMON_LIMITS_H
#define COMMON_LIMITS_H

/* --- what is stored ------------------------------------------------------- */
/* Bytes of an entity name, 1 to this. Longer is text, not a name. */
#define LIMIT_NAME_BYTES 1024
/* Names that lead to one entity from its renames, the newest ones: the chain is
 * walked at each look-up by an old name. */
#define LIMIT_ENTITY_NAMES 1000
/* Bytes of an entity type, relation type or tag. */
#define LIMIT_TYPE_BYTES 256
/* Tags of one fact: each is compared with the others. */
#define LIMIT_FACT_TAGS 100
/* Bytes of one observation: larger texts are documents. */
#define LIMIT_OBSERVATION_BYTES (1024 * 1024)
/* Observations of an entity, the newest ones, with which a new one is compared
 * for saying the same, and the bytes of those that are: bounds what a write to
 * a large entity pays. A program that is no agent is looked after less. */
#define LIMIT_ALIKE_FACTS	  96
#define LIMIT_ALIKE_FACTS_PROGRAM 16
#define LIMIT_ALIKE_BYTES	  1000
/* Texts that one write reads for it: some 30 ms of the writer. */
#define LIMIT_ALIKE_LOOKS 5000
/* The same for finding which observation is meant, and how often in a call. */
#define LIMIT_ALIKE_SOUGHT   2000
#define LIMIT_ALIKE_SEARCHES 5
/* Bytes of the metadata object of an entity, as JSON. */
#define LIMIT_METADATA_BYTES (64 * 1024)
/* Bytes of the path of a file of code that a fact comes from, and of the hash
 * and the commit beside it: 64 digits and a prefix at most. */
#define LIMIT_CODE_PATH_BYTES 1024
#define LIMIT_CODE_HASH_BYTES 80
/* Of the files that are compared with such facts: bytes of one, of all that one
 * reply names, and milliseconds for them. What is left is of unknown state. */
#define LIMIT_CODE_FILE_BYTES  (4 * 1024 * 1024)
#define LIMIT_CODE_REPLY_BYTES (16 * 1024 * 1024)
#define LIMIT_CODE_REPLY_MS    40
/* Of the index of git, in which files are looked for that are gone: some 40,000
 * files. What is larger costs more time than a mark is worth. */
#define LIMIT_CODE_INDEX_BYTES (4 * 1024 * 1024)
/* Bytes of one setting of a namespace, as JSON, and how many an import may bring:
 * a write reads them all. */
#define LIMIT_SETTING_BYTES (16 * 1024)
#define LIMIT_SETTINGS	    64
/* Bytes of namespace, branch, session, client and commit message. */
#define LIMIT_LABEL_BYTES   256
#define LIMIT_MESSAGE_BYTES 4096
/* Bytes of an idempotency key, and how long it is remembered. */
#define LIMIT_KEY_BYTES	 64
#define LIMIT_KEY_AGE_MS (24LL * 3600 * 1000)
/* Answers kept for retries: the newest, and none that is long. A retry comes
 * within minutes; these are many minutes of many clients, in 2 MB as a rule.
 * What is not kept is made again from the log. */
#define LIMIT_KEY_ANSWERS      10000
#define LIMIT_KEY_ANSWER_BYTES 8192
/* (c) Facts of one namespace that are open: search stays fast up to here. */
#define LIMIT_NAMESPACE_FACTS 1000000
/* Facts one atomic operation may touch: bounds the time it holds the writer
 * (500 ms). Larger ones are refused with the count. */
#define LIMIT_CHANGE_FACTS 10000
/* Facts of one slice of a run (merge, undo, revert, forget with sliced:true):
 * the writer is held for about 250 ms. */
#define LIMIT_RUN_FACTS 2500
/* Facts of one slice of forgetting: words and index entries are erased, too. */
#define LIMIT_RUN_ERASED 1000
/* Facts of one slice of an import: a writer turn of about 10 ms. */
#define LIMIT_SLICE_FACTS 250
/* Entities that a slice of curation hides: each has some facts. */
#define LIMIT_CURATE_HIDES 25
/* Time of one slice of curation on the writer, which also commits it: what a
 * client writes meanwhile waits no longer than that. */
#define LIMIT_CURATE_SLICE_NS (8 * 1000 * 1000LL)
/* Entities that one of its changes moves: 20 ms with the time above. */
#define LIMIT_CURATE_MOVES 100
/* Runs that are done and can be undone as one: about two months of twenty a day.
 * Those of older ones are undone by their changes. */
#define LIMIT_RUNS_KEPT 1000
/* Ranges of facts that wait to be compared because they came onto main by a
 * merge or an approval; more are one with what lies between, which costs time and
 * misses nothing. The state of a scan, read with each look, stays below 2 KB. */
#define LIMIT_SCAN_RANGES 64
/* Leased branches of a connection. */
#define LIMIT_CONN_LEASES 32
/* Branches between a branch and main: bounds each visibility test. */
#define LIMIT_LENS_DEPTH 8

/* --- what a request may be ------------------------------------------------ */
/* (c) Bytes of a request: 4 x the largest observation. */
#define LIMIT_REQUEST_BYTES (4 * 1024 * 1024)
/* JSON values in a request: jansson needs ~80 bytes and 180 ns for each. */
#define LIMIT_REQUEST_VALUES 200000
/* Above this a reader thread parses the frame: the loop would hold up every
 * client (1 ms per 100 KB). */
#define LIMIT_LOOP_PARSE_BYTES (16 * 1024)
/* Milliseconds without a byte in the middle of a request. */
#define LIMIT_REQUEST_IDLE_MS 10000
/* Entries of the list parameters (entities, names, relations, ...). */
#define LIMIT_LIST_ENTRIES 10000
/* Missing names of a request for which names like them are looked for: each costs
 * .15 ms, and who has more of them has another list than he thinks. */
#define LIMIT_SIMILAR_LOOKED 20
/* Facts that detect_conflicts compares with the memory at a time: each costs a
 * search. */
#define LIMIT_CONFLICT_TEXTS 100
/* Steps of a plan, commands that show that one is done, and bytes of one of its
 * texts: a plan that needs more is several. All of a step is metadata of a fact,
 * and all steps of a plan are read at once. */
#define LIMIT_PLAN_STEPS      200
#define LIMIT_PLAN_COMMANDS   20
#define LIMIT_PLAN_TEXT_BYTES 4096
/* Bytes of a conversation that facts are extracted from, some 100,000 words: at
 * 0.8 us each it holds the writer for less than 500 ms; how many facts that gives
 * at most; and stored ones that they are compared with, at 16 us each. */
#define LIMIT_EXTRACT_BYTES (512 * 1024)
/* Bytes of a prompt or an answer that is looked through for what was shown, and
 * receipts of one call: a long turn has some tens of them. */
#define LIMIT_JUDGED_BYTES    (256 * 1024)
#define LIMIT_JUDGED_RECEIPTS 100
/* A chat model: milliseconds of one request (a client waits for it), and what may be
 * spent in a day where nobody says otherwise. */
#define LIMIT_CHAT_MS	  10000
#define LIMIT_CHAT_CALLS  200
#define LIMIT_CHAT_TOKENS 500000
/* Milliseconds that a write is worked out on before the writer has it; what is done
 * by then counts. The largest text of extraction takes half a second on a machine
 * that is idle. */
#define LIMIT_PREPARE_MS    20000
#define LIMIT_EXTRACT_FACTS 500
#define LIMIT_EXTRACT_LOOKS 2000
/* Facts that are stored at a time where there are more: some 15 ms of the writer;
 * and stored ones that they are compared with. */
#define LIMIT_EXTRACT_PART	 24
#define LIMIT_EXTRACT_PART_LOOKS 600
/* Conflicts that one resolve_conflict decides: each hides a fact with its marks
 * in the one change that one undo takes back. */
#define LIMIT_RESOLVED_AT_ONCE 1000
/* Bytes of a search query: a paragraph. */
#define LIMIT_QUERY_BYTES 4096
/* Rows a read may ask for. */
#define LIMIT_ROWS 1000
/* Milliseconds a read may take before it answers what it has (search) or
 * code timeout. */
#define LIMIT_READ_MS 5000

/* --- review ---------------------------------------------------------------- */
/* Changes of agents that wait for review, of a namespace and of one session:
 * what a person can still look through; and the bytes of their texts. */
#define LIMIT_STAGED		   2000
#define LIMIT_STAGED_SESSION	   500
#define LIMIT_STAGED_BYTES	   (64LL * 1024 * 1024)
#define LIMIT_STAGED_SESSION_BYTES (16LL * 1024 * 1024)
/* Sessions that have something that waits: each may have its share of the queue
 * when it is full. */
#define LIMIT_STAGED_SESSIONS 64
/* Attributes of which an operator says how many values they have, words of one,
 * and values of those that have a list: each comparison of two facts looks for
 * all of them. */
#define LIMIT_ATTRIBUTES       64
#define LIMIT_ATTRIBUTE_WORDS  6
#define LIMIT_ATTRIBUTE_VALUES 256
/* Rules of a policy: each write of an agent is held against all of them. */
#define LIMIT_POLICY_RULES 100
/* A policy function decides of one change; others wait behind it. */
#define LIMIT_REVIEW_SCRIPT_MS 5000

/* Staged changes that one call decides, milliseconds it takes for them, and
 * facts that it brings out of inboxes at once: a turn of the writer. */
#define LIMIT_REVIEW_SLICE    200
#define LIMIT_REVIEW_SLICE_MS 20
#define LIMIT_REVIEW_SETTLE   500

/* --- connections and queues ----------------------------------------------- */
/* (c) Connections: a team's agents with room to spare; 1,000 + reserve. */
#define LIMIT_CONNECTIONS 1100
/* Bytes of unanswered input of all clients together. */
#define LIMIT_INPUT_BYTES (32 * 1024 * 1024)
/* Requests of one connection under way before we stop reading from it. */
#define LIMIT_CONN_PENDING 64
/* Bytes of replies a client has not read before we stop reading from it; at
 * twice this it is closed. */
#define LIMIT_CONN_OUTPUT_BYTES (8 * 1024 * 1024)
/* Bytes of one reply: far below the 10 MiB buffer of MCP clients. */
#define LIMIT_REPLY_BYTES (1024 * 1024)
/* Requests waiting for the writer / the readers: above, code busy. */
#define LIMIT_WRITE_QUEUE 40000
#define LIMIT_READ_QUEUE  4096
/* Copies of the database that are asked for at a time, one of which is made:
 * each takes the room of the database on its disk while its client has it. */
#define LIMIT_SNAPSHOTS_WAITING 4
/* Requests of one commit group: a turn of some 60 ms of work. */
#define LIMIT_GROUP_REQUESTS 512
#define LIMIT_GROUP_BYTES    (4 * 1024 * 1024)
/* Requests of one group from which on packing waits for idle time: it is a tenth
 * of what a create costs, and so many clients wait for each other. */
#define LIMIT_CROWD_REQUESTS 12
/* (c) Bytes of requests that write to a namespace in a day, import exempt: a
 * brake for what fills the disk within the rate of writes. */
#define LIMIT_NAMESPACE_DAY_BYTES (1024LL * 1024 * 1024)
/* Lines of a file that is imported: they are counted on from the number that a
 * request gives, far from the end of 64 bits. */
#define LIMIT_IMPORT_LINES (1LL << 52)
/* Bytes of a write that is grouped with others; a larger one is a group of its
 * own, so that no small one waits longer for it than it must. */
#define LIMIT_WRITE_SMALL_BYTES (64 * 1024)
/* Bytes of texts that wait to be indexed: above, large writes wait. Searches look
 * at these texts one by one, some 50 ms for each MB the first time. */
#define LIMIT_INDEX_WAIT_BYTES (8 * 1024 * 1024)
/* (c) Writes of a session: 600 a minute, bursts of 3,000; import exempt. One of
 * many bytes counts as one for each 64 KB begun. A runaway agent fills no
 * disk. */
#define LIMIT_WRITE_TOKEN_BYTES (64 * 1024)
#define LIMIT_WRITES_PER_MINUTE 600
#define LIMIT_WRITES_BURST	3000
/* Change events a subscriber may be behind before it gets `lost` instead. */
#define LIMIT_FEED_EVENTS 1024

/* --- embeddings ----------------------------------------------------------- */
/* Numbers of a vector: the most that known models give. */
#define LIMIT_VECTOR_DIMS 4096
/* (c) Bytes of the vectors in memory: of 512 numbers each (hash) the newest
 * 36,000 as bytes, 82,000 before them as signs; the rest is in the file. The
 * memory of the service must not grow with what is stored. */
#define LIMIT_VECTORS_BYTES (24 * 1024 * 1024)
/* Bytes of a text that its vector stands for: models read no more of it. */
#define LIMIT_EMBED_TEXT_BYTES 8192
/* Texts and bytes handed to a provider at a time, and vectors to the writer: a
 * turn of a millisecond or two. */
#define LIMIT_EMBED_BATCH	32
#define LIMIT_EMBED_BATCH_BYTES (64 * 1024)
/* Vectors of another model that are removed in one turn of the writer. */
#define LIMIT_EMBED_DROP 256
/* (c) Milliseconds: of a request of a provider for stored texts, for a
 * question. */
#define LIMIT_EMBED_MS		10000
#define LIMIT_EMBED_QUESTION_MS 300
/* Pause before a provider that failed is asked again; doubles. */
#define LIMIT_EMBED_PAUSE_MS	 1000
#define LIMIT_EMBED_PAUSE_MAX_MS 60000
/* Vectors of questions that were asked, kept: some hundred. */
#define LIMIT_QUESTION_CACHE_BYTES (1024 * 1024)

/* --- the machine ---------------------------------------------------------- */
/* (c) Free bytes on the disk of the database below which writes stop. */
#define LIMIT_DISK_FREE_BYTES (200LL * 1024 * 1024)
/* WAL pages at which a commit checkpoints after all (brake: 16 MB). */
#define LIMIT_WAL_PAGES 4000
/* Bytes of WAL above which the writer waits a moment for its readers, to begin
 * it anew and cut the file back: a reader that kept its snapshot for long has
 * made it so large. */
#define LIMIT_WAL_BYTES (24 * 1024 * 1024)
/* Bytes of WAL that stay when nobody writes: writing into a file that is there
 * is cheaper than making it longer, but not for hours. */
#define LIMIT_WAL_REST_BYTES (1024 * 1024)
/* A dictionary of bodies: deflate reaches no farther back. */
#define LIMIT_DICTIONARY_BYTES 32768
/* Texts from which one is made: more of them change little, and the time is the
 * writer's. Of a long text only its beginning, or it would be all of them. */
#define LIMIT_TRAIN_BYTES      (1024 * 1024)
#define LIMIT_TRAIN_TEXT_BYTES 2048
/* Longer texts are not packed anew with a dictionary: it saves next to nothing
 * of them, and a slice of the writer would last too long. */
#define LIMIT_PACK_TEXT_BYTES (32 * 1024)
/* Seconds a spawned service stays without connection and job. */
#define LIMIT_SPAWNED_IDLE_S 600
/* The log file of a spawned service: 2 x this. */
#define LIMIT_LOG_FILE_BYTES (5 * 1024 * 1024)
/* Packed logs of past days: a month of them, and at most so many files of 5 MiB
 * before packing, whatever somebody makes the service write. */
#define LIMIT_LOG_DAYS	30
#define LIMIT_LOG_FILES 60

/* --- scripts (execute_code) ----------------------------------------------- */
/* Milliseconds: the default, and the most a call may ask for. */
#define LIMIT_SCRIPT_WALL_MS	 5000
#define LIMIT_SCRIPT_WALL_MAX_MS 30000
/* Bytes a script's values may take: an arena mapped before it starts. */
#define LIMIT_SCRIPT_MEMORY_BYTES (64 * 1024 * 1024)
/* Bytes of source: the parser needs seconds for some texts above this. */
#define LIMIT_SCRIPT_SOURCE_BYTES (128 * 1024)
/* Bytes of print: the rest is cut. */
#define LIMIT_SCRIPT_OUTPUT_BYTES (64 * 1024)
/* The result: a script is there to answer little. */
#define LIMIT_SCRIPT_RESULT_BYTES (256 * 1024)
#define LIMIT_SCRIPT_RESULT_NODES 50000
#define LIMIT_SCRIPT_DEPTH	  64
/* Calls of the API in one run, and the bytes that they carry. */
#define LIMIT_SCRIPT_CALLS	1000
#define LIMIT_SCRIPT_CALL_BYTES (16 * 1024 * 1024)
/* Bytes of one message between a jail and memory-db, either way. */
#define LIMIT_SCRIPT_FRAME_BYTES (1024 * 1024)
/* Jails that wait ready: a burst of scripts finds them, while each takes a
 * millisecond to replace. One waiting costs some 300 KB. */
#define LIMIT_SCRIPT_POOL     4
#define LIMIT_SCRIPT_POOL_MAX 4
/* Facts that an agent's session may hide in a minute without confirm: more than
 * tidying up takes, few enough to look through (model/write/hiding_budget.h). */
#define LIMIT_HIDDEN_UNASKED 50
/* Pins of a namespace that count: each is part of every context, and so costs
 * every agent tokens. */
#define LIMIT_PINS 20
/* Bytes of the code of a skill: it is kept like metadata. */
#define LIMIT_SKILL_BYTES (48 * 1024)
/* The workspace of a namespace: values, bytes of one, bytes of all. It is for
 * what scripts hand to each other, not for documents. */
#define LIMIT_FILES	  1000
#define LIMIT_FILE_BYTES  (256 * 1024)
#define LIMIT_FILES_BYTES (16 * 1024 * 1024)
/* Scripts waiting for one of the threads that run them (work/fair.h): of a
 * session beside the one that runs (agents ask a few at once), running or
 * waiting of a process, waiting of all. Above: busy. */
#define LIMIT_SCRIPT_WAITING 2
#define LIMIT_SCRIPT_PROCESS 24
#define LIMIT_SCRIPT_QUEUE   128
/* CPU time of the scripts of a session, a minute: half a core. */
#define LIMIT_SCRIPT_CPU_MS 30000
/* Sessions and processes whose use is remembered: three for each script there
 * can be, and as many again. */
#define LIMIT_SCRIPT_ACCOUNTS 1024

/* --- what MCP clients get (memory-mcp) ------------------------------------ */
/* Bytes of a JSON-RPC line. */
#define LIMIT_MCP_LINE_BYTES (4 * 1024 * 1024)
/* Default budgets: search_nodes and recall in tokens, a page of a graph in bytes. */
#define LIMIT_MCP_SEARCH_TOKENS 2000
#define LIMIT_MCP_RECALL_TOKENS 800
/* Rows of recall below this share of the best one only cost tokens. */
#define LIMIT_MCP_RECALL_CUT 0.3
#define LIMIT_MCP_PAGE_BYTES 40000
/* All calls of one memory-mcp under way. */
#define LIMIT_MCP_CALLS 256
/* Bytes of the requests under way, and of answers the client has not read:
 * above, memory-mcp stops reading until there is room. */
#define LIMIT_MCP_INPUT_BYTES  (32 * 1024 * 1024)
#define LIMIT_MCP_OUTPUT_BYTES (16 * 1024 * 1024)
/* Bytes of one answer with a whole graph (compat): the clients' read buffer
 * is 10 MiB. */
#define LIMIT_MCP_ANSWER_BYTES (9 * 1024 * 1024)
/* Resource URIs of one subscription, and subscriptions. */
#define LIMIT_MCP_SUBSCRIPTIONS 256

#endif
