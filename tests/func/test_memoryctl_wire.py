"""What memoryctl sends, and what it makes of answers that the real service
gives only in trouble: against a scripted stand-in."""
import json
import os
import pty
import re
import signal
import socket
import stat
import subprocess
import threading
import time

from harness import (BIN, SANITIZED, SLOW, TestCase, clean_env, proc_status,
                     reports)

CTL = str(BIN / "memoryctl")


class Script:
    """Listens at path and answers each call with answer(method, params): a
    dict, or bytes sent as they are. hello is answered here."""

    def __init__(self, path, answer):
        self.answer, self.seen = answer, []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        os.chmod(path, 0o600)
        self.listener.listen(8)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                s, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(s,), daemon=True).start()

    def serve(self, s):
        with s, s.makefile("rb") as f:
            for line in f:
                got = json.loads(line)
                method, params = got["method"], got.get("params", {})
                if method == "hello":
                    reply = {"protocol": 1, "version": "0.1.0", "schema": 1,
                             "database_id": "d", "instance_id": "i",
                             "path": "/nowhere/d.db", "spawned": False, "pid": 1}
                elif method == "list_namespaces":
                    # Asked first, to tell whether the folder is a project.
                    reply = {"namespaces": []}
                else:
                    params.pop("key", None)
                    self.seen.append((method, params, len(line)))
                    reply = self.answer(method, params)
                try:
                    if isinstance(reply, bytes):
                        s.sendall(b'{"id":%d,"success":true,' % got["id"] +
                                  reply + b"}\n")
                    else:
                        s.sendall(json.dumps({
                            "id": got["id"], "success": True,
                            **reply}).encode() + b"\n")
                except OSError:
                    return

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Wire(TestCase):
    def setUp(self):
        self.dir = self.folder()
        self.env = clean_env(self.dir, {"MEMORY_DB_SOCKET": self.dir / "s"})

    def script(self, answer):
        script = Script(self.dir / "s", answer)
        self.addCleanup(script.stop)
        return script

    def ctl(self, *args, code=0, stdin=None):
        done = subprocess.run([CTL, *map(str, args)], env=self.env,
                              cwd=self.dir, capture_output=True, input=stdin,
                              timeout=60 * SLOW)
        self.assertEqual(reports(done.stderr.decode(errors="replace")), [])
        self.assertEqual(done.returncode, code,
                         (done.stdout[-2000:] + done.stderr[-2000:]).decode())
        return done


def entity_line(name, n=1, size=10):
    return json.dumps({"type": "entity", "name": name, "entityType": "t",
                       "observations": ["x" * size] * n})


class Import(Wire):
    def importer(self, known=0, errors=None):
        def answer(method, params):
            self.assertEqual(method, "import_records")
            if "records" not in params:
                return {"next_offset": known, "added": 0, "skipped": 0,
                        "errors": []}
            n = len(params["records"])
            return {"next_offset": params["offset"] + n, "added": n,
                    "skipped": 0, "errors": (errors or (lambda p: []))(params)}
        return self.script(answer)

    def slices(self, script):
        return [p for _, p, _ in script.seen if "records" in p]

    def check_slices(self, script, lines, start=0):
        """Contiguous, within the limits, one done; all entries in order."""
        at, records = start, []
        for p in self.slices(script):
            self.assertEqual(p["offset"], at)
            at += len(p["records"])
            facts = sum(1 + len(r.get("observations", []))
                        for r in p["records"] if r)
            self.assertTrue(facts <= 250 or len(p["records"]) == 1, facts)
            records += p["records"]
        self.assertEqual(at, lines)
        self.assertEqual([p.get("done") for p in self.slices(script)],
                         [None] * (len(self.slices(script)) - 1) + [True])
        self.assertLessEqual(max(n for _, _, n in script.seen), 4 << 20)
        self.assertEqual(len({p["source"] for _, p, _ in script.seen}), 1)
        return records

    def test_slices(self):
        lines = [entity_line(f"e{i}", i % 7) for i in range(2000)]
        lines.insert(700, entity_line("wide", 900))
        lines.insert(1300, entity_line("long", 2, 1000000))
        file = self.dir / "m.jsonl"
        file.write_text("\n".join(lines))
        script = self.importer()
        done = self.ctl("import", file, "--json")
        self.assertEqual(self.check_slices(script, 2002),
                         [json.loads(x) for x in lines])
        self.assertEqual(json.loads(done.stdout), {
            "lines": 2002, "resumed_after": 0, "added": 2002, "skipped": 0,
            "erased": 0, "elsewhere": 0, "elsewhere_names": [],
            "bad": 0, "errors": [], "pinned": [],
            "secrets": 0, "secrets_kept": 0})

    def test_bad_lines_are_named_and_skipped(self):
        good = entity_line("é日本")
        file = self.dir / "m.jsonl"
        file.write_bytes(b"\xef\xbb\xbf" + b"\n".join([
            good.encode(), b"", b"{bad", b"[1]", b"\xff", b" \t\r",
            b'{"a":1,"a":2}', entity_line("refused").encode() + b"\r",
            b"[" * 5000, b'{"x":"' + b"y" * (5 << 20) + b'"}',
            entity_line("last").encode(), b""]))

        def errors(params):
            first = params["offset"]
            return [{"line": first + i + 1, "error":
                     "refused: \x1b[31m" if r else "no type"}
                    for i, r in enumerate(params["records"])
                    if r.get("name") == "refused" or not r]

        script = self.importer(errors=errors)
        done = self.ctl("import", file, "--json", code=1)
        records = self.check_slices(script, 11)
        self.assertEqual([i for i, r in enumerate(records) if r], [0, 7, 10])
        self.assertEqual(records[0], json.loads(good))
        got = json.loads(done.stdout)
        # What the service says comes with the answer to a slice.
        self.assertEqual(sorted(e["line"] for e in got["errors"]),
                         [3, 4, 5, 7, 8, 9, 10])
        self.assertEqual(got["bad"], 7)
        named = re.findall(rb"m\.jsonl:(\d+): ", done.stderr)
        self.assertEqual(sorted(int(x) for x in named), [3, 4, 5, 7, 8, 9, 10])
        self.assertNotIn(b"\x1b", done.stderr)

    def test_resumes_where_the_service_says(self):
        lines = [entity_line(f"e{i}") for i in range(500)]
        file = self.dir / "m.jsonl"
        file.write_text("\n".join(lines) + "\n")
        script = self.importer(known=321)
        done = self.ctl("import", file)
        self.assertIn(b"after line 321", done.stderr)
        records = self.check_slices(script, 500, start=321)
        self.assertEqual(records, [json.loads(x) for x in lines[321:]])
        # The same content under another name is the same source.
        (self.dir / "n.jsonl").write_bytes(file.read_bytes())
        self.ctl("import", self.dir / "n.jsonl", "-q")
        self.assertEqual(len({p["source"] for _, p, _ in script.seen}), 1)
        # Another content, another target, or --restart is not.
        before = len(script.seen)
        self.ctl("import", file, "--restart")
        self.ctl("import", file, "--namespace", "other", "-q")
        file.write_text("\n".join(lines[1:]) + "\n")
        self.ctl("import", file, "-q")
        self.assertEqual(len({p["source"] for _, p, _ in script.seen}), 4)
        self.assertIn("records", script.seen[before][1])

    def test_standard_input(self):
        script = self.importer()
        self.ctl("import", "-", stdin=entity_line("a").encode() + b"\n")
        self.check_slices(script, 1)
        # A stream cannot be known again: it is never asked about.
        self.assertEqual(len(script.seen), 1)

    def test_empty_file(self):
        (self.dir / "m").write_bytes(b"")
        script = self.importer()
        done = self.ctl("import", self.dir / "m")
        self.check_slices(script, 0)
        self.assertIn(b"m is empty: nothing to import", done.stderr)
        self.ctl("import", "-", stdin=b"\n \n")

    def test_refusal_and_lost_lines_end_it(self):
        (self.dir / "m").write_text(entity_line("a") + "\n")
        self.script(lambda m, p: {"success": False, "code": "disk_low",
                                  "error": "no room"})
        self.assertIn(b"no room", self.ctl("import", self.dir / "m",
                                           code=111).stderr)

    def test_a_service_that_takes_less_than_all(self):
        (self.dir / "m").write_text(entity_line("a") + "\n")
        self.script(lambda m, p: {"next_offset": 0, "added": 0})
        self.assertIn(b"took 0 of 1", self.ctl("import", self.dir / "m",
                                               code=111).stderr)

    def test_memory_does_not_grow_with_the_file(self):
        if SANITIZED:
            self.skipTest("sanitizers keep freed memory")
        peak, running = {}, []

        def answer(method, params):
            if params.get("done"):
                peak[running[-1].args[2]] = proc_status(running[-1].pid,
                                                        "VmHWM")
            return {"next_offset": params["offset"] +
                    len(params.get("records", [])), "added": 0, "skipped": 0}
        self.script(answer)
        for mb in (4, 40):
            file = self.dir / f"{mb}"
            with open(file, "w") as f:
                for i in range(mb):
                    f.write((entity_line("x" * 90, 2, 410) + "\n") * 1000)
            running.append(subprocess.Popen([CTL, "import", str(file), "-q"],
                                            env=self.env))
            self.assertEqual(running[-1].wait(60 * SLOW), 0)
        small, large = peak.values()
        self.assertLess(large, small + 1500, peak)
        self.assertLess(large, 12000, peak)


class Export(Wire):
    # As no JSON library would write it back.
    LINES = [b'{"type":"change","w":1.10,"n":1e-7}',
             '{"text":"\\u00e9\\/é \\ud83d\\ude00","x":[ 1 , {} ]}'.encode(),
             b'{"a":"]},\\"{"}']

    def exporter(self):
        def answer(method, params):
            self.assertEqual(method, "export_log")
            k = int(params.get("cursor", "0"))
            page = b'"lines":[' + self.LINES[k] + b"]"
            if k + 1 < len(self.LINES):
                page += b',"next":"%d"' % (k + 1)
            return page
        return self.script(answer)

    def test_bytes_stay_as_they_are(self):
        script = self.exporter()
        whole = b"".join(x + b"\n" for x in self.LINES)
        self.assertEqual(self.ctl("export").stdout, whole)
        self.assertEqual(self.ctl("export", "-").stdout, whole)
        file = self.dir / "out"
        file.write_text("old")
        self.ctl("export", file, "--current", "--all")
        self.assertEqual(file.read_bytes(), whole)
        self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)
        self.assertEqual([p["current"] for _, p, _ in script.seen],
                         [False] * 6 + [True] * 3)
        self.assertTrue(script.seen[-1][1]["all"])
        self.assertEqual(sorted(os.listdir(self.dir)), ["out", "s"])

    def test_failure_in_the_middle_leaves_the_old_file(self):
        def answer(method, params):
            if "cursor" in params:
                return {"success": False, "code": "corrupt", "error": "bad"}
            return b'"lines":[{}],"next":"1"'
        self.script(answer)
        file = self.dir / "out"
        file.write_text("old")
        self.ctl("export", file, code=1)
        self.assertEqual(file.read_text(), "old")
        self.assertEqual(sorted(os.listdir(self.dir)), ["out", "s"])

    def test_signal_in_the_middle_leaves_nothing(self):
        asked = threading.Event()

        def answer(method, params):
            if "cursor" in params:
                asked.set()
                time.sleep(20)
            return b'"lines":[{}],"next":"1"'
        self.script(answer)
        with subprocess.Popen([CTL, "export", str(self.dir / "out")],
                              env=self.env, stderr=subprocess.DEVNULL) as p:
            self.assertTrue(asked.wait(20 * SLOW))
            self.assertEqual(len(os.listdir(self.dir)), 2)
            p.send_signal(signal.SIGTERM)
            self.assertEqual(p.wait(10), -signal.SIGTERM)
        self.assertEqual(os.listdir(self.dir), ["s"])


class Answers(Wire):
    def test_exit_codes_of_refusals(self):
        code = ["x"]
        self.script(lambda m, p: {"success": False, "code": code[0],
                                  "error": "for a reason\x1b[2J"})
        for code[0], expected in (
                ("invalid", 100), ("unknown_method", 100), ("not_found", 1),
                ("conflict", 1), ("exists", 1), ("denied", 1), ("corrupt", 1),
                ("store", 111), ("internal", 111), ("new_code", 111)):
            done = self.ctl("status", code=expected)
            self.assertIn(f"for a reason\\x1b[2J ({code[0]})".encode(),
                          done.stderr)
            done = self.ctl("call", "ping", code=expected)
            self.assertEqual(json.loads(done.stdout)["code"], code[0])

    def test_verify(self):
        def answer(method, params):
            self.assertEqual(params.get("head"), "ns:ab")
            if "cursor" not in params:
                return {"checked": {"facts": 10}, "problems": [
                    {"what": "digest", "detail": "fact 3\x1b[31m"}],
                    "heads": [], "progress": 0.5, "next": "c"}
            return {"checked": {"facts": 20, "changes": 5}, "problems": [],
                    "heads": [{"namespace": "ns", "change": 5,
                               "head": "ab"}], "progress": 1.0}
        self.script(answer)
        got = json.loads(self.ctl("verify", "--head", "ns:ab", "--json",
                                  code=1).stdout)
        self.assertFalse(got["ok"])
        self.assertEqual(len(got["problems"]), 1)
        self.assertEqual(got["heads"][0]["head"], "ab")
        text = self.ctl("verify", "--head", "ns:ab", code=1).stdout.decode()
        self.assertIn("digest: fact 3\\x1b[31m", text)
        self.assertIn("ns:ab", text)

    def nodes(self):
        return self.script(lambda m, p: {"results": [{
            "id": 1, "name": "日本\x1b]0;x\x07", "type": "place",
            "observations": ["long " * 60, "two\nlines \u202e"],
            "score": 1.0}], "count": 1})

    def on_terminal(self, *args, columns=60, **env):
        """Output of memoryctl on a terminal of this width."""
        master, slave = pty.openpty()
        with subprocess.Popen([CTL, *args], stdout=slave, stderr=slave,
                              env={**self.env, "COLUMNS": str(columns),
                                   "TERM": "xterm", **env}) as p:
            os.close(slave)
            text = b""
            while True:
                try:
                    got = os.read(master, 65536)
                except OSError:
                    break
                if not got:
                    break
                text += got
            self.assertEqual(p.wait(20 * SLOW), 0, text)
        os.close(master)
        return text.decode().replace("\r\n", "\n")

    def test_terminal_is_safe_and_wide_enough(self):
        self.nodes()
        text = self.on_terminal("search", "x", NO_COLOR="1")
        self.assertNotIn("\x1b", text)
        self.assertNotIn("\u202e", text)
        self.assertIn("日本\\x1b]0;x\\x07  place\n", text)
        self.assertIn("two\\nlines \\u{202e}", text)
        longest = max(len(x) for x in text.splitlines())
        self.assertEqual(longest, 60)
        self.assertIn("…\n", text)
        self.assertIn("\x1b[1m", self.on_terminal("search", "x"))
        # JSON on a terminal is safe and still the same JSON.
        text = self.on_terminal("search", "x", "--json")
        self.assertNotIn("\x1b", text)
        self.assertNotIn("\u202e", text)
        self.assertEqual(json.loads(text)["observations"][1],
                         "two\nlines \u202e")

    def test_pipe_gets_everything(self):
        self.nodes()
        text = self.ctl("search", "x").stdout.decode()
        self.assertIn("  " + "long " * 60, text)
        self.assertNotIn("\x1b", text)
        lines = self.ctl("search", "x", "-j").stdout.splitlines()
        self.assertEqual([json.loads(x)["id"] for x in lines], [1])

    def test_options_reach_the_service(self):
        script = self.nodes()
        self.ctl("search", "two words", "--limit", "7", "x", "--type", "t",
                 "--tier", "semantic", "--substring", "--as-of", "12")
        self.assertEqual(script.seen[0][1], {
            "query": "two words x", "limit": 7, "types": ["t"],
            "tiers": ["semantic"], "mode": "substring", "as_of": 12})
        self.ctl("--as-of", "3 days ago", "search", "--", "--limit")
        self.assertEqual(script.seen[1][1]["query"], "--limit")
        self.assertEqual(script.seen[1][1]["as_of"], "3 days ago")

    def test_pages_are_followed(self):
        def answer(method, params):
            if method == "memory_history":
                k = int(params.get("cursor", "0"))
                return {"changes": [{"change": k, "at":
                        "2026-11-20T08:05:33.120Z", "kind": "create",
                        "added": [{"entity": "a", "text": "t"}]}],
                        "next": str(k + 1)}
            k = int(params.get("cursor", "0"))
            more = {"next": str(k + 1)} if k < 2 else {}
            return {"entities": [{"id": 1, "name": "a", "type": "t",
                                  "facts": [{"id": k, "text": f"fact {k}",
                                             "at": "2026-11-20T08:05:33Z"}]}],
                    "relations": [], "missing": [], **more}
        self.script(answer)
        text = self.ctl("show", "a").stdout.decode()
        self.assertEqual(re.findall(r"fact \d", text),
                         ["fact 0", "fact 1", "fact 2"])
        text = self.ctl("history", "--limit", "3").stdout.decode()
        self.assertEqual(re.findall(r"(?m)^#\d", text), ["#0", "#1", "#2"])
        self.assertIn("2026-11-20 08:05:33", text)

    def test_limits_span_pages(self):
        def answer(method, params):
            k = int(params.get("cursor", "0"))
            rows = [{"name": f"n{i}", "type": "t", "session": f"s{i}"}
                    for i in range(k, min(k + params["limit"], k + 400))]
            return {"results": rows, "sessions": rows,
                    "next": str(k + len(rows))}
        script = self.script(answer)
        for command in (("search", "x"), ("sessions",)):
            script.seen.clear()
            got = self.ctl(*command, "--limit", "1300", "-j").stdout
            self.assertEqual(len(got.splitlines()), 1300)
            self.assertEqual([p["limit"] for _, p, _ in script.seen],
                             [1000, 900, 500, 100])
            done = self.ctl(*command, "--limit", "3")
            self.assertIn(b"--limit", done.stderr)

    def test_doctor_repeats_what_the_service_says(self):
        self.script(lambda m, p: {"health": {"problems": ["no room\x1b"]}})
        done = self.ctl("doctor", code=1)
        self.assertRegex(done.stdout.decode(),
                         r"(?m)^fail  database .*/nowhere/d.db open, which was moved")
        self.assertRegex(done.stdout.decode(),
                         r"(?m)^warn  service .*no room\\x1b$")

    def test_nothing_found_is_1(self):
        def answer(method, params):
            if method == "search_nodes":
                return {"results": [], "count": 0}
            return {"entities": [], "relations": [], "missing": [
                {"name": params["names"][0], "similar": ["ada", "adam"]}]}
        self.script(answer)
        self.assertIn(b"nothing found",
                      self.ctl("search", "x", code=1).stderr)
        self.assertEqual(self.ctl("search", "x", "-q", code=1).stderr, b"")
        self.assertIn(b"no entity 'adda'; similar: 'ada', 'adam'",
                      self.ctl("show", "adda", code=1).stderr)

    def test_unreadable_replies(self):
        self.script(lambda m, p: b'"lines":7,"checked":[]')
        self.assertIn(b"cannot be read",
                      self.ctl("export", code=111).stderr)

    def test_progress_only_on_a_terminal(self):
        slow = threading.Event()

        def answer(method, params):
            slow.wait(0.15)
            k = int(params.get("cursor", "0"))
            more = {"next": str(k + 1)} if k < 3 else {}
            return {"checked": {}, "problems": [], "heads": [],
                    "progress": k / 4, **more}
        self.script(answer)
        self.assertEqual(self.ctl("verify").stderr, b"")
        text = self.on_terminal("verify")
        self.assertRegex(text, r"verifying \[#*\.*\] +\d+ %")
        self.assertNotIn("verifying", self.on_terminal("verify", "-q"))


if __name__ == "__main__":
    from harness import main
    main()
