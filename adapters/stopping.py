"""Waits that a shutdown ends."""

from __future__ import annotations

from datetime import timedelta
from threading import Event

from domain.failures import Interrupted
from domain.ports import Pause


class Stopping(Pause):
    """Every wait of the process, in any thread, ends with `Interrupted` once `stop` was called."""

    def __init__(self) -> None:
        self._stop = Event()

    def wait(self, duration: timedelta) -> None:
        """Return after the duration; at once if it is not positive and nobody has stopped us."""
        if self._stop.wait(max(duration.total_seconds(), 0.0)):
            raise Interrupted("the process is stopping")

    def stop(self) -> None:
        """End every wait, those under way and those to come."""
        self._stop.set()

    @property
    def stopped(self) -> bool:
        return self._stop.is_set()
