"""The schema of a file taken back to an earlier step, for tests of files from
before. Columns that steps added to a table that stays are not taken away."""
import sqlite3

from harness import ROOT

STEPS = {int(p.name[:4]): p.read_text(encoding="utf-8")
         for p in (ROOT / "memory-db/sql").glob("*.sql")}


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
    return [f"DROP {kind} {name}" for kind, name in drop
            if kind in ("table", "view")] + \
        [f"DROP INDEX IF EXISTS {name}" for kind, name in drop
         if kind == "index"] + \
        [sql for k, sql in old.items() if new.get(k) != sql]
