"""A cap per user: one who has many messages does not take all workers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Lock

from domain.ports import Clock

SPACING = timedelta(seconds=1)
"""A page takes a second or two: with two at a time so many messages of a user are worked off."""
SHORTEST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=5)

MOST_REMEMBERED = 1000


def cap(workers: int) -> int:
    """How many messages of one user are worked on at once: a quarter of the workers, at least 1."""
    return max(1, workers // 4)


class FairShare:
    """Counts what is in hand by user. Thread-safe.

    Those over the cap are told to come back one after another, so that each finds a worker when
    it comes, and its receives are few however many there are.
    """

    def __init__(self, most: int, clock: Clock) -> None:
        self._most = most
        self._clock = clock
        self._lock = Lock()
        self._in_hand: Counter[str] = Counter()
        self._last: dict[str, float] = {}

    @contextmanager
    def share_of(self, user_id: str) -> Iterator[timedelta | None]:
        """None: a place is theirs until the context ends. Else: how long to wait for one."""
        with self._lock:
            wait = self._wait(user_id) if self._in_hand[user_id] >= self._most else None
            self._in_hand[user_id] += wait is None
        try:
            yield wait
        finally:
            if wait is None:
                self._leave(user_id)

    def _wait(self, user_id: str) -> timedelta:
        now = self._clock.monotonic()
        first = now + SHORTEST_WAIT.total_seconds()
        at = max(first, self._last.get(user_id, 0.0) + SPACING.total_seconds())
        at = min(at, now + LONGEST_WAIT.total_seconds())
        if len(self._last) >= MOST_REMEMBERED:
            self._last = {user: last for user, last in self._last.items() if last > now}
        self._last[user_id] = at
        return timedelta(seconds=at - now)

    def _leave(self, user_id: str) -> None:
        with self._lock:
            self._in_hand[user_id] -= 1
            if not self._in_hand[user_id]:
                del self._in_hand[user_id]
                if self._last.get(user_id, 0.0) < self._clock.monotonic():
                    self._last.pop(user_id, None)
