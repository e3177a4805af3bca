-- A name may lead to several entities: which one it means depends on branch and
-- time (store/facts/entity_names.c). Rows are candidates; facts decide.
CREATE TABLE alias_new(
  ns INTEGER NOT NULL, name TEXT NOT NULL,
  entity INTEGER NOT NULL REFERENCES entity,
  lent INTEGER NOT NULL,                 -- 1: not by a rename; it leads to the
                                         -- entity wherever that exists
  PRIMARY KEY(ns, name, entity)) STRICT, WITHOUT ROWID;
INSERT INTO alias_new(ns, name, entity, lent)
  SELECT ns, name, entity, 1 FROM alias;
DROP TABLE alias;
ALTER TABLE alias_new RENAME TO alias;
CREATE INDEX alias_entity ON alias(entity);
