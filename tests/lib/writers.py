"""Many socket clients that write until told, and remember what was answered.

Each client creates one entity a request, with an idempotency key, and waits
for the answer. When the connection breaks it connects again and repeats the
request with its key, as the client libraries do; with `retry=False` it stops
there, and what it asked last is in `unsure`.
"""
import asyncio
import json
import threading
import time

from harness import SLOW, wait_until


class Writers:
    def __init__(self, socket, clients=8, total=None, prefix="w", retry=True):
        self.socket, self.clients = socket, clients
        self.total, self.prefix, self.retry = total, prefix, retry
        self.acked = {}         # name -> result of the reply
        self.unsure = set()     # asked, not answered
        self.refused = []       # success:false
        self.sent = 0
        self.busy = 0
        self.reconnects = 0
        self.stopping = False
        self.error = None
        self.thread = threading.Thread(target=self._main, daemon=True)

    def start(self):
        self.thread.start()
        return self

    def stop(self):
        """No new requests; waits for the ones under way."""
        self.stopping = True
        return self.join()

    def join(self, seconds=120):
        self.thread.join(seconds * SLOW)
        if self.thread.is_alive():
            raise AssertionError(f"writers stuck at {len(self.acked)} acked, "
                                 f"{len(self.unsure)} unanswered")
        if self.error:
            raise self.error
        return self

    def wait_acked(self, n, seconds=120):
        """Until n requests are answered (or the writers have ended)."""
        wait_until(lambda: len(self.acked) >= n or self.error or
                   not self.thread.is_alive(), seconds, 0.001,
                   f"{n} acknowledged writes, {len(self.acked)} so far")

    def _main(self):
        try:
            asyncio.run(self._all())
        except Exception as e:
            self.error = e

    async def _all(self):
        await asyncio.gather(*(self._client(i) for i in range(self.clients)))

    def _next_name(self):
        if self.stopping or (self.total is not None and
                             self.sent >= self.total):
            return None
        self.sent += 1
        return f"{self.prefix}-{self.sent}"

    async def _client(self, number):
        stream = None
        while (name := self._next_name()) is not None:
            self.unsure.add(name)
            line = json.dumps({
                "id": self.sent, "method": "create_entities", "params": {
                    "key": "key " + name, "entities": [{
                        "name": name, "entityType": "note", "observations":
                        [f"written by client {number} as {name}"]}]}}) + "\n"
            reply = None
            while reply is None:
                stream, reply = await self._ask(stream, line.encode())
                if reply is None and not self.retry:
                    return
            self._answered(name, reply)
        if stream:
            stream[1].close()

    async def _ask(self, stream, line):
        """One attempt: the stream to go on with, and the reply or None."""
        try:
            if stream is None:
                stream = await asyncio.open_unix_connection(
                    self.socket, limit=1 << 22)
            stream[1].write(line)
            got = await stream[0].readline()
            if not got.endswith(b"\n"):
                raise ConnectionError
        except OSError:
            if stream:
                stream[1].close()
            self.reconnects += 1
            if self.retry:
                await asyncio.sleep(0.01)
            return None, None
        reply = json.loads(got)
        if reply.get("code") == "busy":
            self.busy += 1
            await asyncio.sleep(reply.get("retry_after_ms", 10) / 1000)
            return stream, None
        return stream, reply

    def _answered(self, name, reply):
        # A refused write must not be there: it is not unsure any more.
        self.unsure.discard(name)
        if reply.get("success"):
            self.acked[name] = reply["results"][0]
        else:
            self.refused.append(reply)


def stored(client):
    """name -> (version, observations) of everything, read page by page."""
    found, cursor = {}, None
    while True:
        params = {"limit": 1000, "relations": False,
                  "fields": ["name", "version", "observations"]}
        if cursor:
            params["cursor"] = cursor
        page = client.ok("read_graph", params)
        for e in page["entities"]:
            assert e["name"] not in found, f"{e['name']} listed twice"
            found[e["name"]] = (e["version"], e["observations"])
        cursor = page.get("next")
        if not cursor:
            return found


def check_acked(test, client, writers):
    """Everything acknowledged is there, once; nothing that nobody wrote."""
    there = stored(client)
    lost = sorted(set(writers.acked) - set(there))
    test.assertEqual(lost[:5], [], f"{len(lost)} acknowledged writes lost")
    for name in writers.acked:
        version, texts = there[name]
        test.assertEqual(version, 1, f"{name} was written twice")
        test.assertEqual(len(texts), 1, name)
        test.assertTrue(texts[0].endswith(" as " + name))
    strange = {n for n in there if n.startswith(writers.prefix + "-")} - \
        set(writers.acked) - writers.unsure
    test.assertFalse(strange, "entities that nobody was told of")
    return there


def pause(seconds):
    """A point in time chosen by the test, not a wait for something."""
    time.sleep(seconds)
