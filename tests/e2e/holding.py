"""A proxy before DynamoDB that holds one call on its way, for as long as the test likes."""

from __future__ import annotations

from contextlib import ExitStack
from http.client import HTTPConnection, HTTPException
from threading import Event
from typing import ClassVar, Self

from sandbox.aws.server import Call
from sandbox.aws.upstream import Upstream, forward
from sandbox.http_server import LocalServer, QuietHandler


class Handler(QuietHandler):
    """One connection of a client, with one of its own to the endpoint."""

    proxy: ClassVar[HoldingProxy]

    def setup(self) -> None:
        super().setup()
        self._opened = ExitStack()
        upstream = self.proxy.upstream
        self._connection: HTTPConnection = self._opened.enter_context(upstream.connected())

    def finish(self) -> None:
        self._opened.close()
        super().finish()

    def do_POST(self) -> None:  # noqa: N802 - http.server's name
        call = Call(self.command, self.path, dict(self.headers.items()), self.body())
        if self.proxy.words in call.body:
            self.proxy.held.set()
            self.proxy.ending.wait()
            self.reset()
            return
        try:
            reply = forward(self._connection, call)
        except (OSError, HTTPException):
            self.reset()
            return
        self.respond(reply.status, reply.headers, reply.body)


class HoldingProxy(LocalServer):
    """Forwards everything but calls with these words in them: those never arrive.

    `held` is set by the first one.
    """

    def __init__(self, upstream_url: str, words: bytes) -> None:
        self.upstream = Upstream(upstream_url)
        self.words = words
        self.held = Event()
        super().__init__(type("BoundHandler", (Handler,), {"proxy": self}), 0, Event())

    def stop(self) -> None:
        self.ending.set()
        self.upstream.hang_up()
        super().stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
