"""A small HTTP server on the loopback that fails in the ways that real ones do."""

from __future__ import annotations

import contextlib
import http.server
import re
import threading
import urllib.parse


class Behaviour:
    """What the server does with one path.

    ``content`` is what it serves; ``statuses`` are answered first, one each; ``cuts`` are numbers of bytes
    after which the connection is closed, one for each answer; ``ranges`` says whether it knows ``Range``.
    """

    def __init__(self, content=b"", statuses=(), cuts=(), ranges=True):
        self.content = content
        self.statuses = list(statuses)
        self.cuts = list(cuts)
        self.ranges = ranges


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path.lstrip("/"))
        asked = self.headers.get("Range")
        self.server.requests.append((path, asked))
        behaviour = self.server.files.get(path)
        if behaviour is None or behaviour.statuses:
            self._plain(404 if behaviour is None else behaviour.statuses.pop(0))
            return
        whole, start = behaviour.content, 0
        if asked and behaviour.ranges:
            start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1])
            if start >= len(whole):
                self._plain(416, {"Content-Range": f"bytes */{len(whole)}"})
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(whole) - 1}/{len(whole)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(whole) - start))
        self.end_headers()
        end = start + behaviour.cuts.pop(0) if behaviour.cuts else len(whole)
        self.wfile.write(whole[start:end])
        if end < len(whole):
            self.close_connection = True
            self.wfile.flush()
            self.connection.shutdown(2)

    def _plain(self, status, headers=()):
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


@contextlib.contextmanager
def serving(files):
    """Serve a dict of path to `Behaviour`; yields the server with ``url``, ``files`` and ``requests``."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.files, server.requests = files, []
    server.url = f"http://127.0.0.1:{server.server_port}/"
    server.handle_error = lambda *_: None
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def refuse(*_args, **_kwargs):
    """Stand in for a network on which nothing answers."""
    msg = "no network"
    raise OSError(msg)
