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
