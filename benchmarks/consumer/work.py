"""The work that consumers are given: a request that takes as long as the scenario says.

A peer's handler asks for `/jobs/{id}`; our worker asks for a page of a shop, which is named after
its message: `/{id}.myshopify.com/admin/api/...`. Both are answered after the same time.
"""

from __future__ import annotations

import json
import select
import socket
import time
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import ClassVar

from sandbox.http_server import LocalServer, QuietHandler
from sandbox.shopify.schema import VERSION
from sandbox.shopify.server import answer_to
from sandbox.shopify.shops import Plan, Shop, Shops
from sandbox.shopify.world import World

ORDERS = 3
"""Of each shop: one page, one request."""


@dataclass(slots=True)
class Ledger:
    """Which work was started and finished, and when (monotonic).

    It is finished when its answer could be handed to somebody who was still there.
    """

    seconds: float = 0.0
    started: list[tuple[str, float]] = field(default_factory=list)
    finished: list[tuple[str, float]] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def start(self, name: str) -> None:
        with self._lock:
            self.started.append((name, time.monotonic()))

    def finish(self, name: str) -> None:
        with self._lock:
            self.finished.append((name, time.monotonic()))


class Handler(QuietHandler):
    """One connection of a consumer's handler."""

    ledger: ClassVar[Ledger]
    world: ClassVar[World]

    def do_GET(self) -> None:  # noqa: N802 - http.server's name
        name = self.path.rpartition("/")[2]
        if self._worked(name):
            self.respond(200, {}, b"done")
            self.ledger.finish(name)

    def do_POST(self) -> None:  # noqa: N802 - http.server's name
        body, domain = self.body(), self.path.split("/")[1]
        name = domain.partition(".")[0]
        api = self.world.api(domain)
        answer = None if api is None else answer_to(api, body)
        if answer is None or not self._worked(name):
            return
        headers = {"Content-Type": "application/json", "X-Shopify-API-Version": VERSION}
        self.respond(200, headers, json.dumps(answer.body).encode())
        self.ledger.finish(name)

    def _worked(self, name: str) -> bool:
        """Take the time; False if nobody waits for the end of it any more."""
        self.ledger.start(name)
        ended = self.world.ending.wait(self.ledger.seconds)
        readable, _, _ = select.select([self.connection], [], [], 0)
        gone = bool(readable) and not self.connection.recv(1, socket.MSG_PEEK)
        if ended or gone:
            self.close_connection = True
        return not (ended or gone)


class WorkServer(LocalServer):
    """Gives out work at `url` and keeps the ledger."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        template = Shop("any.myshopify.com", orders=ORDERS, plan=Plan.PLUS)
        world = World(Shops((), template), time.monotonic, ending=Event())
        bound = {"ledger": self.ledger, "world": world}
        super().__init__(type("BoundHandler", (Handler,), bound), 0, world.ending)
