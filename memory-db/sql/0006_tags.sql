-- Tags of facts by their label, metadata of entities (which holds their tags)
-- by namespace: one tag leads to few facts, however many others there are.
DROP INDEX fact_marked;
CREATE INDEX fact_tag ON fact(label) WHERE kind = 4;
CREATE INDEX fact_metadata ON fact(id) WHERE kind = 3;
