-- Memory as a versioned set of facts. Plain SQL only: no triggers, no own
-- functions, so the sqlite3 command line can read, write and dump the file.

-- who, where: small interned texts, partitions with the heads of their chains
CREATE TABLE label(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE namespace(
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  stem TEXT NOT NULL DEFAULT 'english',  -- Snowball language of its text index
  head BLOB NOT NULL,                    -- chain after its newest change
  last_change INTEGER NOT NULL DEFAULT 0,
  fact_max INTEGER NOT NULL,             -- highest ids given: id<<33 at first
  past_max INTEGER NOT NULL) STRICT;
CREATE TABLE namespace_alias(name TEXT PRIMARY KEY, ns INTEGER NOT NULL
  REFERENCES namespace) STRICT, WITHOUT ROWID;
CREATE TABLE branch(
  id INTEGER PRIMARY KEY, ns INTEGER NOT NULL, name TEXT NOT NULL,
  parent INTEGER REFERENCES branch,
  fork INTEGER NOT NULL,                 -- last change of the parent it sees
  state INTEGER NOT NULL DEFAULT 0,      -- 0 open, 1 merged, 2 discarded, 3 leased
  about TEXT,                            -- description
  UNIQUE(ns, name)) STRICT;              -- id 1 = main of every namespace

-- the log: one row a change (at never decreases); ops are what it did
CREATE TABLE change(
  id INTEGER PRIMARY KEY, ns INTEGER NOT NULL, at INTEGER NOT NULL,
  branch INTEGER NOT NULL REFERENCES branch, kind INTEGER NOT NULL,
  actor INTEGER REFERENCES label, client INTEGER REFERENCES label,
  session INTEGER REFERENCES label,
  message TEXT, message_salt BLOB, message_digest BLOB,
  about INTEGER,                         -- the change undone, branch merged
  fact_max INTEGER NOT NULL, past_max INTEGER NOT NULL, -- of ns, after it
  chain BLOB NOT NULL) STRICT;
CREATE INDEX change_session ON change(session, id) WHERE session IS NOT NULL;
CREATE TABLE op(
  change INTEGER NOT NULL, seq INTEGER NOT NULL,
  what INTEGER NOT NULL,                 -- enum op_what in store/log/change.h
  entity INTEGER NOT NULL, fact INTEGER, key INTEGER, value INTEGER,
  PRIMARY KEY(change, seq)) STRICT, WITHOUT ROWID;

-- identity: the first name in a namespace, one id for ever, on every branch
CREATE TABLE entity(
  id INTEGER PRIMARY KEY, ns INTEGER NOT NULL REFERENCES namespace,
  name TEXT,                             -- NULL = forgotten
  UNIQUE(ns, name)) STRICT;
CREATE TABLE alias(ns INTEGER NOT NULL, name TEXT NOT NULL,
  entity INTEGER NOT NULL REFERENCES entity,
  PRIMARY KEY(ns, name)) STRICT, WITHOUT ROWID;
CREATE INDEX alias_entity ON alias(entity);

-- content, immutable. kind 0 existence (label = type, body = current name when
-- it differs from entity.name), 1 observation, 2 relation (peer, label = its
-- type), 3 metadata (body = JSON object)
CREATE TABLE fact(
  id INTEGER PRIMARY KEY, entity INTEGER NOT NULL REFERENCES entity,
  kind INTEGER NOT NULL, peer INTEGER REFERENCES entity,
  label INTEGER REFERENCES label, weight REAL,
  method INTEGER NOT NULL,               -- 0 manual 1 auto 2 import 3 script
  confidence REAL, valid_from INTEGER, valid_to INTEGER,
  source INTEGER REFERENCES label,       -- session the content comes from
  speaker INTEGER REFERENCES label,
  source_at INTEGER,                     -- when it was said there
  supersedes INTEGER,                    -- the fact this one replaces
  flags INTEGER NOT NULL DEFAULT 0,      -- 1 has sources, or says derived_from
  same INTEGER,                          -- 31 bits of keyed hash of the text
  salt BLOB,                             -- NULL = erased; the digest stays
  digest BLOB NOT NULL, size INTEGER NOT NULL,
  body BLOB) STRICT;                     -- codec byte, dictionary id, data
CREATE INDEX fact_same ON fact(entity, same);
CREATE INDEX fact_peer ON fact(peer) WHERE peer IS NOT NULL;
CREATE INDEX fact_existence ON fact(id) WHERE kind = 0;
-- what was said in a session, in order of arrival
CREATE INDEX fact_source ON fact(source) WHERE source IS NOT NULL AND kind = 1;
CREATE INDEX fact_derived ON fact(entity) WHERE flags <> 0;

-- presence: a fact holds on branch from change added until before removed;
-- open = 140737488355327 (2^47-1). An empty span (added = removed) on a branch
-- masks what the parent shows.
CREATE TABLE span(
  fact INTEGER NOT NULL REFERENCES fact, branch INTEGER NOT NULL,
  added INTEGER NOT NULL, removed INTEGER NOT NULL, entity INTEGER NOT NULL,
  PRIMARY KEY(fact, branch, added)) STRICT, WITHOUT ROWID;
CREATE INDEX span_at ON span(entity, branch, removed);
CREATE INDEX span_branch ON span(branch, fact) WHERE branch <> 1;

-- attributes of an entity that are numbers (1 tier, 2 pin), same intervals
CREATE TABLE attr(
  entity INTEGER NOT NULL, branch INTEGER NOT NULL, key INTEGER NOT NULL,
  removed INTEGER NOT NULL, added INTEGER NOT NULL, value INTEGER,
  PRIMARY KEY(entity, branch, key, removed)) STRICT, WITHOUT ROWID;
-- pinned entities: part of every context
CREATE INDEX attr_pin ON attr(entity) WHERE key = 2 AND value = 1;
CREATE TABLE usage(
  entity INTEGER PRIMARY KEY REFERENCES entity, hits INTEGER NOT NULL,
  last_at INTEGER NOT NULL, confirmed_at INTEGER NOT NULL) STRICT;
CREATE TABLE version(
  entity INTEGER NOT NULL, branch INTEGER NOT NULL, n INTEGER NOT NULL,
  change INTEGER NOT NULL,
  bytes INTEGER NOT NULL,                -- {"observations":[...]} of it as JSON
  PRIMARY KEY(entity, branch, n)) STRICT, WITHOUT ROWID;
CREATE TABLE derived(source INTEGER NOT NULL, fact INTEGER NOT NULL,
  PRIMARY KEY(source, fact)) STRICT, WITHOUT ROWID;
CREATE INDEX derived_fact ON derived(fact);

CREATE TABLE merged(branch INTEGER NOT NULL, at INTEGER NOT NULL,
  upto INTEGER NOT NULL, PRIMARY KEY(branch, at)) STRICT, WITHOUT ROWID;
CREATE TABLE conflict(
  id INTEGER PRIMARY KEY, entity INTEGER NOT NULL, other INTEGER,
  kind INTEGER NOT NULL, base INTEGER, ours INTEGER, theirs INTEGER,
  confidence REAL, action INTEGER, state INTEGER NOT NULL,
  found INTEGER NOT NULL, closed INTEGER, notes TEXT) STRICT;
CREATE TABLE dictionary(id INTEGER PRIMARY KEY, at INTEGER NOT NULL,
  bytes BLOB) STRICT;
CREATE TABLE request(key BLOB PRIMARY KEY, change INTEGER NOT NULL,
  at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX request_at ON request(at);
CREATE TABLE meta(key TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;
-- counters behind status: kind 1 totals, 2 by type, 3 by tier (store/facts/counters.c)
CREATE TABLE tally(ns INTEGER NOT NULL, kind INTEGER NOT NULL,
  key INTEGER NOT NULL, n INTEGER NOT NULL,
  PRIMARY KEY(ns, kind, key)) STRICT, WITHOUT ROWID;

-- what reads gave, newest 5,000: outside the log (store/beside/receipts.h)
CREATE TABLE receipt(
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL, kind INTEGER NOT NULL,
  ns INTEGER NOT NULL, branch INTEGER NOT NULL, change INTEGER NOT NULL,
  relevant INTEGER NOT NULL, query TEXT NOT NULL,
  facts TEXT NOT NULL) STRICT;           -- [fact, score, fact, score, ...]

-- text: contentless indexes over tokens made by text_tokens(), separated by
-- spaces. live: rowid = fact, open on main now. past: rowid = past.id, closed
-- on main, in order of closing. branch: rowid = branch_text.id, a fact that a
-- branch has shown; scope = 'b<branch>'.
CREATE TABLE past(
  id INTEGER PRIMARY KEY, fact INTEGER NOT NULL, added INTEGER NOT NULL,
  removed INTEGER NOT NULL) STRICT;
CREATE INDEX past_fact ON past(fact);
CREATE TABLE branch_text(
  id INTEGER PRIMARY KEY, fact INTEGER NOT NULL, branch INTEGER NOT NULL,
  UNIQUE(fact, branch)) STRICT;
CREATE VIRTUAL TABLE ft_live USING fts5(name, body, content='',
  columnsize=0, detail=column, tokenize='ascii');
CREATE VIRTUAL TABLE ft_past USING fts5(name, body, content='',
  columnsize=0, detail=column, tokenize='ascii');
CREATE VIRTUAL TABLE ft_branch USING fts5(scope, name, body, content='',
  columnsize=0, detail=column, tokenize='ascii');
-- every word ever indexed, folded, not stemmed: substring search
CREATE TABLE term(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
CREATE VIRTUAL TABLE ft_term USING fts5(text, content='', columnsize=0,
  detail=none, tokenize='trigram case_sensitive 1');

-- the three tables that readers of the original guide know
CREATE VIEW entities AS
SELECT e.id AS id, e.name AS name, t.text AS entity_type,
  CASE coalesce((SELECT value FROM attr a WHERE a.entity = e.id
      AND a.branch = 1 AND a.key = 1 AND a.removed = 140737488355327), 0)
    WHEN 0 THEN 'working' WHEN 1 THEN 'episodic' WHEN 2 THEN 'semantic'
    ELSE 'procedural' END AS tier,
  (SELECT group_concat(hex(f.body), ' ') FROM span s JOIN fact f
    ON f.id = s.fact WHERE s.entity = e.id AND s.branch = 1
    AND s.removed = 140737488355327 AND f.kind = 1) AS compressed_data,
  v.bytes AS original_size,
  (SELECT coalesce(sum(length(f.body)), 0) FROM span s JOIN fact f
    ON f.id = s.fact WHERE s.entity = e.id AND s.branch = 1
    AND s.removed = 140737488355327) AS compressed_size,
  (SELECT coalesce(sum(length(f.body)), 0) FROM span s JOIN fact f
    ON f.id = s.fact WHERE s.entity = e.id AND s.branch = 1
    AND s.removed = 140737488355327) * 1.0 / max(v.bytes, 1)
    AS compression_ratio,
  lower(hex(x.digest)) AS checksum,
  coalesce(u.hits, 0) AS access_count,
  datetime((SELECT at FROM change WHERE id = (SELECT change FROM version w
    WHERE w.entity = e.id AND w.branch = 1 ORDER BY n LIMIT 1)) / 1000,
    'unixepoch') AS created_at,
  datetime(u.last_at / 1000, 'unixepoch') AS last_accessed,
  v.n AS current_version, 'main' AS current_branch,
  coalesce((SELECT value FROM attr a WHERE a.entity = e.id AND a.branch = 1
    AND a.key = 2 AND a.removed = 140737488355327), 0) AS always_include,
  (SELECT text FROM label WHERE id = coalesce(x.source, c.session))
    AS source_session,
  datetime(coalesce(x.source_at, c.at) / 1000, 'unixepoch')
    AS source_timestamp,
  CASE x.method WHEN 0 THEN 'manual' WHEN 1 THEN 'auto' WHEN 2 THEN 'import'
    ELSE 'script' END AS extraction_method,
  datetime(coalesce(u.confirmed_at, d.at) / 1000, 'unixepoch')
    AS last_confirmed,
  exp(-0.01 * max(0, julianday('now') - julianday(
    coalesce(u.confirmed_at, d.at) / 1000, 'unixepoch'))) AS relevance_score,
  (SELECT f.entity FROM derived r JOIN fact f ON f.id = r.source
    WHERE r.fact = x.id LIMIT 1) AS parent_entity_id,
  (SELECT CASE k.action WHEN 1 THEN 'merge' WHEN 2 THEN 'update'
      WHEN 3 THEN 'branch' END FROM conflict k WHERE k.entity = e.id
    AND k.state <> 0 ORDER BY k.id DESC LIMIT 1)
    AS conflict_resolution_method
FROM fact x
JOIN span p ON p.fact = x.id AND p.branch = 1
  AND p.removed = 140737488355327
JOIN entity e ON e.id = x.entity
JOIN label t ON t.id = x.label
JOIN version v ON v.entity = e.id AND v.branch = 1 AND v.n =
  (SELECT max(n) FROM version w WHERE w.entity = e.id AND w.branch = 1)
JOIN change c ON c.id = p.added
JOIN change d ON d.id = v.change
LEFT JOIN usage u ON u.entity = e.id
WHERE x.kind = 0;

CREATE VIEW versions AS
SELECT v.change * 4096 + v.entity % 4096 AS id, v.entity AS entity_id,
  v.n AS version_number, b.name AS branch_name,
  (SELECT group_concat(hex(f.body), ' ') FROM op o JOIN fact f
    ON f.id = o.fact WHERE o.change = v.change AND o.entity = v.entity
    AND o.what = 1) AS compressed_data,
  c.message AS commit_message,
  datetime(c.at / 1000, 'unixepoch') AS created_at
FROM version v JOIN change c ON c.id = v.change
JOIN branch b ON b.id = v.branch;

CREATE VIEW conflicts AS
SELECT id, entity AS entity_id, other AS conflicting_entity_id,
  CASE kind WHEN 1 THEN 'duplicate' WHEN 2 THEN 'update'
    WHEN 3 THEN 'contradiction' WHEN 4 THEN 'attribute' ELSE 'merge' END
    AS conflict_type,
  coalesce(confidence, 1.0) AS confidence,
  CASE action WHEN 1 THEN 'merge' WHEN 2 THEN 'update' WHEN 3 THEN 'branch'
    END AS suggested_action,
  CASE state WHEN 0 THEN 'pending' WHEN 1 THEN 'resolved' ELSE 'dismissed'
    END AS resolution_status,
  datetime(found / 1000, 'unixepoch') AS detected_at,
  datetime(closed / 1000, 'unixepoch') AS resolved_at,
  notes AS resolution_notes
FROM conflict;

INSERT INTO branch(id, ns, name, parent, fork) VALUES(1, 0, 'main', NULL, 0);
INSERT INTO namespace(id, name, head, fact_max, past_max)
  VALUES(1, 'default', zeroblob(32), 8589934592, 8589934592);
