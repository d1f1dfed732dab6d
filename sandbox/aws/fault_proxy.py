"""A proxy in front of the AWS endpoint that lets calls fail the ways calls to AWS fail.

Everything is forwarded as it is, except what a mishap befalls (`fates.py`). The switch is
`/_sandbox/faults`: GET shows the state, POST other rates, DELETE switches the faults off.
"""

import json
from contextlib import ExitStack
from dataclasses import replace
from http.client import HTTPConnection, HTTPException
from threading import Event
from typing import Any, ClassVar

from sandbox.aws import refused_calls
from sandbox.aws.fates import Fate, Fates, Mishap
from sandbox.aws.partial_batches import PartialBatch
from sandbox.aws.server import Call, Reply
from sandbox.aws.upstream import Upstream, forward
from sandbox.http_server import LocalServer, QuietHandler

CONTROL = "/_sandbox/faults"


class Handler(QuietHandler):
    """One connection of a client, with one of its own to the endpoint."""

    fates: ClassVar[Fates]
    upstream: ClassVar[Upstream]
    ending: ClassVar[Event]

    def setup(self) -> None:
        super().setup()
        self._opened = ExitStack()
        self._connection: HTTPConnection = self._opened.enter_context(self.upstream.connected())

    def finish(self) -> None:
        self._opened.close()
        super().finish()

    def do_POST(self) -> None:  # noqa: N802 - http.server's name
        call = Call(self.command, self.path, dict(self.headers.items()), self.body())
        try:
            reply = self._control(call) if call.path == CONTROL else self._answer(call)
        except (OSError, HTTPException):  # the endpoint ends: so does the connection to it
            reply = None
        if reply is None:
            self.reset()
        else:
            self.respond(reply.status, reply.headers, reply.body)

    do_GET = do_DELETE = do_POST  # noqa: N815 - http.server's names

    def _answer(self, call: Call) -> Reply | None:
        """None: the client gets no answer."""
        fate = self.fates.of(call.target)
        match fate.mishap:
            case None:
                return forward(self._connection, call)
            case Mishap.UNPROCESSED:
                return self._part_of(call, fate)
            case mishap:
                reply = self._befallen(mishap, call, fate)
                self.fates.happened(mishap, call.target)
                return reply

    def _befallen(self, mishap: Mishap, call: Call, fate: Fate) -> Reply | None:
        if mishap is Mishap.SERVER_ERROR:
            return refused_calls.server_error(call)
        if mishap is Mishap.THROTTLED:
            return refused_calls.throttled(call, fate.chance)
        reply = forward(self._connection, call)
        if mishap is Mishap.LOST:
            return None
        self.ending.wait(fate.chance.uniform(0, self.fates.rates.longest_delay))
        return reply

    def _part_of(self, call: Call, fate: Fate) -> Reply:
        batch = PartialBatch.of(call, fate.chance)
        if batch is None:
            return forward(self._connection, call)
        reply = batch.answer(forward(self._connection, batch.request()))
        self.fates.happened(Mishap.UNPROCESSED, call.target)
        return reply

    def _control(self, call: Call) -> Reply:
        try:
            state = self._told(call)
        except (TypeError, ValueError) as error:
            return _json(400, {"error": str(error)})
        return _json(200, state)

    def _told(self, call: Call) -> dict[str, Any]:
        if call.method == "DELETE":
            return self.fates.calm()
        if call.method == "POST":
            return self.fates.change(replace(self.fates.rates, **call.asked()))
        return self.fates.state()


def _json(status: int, body: dict[str, Any]) -> Reply:
    return Reply(status, {"Content-Type": "application/json"}, json.dumps(body).encode())


class FaultProxy(LocalServer):
    """Answers at `url` in the place of the endpoint at `upstream_url`."""

    def __init__(self, upstream_url: str, fates: Fates, port: int = 0) -> None:
        self._upstream = Upstream(upstream_url)
        ending = Event()
        bound = {"fates": fates, "upstream": self._upstream, "ending": ending}
        super().__init__(type("BoundHandler", (Handler,), bound), port, ending)

    def stop(self) -> None:
        """End every call under way and every connection; returns when all threads have ended."""
        self.ending.set()
        self._upstream.hang_up()
        super().stop()
