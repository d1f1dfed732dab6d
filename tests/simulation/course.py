"""The course of a schedule: its time, its chance and its numbers, all from one seed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random

EPOCH = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
_EPOCH_SECONDS = EPOCH.timestamp()


class Violation(BaseException):  # no `except Exception` of the product's must swallow it
    """Something happened that must not."""


class Course:
    """What everybody in a schedule shares."""

    def __init__(self, seed: int, tell: Callable[[str], None] | None = None) -> None:
        self.seed = seed
        self.random = Random(seed)  # noqa: S311 - repeatable on purpose
        self.numbers = count(1)
        self.now = 0.0
        """Seconds since the schedule began."""
        self._tell = tell

    def instant(self) -> datetime:
        return EPOCH + timedelta(seconds=self.now)

    def epoch_seconds(self) -> float:
        return _EPOCH_SECONDS + self.now

    def happens(self, chance: float) -> bool:
        return chance > 0 and self.random.random() < chance

    def say(self, what: Callable[[], str]) -> None:
        """A line of the trace; made only where somebody listens."""
        if self._tell is not None:
            self._tell(f"{self.now:9.2f}  {what()}")
