"""A chat model on the loopback that says what a test wants it to say.

    stub = StubChat()           # runs until stub.close()
    stub.url                    # http://127.0.0.1:PORT
    stub.facts = [{...}]        # of its answer; or stub.content = "any text"
    stub.status, stub.delay     # of its answer
    stub.raw = b"..."           # instead of an answer of the protocol
    stub.seen                   # bodies of the requests, in order
"""
import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def do_POST(self):
        stub = self.server.stub
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        stub.seen.append(json.loads(raw))
        stub.headers.append(dict(self.headers))
        stub.paths.append(self.path)
        stub.stopped.wait(stub.delay)
        content = stub.content if stub.content is not None else \
            json.dumps({"facts": stub.facts})
        answer = stub.raw if stub.raw is not None else json.dumps(
            {"choices": [{"message": {"role": "assistant",
                                      "content": content}}],
             "usage": {"total_tokens": stub.tokens}}).encode()
        with contextlib.suppress(OSError):
            self.send_response(stub.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass


class StubChat:
    def __init__(self):
        self.facts, self.content, self.raw = [], None, None
        self.status, self.delay, self.tokens = 200, 0, 100
        self.seen, self.headers, self.paths = [], [], []
        self.stopped = threading.Event()
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.stub = self
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever,
                                       kwargs={"poll_interval": .02})
        self.thread.start()

    def close(self):
        self.stopped.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
