"""Receivers of webhooks: real HTTP servers on loopback, in threads, that do as a test tells them."""

import contextlib
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import trustme


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


class Handler(BaseHTTPRequestHandler):
    """Answers as the receiver's script says."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "_Server"

    def do_POST(self) -> None:
        length = int(self.headers["content-length"])
        body = self.rfile.read(length)
        if len(body) < length:
            return  # its sender died over it: no server hands that to anybody
        headers = {name.lower(): value for name, value in self.headers.items()}
        receiver = self.server.receiver
        receiver.got.append(Received(self.path, headers, body, time.monotonic()))
        receiver.script(self)

    def log_message(self, *_: Any) -> None:
        """Tests look at what was received."""

    def reply(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    receiver: "Receiver"
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def handle_error(self, *_: Any) -> None:
        """Whoever hung up did so on purpose."""


Script = Callable[[Handler], None]


def well(handler: Handler) -> None:
    handler.reply(200, b"ok")


def status(code: int, **headers: str) -> Script:
    return lambda handler: handler.reply(code, b"no", **headers)


def hanging(seconds: float) -> Script:
    """Says nothing for so long."""

    def script(handler: Handler) -> None:
        time.sleep(seconds)
        handler.reply(200)

    return script


def dripping(pieces: int, seconds: float) -> Script:
    """Says 200 at once, and then its body byte by byte."""

    def script(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("content-length", str(pieces))
        handler.end_headers()
        for _ in range(pieces):
            time.sleep(seconds)
            handler.wfile.write(b".")

    return script


def closing(handler: Handler) -> None:
    """Promises 100 bytes, sends 10 and hangs up."""
    handler.send_response(200)
    handler.send_header("content-length", "100")
    handler.end_headers()
    handler.wfile.write(b"0123456789")
    handler.close_connection = True


def hanging_up(handler: Handler) -> None:
    """No answer at all."""
    handler.close_connection = True


def noise(handler: Handler) -> None:
    """Something that is no HTTP."""
    handler.wfile.write(b"\x00\xffSSH-2.0 what do you want\r\n\r\n")
    handler.close_connection = True


@dataclass
class Receiver:
    """One receiver; `script` may be changed at any time."""

    port: int
    script: Script = well
    scheme: str = "http"
    got: list[Received] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/hook"

    @property
    def ids(self) -> list[str]:
        return [one.id for one in self.got]


@contextlib.contextmanager
def receiving(script: Script = well, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver, at work until the end."""
    server = _Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.receiver = Receiver(server.server_address[1], script, "https" if tls else "http")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def certificate(*names: str) -> tuple[ssl.SSLContext, bytes]:
    """A server's side of TLS for these names, and the authority that vouches for it, as PEM."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context, authority.cert_pem.bytes()
