"""Permits to work on a message: nothing is received that cannot be started at once."""

from __future__ import annotations

from threading import Condition


class Permits:
    """So many at once. Thread-safe; one that is given back twice is a bug and raises."""

    def __init__(self, count: int) -> None:
        self._condition = Condition()
        self._count = count
        self._free = count
        self._closed = False

    def take(self, most: int, within: float) -> int:
        """As many as are free, `most` at most; waits for the first one.

        0 after `within` seconds without one, and as soon as the permits are closed.
        """
        with self._condition:
            self._condition.wait_for(lambda: self._free or self._closed, within)
            taken = 0 if self._closed else min(most, self._free)
            self._free -= taken
            return taken

    def give_back(self, count: int = 1) -> None:
        with self._condition:
            if not 0 <= count <= self._count - self._free:
                raise ValueError(f"{count} permits given back, {self.taken} taken")
            self._free += count
            self._condition.notify_all()

    def close(self) -> None:
        """Give out no more; who waits for one goes away without."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()

    def all_back(self, within: float) -> bool:
        """Wait until none is taken any more; False after `within` seconds."""
        with self._condition:
            return self._condition.wait_for(lambda: self._free == self._count, max(within, 0.0))

    @property
    def taken(self) -> int:
        return self._count - self._free
