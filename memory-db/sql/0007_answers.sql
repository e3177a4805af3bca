-- The first answer of a request with a key, for its retries: the newest 10,000,
-- outside the log (store/beside/keys.h). ns: whose texts it may hold; 0: of any,
-- -1: of none.
CREATE TABLE answer(
  id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, ns INTEGER NOT NULL,
  asked INTEGER NOT NULL, body TEXT) STRICT;
