#!/usr/bin/env python3
"""What an agent asked its memory for by itself is judged by its answer, as what
hooks put before it is: the calls stand in the client's transcript."""
import json
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.dont_write_bytecode = True
from harness import Mcp, clean_env, main  # noqa: E402
from test_hooks import CTL, SHAPES, Hooks  # noqa: E402

CACHE = "the build cache lives on host kestrel"
DEPLOY = "deploys need approval by Zoe Quint"
ASK = "where does the build cache live"


def claude(prompt, calls, answer):
    yield {"type": "user", "message": {"role": "user", "content": prompt}}
    for i, (tool, args, result) in enumerate(calls):
        yield {"type": "assistant", "message": {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "I look into the memory."},
            {"type": "tool_use", "id": f"toolu_{i}",
             "name": f"mcp__memory__{tool}", "input": args}]}}
        yield {"type": "user", "message": {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": f"toolu_{i}",
             "content": [{"type": "text", "text": result}]}]},
            "toolUseResult": [{"type": "text", "text": result}]}
    yield {"type": "assistant", "message": {"role": "assistant", "content": [
        {"type": "text", "text": answer}]}}


def codex(prompt, calls, answer):
    def item(**payload):
        return {"timestamp": "2026-11-01T09:00:00Z", "type": "response_item",
                "payload": payload}
    yield item(type="message", role="user",
               content=[{"type": "input_text", "text": prompt}])
    for i, (tool, args, result) in enumerate(calls):
        yield item(type="function_call", call_id=f"c{i}",
                   name=f"mcp__memory__{tool}", arguments=json.dumps(args))
        yield {"type": "event_msg", "payload": {
            "type": "mcp_tool_call_end", "call_id": f"c{i}", "invocation": {
                "server": "memory", "tool": tool, "arguments": args},
            "result": {"Ok": {"content": [{"type": "text", "text": result}]}}}}
        yield item(type="function_call_output", call_id=f"c{i}",
                   output=json.dumps({"content": [
                       {"type": "text", "text": result[:20] + "[cut]"}]}))
    yield item(type="message", role="assistant",
               content=[{"type": "output_text", "text": answer}])


def copilot(prompt, calls, answer):
    yield {"type": "user.message", "data": {"content": prompt}}
    for i, (tool, args, result) in enumerate(calls):
        yield {"type": "assistant.message", "data": {
            "content": "", "toolRequests": [{
                "toolCallId": f"c{i}", "name": f"memory-{tool}",
                "arguments": args}]}}
        yield {"type": "tool.execution_start", "data": {
            "toolCallId": f"c{i}", "toolName": f"memory-{tool}",
            "arguments": args}}
        yield {"type": "tool.execution_complete", "data": {
            "toolCallId": f"c{i}", "success": True,
            "result": {"content": result}}}
    yield {"type": "assistant.message", "data": {"content": answer}}


def cursor(prompt, calls, answer):
    yield {"role": "user", "message": {"content": [
        {"type": "text", "text": prompt}]}}
    for tool, args, result in calls:
        yield {"role": "assistant", "message": {"content": [
            {"type": "tool_use", "name": "CallMcpTool", "input": {
                "server": "user-memory", "toolName": tool,
                "arguments": args}}]}}
    yield {"role": "assistant", "message": {"content": [
        {"type": "text", "text": answer}]}}


def gemini(prompt, calls, answer):
    return {"sessionId": "s1", "messages": [
        {"id": "1", "type": "user", "content": prompt},
        {"id": "2", "type": "gemini", "content": answer, "toolCalls": [
            {"id": f"c{i}", "name": f"mcp_memory_{tool}", "args": args,
             "result": [{"functionResponse": {"id": f"c{i}", "name": tool,
                                              "response": {"output": r}}}]}
            for i, (tool, args, r) in enumerate(calls)]}]}


FORMS = {"claude-code": claude, "codex": codex, "copilot-cli": copilot,
         "vscode": copilot, "cursor": cursor}


class Asking(Hooks):
    def setUp(self):
        super().setUp()
        self.fill(None, "infra", CACHE)
        self.fill(None, "rules", DEPLOY)
        self.turns = 0

    def agent(self, *args, namespace=None):
        m = Mcp(self.folder(), ["--namespace", namespace or self.namespace(),
                                *args], self.db.env(), cwd=self.project)
        self.addCleanup(self._end_mcp, m)
        return m

    def ask(self, m, tool, **args):
        """A call of the agent, as transcripts have it."""
        got = m.ok(tool, args)
        return tool, args, json.dumps(got)

    def stop(self, client, session, prompt, calls, answer, file=None, **more):
        event = SHAPES[client][2]
        name = "sessionId" if client == "copilot-cli" else "session_id"
        path = "transcriptPath" if client == "copilot-cli" \
            else "transcript_path"
        data = {name: session, "cwd": str(self.project), **more}
        file = file or self.dir / f"{client}-{session}.jsonl"
        if client == "gemini":
            file.write_text(json.dumps(gemini(prompt, calls, answer)))
            data.update(prompt=prompt, prompt_response=answer)
        elif client == "opencode":
            data.update(prompt=prompt, last_assistant_message=answer,
                        tool_calls=[{"tool": f"memory_{t}", "args": a}
                                    for t, a, _ in calls])
        else:
            with open(file, "a", encoding="utf-8") as f:
                for x in FORMS[client](prompt, calls, answer):
                    f.write(json.dumps(x) + "\n")
        data[path] = str(file)
        self.run_hook(client, event, data)

    def ledger(self, namespace=None):
        with self.db.client() as c:
            got = c.ok("get_memory_status")["usefulness"]["namespaces"]
        got = got.get(namespace or self.namespace(), {})
        return tuple(got.get(k, 0) for k in (
            "shown", "used", "recalled", "recalled_used",
            "recalled_contradicted"))


class Recalls(Asking):
    def test_each_client(self):
        for client in SHAPES:
            with self.subTest(client):
                before = self.ledger()
                m = self.agent()
                call = self.ask(m, "recall", query=ASK + ", " + client)
                self.assertIn("kestrel", call[2])
                self.stop(client, "s1", "clean up, please", [call],
                          "I emptied the disk of kestrel.")
                after = self.ledger()
                self.assertEqual(
                    tuple(b - a for a, b in zip(before, after)),
                    (1, 1, 1, 1, 0))

    def test_each_tool_and_outcome(self):
        m = self.agent("--tools", "all")
        for i, (tool, args, answer, want) in enumerate((
                ("search_nodes", {"query": "cache"}, "Done: host kestrel has a new build.",
                 (1, 1, 0)),
                ("search_nodes", {"query": "cache host"}, "All tests pass.",
                 (1, 0, 0)),
                ("assemble_context", {"task": "free the build cache",
                                      "max_tokens": 400},
                 "The build cache lives on host falcon.", (0, 0, 1)),
                ("recall", {"query": ASK},
                 "The build cache no longer lives on host kestrel.",
                 (1, 0, 1)))):
            before = self.ledger()
            call = self.ask(m, tool, **args)
            self.stop("claude-code", f"s{i}", "go on", [call], answer)
            got = [b - a for a, b in zip(before, self.ledger())]
            self.assertEqual(got[0], got[2], tool)
            self.assertGreaterEqual(got[2], want[0], tool)
            self.assertEqual((got[3], got[4]), want[1:], tool)

    def test_the_words_of_the_question_are_no_use(self):
        call = self.ask(self.agent(), "recall",
                        query="the build cache on which host does it live")
        self.stop("claude-code", "s1", "clean up", [call],
                  "I looked where the build cache lives, on which host.")
        self.assertEqual(self.ledger(), (1, 0, 1, 0, 0))

    def test_once_however_often_it_is_read(self):
        m = self.agent()
        call = self.ask(m, "recall", query=ASK)
        self.stop("claude-code", "s1", "go", [call, call], "It is kestrel.")
        self.assertEqual(self.ledger(), (1, 1, 1, 1, 0))
        # A resumed session has a copy of the file, and a cursor of its own.
        shutil.copy(self.dir / "claude-code-s1.jsonl",
                    self.dir / "claude-code-s2.jsonl")
        self.stop("claude-code", "s2", "and?", [], "kestrel, kestrel")
        self.stop("claude-code", "s1", "and?", [], "kestrel, kestrel")
        self.assertEqual(self.ledger(), (1, 1, 1, 1, 0))
        # Asked again in the next turn it was shown again.
        call = self.ask(m, "recall", query=ASK)
        self.stop("claude-code", "s1", "again", [call], "I ran the tests.")
        self.assertEqual(self.ledger(), (2, 1, 2, 1, 0))

    def test_what_a_hook_showed_counts_as_that(self):
        shown = self.text("claude-code", "UserPromptSubmit",
                          prompt="which host has the build cache?")
        self.assertIn("kestrel", shown)
        call = self.ask(self.agent(), "recall", query=ASK)
        self.stop("claude-code", "s1", "which host has the build cache?",
                  [call], "It is kestrel.")
        self.assertEqual(self.ledger(), (1, 1, 0, 0, 0))

    def test_nothing_for_who_boasts(self):
        boast = ("recall", {"query": "who approves deploys"}, DEPLOY)
        self.stop("claude-code", "s1", "go", [boast], "Zoe Quint approves.")
        self.assertEqual(self.ledger(), (0,) * 5)
        # Another project's question names nothing here.
        self.fill("other", "infra", CACHE)
        call = self.ask(self.agent(namespace="other"), "recall", query=ASK)
        self.stop("claude-code", "s1", "go", [call], "It is kestrel.")
        self.assertEqual(self.ledger(), (0,) * 5)
        self.assertEqual(self.ledger("other"), (0,) * 5)
        # Nor does what was asked before the last answer.
        call = self.ask(self.agent(), "recall", query=ASK)
        self.stop("claude-code", "s3", "go", [
            self.ask(self.agent(), "recall", query="who approves deploys")],
            "Zoe Quint does.")
        self.assertEqual(self.ledger()[2:4], (1, 1))
        self.stop("claude-code", "s3", "go", [call], "It is kestrel.")
        self.assertEqual(self.ledger()[2:4], (1, 1))

    def test_a_second_memory_by_its_receipt(self):
        self.fill("team", "infra", CACHE)
        m = self.agent("--tools", "default,history", namespace="team")
        call = self.ask(m, "recall", query=ASK)
        self.assertIn("receipt", call[2])
        self.stop("codex", "s1", "go", [call], "It is kestrel.")
        self.assertEqual(self.ledger("team"), (1, 1, 1, 1, 0))
        self.assertEqual(self.ledger(), (0,) * 5)

    def test_two_sessions_at_once(self):
        one, two = self.agent(), self.agent()
        first = self.ask(one, "recall", query=ASK)
        second = self.ask(two, "recall", query=ASK)
        self.stop("claude-code", "s1", "go", [first], "It is kestrel.")
        self.assertEqual(self.ledger(), (1, 1, 1, 1, 0))
        self.stop("claude-code", "s2", "go", [second], "I ran the tests.")
        self.assertEqual(self.ledger(), (2, 1, 2, 1, 0))

    def test_entities_by_name(self):
        self.fill(None, "infra", DEPLOY + " in infra, too")
        for client in SHAPES:
            with self.subTest(client):
                before = self.ledger()
                m = self.agent()
                call = self.ask(m, "open_nodes", names=["infra", client])
                self.assertIn("kestrel", call[2])
                self.stop(client, "s1", "clean up, please", [call],
                          "The build cache of kestrel is empty.")
                self.assertEqual(
                    tuple(b - a for a, b in zip(before, self.ledger())),
                    (2, 1, 2, 1, 0))
        # Names that nobody opened, or that are not there, judge nothing.
        before = self.ledger()
        m = self.agent()
        call = self.ask(m, "open_nodes", names=["nobody"])
        self.stop("claude-code", "s2", "go", [
            call, ("open_nodes", {"names": ["rules"]}, "{}"),
            ("open_nodes", {"names": [1, None]}, "{}"),
            ("open_nodes", {"names": ["x" * 5000] * 9}, "{}")],
            "Zoe Quint approves.")
        self.assertEqual(self.ledger(), before)

    def test_a_whole_graph(self):
        m = self.agent()
        call = self.ask(m, "read_graph")
        self.assertIn("kestrel", call[2])
        # Its own fact it was not shown.
        m.ok("add_observations", {"observations": [{
            "entityName": "infra", "contents": ["the disk of node heron was "
                                                "emptied on Monday"]}]})
        self.stop("claude-code", "s1", "clean up", [call],
                  "The build cache of kestrel was emptied on Monday, as was "
                  "the disk of node heron.")
        # Who reads all of it has not asked for each fact.
        self.assertEqual(self.ledger(), (1, 1, 1, 1, 0))
        # A tool as its model is told of it is no call.
        call = self.ask(m, "read_graph")
        self.stop("claude-code", "s2", "go", [
            ("read_graph", {"type": "object", "properties": {}}, "")],
            "The build cache lives on kestrel.")
        self.assertEqual(self.ledger(), (1, 1, 1, 1, 0))
        self.stop("claude-code", "s2", "and?", [call], "The build cache lives on kestrel.")
        self.assertEqual(self.ledger(), (2, 2, 2, 2, 0))
        # Nor has anybody looked at each of many.
        self.fill(None, "crane", *(f"crane {i} lifts {i} tons of steel"
                                   for i in range(80)))
        call = self.ask(self.agent(), "read_graph")
        self.stop("claude-code", "s3", "go", [call], "The build cache lives on kestrel.")
        self.assertEqual(self.ledger(), (2, 2, 2, 2, 0))

    def sub_lines(self, session, call, answer, agent="a1"):
        return "".join(
            json.dumps({**x, "isSidechain": True, "agentId": agent,
                        "sessionId": session}) + "\n"
            for x in claude("look up the build cache", [call], answer))

    def test_a_sub_agent_answers_for_itself(self):
        """Where its lines stand in the transcript of the session."""
        call = self.ask(self.agent(), "recall", query=ASK)
        file = self.dir / "claude-code-s1.jsonl"
        file.write_text(self.sub_lines("s1", call, "I found nothing new."))
        self.stop("claude-code", "s1", "go", [], "It is kestrel.")
        self.assertEqual(self.ledger(), (1, 0, 1, 0, 0))
        # One that has not answered yet is judged with the next turn.
        call = self.ask(self.agent(), "recall", query=ASK)
        with open(file, "a", encoding="utf-8") as f:
            f.write("".join(self.sub_lines("s1", call, "")))
        self.stop("claude-code", "s1", "go", [], "I ran the tests.")
        self.assertEqual(self.ledger(), (1, 0, 1, 0, 0))
        with open(file, "a", encoding="utf-8") as f:
            f.write(self.sub_lines("s1", ("read_file", {}, ""), "kestrel"))
        self.stop("claude-code", "s1", "go", [], "I ran the tests.")
        self.assertEqual(self.ledger(), (2, 1, 2, 1, 0))

    def test_a_sub_agent_of_copilot(self):
        call = self.ask(self.agent(), "recall", query=ASK)
        file = self.dir / "copilot-cli-s1.jsonl"
        lines = [*copilot("look it up", [call], "It lives on kestrel."),
                 {"type": "assistant.message", "data": {
                     "content": "My name is Sub Wrong."}}]
        for x in lines:
            x["data"]["parentToolCallId"] = "c7"
        file.write_text("".join(json.dumps(x) + "\n" for x in lines))
        self.stop("copilot-cli", "s1", "My name is Ada Orth. Go.", [], "Done.")
        self.assertEqual(self.ledger(), (1, 1, 1, 1, 0))
        with self.db.client() as c:
            graph = json.dumps(c.ok("read_graph", namespace=self.namespace()))
        self.assertIn("Ada Orth", graph)
        self.assertNotIn("Wrong", graph)

    def test_a_sub_agent_with_a_file_of_its_own(self):
        """What its event names: its answer may not be written yet."""
        folder = self.dir / "claude-code-s1" / "subagents"
        folder.mkdir(parents=True)
        base = {"session_id": "s1", "cwd": str(self.project), "agent_id": "a1",
                "agent_type": "Explore",
                "transcript_path": str(self.dir / "claude-code-s1.jsonl")}

        def child(prompt, calls, answer):
            return [{"type": "session_meta", "payload": {
                "id": "c1", "source": {"subagent": {"thread_spawn": {
                    "parent_thread_id": "s1", "depth": 1}}}}},
                    *codex(prompt, calls, answer)]
        used = 0
        for client, event, form, answer in (
                ("claude-code", "SubagentStop", None, "written"),
                ("claude-code", "SubagentStop", None, "told"),
                ("vscode", "SubagentStop", copilot, "written"),
                ("codex", "SubagentStop", child, "told"),
                ("codex", "SubagentStop", child, "written"),
                ("cursor", "subagentStop", cursor, "summary")):
            with self.subTest(client=client, answer=answer):
                call = self.ask(self.agent(), "recall", query=ASK)
                text = "It lives on kestrel."
                told = {"told": {"last_assistant_message": text},
                        "summary": {"summary": text, "task": "look it up"},
                        "written": {}}[answer]
                said = text if answer == "written" else ""
                file = folder / f"agent-{used}.jsonl"
                file.write_text(
                    self.sub_lines("s1", call, said) if not form else
                    "".join(json.dumps(x) + "\n"
                            for x in form("look it up", [call], said)))
                data = {**base, **told, "agent_transcript_path": str(file)}
                for _ in range(2):
                    self.run_hook(client, event, data)
                used += 1
                self.assertEqual(self.ledger(), (used, used, used, used, 0))
        # The session's own turn has none of it; what is no file neither.
        self.stop("claude-code", "s1", "go", [], "It is kestrel.")
        for path in (None, 7, "", "relative", str(folder), "/nonexistent",
                     "/etc/shadow"):
            self.run_hook("claude-code", "SubagentStop",
                          {**base, "agent_transcript_path": path})
        self.assertEqual(self.ledger(), (used, used, used, used, 0))

    def test_the_next_prompt_denies(self):
        call = self.ask(self.agent(), "recall", query=ASK)
        self.stop("claude-code", "s1", "go", [call], "It is kestrel.")
        self.text("claude-code", "UserPromptSubmit", prompt=
                  "No, the build cache does not live on host kestrel.")
        self.stop("claude-code", "s1", "No, the build cache does not live on "
                  "host kestrel.", [], "I see.")
        self.assertEqual(self.ledger()[2:], (1, 0, 1))
        with self.db.client() as c:
            self.assertEqual(c.ok("verify").get("problems", []), [])

    def test_no_service_meanwhile(self):
        """What could not be judged waits for the next stop."""
        call = self.ask(self.agent(), "recall", query=ASK)
        file = self.dir / "claude-code-s1.jsonl"
        good, self.socket = self.socket, str(self.dir / "nobody.socket")
        self.stop("claude-code", "s1", "go", [call], "It is kestrel.", file)
        self.socket = good
        self.stop("claude-code", "s1", "go on", [], "As I said.", file)
        self.assertEqual(self.ledger(), (1, 1, 1, 1, 0))

    def test_a_secret_in_the_question(self):
        token = "ghp_" + "a8Xk2Lm9Qw3Er5Ty7Ui1Op4As6Df8Gh0Jk2Z"
        call = self.ask(self.agent(), "recall", query=f"{ASK} {token}")
        self.stop("claude-code", "s1", "go", [call], "It is kestrel.")
        self.assertEqual(self.ledger(), (1, 1, 1, 1, 0))

    def test_a_day_has_a_bound(self):
        m = self.agent()
        for i in range(12):
            call = self.ask(m, "recall", query=f"{ASK} {i}")
            self.stop("claude-code", "s1", "go", [call], "It is kestrel.")
        self.assertEqual(self.ledger(), (8, 8, 8, 8, 0))

    def test_hostile_transcripts(self):
        deep = {"name": "recall", "input": {"query": "x"}}
        for _ in range(200):
            deep = {"input": deep}
        lines = [deep, {"name": "recall", "input": {"query": "y" * 100000}},
                 {"name": "recall", "input": "{not json"},
                 {"name": "recall", "arguments": "[1,2]"},
                 {"name": ["recall"], "input": {"query": 7}},
                 {"toolName": "recall", "arguments": {"query": ""}},
                 {"type": "x", "text": "receipt receipt\\\":r"},
                 *({"name": "recall", "input": {"query": f"q{i}"}}
                   for i in range(500))]
        file = self.dir / "claude-code-s1.jsonl"
        file.write_text("".join(json.dumps(x) + "\n" for x in lines) +
                        "receipt: raaaaaaaaaaa recall\n\n\x00recall\n")
        call = self.ask(self.agent(), "recall", query=ASK)
        self.stop("claude-code", "s1", "go", [call], "It is kestrel.", file)
        self.stop("claude-code", "s1", "go", [], "It is kestrel.", file)

    def test_figures_tell_them_apart(self):
        shown = self.text("claude-code", "UserPromptSubmit",
                          prompt="who has to approve deploys?")
        self.assertIn("Zoe", shown)
        call = self.ask(self.agent(), "recall", query=ASK)
        self.stop("claude-code", "s1", "who has to approve deploys?", [call],
                  "It is kestrel.")
        ns = ("--namespace", self.namespace())
        got = json.loads(self.db.ctl(*ns, "--json", "useful").stdout)
        self.assertEqual((got["shown"], got["used"]), (2, 1))
        self.assertEqual(got["recalled"], {
            "shown": 1, "used": 1, "ignored": 0, "contradicted": 0})
        self.assertEqual(got["days"][0]["recalled"]["used"], 1)
        self.assertIn("hooks put 1 of them before agents, 0 used; agents "
                      "asked for 1, 1 used", self.db.ctl(*ns, "useful").stdout)
        self.assertIn("ASKED FOR", self.db.ctl(*ns, "useful",
                                               "--days").stdout)
        self.assertIn("agents asked for 1, of which 1",
                      self.db.ctl(*ns, "status").stdout)
        text = self.db.ctl("metrics").stdout
        self.assertIn("memory_db_facts_recalled_used 1\n", text)
        # They survive a restart, and an export with its counters.
        self.db.restart()
        self.assertEqual(self.ledger(), (2, 1, 1, 1, 0))
        log = self.dir / "log.jsonl"
        self.db.ctl("export", "--all", "--counters", log)
        other = self.service()
        for _ in range(2):
            other.ctl("import", log)
            with other.client() as c:
                one = c.ok("usefulness_report", namespace=self.namespace())
                self.assertEqual(one["recalled"], got["recalled"])
                self.assertEqual(c.ok("verify").get("problems", []), [])


@unittest.skipUnless(shutil.which("node"), "node is not there")
class OpenCode(Asking):
    """The plugin itself, beside a client that is made up."""

    def test_plugin_sends_answer_and_calls(self):
        home = self.home
        env = clean_env(home, {"MEMORY_DB_SOCKET": self.socket,
                               "XDG_CONFIG_HOME": None,
                               "XDG_STATE_HOME": None})
        subprocess.run([CTL, "install", "--client", "opencode", "--hooks",
                        "--socket", self.socket], env=env, check=True,
                       capture_output=True, cwd=self.project)
        # So many newer ones that the digest has not the one asked for.
        for i in range(4):
            self.fill(None, f"crane {i}", *(
                f"crane {i} of quay {k} lifts {k * i} tons of steel and "
                f"timber in hour {k}" for k in range(20)))
        call = self.ask(self.agent(), "recall", query=ASK)
        self.assertIn("kestrel", call[2])
        script = self.dir / "run.mjs"
        plugin, = home.rglob("enhanced-memory.js")
        copy = self.dir / "plugin.mjs"
        shutil.copy(plugin, copy)
        script.write_text(f"""
import {{ EnhancedMemory }} from {json.dumps(str(copy))}
const messages = [
  {{ info: {{ role: "user" }}, parts: [{{ type: "text", text: "clean up" }}] }},
  {{ info: {{ role: "assistant" }}, parts: [
    {{ type: "tool", tool: "memory_recall",
       state: {{ status: "completed", input: {json.dumps(call[1])} }} }},
    {{ type: "text", text: "Host kestrel has a new build now." }}] }}]
const p = await EnhancedMemory({{ directory: {json.dumps(str(self.project))},
  client: {{ session: {{ messages: async ({{ path }}) =>
    ({{ data: path.id === "none" ? [] : messages }}),
    get: async ({{ path }}) =>
      ({{ data: {{ parentID: path.id === "child" ? "o1" : undefined }} }}) }} }} }})
const given = [{{ type: "text", text: "My name is Sub Wrong. Look." }}]
await p["chat.message"]({{ sessionID: "child" }}, {{ parts: given }})
if (given[0].text !== "My name is Sub Wrong. Look.") throw new Error("told")
await p.event({{ event: {{ type: "session.idle",
                           properties: {{ sessionID: "child" }} }} }})
const parts = [{{ type: "text", text: "clean up" }}]
await p["chat.message"]({{ sessionID: "o1" }}, {{ parts }})
await p["experimental.session.compacting"]({{ sessionID: "o1" }}, {{}})
await p.event({{ event: {{ type: "session.idle",
                           properties: {{ sessionID: "o1" }} }} }})
await p["experimental.session.compacting"]({{ sessionID: "none" }}, {{}})
""")
        subprocess.run(["node", str(script)], env=env, check=True,
                       timeout=120, cwd=self.project)
        # The sub-agent's own answer has used what it asked for.
        self.assertEqual(self.ledger()[2:], (1, 1, 0))
        with self.db.client() as c:
            graph = json.dumps(c.ok("read_graph", namespace=self.namespace(),
                                    max_bytes=1 << 20))
        self.assertNotIn("Sub Wrong", graph)


if __name__ == "__main__":
    main()
