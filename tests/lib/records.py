"""The records of the methods (common/contract/tools/), as lib/dump_tools of
the build prints them."""
import json
import subprocess

from harness import BUILD

TABLES = json.loads(subprocess.run([str(BUILD / "lib/dump_tools")], text=True,
                                   capture_output=True, check=True).stdout)
METHODS = {m["name"]: m for m in TABLES["methods"]}
COMPAT = 1 << 5     # TF_COMPAT


def names(table):
    """The names of the members of a table, at its top."""
    return [p["name"] for p in table]
