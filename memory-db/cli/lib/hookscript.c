/* The plugin of OpenCode, which knows hooks in JavaScript only: a short script
 * that passes each event to `memoryctl hook` and gives back what that answers.
 * It is written whole and recognised by its first line, so that uninstall
 * removes it only when it is ours. */
#include "memory-db/cli/lib/hookscript.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/jx.h"
#include "memory-db/cli/lib/clientfile.h"
#include "memory-db/cli/lib/statefolder.h"

/* The first line tells the file as ours. */
static const char first[] = "// Enhanced Memory: written by memoryctl install "
			    "--hooks\n";

/* Behind "const args = [..]": it waits 800 ms for memoryctl at most, and what
 * fails gives no text. */
static const char script[] =
	"import { spawn } from \"node:child_process\"\n"
	"\n"
	"const ask = (event, data, ms = 800) => new Promise((done) => {\n"
	"  let out = \"\"\n"
	"  const child = spawn(program, [...args, \"hook\", \"opencode\", event],\n"
	"    { stdio: [\"pipe\", \"pipe\", \"ignore\"] })\n"
	"  const timer = setTimeout(() => { child.kill(); done(\"\") }, ms)\n"
	"  child.on(\"error\", () => done(\"\"))\n"
	"  child.on(\"close\", () => { clearTimeout(timer); done(out) })\n"
	"  child.stdout.on(\"data\", (d) => { out += d })\n"
	"  child.stdin.on(\"error\", () => {})\n"
	"  child.stdin.end(JSON.stringify(data))\n"
	"})\n"
	"\n"
	"export const EnhancedMemory = async ({ client, directory }) => {\n"
	"  const digests = new Map(), last = new Map(), parents = new Map()\n"
	"  const base = (id) => ({ session_id: id, cwd: directory })\n"
	"  const textOf = (parts) => (parts ?? []).filter((p) => p.type === "
	"\"text\" && !p.synthetic)\n"
	"    .map((p) => p.text).join(\"\\n\")\n"
	"  // The session that sent this one, when a sub-agent works in it.\n"
	"  const parentOf = async (id) => {\n"
	"    if (!parents.has(id)) {\n"
	"      let parent\n"
	"      try {\n"
	"        parent = (await client.session.get({ path: { id } })).data"
	"?.parentID\n"
	"      } catch {}\n"
	"      parents.set(id, parent)\n"
	"    }\n"
	"    return parents.get(id)\n"
	"  }\n"
	"  // What was answered since the last prompt, and with which tools.\n"
	"  const turn = async (id) => {\n"
	"    let parts = []\n"
	"    try {\n"
	"      const all = (await client.session.messages({ path: { id } }))"
	".data ?? []\n"
	"      const from = all.map((m) => m.info.role).lastIndexOf(\"user\")\n"
	"      parts = all.slice(from + 1).flatMap((m) => m.parts)\n"
	"    } catch {}\n"
	"    return {\n"
	"      last_assistant_message: textOf(parts).slice(0, 60000) || \" \",\n"
	"      tool_calls: parts.filter((p) => p.type === \"tool\").slice(-40)\n"
	"        .map((p) => ({ tool: p.tool, args: p.state?.input })),\n"
	"    }\n"
	"  }\n"
	"  const stop = async (id) => {\n"
	"    const parent = await parentOf(id)\n"
	"    const told = { prompt: last.get(id), ...(await turn(id)) }\n"
	"    if (parent) await ask(\"subagent\",\n"
	"      { ...base(parent), agent_id: id, ...told }, 4000)\n"
	"    else await ask(\"stop\", { ...base(id), ...told }, 6000)\n"
	"  }\n"
	"  return {\n"
	"    \"chat.message\": async (input, output) => {\n"
	"      const id = input.sessionID, prompt = textOf(output.parts)\n"
	"      last.set(id, prompt)\n"
	"      // What a model wrote to its sub-agent nobody said.\n"
	"      if (await parentOf(id)) return\n"
	"      if (!digests.has(id)) digests.set(id, await ask(\"start\",\n"
	"        { ...base(id), source: \"startup\" }, 4000))\n"
	"      const text = await ask(\"prompt\", { ...base(id), prompt })\n"
	"      const part = output.parts.find((p) => p.type === \"text\")\n"
	"      if (text && part) part.text += \"\\n\\n\" + text\n"
	"    },\n"
	"    \"experimental.chat.system.transform\": async (input, output) => {\n"
	"      const text = digests.get(input?.sessionID)\n"
	"      if (text) output.system.push(text)\n"
	"    },\n"
	"    \"experimental.session.compacting\": async (input) => {\n"
	"      const id = input?.sessionID\n"
	"      if (!last.get(id)?.trim() || await parentOf(id)) return\n"
	"      await stop(id)\n"
	"      // The rest of the turn is no answer to be kept with it again.\n"
	"      last.set(id, \" \")\n"
	"    },\n"
	"    event: async ({ event }) => {\n"
	"      const id = event.properties?.sessionID\n"
	"      if (event.type !== \"session.idle\" || !last.get(id)) return\n"
	"      await stop(id)\n"
	"      last.delete(id)\n"
	"    },\n"
	"  }\n"
	"}\n";

static int
add_option(json_t *args, const char *name, const char *value)
{
	if (!value)
		return 0;
	return jx_add(args, json_string(name)) != 0
		       ? MDB_E_NOMEM
		       : jx_add(args, json_string(value));
}

static int
make_script(const struct connect *w, const char *program, struct buf *out)
{
	AUTO_JSON json_t *args = json_array();

	if (!args || add_option(args, "--socket", w->socket) != 0 ||
		add_option(args, "--database", w->database) != 0 ||
		add_option(args, "--branch", w->branch) != 0 ||
		buf_addf(out, "%sconst program = ", first) != 0 ||
		jx_quote(program, strlen(program), out) != 0 ||
		buf_adds(out, "\nconst args = ") != 0 ||
		jx_dump(args, out) != 0 || buf_adds(out, "\n") != 0 ||
		buf_adds(out, script) != 0 || !buf_str(out))
		return MDB_E_NOMEM;
	return 0;
}

static bool
is_ours(const struct clientfile *cf)
{
	return cf->text.len >= sizeof(first) - 1 &&
	       memcmp(cf->text.data, first, sizeof(first) - 1) == 0;
}

int
hookscript_write(const struct connect *w, const char *program,
	struct connected *r)
{
	AUTO_CLIENTFILE struct clientfile cf = {0};
	int rc = clientfile_load(&cf, r->file, &r->err);

	if (rc != 0)
		return rc;
	if (cf.exists && !is_ours(&cf))
		return err_set(&r->err, MDB_E_EXISTS,
			"%s is there and was not written by memoryctl",
			r->file);
	if (make_script(w, program, &r->after) != 0)
		return err_nomem(&r->err);
	r->action = "unchanged";
	if (cf.exists && cf.text.len == r->after.len &&
		memcmp(cf.text.data, r->after.data, cf.text.len) == 0)
		return 0;
	r->action = cf.exists ? "updated" : "added";
	if (!w->is_dry_run)
		rc = clientfile_write(&cf, r->after.data, r->after.len, 0644,
			r->backup, &r->err);
	r->before = cf.text;
	cf.text = (struct buf){0};
	return rc;
}

int
hookscript_remove(const struct connect *w, struct connected *r)
{
	AUTO_CLIENTFILE struct clientfile cf = {0};
	int rc = clientfile_load(&cf, r->file, &r->err);

	if (rc != 0 || !cf.exists)
		return rc;
	if (!is_ours(&cf))
		return err_set(&r->err, MDB_E_EXISTS,
			"%s was not written by memoryctl", r->file);
	r->action = "removed";
	r->before = cf.text;
	cf.text = (struct buf){0};
	if (!w->is_dry_run && unlink(cf.path) < 0)
		return err_set(&r->err, MDB_E_STORE, "cannot remove %s: %s",
			cf.path, strerrordesc_np(errno));
	if (!w->is_dry_run)
		statefolder_remove_above(cf.path);
	return 0;
}
