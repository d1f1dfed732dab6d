"""`/metrics`, `/healthz` and `/readyz` over HTTP, for scrapers and orchestrators."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import ClassVar, Self, TypeAlias
from urllib.parse import urlsplit

JSON = "application/json"
_TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a page answers."""

    body: bytes
    content_type: str = _TEXT
    status: HTTPStatus = HTTPStatus.OK


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether all is well, and what was looked at."""

    well: bool
    facts: Mapping[str, object] = field(default_factory=dict)

    def answer(self) -> Answer:
        """200 or 503, with the facts as a JSON object whose `status` is `ok` or `unavailable`."""
        status = "ok" if self.well else "unavailable"
        body = json.dumps({"status": status, **self.facts}).encode()
        code = HTTPStatus.OK if self.well else HTTPStatus.SERVICE_UNAVAILABLE
        return Answer(body + b"\n", JSON, code)


Page: TypeAlias = Callable[[], Answer]


class PortInUse(Exception):
    """The ops server cannot listen where it should; the text says where and why."""


class OpsServer:
    """Serves the pages (by path) from threads of its own while the context lasts.

    Raises `PortInUse` when it is made, before anything else has begun.
    """

    def __init__(self, host: str, port: int, pages: Mapping[str, Page]) -> None:
        handler = type("OpsHandler", (_Handler,), {"pages": dict(pages)})
        try:
            self._server = _Server((host, port), handler)
        except OSError as error:
            raise PortInUse(
                f"cannot listen on {host}:{port} ({error.strerror}): "
                "set SYNC_HTTP_HOST or SYNC_HTTP_PORT to an address that is free"
            ) from error
        serve = partial(self._server.serve_forever, poll_interval=0.1)
        self._thread = Thread(target=serve, name="ops-server", daemon=True)

    @property
    def port(self) -> int:
        """Where it listens, also when port 0 asked for any that is free."""
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    pages: ClassVar[Mapping[str, Page]] = {}
    protocol_version = "HTTP/1.1"
    timeout = 10
    """Seconds that a client may keep a connection without asking for anything."""

    def do_GET(self) -> None:
        self._send(self._answer(), with_body=True)

    def do_HEAD(self) -> None:
        self._send(self._answer(), with_body=False)

    def _refuse(self) -> None:
        self.close_connection = True  # its body was not read
        answer = Answer(b"only GET and HEAD\n", status=HTTPStatus.METHOD_NOT_ALLOWED)
        self._send(answer, with_body=True)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _refuse  # noqa: N815 - same

    def _answer(self) -> Answer:
        page = self.pages.get(urlsplit(self.path).path)
        if page is None:
            known = " ".join(self.pages)
            return Answer(f"not here; try {known}\n".encode(), status=HTTPStatus.NOT_FOUND)
        try:
            return page()
        except Exception as error:  # noqa: BLE001 - a page that fails must answer, and fail alone
            body = f"failed: {type(error).__name__}\n".encode()
            return Answer(body, status=HTTPStatus.INTERNAL_SERVER_ERROR)

    def _send(self, answer: Answer, *, with_body: bool) -> None:
        with contextlib.suppress(ConnectionError, TimeoutError):  # the client left
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
            self.send_header("Cache-Control", "no-store")
            if answer.status is HTTPStatus.METHOD_NOT_ALLOWED:
                self.send_header("Allow", "GET, HEAD")
            if self.close_connection:
                self.send_header("Connection", "close")
            self.end_headers()
            if with_body:
                self.wfile.write(answer.body)

    def send_header(self, keyword: str, value: str) -> None:
        """Nobody has to know what serves this, in which version."""
        if keyword.lower() != "server":
            super().send_header(keyword, value)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Scrapes are no news."""
