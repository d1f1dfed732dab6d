"""Threads that take turns in virtual time: one runs, and who waits hands over."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from threading import Semaphore, Thread, local

from domain.ports import Pause
from tests.fakes.clock import FakeClock

_HERE = local()
A_MOMENT = 1e-6
"""The clock counts in microseconds: what is due within one is due."""


class Slot:
    """A thread that does one job at a time, while nobody else does anything."""

    def __init__(self) -> None:
        self._go = Semaphore(0)
        self._stopped = Semaphore(0)
        self._job: Callable[[], object] | None = None
        self._error: BaseException | None = None
        Thread(target=self._run, daemon=True).start()

    @property
    def free(self) -> bool:
        return self._job is None

    def do(self, job: Callable[[], object]) -> None:
        """Begin the job; return when it waits, or is done."""
        self._job = job
        self.go_on()

    def go_on(self) -> None:
        self._go.release()
        self._stopped.acquire()
        if self._error is not None:
            raise self._error

    def hand_over(self) -> None:
        """Called in the thread itself: wait until somebody lets it go on."""
        self._stopped.release()
        self._go.acquire()

    def end(self) -> None:
        self._go.release()

    def _run(self) -> None:
        _HERE.slot = self
        while True:
            self._go.acquire()
            if self._job is None:
                return
            try:
                self._job()
            except BaseException as error:  # noqa: BLE001 - raised where the job was begun
                self._error = error
            self._job = None
            self._stopped.release()


class VirtualTime:
    """Moves the clock to whatever is due next."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self._numbers = count()
        self._due: list[tuple[float, int, Callable[[], object]]] = []

    def sleep(self, duration: timedelta) -> None:
        """Let so much time pass for the job at hand, and others go on meanwhile."""
        slot: Slot = _HERE.slot
        self.at(duration, slot.go_on)
        slot.hand_over()

    def at(self, after: timedelta, deed: Callable[[], object]) -> None:
        """Have the deed done after that long."""
        due = self.clock.monotonic() + after.total_seconds()
        heapq.heappush(self._due, (due, next(self._numbers), deed))

    def every(self, period: timedelta, deed: Callable[[], object]) -> None:
        """Have the deed done again and again, for the first time after a period."""

        def again() -> None:
            deed()
            self.at(period, again)

        self.at(period, again)

    def pass_on(self, latest: float | None) -> None:
        """Move on to what is due next, or to `latest` if that comes first; do all that is due."""
        now = self.clock.monotonic()
        times = [self._due[0][0]] if self._due else []
        times += [] if latest is None else [latest]
        if not times:
            raise AssertionError("nothing will ever happen again")
        self.clock.advance(timedelta(seconds=max(min(times) - now, 0.0)))
        while self._due and self._due[0][0] <= self.clock.monotonic() + A_MOMENT:
            heapq.heappop(self._due)[2]()


class VirtualPause(Pause):
    """Waits of a slot's job."""

    def __init__(self, time: VirtualTime) -> None:
        self._time = time

    def wait(self, duration: timedelta) -> None:
        if duration > timedelta(0):
            self._time.sleep(duration)
