-- Vectors of texts, derived from them: no change, no history, not exported.

-- the space of the vectors: only those of one model may be compared
CREATE TABLE vector_model(
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  dims INTEGER NOT NULL,
  UNIQUE(name, dims)) STRICT;

-- head: several vectors a fact; 0 is the whole text. data: see
-- store/index/vectors.h; empty where the text could not be embedded. A table with
-- rowids, as rows are large: in an index they would spill sooner.
CREATE TABLE vector(
  id INTEGER PRIMARY KEY,
  model INTEGER NOT NULL, head INTEGER NOT NULL, fact INTEGER NOT NULL,
  data BLOB NOT NULL) STRICT;
CREATE UNIQUE INDEX vector_fact ON vector(model, head, fact);
