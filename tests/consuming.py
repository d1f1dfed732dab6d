"""A consumer that runs in a thread of its own, over fakes, with work that waits for the test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from queue import SimpleQueue
from threading import Event, Lock, Thread

from adapters.heartbeat import Heartbeat
from domain.deliveries import Received
from domain.occurrences import MessageSettled, Occurrence
from domain.outcomes import Done, Outcome
from entrypoints.consumer import Consumer, Ended
from entrypoints.handling import Handled
from entrypoints.polling import Polling
from entrypoints.settling import SettleDelivery
from tests.builders import VISIBILITY
from tests.fakes.chance import FakeChance
from tests.fakes.checkpoints import FakeCheckpoints
from tests.fakes.clock import FakeClock
from tests.fakes.inbox import FakeInbox
from tests.fakes.observer import FakeObserver
from tests.fakes.pause import FakePause

SOON = 5.0
BUG = "bug"
A_BLINK = timedelta(milliseconds=5)


class SettledQueue(FakeObserver):
    """Lets a test wait for deliveries to be settled."""

    def __init__(self) -> None:
        super().__init__()
        self.settled: SimpleQueue[MessageSettled] = SimpleQueue()

    def notice(self, occurrence: Occurrence) -> None:
        super().notice(occurrence)
        if isinstance(occurrence, MessageSettled):
            self.settled.put(occurrence)


class Work:
    """Handles every message the same way, but for a bug that messages named `BUG` meet.

    While it is held up no handling ends.
    """

    def __init__(self) -> None:
        self.outcome: Outcome = Done()
        self.started: SimpleQueue[Received] = SimpleQueue()
        self.most_at_once = 0
        self._lock = Lock()
        self._now = 0
        self._free = Event()
        self._free.set()

    def hold_up(self) -> None:
        self._free.clear()

    def go_on(self) -> None:
        self._free.set()

    def __call__(self, received: Received) -> Handled:
        with self._lock:
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        self.started.put(received)
        self._free.wait(SOON)
        with self._lock:
            self._now -= 1
        if received.body == BUG:
            raise KeyError("customer@example.com")
        return Handled(self.outcome)


@dataclass(slots=True)
class Consuming:
    """The consumer and what is around it; `workers` and `grace` as the test needs them."""

    workers: int = 3
    grace: timedelta = timedelta(seconds=SOON)
    clock: FakeClock = field(default_factory=FakeClock)
    observer: SettledQueue = field(default_factory=SettledQueue)
    work: Work = field(default_factory=Work)
    inbox: FakeInbox = field(init=False)
    pause: FakePause = field(init=False)
    consumer: Consumer = field(init=False)
    ended: Ended | None = None

    def __post_init__(self) -> None:
        self.inbox = FakeInbox(self.clock)
        self.pause = FakePause(self.clock.advance)
        chance = FakeChance()
        self.consumer = Consumer(
            poll=Polling(
                inbox=self.inbox,
                wait=A_BLINK,
                observer=self.observer,
                clock=self.clock,
                chance=chance,
                pause=self.pause,
            ),
            handle=self.work,
            settle=SettleDelivery(self.inbox, self.observer, self.clock, chance, self.pause),
            heartbeat=Heartbeat(
                self.inbox, FakeCheckpoints(self.clock), self.clock, self.observer, VISIBILITY
            ),
            waits=self.pause,
            observer=self.observer,
            clock=self.clock,
            workers=self.workers,
            grace=self.grace,
        )

    @contextmanager
    def running(self) -> Iterator[Thread]:
        """The consumer consumes; at the end it is stopped, its work let go, and it has ended."""
        thread = Thread(target=self._run, daemon=True)
        thread.start()
        try:
            yield thread
        finally:
            self.consumer.stop()
            self.work.go_on()
            thread.join(SOON)
            if thread.is_alive():
                raise AssertionError("the consumer did not end")

    def started(self, count: int = 1) -> tuple[Received, ...]:
        """Wait until so many messages more are being handled."""
        return tuple(self.work.started.get(timeout=SOON) for _ in range(count))

    def settled(self, count: int = 1) -> tuple[MessageSettled, ...]:
        """Wait until so many deliveries more are settled."""
        return tuple(self.observer.settled.get(timeout=SOON) for _ in range(count))

    def received(self) -> int:
        """How many deliveries there were."""
        return sum(len(each.receipts) for each in self.inbox.stored.values())

    def _run(self) -> None:
        self.ended = self.consumer.run()
