-- Dictionaries of texts, made from the texts of one namespace
-- (store/facts/pack.h). A row never changes; it goes when no text needs it any
-- more, and its id is not given again. Nobody wrote the table before.
DROP TABLE dictionary;
CREATE TABLE dictionary(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  ns INTEGER NOT NULL, at INTEGER NOT NULL,
  digest BLOB NOT NULL,                  -- of bytes, 16 bytes
  bytes BLOB NOT NULL) STRICT;
-- How far the texts of a namespace are packed.
CREATE TABLE packing(
  ns INTEGER PRIMARY KEY,
  dictionary INTEGER NOT NULL,           -- of facts up to `upto`; 0 built in
  upto INTEGER NOT NULL,                 -- fact
  trained INTEGER NOT NULL,              -- facts there were at the last try
  stale INTEGER NOT NULL) STRICT;        -- 1 a dictionary holds an erased text,
                                         -- 2 the last use of one is to go
-- Changes of agents that wait for review (store/log/staged.h), and what became
-- of them. The change itself, with its facts, is on a branch called inbox.
CREATE TABLE staged(
  change INTEGER PRIMARY KEY,            -- as the agent wrote it
  ns INTEGER NOT NULL,
  session INTEGER NOT NULL,              -- label; 0: of no session
  branch INTEGER NOT NULL,               -- inbox on which it was written
  shown INTEGER NOT NULL,                -- inbox that shows it now; 0: none
  at INTEGER NOT NULL,                   -- ms
  facts INTEGER NOT NULL, bytes INTEGER NOT NULL,
  state INTEGER NOT NULL,                -- enum staged_state
  decided INTEGER,                       -- ms
  applied INTEGER,                       -- change of main that took it
  told INTEGER NOT NULL DEFAULT 0,       -- its session was told of the decision
  by TEXT, note TEXT) STRICT;            -- who decided, and why
CREATE INDEX staged_waiting ON staged(ns, state, session, bytes);
CREATE INDEX staged_session ON staged(ns, session, state, change);
CREATE INDEX staged_shown ON staged(shown, state) WHERE shown <> 0;
-- What keeps the memory in order.

-- Tiers. What the runs of curation did, and why (store/beside/curated.h): of this
-- file alone, as the changes tell what became of each entity.
CREATE TABLE curated(
  run TEXT NOT NULL, seq INTEGER NOT NULL,
  change INTEGER NOT NULL, entity INTEGER NOT NULL,
  rule TEXT NOT NULL,                    -- name in curation_rules.def
  was INTEGER NOT NULL, became INTEGER NOT NULL,
  age_days INTEGER NOT NULL, quiet_days INTEGER NOT NULL,
  uses INTEGER NOT NULL,
  PRIMARY KEY(run, seq)) STRICT, WITHOUT ROWID;
CREATE INDEX curated_entity ON curated(entity);

-- An entity is confirmed by what was written about it last, or by attribute 4:
-- a change of its tier is no confirmation.
DROP VIEW entities;
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
  datetime(k.at / 1000, 'unixepoch') AS last_confirmed,
  exp(-0.01 * max(0, julianday('now') - julianday(k.at / 1000, 'unixepoch')))
    AS relevance_score,
  (SELECT f.entity FROM derived r JOIN fact f ON f.id = r.source
    WHERE r.fact = x.id LIMIT 1) AS parent_entity_id,
  (SELECT CASE a.value WHEN 1 THEN 'merge' WHEN 2 THEN 'update'
      WHEN 3 THEN 'branch' WHEN 4 THEN 'keep_both' END FROM attr a
    WHERE a.entity = e.id AND a.branch = 1 AND a.key > 1024
      AND a.removed = 140737488355327 AND a.value <> 0
    ORDER BY a.added DESC LIMIT 1) AS conflict_resolution_method
FROM fact x
JOIN span p ON p.fact = x.id AND p.branch = 1
  AND p.removed = 140737488355327
JOIN entity e ON e.id = x.entity
JOIN label t ON t.id = x.label
JOIN version v ON v.entity = e.id AND v.branch = 1 AND v.n =
  (SELECT max(n) FROM version w WHERE w.entity = e.id AND w.branch = 1)
JOIN change c ON c.id = p.added
JOIN (SELECT y.id AS id, max(coalesce((SELECT value FROM attr a
      WHERE a.entity = y.id AND a.branch = 1 AND a.key = 4
      AND a.removed = 140737488355327), 0),
    coalesce((SELECT at FROM change WHERE id = (SELECT max(s.added)
      FROM span s JOIN fact f ON f.id = s.fact WHERE s.entity = y.id
      AND s.branch = 1 AND s.removed = 140737488355327 AND f.kind <= 1)),
      0)) AS at FROM entity y) k ON k.id = e.id
LEFT JOIN usage u ON u.entity = e.id
WHERE x.kind = 0;

-- --- conflicts between facts ------------------------------------------------
-- A row of kind 1 to 3 or 6 says that two facts are a duplicate, two values, a
-- contradiction, or one after the other in time: `ours` was there, `theirs` is
-- the newer one. It never changes. What was decided about it is an attribute of
-- the entity with the key 1024 + conflict.id, so that it belongs to a branch and
-- a time, and an undo takes it back; whether it is pending follows from that
-- and from which of the two facts are visible.
ALTER TABLE conflict ADD COLUMN ns INTEGER;
UPDATE conflict SET ns = (SELECT ns FROM entity e WHERE e.id = conflict.entity);
CREATE INDEX conflict_ns ON conflict(ns, id);
CREATE INDEX conflict_ours ON conflict(ours, theirs)
  WHERE kind IN (1, 2, 3, 6);
CREATE INDEX conflict_theirs ON conflict(theirs) WHERE kind IN (1, 2, 3, 6);
CREATE INDEX conflict_entity ON conflict(entity);
CREATE INDEX conflict_other ON conflict(other) WHERE other IS NOT NULL;
-- as the original guide has them, on main and now
DROP VIEW conflicts;
CREATE VIEW conflicts AS
SELECT c.id AS id, c.entity AS entity_id, c.other AS conflicting_entity_id,
  CASE c.kind WHEN 1 THEN 'duplicate' WHEN 2 THEN 'update'
    WHEN 3 THEN 'contradiction' WHEN 4 THEN 'attribute' WHEN 6 THEN 'succession'
    ELSE 'merge' END AS conflict_type,
  coalesce(c.confidence, 1.0) AS confidence,
  CASE c.action WHEN 1 THEN 'merge' WHEN 2 THEN 'update' WHEN 3 THEN 'branch'
    WHEN 4 THEN 'keep_both' END AS suggested_action,
  CASE WHEN coalesce(a.value, 0) <> 0 OR c.state = 1 THEN 'resolved'
    WHEN c.state = 2 OR c.kind = 6 OR (c.kind < 4 AND 2 > (SELECT count(*)
      FROM span s WHERE s.fact IN (c.ours, c.theirs) AND s.branch = 1
      AND s.removed = 140737488355327)) THEN 'dismissed'
    ELSE 'pending' END AS resolution_status,
  datetime(c.found / 1000, 'unixepoch') AS detected_at,
  datetime(coalesce(h.at, c.closed) / 1000, 'unixepoch') AS resolved_at,
  coalesce(h.message, c.notes) AS resolution_notes
FROM conflict c
LEFT JOIN attr a ON a.entity = c.entity AND a.branch = 1
  AND a.key = 1024 + c.id AND a.removed = 140737488355327 AND a.value <> 0
LEFT JOIN change h ON h.id = a.added;
