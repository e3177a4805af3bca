-- What scripts keep beside the log.

-- the workspace: small named values of a namespace, not versioned. id grows
-- with each write: two equal ids are the same content.
CREATE TABLE file(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  ns INTEGER NOT NULL REFERENCES namespace,
  name TEXT NOT NULL, at INTEGER NOT NULL,
  size INTEGER NOT NULL,                 -- bytes of body
  body TEXT NOT NULL,                    -- the value as JSON
  UNIQUE(ns, name)) STRICT;

-- how the runs of a skill went; like usage: no change, no history
CREATE TABLE skill_run(
  entity INTEGER PRIMARY KEY REFERENCES entity, runs INTEGER NOT NULL,
  ok INTEGER NOT NULL, us INTEGER NOT NULL, -- of all runs together
  last_at INTEGER NOT NULL) STRICT;
