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
CREATE INDEX staged_shown ON staged(shown) WHERE shown <> 0;
