"""The network between a process and what it calls: slow, and it loses requests and answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from sandbox.strict_dynamodb.refusals import Refusal
from tests.simulation.course import Course
from tests.simulation.history import History
from tests.simulation.tasks import Task, current
from tests.simulation.temper import Temper
from tests.strict_dynamodb import client_error

URL = "http://aws.simulated"
_QUICK = 0.2
_SLOW = 40.0
SURVIVES_ITS_SENDER = 0.5
"""The chance that the last request of a process that dies has left it."""
OUTLIVES_ITS_CALLER = 2.0
"""Seconds that a request may take to arrive after its caller has given it up."""


class Fate(Enum):
    """What becomes of a call."""

    DONE = auto()
    REFUSED = auto()
    LOST = auto()


@dataclass(slots=True, eq=False)
class Wire:
    """A request on its way; whoever sent it may be dead when it arrives."""

    due: float
    deliver: Callable[[], Any]
    task: Task
    answer: Any = None
    refusal: Exception | None = None
    delivered: bool = False

    def arrive(self) -> None:
        try:
            self.answer = self.deliver()
        except ClientError as refusal:
            self.refusal = refusal
        self.delivered = True


@dataclass(slots=True)
class Network:
    """Carries requests; `wires` are those under way."""

    course: Course
    temper: Temper
    history: History
    wires: list[Wire] = field(default_factory=list)

    def fate(self) -> Fate:
        """What will become of the next call."""
        chance, course = self.temper, self.course
        if current() is None:
            return Fate.DONE
        if course.happens(chance.refused):
            return Fate.REFUSED
        if course.happens(chance.lost):
            return Fate.LOST
        return Fate.DONE

    def part(self, of: list[Any]) -> tuple[list[Any], list[Any]]:
        """What DynamoDB processes of a batch, and what it leaves: at times all but one."""
        if len(of) == 1 or current() is None or not self.course.happens(self.temper.partly):
            return of, []
        kept = self.course.random.randint(1, len(of) - 1)
        return of[:kept], of[kept:]

    def exchange(self, what: str, fate: Fate, deliver: Callable[[], Any], patience: float) -> Any:
        """Send, wait for the answer; raises botocore's exceptions.

        After `patience` seconds the caller gives up: its request may arrive all the same.
        """
        task, course = current(), self.course
        if task is None:
            return deliver()
        if fate is Fate.REFUSED:
            return self._refuse(task, what)
        latency = min(self._latency(task), patience + OUTLIVES_ITS_CALLER)
        wire = Wire(course.now + latency, self._told(what, deliver, task), task)
        self.wires.append(wire)
        task.wait(course.now + patience, lambda: wire.delivered)
        if fate is Fate.LOST or not wire.delivered:
            self.history.ledger.fault("lost answer" if wire.delivered else "no answer", task)
            raise ReadTimeoutError(endpoint_url=URL)
        if wire.refusal is not None:
            raise wire.refusal
        return wire.answer

    def arrive(self, wire: Wire) -> None:
        self.wires.remove(wire)
        wire.arrive()

    def forget(self, task: Task) -> None:
        """The task's process died: of what it sent last, half never left."""
        for wire in [each for each in self.wires if each.task is task]:
            if not self.course.happens(SURVIVES_ITS_SENDER):
                self.wires.remove(wire)

    def _refuse(self, task: Task, what: str) -> Any:
        self.history.ledger.fault("refused call", task)
        task.wait(self.course.now + self._latency(task))
        self.course.say(lambda: f"{task.name}: {what} fails")
        kinds = ("InternalServerError", "ThrottlingException", None)
        code = self.course.random.choice(kinds)
        if code is None:
            raise EndpointConnectionError(endpoint_url=URL)
        raise client_error(Refusal(code, "as arranged"), what, 500 if code == kinds[0] else 400)

    def _latency(self, task: Task) -> float:
        if self.course.happens(self.temper.slow):
            self.history.ledger.fault("slow call", task)
            return self.course.random.uniform(0, _SLOW)
        return self.course.random.uniform(0, _QUICK)

    def _told(self, what: str, deliver: Callable[[], Any], task: Task) -> Callable[[], Any]:
        asked_at = task.memory.asked_at

        def told() -> Any:
            self.course.say(lambda: f"{task.name}: {what}")
            with self.history.acting(task, asked_at):
                return deliver()

        return told
