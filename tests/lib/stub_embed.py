"""An endpoint of embeddings on the loopback that misbehaves on request.

    stub = StubEmbed(dims=16)       # runs until stub.close()
    stub.url                        # http://127.0.0.1:PORT/v1/embeddings
    stub.mode = "slow"              # see MODES; "ok" is the default
    stub.seen                       # bodies of the requests, in order

A text's vector counts its words, each in a dimension of its own hash, so
texts with words in common are near. `synonyms` maps words to other words
first: near texts without a common word.
"""
import contextlib
import json
import re
import socket
import struct
import threading
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODES = ("ok", "shuffled", "no_index", "slow", "drip", "silent", "close",
         "half", "status", "garbage", "no_data", "count", "twice", "index",
         "dims_differ", "dims", "nan", "big", "text", "base64", "huge",
         "values", "extra", "redirect", "chunked")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def setup(self):
        super().setup()
        with self.server.stub.lock:
            self.server.stub.connections += 1
            self.server.stub.sockets.append(self.connection)

    def do_GET(self):
        with self.server.stub.lock:
            self.server.stub.gets += 1
        self.reply(200, b"{}")

    def do_POST(self):
        stub = self.server.stub
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        body = json.loads(raw)
        with stub.lock:
            stub.seen.append(body)
            stub.headers.append(dict(self.headers))
            stub.paths.append(self.path)
        getattr(self, "mode_" + stub.mode)(stub, body)

    def reply(self, status, raw, **headers):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def answer(self, data, **members):
        self.reply(200, json.dumps({"object": "list", "data": data,
                                    "usage": {"total_tokens": 3},
                                    **members}).encode())

    def data(self, stub, body, dims=None):
        return [{"object": "embedding", "index": i,
                 "embedding": stub.vector(t, dims)}
                for i, t in enumerate(body["input"])]

    # --- modes ---------------------------------------------------------------

    def mode_ok(self, stub, body):
        self.answer(self.data(stub, body))

    def mode_shuffled(self, stub, body):
        self.answer(self.data(stub, body)[::-1])

    def mode_no_index(self, stub, body):
        self.answer([{"embedding": d["embedding"]}
                     for d in self.data(stub, body)])

    def mode_extra(self, stub, body):
        data = self.data(stub, body)
        for d in data:
            d["more"] = {"a": [1, None, {"b": "c"}]}
        self.answer(data, model="other", object={"x": [[]]})

    def mode_chunked(self, stub, body):
        raw = json.dumps({"data": self.data(stub, body)}).encode()
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for i in range(0, len(raw), 100):
            part = raw[i:i + 100]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        self.wfile.write(b"0\r\n\r\n")

    def mode_slow(self, stub, body):
        stub.stopped.wait(stub.delay)
        self.mode_ok(stub, body)

    def mode_silent(self, stub, body):
        stub.stopped.wait(60)
        self.close_connection = True

    def mode_drip(self, stub, body):
        """A byte now and then, for ever."""
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        try:
            while not stub.stopped.wait(.05):
                self.wfile.write(b" ")
        except OSError:
            self.close_connection = True

    def mode_close(self, stub, body):
        self.close_connection = True

    def mode_half(self, stub, body):
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b'{"data": [')
        self.close_connection = True

    def mode_status(self, stub, body):
        raw = stub.says if isinstance(stub.says, bytes) else \
            json.dumps(stub.says).encode()
        self.reply(stub.status, raw)

    def mode_redirect(self, stub, body):
        self.reply(307, b"", Location=f"http://127.0.0.1:{stub.port}/else")

    def mode_garbage(self, stub, body):
        self.reply(200, b"<html>\xff hello")

    def mode_no_data(self, stub, body):
        self.reply(200, b'{"embeddings": [[1, 2]]}')

    def mode_count(self, stub, body):
        self.answer(self.data(stub, body)[:-1])

    def mode_twice(self, stub, body):
        self.answer([{**d, "index": 0} for d in self.data(stub, body)])

    def mode_index(self, stub, body):
        self.answer([{**d, "index": 99} for d in self.data(stub, body)])

    def mode_dims_differ(self, stub, body):
        data = self.data(stub, body)
        data[-1]["embedding"].append(1.0)
        self.answer(data)

    def mode_dims(self, stub, body):
        self.answer(self.data(stub, body, stub.other_dims))

    def mode_nan(self, stub, body):
        data = self.data(stub, body)
        data[0]["embedding"][1] = float("nan")
        self.answer(data)

    def mode_big(self, stub, body):
        data = self.data(stub, body)
        data[0]["embedding"][1] = 1e300
        self.answer(data)

    def mode_text(self, stub, body):
        data = self.data(stub, body)
        data[0]["embedding"][1] = "0.5"
        self.answer(data)

    def mode_base64(self, stub, body):
        self.answer([{**d, "embedding": "AAAA"}
                     for d in self.data(stub, body)])

    def mode_huge(self, stub, body):
        """More bytes than any answer can have, without an end."""
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        try:
            while not stub.stopped.is_set():
                self.wfile.write(b" " * 65536)
                stub.sent += 65536
        except OSError:
            pass

    def mode_values(self, stub, body):
        self.reply(200, b'{"data":[' + b"[],[]," * 10000 + b"[]]}")


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        pass


class StubEmbed:
    def __init__(self, dims=16, synonyms=None, port=0):
        self.dims, self.other_dims = dims, dims + 1
        self.synonyms = synonyms or {}
        self.mode, self.delay = "ok", 1.0
        self.status, self.says = 500, {"error": {"message": "no"}}
        self.seen, self.headers, self.paths = [], [], []
        self.connections = self.gets = 0
        self.sockets = []
        self.sent = 0           # bytes of mode huge
        self.lock, self.stopped = threading.Lock(), threading.Event()
        self.server = Server(("127.0.0.1", port), Handler)
        self.server.stub = self
        self.port = self.server.server_address[1]
        self.base = f"http://127.0.0.1:{self.port}"
        self.url = self.base + "/v1/embeddings"
        self.thread = threading.Thread(target=self.server.serve_forever,
                                       kwargs={"poll_interval": .02})
        self.thread.start()

    def vector(self, text, dims=None):
        dims = dims or self.dims
        v = [0.0] * dims
        for w in re.findall(r"\w+", text.lower()):
            w = self.synonyms.get(w, w)
            v[zlib.crc32(w.encode()) % dims] += 1
        return v if any(v) else [1.0] + v[1:]

    def close(self):
        self.stopped.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
        # Also of those kept open, whose threads still wait.
        with self.lock:
            for s in self.sockets:
                with contextlib.suppress(OSError):
                    s.shutdown(socket.SHUT_RDWR)
            self.sockets.clear()


def unused_port():
    """A port where nobody listens (now)."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class ClosedPort:
    """A port that takes connections into its queue and never speaks."""

    def __init__(self):
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen(8)
        self.port = self.socket.getsockname()[1]

    def close(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                               struct.pack("ii", 1, 0))
        self.socket.close()


if __name__ == "__main__":
    stub = StubEmbed()
    print(stub.url, flush=True)
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        stub.close()
