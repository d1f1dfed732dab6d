"""Calls of many clients, one at a time: long polls, planned troubles, and a record of it all."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from threading import Condition
from typing import Any

from sandbox.strict_sqs.engine import StrictSqs
from sandbox.strict_sqs.limits import LONGEST_POLL, whole
from sandbox.strict_sqs.refusals import Refused

RECEIVE = "ReceiveMessage"
LOOK_EVERY = 0.25
"""Seconds after which a long poll looks whether its client is still there."""
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")
_OPERATIONS = frozenset(
    name
    for name in vars(StrictSqs)
    if "_" in name and not name.startswith("_") and name != "next_visible_at"
)
TROUBLES: Mapping[str, Refused] = {
    "server-error": Refused("InternalFailure", "The request processing has failed.", 500),
    "throttled": Refused("RequestThrottled", "The rate of requests is too high."),
    "access-denied": Refused("AccessDeniedException", "User is not authorized.", 403),
}


@dataclass(frozen=True, slots=True)
class Call:
    """What was asked, and how it ended; instants are of the monotonic clock."""

    began: float
    ended: float
    operation: str
    asked: Mapping[str, Any]
    answer: Mapping[str, Any]
    status: int = 200

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What a ReceiveMessage handed over."""
        found: list[dict[str, Any]] = self.answer.get("Messages", [])
        return found


@dataclass(frozen=True, slots=True)
class Trouble:
    """Every call of that operation is refused until then (monotonic)."""

    refused: Refused
    until: float


@dataclass(slots=True)
class Desk:
    """The engine in real time, for many threads."""

    engine: StrictSqs = field(default_factory=lambda: StrictSqs(time.time, Random(1)))
    calls: list[Call] = field(default_factory=list)
    polls_under_way: int = 0
    _changed: Condition = field(default_factory=Condition)
    _troubles: dict[str, Trouble] = field(default_factory=dict)
    _closed: bool = False

    def answer(
        self, operation: str, asked: Mapping[str, Any], is_gone: Callable[[], bool]
    ) -> dict[str, Any]:
        """What the engine answers. A poll waits, unless its client has hung up by then."""
        began = time.monotonic()
        with self._changed:
            try:
                self._refuse_in_trouble(operation)
                found = self._asked(operation, asked, is_gone)
            except Refused as refused:
                self._note(began, operation, asked, refused.response, refused.status)
                raise
            self._note(began, operation, asked, found, 200)
            if operation != RECEIVE:
                self._changed.notify_all()
            return found

    def trouble(self, operation: str, name: str, seconds: float) -> None:
        """From now on, and for so long, refuse that operation; polls under way end so, too."""
        with self._changed:
            self._troubles[operation] = Trouble(TROUBLES[name], time.monotonic() + seconds)
            self._changed.notify_all()

    def since(self, instant: float, operation: str = RECEIVE) -> list[Call]:
        """Calls of that operation that ended at or after the instant."""
        with self._changed:
            return [
                call for call in self.calls if call.operation == operation and call.ended >= instant
            ]

    def close(self) -> None:
        """End the waits of long polls."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _asked(
        self, operation: str, asked: Mapping[str, Any], is_gone: Callable[[], bool]
    ) -> dict[str, Any]:
        name = _WORDS.sub("_", operation).lower()
        if name not in _OPERATIONS:
            raise Refused("UnsupportedOperation", f"{operation} is not played here.")
        call: Callable[..., dict[str, Any]] = getattr(self.engine, name)
        if operation != RECEIVE:
            return call(**asked)
        self.polls_under_way += 1
        try:
            return self._polled(call, asked, is_gone)
        finally:
            self.polls_under_way -= 1

    def _polled(
        self,
        call: Callable[..., dict[str, Any]],
        asked: Mapping[str, Any],
        is_gone: Callable[[], bool],
    ) -> dict[str, Any]:
        until = time.monotonic() + self._wait(asked)
        while not is_gone():
            found = call(**asked)
            left = until - time.monotonic()
            if found or left <= 0 or self._closed:
                return found
            self._changed.wait(min(left, LOOK_EVERY))
            self._refuse_in_trouble(RECEIVE)
        return {}

    def _wait(self, asked: Mapping[str, Any]) -> int:
        wait = whole(asked, "WaitTimeSeconds", LONGEST_POLL)
        return self.engine.queue(str(asked["QueueUrl"])).settings.wait if wait is None else wait

    def _refuse_in_trouble(self, operation: str) -> None:
        trouble = self._troubles.get(operation)
        if trouble is not None and time.monotonic() < trouble.until:
            raise trouble.refused

    def _note(
        self,
        began: float,
        operation: str,
        asked: Mapping[str, Any],
        answer: Mapping[str, Any],
        status: int,
    ) -> None:
        self.calls.append(Call(began, time.monotonic(), operation, asked, answer, status))
