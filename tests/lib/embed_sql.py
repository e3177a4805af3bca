"""Turns the schema steps (memory-db/sql/NNNN_*.sql) into C strings."""
import os
import sys

print('#include "memory-db/store/migrate.h"\n')
steps = []
for path in sys.argv[1:]:
    number = int(os.path.basename(path).split("_")[0])
    text = open(path, encoding="utf-8").read()
    lines = "\n".join('\t"%s\\n"' % line.replace("\\", "\\\\").replace('"', '\\"')
                      for line in text.splitlines())
    print("static const char step_%d[] =\n%s;\n" % (number, lines))
    steps.append(number)
print("const struct migrate_step migrate_steps[] = {")
for number in sorted(steps):
    print("\t{%d, step_%d}," % (number, number))
print("};\nconst size_t migrate_steps_n = %d;" % len(steps))
