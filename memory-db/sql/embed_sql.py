"""Turns the schema steps (NNNN_*.sql of this folder) into C. With --version the
number of the newest one, as a header. Else the steps as C strings, and what they
make as a list: the text of every table, index and view, with the first
and the last schema that has it. FTS5 makes its shadow tables itself, so SQLite
is asked rather than the text of the steps."""
import os
import sqlite3
import sys


def quoted(text):
    lines = text.replace("\\", "\\\\").replace('"', '\\"').split("\n")
    return "\n".join('\t"%s\\n"' % line for line in lines)


if sys.argv[1] == "--version":
    print("#define DATABASE_SCHEMA %d" % max(
        int(os.path.basename(path).split("_")[0]) for path in sys.argv[2:]))
    sys.exit()

steps = {}
for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as f:
        steps[int(os.path.basename(path).split("_")[0])] = f.read()

db = sqlite3.connect(":memory:")
objects = {}
for number in sorted(steps):
    db.executescript(steps[number])
    for row in db.execute("SELECT type, name, tbl_name, sql "
                          "FROM sqlite_schema"):
        first = objects[row][0] if row in objects else number
        assert row not in objects or objects[row][1] == number - 1, row
        objects[row] = (first, number)
db.close()

print('#include <stddef.h>\n\n#include "memory-db/store/engine/migrate.h"\n')
for number in sorted(steps):
    print("static const char step_%d[] =\n%s;\n" % (
        number, quoted(steps[number].removesuffix("\n"))))
print("const struct migrate_step migrate_steps[] = {")
for number in sorted(steps):
    print("\t{%d, step_%d}," % (number, number))
print("};\nconst size_t migrate_steps_n = %d;\n" % len(steps))
print("const struct migrate_object migrate_objects[] = {")
for (kind, name, table, sql), (first, last) in sorted(
        objects.items(), key=lambda o: o[0][:3] + o[1]):
    print('{%d, %d, "%s", "%s", "%s",\n%s},' % (
        first, last, kind, name, table,
        "NULL" if sql is None else quoted(sql)))
print("};\nconst size_t migrate_objects_n = %d;" % len(objects))
