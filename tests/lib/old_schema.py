"""The schema of a file taken back to an earlier step, for tests of files from
before. Columns that steps added to a table that stays are not taken away."""
import sqlite3

from harness import ROOT

STEPS = {int(p.name[:4]): p.read_text(encoding="utf-8")
         for p in (ROOT / "memory-db/sql").glob("*.sql")}

# Words on their way (step 11) go where the steps before have them.
SETTLE = """WITH RECURSIVE line(word, rest) AS (
    SELECT '', (SELECT group_concat(words, '') FROM {new}term_new)
    UNION ALL SELECT substr(rest, 1, instr(rest, char(10)) - 1),
      substr(rest, instr(rest, char(10)) + 1) FROM line WHERE rest <> '')
  {then}"""
WORDS = "SELECT word FROM line WHERE word <> ''"


def settle_words(new=""):
    """Statements that do so; new: where term_new is ("new."), if elsewhere."""
    return [
        SETTLE.format(new=new, then="INSERT OR IGNORE INTO main.term(text) " +
                      WORDS),
        SETTLE.format(new=new, then="INSERT INTO main.ft_term(rowid, text) "
                      f"SELECT id, text FROM main.term WHERE text IN ({WORDS})")]


def back_to(schema):
    """Statements that turn a file of today into one of an earlier schema; the
    number of the schema is the caller's to set."""
    made = []
    for last in (schema, max(STEPS)):
        db = sqlite3.connect(":memory:")
        for number in range(1, last + 1):
            db.executescript(STEPS[number])
        made.append({(kind, name): sql for kind, name, sql in db.execute(
            "SELECT type, name, sql FROM sqlite_schema "
            "WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'")})
        db.close()
    old, new = made
    drop = [k for k in new if old.get(k) != new[k]]
    settle = settle_words() if schema < 11 else []
    return settle + \
        [f"DROP {kind} {name}" for kind, name in drop
         if kind in ("table", "view")] + \
        [f"DROP INDEX IF EXISTS {name}" for kind, name in drop
         if kind == "index"] + \
        [sql for k, sql in old.items() if new.get(k) != sql]
