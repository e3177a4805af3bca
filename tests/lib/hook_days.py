"""Days of work with agents: what each client sends its hooks, with transcripts
that grow as theirs do.

A session has prompts that ask for something that the memory has, prompts that
nothing fits, lines that are not the user's (meta, sub-agents, summaries of a
compaction, what a tool answered) and our own blocks, which must not come back.
Every token of what must never be kept begins with WRONG."""
import json
import random

CLIENTS = {
    "claude-code": ("SessionStart", "UserPromptSubmit", "Stop", "PreCompact"),
    "codex": ("SessionStart", "UserPromptSubmit", "Stop", "PreCompact"),
    "vscode": ("SessionStart", "UserPromptSubmit", "Stop", "PreCompact"),
    "gemini": ("SessionStart", "BeforeAgent", "AfterAgent", "PreCompress"),
    "cursor": ("sessionStart", "beforeSubmitPrompt", "stop", "preCompact"),
    "copilot-cli": ("sessionStart", "userPromptTransformed", "agentStop",
                    "preCompact")}
# Nothing in the memory fits these.
UNFIT = ("please rename the variable and format the file",
         "thanks, that looks good", "ok go on", "run the tests again",
         "why do zebras have stripes?", "write a haiku about autumn leaves",
         "fix the typo in line twelve", "what is the capital of Peru?",
         "make the button blue and a bit larger", "/compact", "!git status",
         "explain how bubble sort works", "undo the last edit please",
         "add a unit test for the parser", "the indentation is off by two")


def word(rng):
    return "".join(rng.choice("bcdfglmnprt") + rng.choice("aeiou")
                   for _ in range(4))


class Days:
    def __init__(self, folder, seed=1):
        self.folder, self.rng = folder, random.Random(seed)
        self.hosts = {}             # word: host
        while len(self.hosts) < 60:
            self.hosts[word(self.rng)] = f"h{len(self.hosts):02}"
        self.number = 0

    def facts(self):
        return {f"service {w}": f"the {w} service runs on host {h}"
                for w, h in self.hosts.items()}

    def line(self, client, role, text, **more):
        if client in ("claude-code", "vscode"):
            return {"type": role, "message": {"role": role, "content": text},
                    **more}
        if client == "codex":
            kind = "input_text" if role == "user" else "output_text"
            return {"type": "response_item", "payload": {
                "type": "message", "role": role,
                "content": [{"type": kind, "text": text}]}}
        if client == "copilot-cli":
            return {"type": f"{role}.message", "data": {"content": text}}
        return {"role": role, "message": {"content": [
            {"type": "text", "text": text}]}}

    def odd_lines(self, client, injected):
        """What is not the user's, or no line at all."""
        n, self.number = self.number, self.number + 1
        yield json.dumps(self.line(client, "user", injected +
                                   "\nrun the tests again"))
        if client in ("claude-code", "vscode"):
            for flag in ("isMeta", "isSidechain", "isCompactSummary"):
                yield json.dumps(self.line(
                    client, "user", f"My name is WRONG{n}.", **{flag: True}))
            yield json.dumps({"type": "user", "message": {
                "role": "user", "content": [{"type": "tool_result", "content":
                                             f"I live in WRONG{n}."}]}})
        if client == "codex":
            yield json.dumps({"type": "response_item", "payload": {
                "type": "message", "role": "developer", "content": [
                    {"type": "input_text", "text": f"I like WRONG{n}."}]}})
        yield '{"type": "user", "message": {"role": "user", "content": ["x'
        yield "\x00\xff not json"
        yield json.dumps({"type": [], "message": 7, "role": {"a": 1}})

    def session(self, client, project, turns):
        """(event, data, words that the prompt asks about) of each firing."""
        start, prompt, stop, compact = CLIENTS[client]
        self.number += 1
        ident = f"{client}-{self.number}"
        path = self.folder / f"{ident}.jsonl"
        path.write_text("")
        base = {"session_id": ident, "transcript_path": str(path),
                "cwd": str(project), "hook_event_name": start}
        if client == "cursor":
            base = {"conversation_id": ident, "transcript_path": str(path),
                    "workspace_roots": [str(project)]}
        elif client == "copilot-cli":
            base = {"sessionId": ident, "transcriptPath": str(path),
                    "workingDirectory": str(project)}
        yield start, {**base, "source": "startup"}, None
        for turn in range(turns):
            asked = self.rng.choice(list(self.hosts)) \
                if self.rng.random() < .5 else None
            text = f"on which host does the {asked} service run?" \
                if asked else self.rng.choice(UNFIT)
            data = {**base, "prompt": text}
            if client == "copilot-cli":
                data["transformedPrompt"] = "<now>noon</now>\n" + text
            got = yield prompt, data, asked
            with open(path, "a", encoding="latin-1") as f:
                f.write(json.dumps(self.line(client, "user", text)) + "\n")
                for x in self.odd_lines(client, got or ""):
                    f.write(x + "\n")
                f.write(json.dumps(self.line(
                    client, "assistant", f"The {asked} service runs on "
                    f"{self.hosts[asked]}, done." if asked else
                    "I looked and it is done.")) + "\n")
            yield (compact if turn % 7 == 6 else stop), dict(base), None
