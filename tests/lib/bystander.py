"""Another client that must be served all the time while a test misbehaves."""
import threading
import time

from harness import SLOW, Client, entity


class Bystander:
    """Pings, writes, searches and asks for status in a loop. At the end none
    of its calls may have failed or taken longer than `bound` seconds."""

    def __init__(self, service, bound=1.0):
        self.client = Client(service.socket, timeout=60)
        self.bound = bound * SLOW
        self.worst = ("", 0.0)
        self.calls = 0
        self.error = None
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._loop, daemon=True)

    def _call(self, method, **params):
        began = time.monotonic()
        self.client.ok(method, params)
        spent = time.monotonic() - began
        self.calls += 1
        if spent > self.worst[1]:
            self.worst = (method, spent)

    def _loop(self):
        try:
            while not self.over.is_set():
                number = self.calls
                self._call("ping")
                self._call("create_entities", entities=[
                    entity(f"bystander {number}", "goes on")])
                self._call("search_nodes", query=f"bystander {number}")
                self._call("get_memory_status")
                self.over.wait(0.002)
        except Exception as e:
            self.error = e

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, *_):
        self.over.set()
        self.thread.join(60)
        self.client.close()
        if kind is not None:
            return
        if self.error:
            raise AssertionError(f"the other client failed: {self.error!r}")
        assert self.calls >= 4, "the other client was not served"
        method, spent = self.worst
        assert spent < self.bound, \
            f"the other client waited {spent:.2f} s for {method}"
