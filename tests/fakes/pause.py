"""Waits that take no time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from domain.failures import Interrupted
from domain.ports import Pause


class FakePause(Pause):
    """Remembers the waits; `on_wait` is told of each, to move a fake clock on."""

    def __init__(self, on_wait: Callable[[timedelta], object] = lambda _: None) -> None:
        self.waits: list[timedelta] = []
        self.on_wait = on_wait
        self._stopped = False

    def wait(self, duration: timedelta) -> None:
        if self._stopped:
            raise Interrupted("the process is stopping")
        self.waits.append(duration)
        self.on_wait(duration)
        if self._stopped:
            raise Interrupted("the process is stopping")

    def stop(self) -> None:
        """The process is stopping: the wait under way and every later one end at once."""
        self._stopped = True

    @property
    def seconds(self) -> list[float]:
        return [wait.total_seconds() for wait in self.waits]
