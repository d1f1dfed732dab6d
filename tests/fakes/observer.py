"""Somebody who takes note of what happened."""

from __future__ import annotations

from threading import Lock
from typing import TypeVar

from domain.occurrences import Occurrence
from domain.ports import Observer

T = TypeVar("T")


class FakeObserver(Observer):
    """Remembers every occurrence, in the order of time."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._occurrences: list[Occurrence] = []

    def notice(self, occurrence: Occurrence) -> None:
        with self._lock:
            self._occurrences.append(occurrence)

    @property
    def occurrences(self) -> list[Occurrence]:
        with self._lock:
            return list(self._occurrences)

    def of(self, kind: type[T]) -> list[T]:
        """The occurrences of that kind."""
        return [each for each in self.occurrences if isinstance(each, kind)]
