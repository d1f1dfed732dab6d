"""A worker process: the container's real objects, driven step by step instead of by threads."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, partial
from math import inf
from typing import Any

from dependency_injector import providers

from adapters.sqs_clients import SqsClients
from config.container import Container
from config.settings import Settings
from domain.breakers import STATE
from domain.failures import Failure, Interrupted
from entrypoints.assembly import consumer_of
from entrypoints.consumer import Consumer
from entrypoints.deletions import LONGEST_WAIT
from entrypoints.messages import encode
from entrypoints.worker import TAKE_UP_AT_ONCE
from tests.simulation.course import Course
from tests.simulation.tasks import Task, current
from tests.simulation.virtual import (
    BugWatcher,
    TurnTaking,
    VirtualChance,
    VirtualClock,
    VirtualPause,
)

SETTLE_ATTEMPTS, STATE_ATTEMPTS, ONE_ATTEMPT = 2, 3, 1
"""As many as the real clients make: adapters/sqs_clients.py and adapters/dynamodb_clients.py."""
_ORDER_PATIENCE, _STATE_PATIENCE, _SQS_PATIENCE = 10.0, 5.0, 10.0
_TICKS_PER_VISIBILITY, _TICKS_AFTER_TROUBLE = 3, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What every process of a schedule is put into."""

    course: Course
    settings: Settings
    source: Any
    sqs: Callable[[int, float], Any]
    """A client that makes so many attempts, and is so patient."""
    dynamodb: Callable[[int, float], Any]
    message: Callable[[str, str], Any]
    takes: Callable[[Task, Any], None]


class _Seat:
    """Containers are slow to make: each is used again by one process after another."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.leaves: dict[str, Any] = {}
        self.container = Container(
            settings=providers.Callable(lambda: self.leaves["settings"]), encode=encode
        )
        for name in ("clock", "chance", "stopping", "observer", "shopify"):
            self._let(name)
        for name in ("dynamodb", "orders_client", "sqs_clients"):
            self._let(name)

    def seated(self, **leaves: Any) -> Any:
        self.leaves = leaves
        self.container.reset_singletons()
        return self.container

    def _let(self, name: str) -> None:
        provider = getattr(self.container, name)
        provider.override(providers.Callable(lambda: self.leaves[name]))


@cache
def _seat(number: int) -> _Seat:
    return _Seat(number)


@dataclass(eq=False)
class Worker:
    """One incarnation of a process; `skew` says how wrong its wall clock is, in seconds."""

    seat: int
    name: str
    around: Surroundings
    skew: float
    has_watchdog: bool
    tasks: list[Task] = field(default_factory=list)
    paused_until: float = 0.0
    ends_at: float = inf
    """When the grace after a SIGTERM is over."""
    polls_at: float = 0.0
    deletes_at: float = inf
    beats_at: float = inf
    watches_at: float = 0.0
    _gives_back: bool = False

    def __post_init__(self) -> None:
        around, course = self.around, self.around.course
        self.pause = VirtualPause(course)
        self.container = _seat(self.seat).seated(
            settings=around.settings,
            clock=VirtualClock(course, self.skew),
            chance=VirtualChance(course),
            stopping=self.pause,
            observer=BugWatcher(),
            shopify=around.source,
            dynamodb=around.dynamodb(STATE_ATTEMPTS, _STATE_PATIENCE),
            orders_client=around.dynamodb(ONE_ATTEMPT, _ORDER_PATIENCE),
            sqs_clients=SqsClients(
                receive=around.sqs(ONE_ATTEMPT, _SQS_PATIENCE),
                settle=around.sqs(SETTLE_ATTEMPTS, _SQS_PATIENCE),
                send=around.sqs(ONE_ATTEMPT, _SQS_PATIENCE),
            ),
        )
        limit = self.container.dead_letter_limit()
        self.consumer: Consumer = consumer_of(self.container, limit)
        self.heartbeat = self.container.heartbeat()
        self.watchdog = self.container.watchdog()
        self._take_turns()
        grace = around.settings.stall_grace
        self.watches_at = course.now + course.random.uniform(0, grace / 3)

    def _take_turns(self) -> None:
        """Tasks in place of threads, and nothing that waits for a real lock."""
        jobs: Any = self
        self.consumer._threads = jobs
        for rounds in (self.heartbeat._messages, self.heartbeat._leases):
            rounds._condition = TurnTaking()

    def put(self, job: partial[None]) -> None:
        """What the consumer does with a message that it has received."""
        received = job.args[0]
        task = self._spawn("work", job)
        message = self.around.message(received.body, received.message_id)
        task.memory.message, task.memory.message_id = message, received.message_id
        task.memory.receipt = received.receipt
        poll = current()
        task.memory.faults = poll.memory.faults if poll is not None else 0
        if self.beats_at == inf:
            self.beats_at = self._now + self._interval

    @property
    def _now(self) -> float:
        return self.around.course.now

    @property
    def _interval(self) -> float:
        return self.around.settings.visibility_timeout / _TICKS_PER_VISIBILITY

    @property
    def stopping(self) -> bool:
        return self.ends_at < inf

    def next_timer(self) -> float:
        """When it does something by itself, awake or not."""
        timers = [self.ends_at, self.beats_at, self.deletes_at]
        if self.has_watchdog:
            timers.append(self.watches_at)
        return max(min(timers), self.paused_until)

    def can_poll(self) -> bool:
        return self.ends_at == inf and self.consumer._permits._free > 0

    def poll(self, most: int) -> None:
        """Ask for so many messages at most."""
        self.polls_at = inf
        self._spawn("poll", partial(self._poll, most))

    def has_something_due(self, now: float) -> bool:
        timer = self.watches_at if self.has_watchdog else inf
        if min(self.beats_at, self.deletes_at, timer) <= now or self.ends_at < inf:
            return True
        return self.deletes_at == inf and bool(self._deletions._waiting)

    def look_at_timers(self, now: float) -> None:
        """Start what is due."""
        if self.beats_at <= now:
            self.beats_at = inf
            if self.consumer._in_hand.since():
                self._spawn("heartbeat", self._beat)
        if self.has_watchdog and self.watches_at <= now and not self.stopping:
            self.watches_at = inf
            self._spawn("watchdog", self._watch)
        if self.deletes_at <= now:
            self.deletes_at = inf
            self._spawn("deletions", self._deletions.flush)
        elif self._deletions._waiting and self.deletes_at == inf:
            self.deletes_at = now + LONGEST_WAIT.total_seconds()
        if self.stopping and (self.ends_at <= now or not self.tasks) and not self._gives_back:
            self._gives_back = True
            self._spawn("last calls", self._give_back)

    def stop(self) -> None:
        """SIGTERM."""
        self.ends_at = self._now + self.around.settings.shutdown_grace
        self.consumer.stop()

    def has_ended(self) -> bool:
        """After a SIGTERM: what was done is deleted, what was not is given back."""
        return self.ends_at < 0

    def _spawn(self, name: str, work: Callable[[], object]) -> Task:
        number = next(self.around.course.numbers)
        task = Task(f"{self.name}.{number} {name}", self, work)
        self.tasks.append(task)
        return task

    def begin(self, task: Task) -> None:
        """The task runs for the first time: what its message may do is decided now."""
        if task.memory.message is not None:
            self.around.takes(task, task.memory.message)

    def _poll(self, most: int) -> None:
        free = self.consumer._permits.take(most, 0)
        started = 0
        try:
            started = self.consumer._start(self.consumer.poll(free))
        finally:
            self.consumer._permits.give_back(free - started)
            rest = 0.0 if started else self.around.course.random.uniform(1, 5)
            self.polls_at = self._now + rest

    def _beat(self) -> None:
        began = self._now
        well = self.heartbeat._tick_whatever_happens()
        took = self._now - began
        rest = max(self._interval - took, 0.0) if well else self._interval / _TICKS_AFTER_TROUBLE
        self.beats_at = self._now + rest

    def _watch(self) -> None:
        with suppress(Failure, Interrupted):
            if self.container.breakers().calm(STATE):
                self.watchdog(TAKE_UP_AT_ONCE)
        third = self.around.settings.stall_grace / 3
        self.watches_at = self._now + third * self.around.course.random.uniform(0.75, 1.25)

    def _give_back(self) -> None:
        """The grace is over: as `Consumer.run` does it, then the process is gone."""
        self.consumer.settle.at_the_end(self.consumer._in_hand.claim_all())
        self.ends_at = -1.0

    @property
    def in_hand(self) -> bool:
        """Whether a message is being worked on, or waits to be deleted."""
        busy = any(task.memory.message is not None or task.ends_soon for task in self.tasks)
        return busy or bool(self._deletions._waiting)

    @property
    def _deletions(self) -> Any:
        return self.consumer.settle.deletions
