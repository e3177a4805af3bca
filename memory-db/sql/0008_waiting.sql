-- Index rows that are not as they should be yet (store/index/text_wait.h): what one
-- change brings or takes beyond a bound is done in slices.
CREATE TABLE text_wait(
  fact INTEGER NOT NULL,
  ix INTEGER NOT NULL,                   -- 0 ft_live, 1 ft_past, 2 ft_branch
  row INTEGER NOT NULL,                  -- rowid there
  branch INTEGER NOT NULL,               -- of a row of ft_branch, else 0
  goal INTEGER NOT NULL,                 -- 1 to be in the index, 0 not
  parts INTEGER NOT NULL,                -- parts that are in it; -1 all
  words INTEGER NOT NULL,                -- bytes whose words are in `term`;
                                         -- -1 all
  size INTEGER NOT NULL,                 -- bytes of its text
  PRIMARY KEY(fact, ix, row)) STRICT, WITHOUT ROWID;
-- Texts of erased facts whose index rows and words are still to be taken out.
CREATE TABLE text_gone(
  fact INTEGER PRIMARY KEY,
  name TEXT NOT NULL, body TEXT NOT NULL,
  words INTEGER NOT NULL) STRICT;        -- bytes whose words are out of `term`
