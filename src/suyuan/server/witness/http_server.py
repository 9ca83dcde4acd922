"""HTTP for the witness on the standard library's threading server, with limits of its own.

A connection is a thread; there are at most `MOST_CONNECTIONS`. A request has `REQUEST_S` seconds from its
first to its last byte, however slowly it drips, and an idle connection is closed after as long. Bodies need a
length and stay below the limit of tlog-witness.
"""

import io
import logging
import socket
import sys
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from suyuan.server.witness.deciding import Witness
from suyuan.server.witness.folder import LogFolder
from suyuan.server.witness.serving import NEVER_KEPT, TEXT, Served, not_found, serve, serve_below
from suyuan.tlog.witness import LARGEST_REQUEST_BYTES

MOST_CONNECTIONS = 128
REQUEST_S = 15.0
ADD_CHECKPOINT = "add-checkpoint"
HEALTH = "health"
_LOG = logging.getLogger("suyuan.witness")


@dataclass(frozen=True, slots=True)
class Site:
    """What stands below which path.

    Parameters
    ----------
    prefix
        Path in front of everything, ``/w1`` or empty.
    logs
        Folders of logs by the path below the prefix, without slashes at the ends.
    witness
        None where only files are served.
    shelf
        A folder with logs below it, served by their paths in it.
    """

    prefix: str
    logs: dict[str, LogFolder]
    witness: Witness | None = None
    shelf: Path | None = None

    def get(self, target: str) -> Served:
        """The answer to GET."""
        path = self._below(target)
        if path == HEALTH:
            return _text(200, "ok\n")
        if self.is_submission(target):
            answer = _text(405, "POST a checkpoint here\n")
            return Served(405, {**answer.headers, "Allow": "POST"}, answer.body)
        if path is not None:
            for prefix, folder in self.logs.items():
                if path.startswith(f"{prefix}/"):
                    return serve(folder, path.removeprefix(f"{prefix}/"))
        return not_found() if path is None or self.shelf is None else serve_below(self.shelf, path)

    def is_submission(self, target: str) -> bool:
        """Whether a request to this target is one to the witness."""
        return self.witness is not None and self._below(target) == ADD_CHECKPOINT

    def _below(self, target: str) -> str | None:
        """The path below the prefix; None elsewhere."""
        try:
            path = unquote(urlsplit(target).path, errors="strict")
        except ValueError:
            return None
        return path.removeprefix(f"{self.prefix}/") if path.startswith(f"{self.prefix}/") else None


class HttpServer(ThreadingHTTPServer):
    """Listens on one address until `shutdown`."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, host: str, port: int, site: Site) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.site = site
        self._room = threading.BoundedSemaphore(MOST_CONNECTIONS)
        super().__init__((host, port), Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Take a connection, or close it where there are too many."""
        if not self._room.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection and make room for another."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say what broke a connection, unless it is the other side that went away."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            _LOG.exception("connection broken")

    def server_bind(self) -> None:
        """Bind, without asking a name server for our own name."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])


class _Deadline(io.RawIOBase):
    """What a connection sends, until a moment that is set anew for every request."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.renew()

    def renew(self) -> None:
        """Give the next request its time."""
        self._end = time.monotonic() + REQUEST_S

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what there is; TimeoutError after the moment."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        count = self._connection.recv_into(buffer)
        self._connection.settimeout(REQUEST_S)
        return count


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: HttpServer
    protocol_version = "HTTP/1.1"
    timeout = REQUEST_S
    error_content_type = TEXT
    error_message_format = "%(code)d %(message)s\n"

    def setup(self) -> None:
        """Read through the deadline."""
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._deadline = _Deadline(self.connection)
        self.rfile = io.BufferedReader(self._deadline)

    def version_string(self) -> str:
        """What answers; versions are nobody's business."""
        return "suyuan"

    def handle_one_request(self) -> None:
        """The next request, with its own time."""
        self._deadline.renew()
        super().handle_one_request()

    def do_GET(self) -> None:
        """A file of a log."""
        self._refuse_body()
        self._send(self.server.site.get(self.path))

    def do_HEAD(self) -> None:
        """The headers of a file."""
        self._refuse_body()
        self._send(self.server.site.get(self.path), with_body=False)

    def do_POST(self) -> None:
        """A checkpoint to cosign."""
        witness = self.server.site.witness
        if witness is None or not self.server.site.is_submission(self.path):
            self._end(not_found())
            return
        lengths = self.headers.get_all("Content-Length", [""])
        length = lengths[0]
        if "Transfer-Encoding" in self.headers or len(lengths) > 1 or not (length.isascii() and length.isdigit()):
            self._end(_text(411, "Content-Length is needed\n"))
            return
        if len(length) > 12 or int(length) > LARGEST_REQUEST_BYTES:
            self._end(_text(413, f"at most {LARGEST_REQUEST_BYTES} bytes\n"))
            return
        body = self.rfile.read(int(length))
        if len(body) != int(length):
            self.close_connection = True
            return
        self._cosign(witness, body)

    def _cosign(self, witness: Witness, body: bytes) -> None:
        try:
            answer = witness.add_checkpoint(body)
        except Exception:  # whatever broke, the client learns that nothing was promised
            _LOG.exception("add-checkpoint failed")
            self._end(_text(500, "internal error\n"))
            return
        headers = {"Content-Type": answer.content_type, "Cache-Control": NEVER_KEPT}
        self._send(Served(answer.status, headers, answer.body))

    def _refuse_body(self) -> None:
        """A body that is not read would be taken for the next request."""
        if self.headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in self.headers:
            self.close_connection = True

    def _end(self, answer: Served) -> None:
        """Answer without having read the body, and close."""
        self.close_connection = True
        self._send(answer)

    def _send(self, answer: Served, *, with_body: bool = True) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if with_body:
            self.wfile.write(answer.body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: requests to the witness are told by `Witness`, the rest by a proxy."""


def _text(status: int, text: str) -> Served:
    return Served(status, {"Content-Type": TEXT, "Cache-Control": NEVER_KEPT}, text.encode())
