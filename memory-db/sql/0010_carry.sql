-- Time to live. Of entities (key 5) and of single facts of them (key 6, the
-- earliest) that are to go by themselves: which are due costs one look, however
-- large the memory is (store/beside/curated.h).
CREATE INDEX attr_expires ON attr(value, entity)
  WHERE key IN (5, 6) AND value > 0 AND removed = 140737488355327;
