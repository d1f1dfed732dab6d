"""Randomness that can be repeated."""

from __future__ import annotations

from itertools import count
from random import Random
from threading import Lock

from domain.ports import Chance


class FakeChance(Chance):
    """Numbers from a seed; ids that tell in which order they were made."""

    def __init__(self, seed: int = 0) -> None:
        self._lock = Lock()
        self._random = Random(seed)  # noqa: S311 - repeatable on purpose
        self._numbers = count(1)

    def uniform(self) -> float:
        with self._lock:
            return self._random.random()

    def new_id(self) -> str:
        with self._lock:
            return f"id-{next(self._numbers)}"
