-- Indexes for filters that few facts pass.

-- what was said when; what has no date of its own is found by the change that
-- showed it
CREATE INDEX fact_when ON fact(source_at)
  WHERE source_at IS NOT NULL AND kind = 1;
-- tags and metadata, of entities and of facts
CREATE INDEX fact_marked ON fact(id) WHERE kind >= 3;
CREATE INDEX attr_tier ON attr(value, entity) WHERE key = 1;
