"""Connections to the endpoint that calls are forwarded to."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from threading import Lock
from urllib.parse import urlsplit

from sandbox.aws.server import Call, Reply

OF_THE_CONNECTION = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding"})


class Upstream:
    """The endpoint; knows the connections that are open, to end what waits in them."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname or "", parts.port or 80)
        self._open: set[HTTPConnection] = set()
        self._hung_up = False
        self._lock = Lock()

    @contextmanager
    def connected(self) -> Iterator[HTTPConnection]:
        """A connection, opened by its first call and kept alive until the context ends."""
        connection = _Connection(self, *self._address)
        with self._lock:
            self._open.add(connection)
        try:
            yield connection
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    def hang_up(self) -> None:
        """End every call under way, those included that are about to be sent.

        Their threads get an OSError or an HTTPException.
        """
        with self._lock:
            self._hung_up = True
            sockets = [c.sock for c in self._open if c.sock is not None]
        for each in sockets:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def assert_on(self) -> None:
        """Raise ConnectionAbortedError once it has hung up."""
        with self._lock:
            if self._hung_up:
                raise ConnectionAbortedError("the proxy ends")


class _Connection(HTTPConnection):
    """Is not there any more once its upstream has hung up, whenever it is opened."""

    def __init__(self, upstream: Upstream, host: str, port: int) -> None:
        super().__init__(host, port)
        self._upstream = upstream

    def connect(self) -> None:
        super().connect()
        self._upstream.assert_on()  # whoever hangs up either sees the socket or is seen here


def forward(connection: HTTPConnection, call: Call) -> Reply:
    """The endpoint's own answer; OSError or HTTPException if there is none."""
    headers = {n: v for n, v in call.headers.items() if n.lower() not in OF_THE_CONNECTION}
    connection.request(call.method, call.path, call.body, headers)
    answer = connection.getresponse()
    kept = {n: v for n, v in answer.getheaders() if n.lower() not in OF_THE_CONNECTION}
    return Reply(answer.status, kept, answer.read())
