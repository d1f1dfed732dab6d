"""The limit on dead-lettering of this process, shared by its threads."""

from __future__ import annotations

from threading import Lock

from domain.dead_lettering import Allowance, LetterLimit
from domain.occurrences import DeadLettersHeldBack
from domain.ports import Clock, Observer


class DeadLetterLimit(LetterLimit):
    """Says once when it is reached, and once when it is no more. Thread-safe."""

    def __init__(self, clock: Clock, observer: Observer) -> None:
        self._clock = clock
        self._observer = observer
        self._lock = Lock()
        self._allowance = Allowance(clock.monotonic())

    def done(self) -> None:
        """A message was done as it should be."""
        with self._lock:
            before = self._allowance
            self._allowance = before.earned()
        self._tell(before.used_up)

    def draw(self, letters: int = 1) -> bool:
        with self._lock:
            before = self._allowance
            now = before.at(self._clock.monotonic())
            allowed = not now.used_up
            self._allowance = now.spent(letters) if allowed else now
        self._tell(before.used_up)
        return allowed

    @property
    def reached(self) -> bool:
        with self._lock:
            return self._allowance.at(self._clock.monotonic()).used_up

    def _tell(self, before: bool) -> None:  # noqa: FBT001 - a state, not a flag
        after = self._allowance.used_up
        if after is not before:
            self._observer.notice(DeadLettersHeldBack(after))
