#!/usr/bin/env python3
"""Forms of C that the product does not use.

A *chain* keeps on asking whether all went well so far, where a function can
return instead:

    rc = read(x);                       rc = read(x);
    if (rc == 0)                        if (rc != 0)
            rc = check(x);                      return rc;
    if (rc == 0)                        rc = check(x);
            rc = write(x);              if (rc != 0)
    return rc;                                  return rc;
                                        return write(x);

Two conditions `rc == 0` in a row are a chain. What a function holds is released
by itself (common/cleanup.h), so that it may return anywhere; where something
must happen in the end all the same, a function inside the function returns
early. A single `if (rc == 0)` before such an end is no chain.

One TAP line a rule; a broken rule lists its places before it."""
import os
import re
import sys

# Where a chain still stands: file: how many. A number may only become smaller,
# and a file that has none is taken out.
PAIRS = {
    "mcp-server/main.c": 1,
    "mcp-server/mcp/compat_text.c": 1,
    "mcp-server/mcp/graph_read.c": 1,
    "mcp-server/mcp/session.c": 1,
    "memory-db/cli/lib/backup_check.c": 2,
    "memory-db/cli/lib/backup_make.c": 3,
    "memory-db/cli/lib/hookfile.c": 1,
    "memory-db/cli/lib/restore_chain.c": 2,
    "memory-db/cli/lib/restore_place.c": 3,
    "memory-db/embed/hash.c": 1,
    "memory-db/method/m_graph.c": 1,
    "memory-db/method/m_handoff.c": 1,
    "memory-db/method/m_resume.c": 6,
    "memory-db/method/m_undo.c": 1,
    "memory-db/method/registry.c": 1,
    "memory-db/model/carry/carry_text.c": 2,
    "memory-db/model/curate/curation_branch.c": 1,
    "memory-db/model/curate/curation_run.c": 1,
    "memory-db/model/extract/extract.c": 2,
    "memory-db/model/extract/extract_store.c": 1,
    "memory-db/model/extract/facts.c": 4,
    "memory-db/model/extract/states.c": 3,
    "memory-db/model/order/on_conflict.c": 1,
    "memory-db/model/order/queue_tell.c": 3,
    "memory-db/model/order/related_reasons.c": 2,
    "memory-db/model/order/resolve.c": 1,
    "memory-db/model/read/diff.c": 8,
    "memory-db/model/read/encode.c": 7,
    "memory-db/model/read/encode_members.c": 8,
    "memory-db/model/read/history.c": 17,
    "memory-db/model/read/provenance.c": 1,
    "memory-db/model/recall/recall_candidates.c": 2,
    "memory-db/model/recall/recall_page.c": 4,
    "memory-db/model/review/review_look.c": 1,
    "memory-db/model/review/review_settle.c": 1,
    "memory-db/model/review/review_withdraw.c": 2,
    "memory-db/model/script/script_commit.c": 1,
    "memory-db/model/search/search_tail.c": 1,
    "memory-db/model/time/revert.c": 1,
    "memory-db/model/transfer/export_current.c": 1,
    "memory-db/options.c": 1,
    "memory-db/store/check/erase.c": 5,
    "memory-db/store/check/erase_segments.c": 4,
    "memory-db/store/check/fts_rebuild.c": 1,
    "memory-db/store/check/verify_changes.c": 3,
    "memory-db/store/check/verify_facts.c": 6,
    "memory-db/store/engine/snapshot.c": 1,
    "memory-db/store/facts/entity_names.c": 1,
    "memory-db/store/index/search.c": 1,
    "memory-db/store/log/change.c": 1,
    "memory-db/work/embedding.c": 1,
    "memory-db/work/embedding_fill.c": 1,
    "memory-db/work/recover.c": 1,
    "sandbox/launch.c": 1,
    "sandbox/run.c": 1,
    "sandbox/talk.c": 1,
}

# The same of conditions within a condition.
LADDERS = {
    "common/sock.c": 1,
    "mcp-server/mcp/relay.c": 1,
    "mcp-server/mcp/session.c": 1,
    "memory-db/cli/cmd_conflicts.c": 1,
    "memory-db/cli/cmd_export.c": 1,
    "memory-db/cli/cmd_history.c": 1,
    "memory-db/cli/cmd_pin.c": 1,
    "memory-db/cli/cmd_review.c": 1,
    "memory-db/cli/cmd_undo.c": 1,
    "memory-db/cli/lib/backup_check.c": 1,
    "memory-db/cli/lib/diff.c": 1,
    "memory-db/cli/lib/hookwork.c": 2,
    "memory-db/cli/lib/importfrom.c": 1,
    "memory-db/cli/lib/targets.c": 1,
    "memory-db/embed/http.c": 3,
    "memory-db/embed/http_reply.c": 1,
    "memory-db/main.c": 1,
    "memory-db/method/m_handoff.c": 2,
    "memory-db/method/m_plans.c": 1,
    "memory-db/method/m_resume.c": 1,
    "memory-db/method/m_skills.c": 1,
    "memory-db/method/m_undo.c": 1,
    "memory-db/model/context/context_line.c": 1,
    "memory-db/model/curate/curation_branch.c": 1,
    "memory-db/model/curate/curation_tell.c": 1,
    "memory-db/model/extract/clause_parts.c": 3,
    "memory-db/model/extract/dates.c": 3,
    "memory-db/model/extract/dates_text.c": 5,
    "memory-db/model/extract/facts.c": 3,
    "memory-db/model/extract/general.c": 1,
    "memory-db/model/extract/render.c": 3,
    "memory-db/model/order/queue.c": 1,
    "memory-db/model/order/scan.c": 1,
    "memory-db/model/order/terms_dates.c": 2,
    "memory-db/model/read/diff.c": 2,
    "memory-db/model/read/history.c": 1,
    "memory-db/model/recall/near_copies.c": 1,
    "memory-db/model/recall/recall_dates.c": 3,
    "memory-db/model/recall/recall_filter.c": 1,
    "memory-db/model/recall/recall_relevance.c": 1,
    "memory-db/model/recall/receipt.c": 1,
    "memory-db/model/script/script_own.c": 1,
    "memory-db/model/search/search_rank.c": 1,
    "memory-db/model/search/substring.c": 1,
    "memory-db/model/secrets/secret_chars.c": 1,
    "memory-db/model/time/merge_values.c": 1,
    "memory-db/model/write/repeats_compare.c": 2,
    "memory-db/net/dispatch.c": 1,
    "memory-db/net/server.c": 1,
    "memory-db/net/status.c": 1,
    "memory-db/store/check/verify_facts.c": 1,
    "memory-db/store/engine/migrate_check.c": 1,
    "memory-db/store/engine/trouble.c": 1,
    "memory-db/store/log/staged.c": 1,
    "sandbox/sandbox.c": 1,
}

# Rooms that are not converted yet.
LATER = ("common/client/", "mcp-server/mcp/", "memory-db/cli/",
         "memory-db/embed/", "memory-db/main.c", "memory-db/net/",
         "memory-db/options.c", "memory-db/store/check/",
         "memory-db/model/carry/", "memory-db/model/curate/",
         "memory-db/model/extract/", "memory-db/model/order/",
         "memory-db/model/read/", "memory-db/model/recall/",
         "memory-db/model/review/")

HOUSES = ("common", "mcp-server", "memory-db", "sandbox")
GUARD = re.compile(r"(\t+)(?:else )?if \((?:(rc|r|ret) == 0|!(rc|r|ret))"
                   r"(?: &&|\)|$)")


def sources():
    """Each .c file of the product."""
    for house in HOUSES:
        for path, _, names in os.walk(house):
            for name in sorted(names):
                if name.endswith(".c"):
                    yield os.path.join(path, name)


def blank(text):
    """The text with comments and strings made of blanks, line for line."""
    def fill(m):
        return re.sub(r"[^\n]", " ", m.group())
    return re.sub(r'/\*.*?\*/|"(?:[^"\\\n]|\\.)*"', fill, text, flags=re.S)


def statement_end(lines, at):
    """The line after the statement that begins at `at`: the next one that is
    not deeper, and that is no closing brace or `else` of it."""
    depth = len(lines[at]) - len(lines[at].lstrip("\t"))
    n = at + 1
    while n < len(lines):
        line = lines[n]
        if line.strip():
            here = len(line) - len(line.lstrip("\t"))
            if here < depth:
                return n
            rest = line.lstrip("\t")
            if here == depth and not rest.startswith(("}", "else")):
                return n
            if here == depth and rest.startswith("else"):
                return -1
            if here == depth and "else" in rest:
                return -1
        n += 1
    return n


def chains(lines):
    """Numbers of the lines where a second condition of a chain stands."""
    for at, line in enumerate(lines):
        first = GUARD.match(line)
        if not first or line.lstrip("\t").startswith("else"):
            continue
        following = statement_end(lines, at)
        if following < 0 or following >= len(lines):
            continue
        second = GUARD.match(lines[following])
        if second and second.group(1) == first.group(1):
            name = [m.group(2) or m.group(3) for m in (first, second)]
            if name[0] == name[1]:
                yield following + 1


def ternaries(text):
    """Numbers of the lines on which a condition stands within another:
    a ? b : c ? d : e."""
    for m in re.finditer(r"[;{}]", text):
        end = re.compile(r"[;{}]").search(text, m.end())
        part = text[m.end():end.start()] if end else ""
        if part.count("?") > 1 and nested(part):
            lead = len(part) - len(part.lstrip())
            yield text.count("\n", 0, m.end() + lead) + 1


def nested(part):
    """Is a question open, or just answered, where another begins?"""
    level = [0]  # of each open bracket: how many questions stand in it
    for c in part:
        if c in "([":
            level.append(0)
        elif c in ")]" and len(level) > 1:
            level.pop()
        elif c == ",":
            level[-1] = 0
        elif c == "?":
            if level[-1] > 0:
                return True
            level[-1] += 1
    return False


def main():
    """Prints the rules; 1 when one is broken."""
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    pairs, asked = [], []
    for file in sources():
        if file.startswith(LATER):
            continue
        with open(file, encoding="utf-8") as f:
            text = blank(f.read())
        found = list(chains(text.split("\n")))
        if len(found) > PAIRS.get(file, 0):
            pairs += [f"{file}:{line}" for line in found]
        found = list(ternaries(text))
        if len(found) > LADDERS.get(file, 0):
            asked += [f"{file}:{line}" for line in found]
    rules = [("no chain of `if (rc == 0)`", pairs),
             ("no condition within a condition (?:)", asked)]
    for name, places in rules:
        for place in places:
            print("#", place)
        print("not ok -" if places else "ok -", name)
    return 1 if any(places for _, places in rules) else 0


if __name__ == "__main__":
    sys.exit(main())
