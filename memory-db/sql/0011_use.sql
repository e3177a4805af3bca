-- New words on their way into `term` (store/index/terms_wait.h): a row for each
-- group that brought some, a line for each word.
CREATE TABLE term_new(id INTEGER PRIMARY KEY, words TEXT NOT NULL) STRICT;

-- Of what use facts were that somebody was shown (store/beside/outcomes.h):
-- counters as `usage` is, no change and no history. ns is the namespace of who
-- was shown it: a fact of the user's memory (`default`) may be of use to one
-- project and in the way of another. day and of_day bound what one day may add.
CREATE TABLE outcome(
  ns INTEGER NOT NULL REFERENCES namespace, fact INTEGER NOT NULL,
  used INTEGER NOT NULL, ignored INTEGER NOT NULL,
  contradicted INTEGER NOT NULL, last_at INTEGER NOT NULL,
  day INTEGER NOT NULL, of_day INTEGER NOT NULL,
  PRIMARY KEY(ns, fact)) STRICT, WITHOUT ROWID;
CREATE INDEX outcome_fact ON outcome(fact);
-- The same by day (since 1970, UTC), for figures of a period.
CREATE TABLE outcome_day(
  ns INTEGER NOT NULL REFERENCES namespace, day INTEGER NOT NULL,
  used INTEGER NOT NULL, ignored INTEGER NOT NULL,
  contradicted INTEGER NOT NULL,
  PRIMARY KEY(ns, day)) STRICT, WITHOUT ROWID;
-- Receipts that were judged, the newest 5,000, with what was said of each fact as
-- JSON [fact, outcome, ...]: none counts twice. The highest id is the state of
-- all counters here.
CREATE TABLE judged(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  receipt TEXT NOT NULL UNIQUE, outcomes TEXT NOT NULL) STRICT;
-- What usefulness added to the score of which fact, as JSON {"fact": part}.
ALTER TABLE receipt ADD COLUMN useful TEXT;
