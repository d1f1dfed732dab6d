"""Time that only moves when it is told to."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Lock

from domain.ports import Clock
from tests.builders import NOW


class FakeClock(Clock):
    """Starts at an instant (the builders' NOW) and at some monotonic second."""

    def __init__(self, start: datetime = NOW) -> None:
        self._lock = Lock()
        self._start = start
        self._passed = timedelta(0)

    def now(self) -> datetime:
        with self._lock:
            return self._start + self._passed

    def monotonic(self) -> float:
        with self._lock:
            return 1000.0 + self._passed.total_seconds()

    def advance(self, duration: timedelta) -> None:
        with self._lock:
            self._passed += duration
