-- New words on their way into `term` (store/index/terms_wait.h): a row for each
-- group that brought some, a line for each word.
CREATE TABLE term_new(id INTEGER PRIMARY KEY, words TEXT NOT NULL) STRICT;
